"""Channels that fail for good: many of one cause are one alarm, and its end is told."""

from datetime import timedelta

import pytest

from alerts.alarms import StoreAlarms
from alerts.attempts import Result, tried
from alerts.failing import BOUNCES, Failing
from alerts.outbox import Outbox
from despatch.model import ChannelId
from despatch.ports import Alarm, Finished, Sent
from despatch.store.sql import SqlStore
from despatch.testing import FakeClock
from despatch.testing.channels import RecordingSender
from despatch.testing.subscribers import a_channel, a_subscriber, a_subscription, an_alert

LEASE = timedelta(minutes=1)
NONE = Sent("permanent", "bounce: there is no such mailbox (550 5.1.1)")
SPAM = Sent("permanent", "smtp 554: the mail server refused it for good")
GONE = Sent("permanent", "http 410: the other side answered 410 Gone")
NAMES = ("ada", "bob", "cyd")


class Worker:
    """An outbox, and sends that end as they are told to."""

    def __init__(self, store: SqlStore, clock: FakeClock) -> None:
        self.store, self.clock = store, clock
        self.alarms = StoreAlarms(store, clock, None, RecordingSender())
        self.outbox = Outbox(store, self.alarms, "here")

    def enrol(self, kind: str = "mail") -> None:
        for name in NAMES:
            who = a_subscriber(name)
            url = f"{kind}://{name}@example.org"
            with self.store.transaction() as tx:
                tx.add_subscriber(who)
                channel = tx.add_channel(a_channel(who, url, id=ChannelId(f"n-{name}")))
                tx.add_subscription(a_subscription(channel, name=name))

    def send(self, *names: str, sent: Sent) -> None:
        """Have alerts for these end so, in one exchange."""
        with self.store.transaction() as tx:
            for name in names:
                alert = an_alert(None, a_subscriber(name))
                mine = alert.model_copy(update={"id": f"{alert.id}-{self.clock.now()}"})
                tx.add_alert(mine, [ChannelId(f"n-{name}")], self.clock.now())
        now = self.clock.now()
        claims = self.outbox.exchange((), {"urgent": 99}, LEASE, now)
        ended: list[Finished] = [
            tried(Result(one, sent, now, timedelta(0)), now, 9, 0.5) for one in claims
        ]
        assert len(ended) == len(names)
        self.outbox.exchange(ended, {}, LEASE, now)

    def open(self) -> list[Alarm]:
        with self.store.transaction() as tx:
            return list(tx.alarms())

    def turn(self, after: timedelta) -> None:
        self.clock.move(after)
        self.outbox.exchange((), {}, LEASE, self.clock.now())


@pytest.fixture
def worker(store: SqlStore, clock: FakeClock) -> Worker:
    return Worker(store, clock)


def test_addresses_that_bounce_in_one_run_are_one_alarm_that_counts_them(worker: Worker) -> None:
    worker.enrol()
    worker.send(*NAMES, sent=NONE)
    (alarm,) = worker.open()
    assert (alarm.key, alarm.count) == (BOUNCES, 1)
    assert alarm.text.startswith("3 addresses bounced within 24 hours and are written to no more.")
    assert "despatch subscriptions list --stopped" in alarm.text
    assert "example.org" not in alarm.text
    with worker.store.transaction() as tx:
        assert {one.state for one in tx.channels()} == {"paused"}


def test_the_alarm_of_bounces_ends_a_day_after_the_last_one(worker: Worker) -> None:
    worker.enrol()
    with worker.store.transaction() as tx:
        for one in tx.channels():
            tx.set_channel_state(one.id, "removed")
        for name in NAMES:
            who = a_subscriber(name)
            address = a_channel(who, f"mail://{name}@example.org").url
            channel = tx.add_channel(
                a_channel(who, f"mail://{name}@example.org", id=ChannelId(f"m-{name}")),
                address=address,
            )
            tx.stop_channel(channel.id, NONE.reason, worker.clock.now(), bounced=True)
    worker.alarms.open(BOUNCES, "3 addresses bounced")
    worker.turn(timedelta(hours=23))
    assert [one.key for one in worker.open()] == [BOUNCES]
    worker.turn(timedelta(hours=1, seconds=1))
    assert worker.open() == []


def test_mailboxes_that_fail_for_one_cause_are_one_alarm(worker: Worker) -> None:
    worker.enrol()
    worker.send("ada", "bob", sent=SPAM)
    worker.send("cyd", sent=SPAM)
    (alarm,) = worker.open()
    assert (alarm.key, alarm.count) == ("mail fails: smtp 554", 2)
    assert alarm.text.startswith("mail fails: smtp 554: 3 channels are paused. The last one: ")


def test_that_alarm_ends_once_none_of_them_stands_still(worker: Worker) -> None:
    worker.enrol()
    worker.send("ada", "bob", sent=SPAM)
    with worker.store.transaction() as tx:
        tx.set_channel_state(ChannelId("n-ada"), "active")
    worker.turn(timedelta(minutes=1))
    assert len(worker.open()) == 1
    with worker.store.transaction() as tx:
        tx.set_channel_state(ChannelId("n-bob"), "removed")
    worker.turn(timedelta(minutes=1))
    assert worker.open() == []


def test_another_worker_ends_it_too(worker: Worker) -> None:
    worker.enrol()
    worker.send("ada", sent=SPAM)
    with worker.store.transaction() as tx:
        tx.set_channel_state(ChannelId("n-ada"), "active")
    Failing(worker.store, worker.alarms).delivered(set(), worker.clock.now())
    assert worker.open() == []


def test_webhooks_that_fail_are_an_alarm_each(worker: Worker) -> None:
    worker.enrol("json")
    worker.send(*NAMES, sent=GONE)
    assert {one.key for one in worker.open()} == {f"channel n-{name} fails" for name in NAMES}
