"""Deliveries: sent once, again with the same key, given up in the open; nothing is lost."""

import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from alerts.alarms import StoreAlarms
from alerts.attempts import WAITS
from alerts.channels import Senders, host_of
from alerts.deliver import DeliveryWorker
from alerts.host import Limits
from alerts.outbox import OPERATOR
from despatch.errors import UsageError
from despatch.guard import EVERYWHERE
from despatch.model import Alert, Delivery, Subscriber
from despatch.ports import Sent, Store
from despatch.store.sql import SqlStore
from despatch.testing import FakeClock, a_classified, a_release, a_revision
from despatch.testing.channels import RecordingSender, webhook_server
from despatch.testing.crashes import CrashingStore, Killed
from despatch.testing.stores import temporary_store
from despatch.testing.subscribers import a_channel, a_subscriber, a_subscription, an_alert
from despatch.watchdog import EXIT_STUCK

ADA = a_subscriber()
OK = Sent("delivered", "200")
BUSY = Sent("temporary", "http 503: busy")
GONE = Sent("permanent", "http 404: not found")
MAYBE = Sent("in doubt", "timeout: no answer in time")
ONE = Limits(at_once=1)


def enrol(store: Store, who: Subscriber = ADA, url: str = "json://hooks.example/in") -> None:
    with store.transaction() as tx:
        tx.add_subscriber(who)
        channel = tx.add_channel(a_channel(who, url))
        tx.add_subscription(a_subscription(channel, name=who.name))


def enqueue(store: Store, clock: FakeClock, count: int = 1, who: Subscriber = ADA) -> None:
    """Put alerts about as many releases into the outbox, for each of the subscriber's channels."""
    with store.transaction() as tx:
        channels = [one.id for one in tx.channels() if one.subscriber == who.id]
        for n in range(count):
            classified = a_classified(a_revision(a_release(f"r{n}")))
            tx.add_alert(an_alert(classified, who), channels, clock.now())


def worker(store: Store, senders: Any, clock: FakeClock, **said: Any) -> DeliveryWorker:
    return DeliveryWorker(store, senders, clock, owner="here", chance=lambda: 0.5, **said)


def deliveries(store: Store, count: int = 1) -> list[Delivery]:
    with store.transaction() as tx:
        return [
            delivery
            for n in range(count)
            for delivery, _shown in tx.trace(a_release(f"r{n}").id).deliveries
        ]


def states(store: Store, count: int = 1) -> Counter[str]:
    return Counter(one.state for one in deliveries(store, count))


def open_alarms(store: Store) -> list[str]:
    with store.transaction() as tx:
        return [alarm.key for alarm in tx.alarms()]


def test_what_is_due_is_sent_once_with_its_own_key(store: SqlStore, clock: FakeClock) -> None:
    enrol(store)
    enqueue(store, clock, 3)
    sender = RecordingSender()
    deliver = worker(store, sender, clock)
    assert deliver.run_once() == 3
    assert deliver.run_once() == 0
    assert sorted(sender.keys) == sorted(one.id for one in deliveries(store, 3))
    assert states(store, 3) == {"delivered": 3}


def test_a_temporary_failure_is_tried_again_after_a_pause_with_the_same_key(
    store: SqlStore, clock: FakeClock
) -> None:
    enrol(store)
    enqueue(store, clock)
    sender = RecordingSender(BUSY, MAYBE, OK)
    deliver = worker(store, sender, clock)
    deliver.run_once()
    assert deliver.run_once() == 0, "it is not due yet"
    for wait in WAITS[:2]:
        clock.move(wait / 2)
        assert deliver.run_once() == 1
    assert len(sender.keys) == 3
    assert len(set(sender.keys)) == 1
    (delivery,) = deliveries(store)
    assert delivery.state == "delivered"
    assert [a.outcome for a in delivery.attempts] == ["temporary", "in doubt", "delivered"]


def test_retry_after_is_obeyed(store: SqlStore, clock: FakeClock) -> None:
    enrol(store)
    enqueue(store, clock)
    deliver = worker(store, RecordingSender(Sent("temporary", "429", timedelta(hours=3))), clock)
    deliver.run_once()
    (delivery,) = deliveries(store)
    assert delivery.not_before >= clock.now() + timedelta(hours=3)


def test_a_permanent_failure_is_given_up_at_once_with_an_alarm_and_the_channel_paused(
    store: SqlStore, clock: FakeClock
) -> None:
    enrol(store)
    enqueue(store, clock)
    sender = RecordingSender(GONE)
    alarms = StoreAlarms(store, clock, None, sender)
    deliver = worker(store, sender, clock, alarms=alarms)
    deliver.run_once()
    with store.transaction() as tx:
        (channel,) = tx.channels()
        (alarm,) = tx.alarms()
    assert channel.state == "paused"
    assert states(store) == {"failed": 1}
    assert alarm.key == f"channel {channel.id} fails"
    assert "404" in alarm.text
    assert "despatch subscriptions resume" in alarm.text


def test_after_a_permanent_failure_nothing_else_is_sent_over_that_channel(
    store: SqlStore, clock: FakeClock
) -> None:
    enrol(store)
    enqueue(store, clock, 20)
    sender = RecordingSender(GONE)
    worker(store, sender, clock, limits=ONE).drain(clock.now() + timedelta(minutes=5))
    assert len(sender.keys) == 1
    assert states(store, 20) == {"failed": 1, "cancelled": 19}
    reasons = {one.reason for one in deliveries(store, 20) if one.state == "cancelled"}
    assert reasons == {"the channel is paused"}


def test_after_the_last_try_it_is_given_up(store: SqlStore, clock: FakeClock) -> None:
    enrol(store)
    enqueue(store, clock)
    deliver = worker(store, RecordingSender(BUSY), clock, max_tries=3)
    for _ in range(3):
        deliver.run_once()
        clock.move(timedelta(hours=1))
    (delivery,) = deliveries(store)
    assert delivery.state == "failed"
    assert len(delivery.attempts) == 3
    assert deliver.run_once() == 0


def test_a_channel_that_delivers_again_closes_its_alarm(store: SqlStore, clock: FakeClock) -> None:
    enrol(store)
    enqueue(store, clock)
    sender = RecordingSender(GONE, OK)
    alarms = StoreAlarms(store, clock, None, sender)
    worker(store, sender, clock, alarms=alarms).run_once()
    assert len(open_alarms(store)) == 1
    with store.transaction() as tx:
        (channel,) = tx.channels()
        tx.set_channel_state(channel.id, "active")
        tx.add_alert(an_alert(a_classified()), [channel.id], clock.now())
    worker(store, sender, clock, alarms=alarms).run_once()
    assert open_alarms(store) == []


def test_what_was_paused_since_is_cancelled_and_not_sent(store: SqlStore, clock: FakeClock) -> None:
    enrol(store)
    enqueue(store, clock)
    with store.transaction() as tx:
        tx.set_subscription_state(a_subscription(name="ada").id, "paused")
    sender = RecordingSender()
    worker(store, sender, clock).run_once()
    assert sender.sent == []
    assert states(store) == {"cancelled": 1}


def test_the_operator_s_channel_is_never_paused(store: SqlStore, clock: FakeClock) -> None:
    sender = RecordingSender(GONE)
    alarms = StoreAlarms(store, clock, SecretStr("json://ops.example"), sender)
    alarms.open("a", "something is wrong")
    clock.move(timedelta(minutes=1))
    assert alarms.tell() is not None
    worker(store, sender, clock, alarms=alarms).run_once()
    with store.transaction() as tx:
        (channel,) = tx.channels()
    assert (channel.subscriber, channel.state) == (OPERATOR, "active")
    assert open_alarms(store) == ["a"]


def test_a_sender_that_raises_is_a_temporary_failure_without_its_words(
    store: SqlStore, clock: FakeClock
) -> None:
    enrol(store)
    enqueue(store, clock)
    sender = RecordingSender()

    def fail(_alert: Alert) -> None:
        raise ValueError("hunter2")

    sender.before = fail
    worker(store, sender, clock).run_once()
    (delivery,) = deliveries(store)
    assert delivery.state == "waiting"
    assert delivery.attempts[0].reason == "fault: the channel's own code failed: ValueError"


def test_a_url_that_nobody_can_send_to_any_more_fails_for_good(
    store: SqlStore, clock: FakeClock
) -> None:
    enrol(store, url="nosuch://x")
    enqueue(store, clock)
    worker(store, Senders(), clock).run_once()
    (delivery,) = deliveries(store)
    assert delivery.state == "failed"


def test_a_channel_whose_url_is_damaged_costs_only_itself(
    store: SqlStore, clock: FakeClock, tmp_path: Path
) -> None:
    """Found by review: one such row stopped all delivering."""
    bob = a_subscriber("bob")
    enrol(store)
    enrol(store, bob, "json://hooks.example/bob")
    enqueue(store, clock)
    enqueue(store, clock, who=bob)
    with closing(sqlite3.connect(tmp_path / "store.db")) as db, db:
        db.execute("UPDATE channels SET url = 'gAAAAA' WHERE subscriber = 'u-bob'")
    sender = RecordingSender()
    alarms = StoreAlarms(store, clock, None, sender)
    worker(store, sender, clock, alarms=alarms).run_once()
    assert len(sender.keys) == 1
    with store.transaction() as tx:
        assert tx.counts().deliveries["delivered"] == 1
        assert tx.counts().deliveries["failed"] == 1
    [alarm] = open_alarms(store)
    assert "channel" in alarm


def test_a_lease_that_ran_out_belongs_to_whoever_claimed_it_next(
    store: SqlStore, clock: FakeClock
) -> None:
    """The first worker hung longer than its lease: what it says then counts no more."""
    enrol(store)
    enqueue(store, clock)
    second = RecordingSender(OK)
    first = RecordingSender(GONE)

    def hang(_alert: Alert) -> None:
        clock.move(3 * first.time_limit)
        worker(store, second, clock).run_once()

    first.before = hang
    worker(store, first, clock).run_once()
    (delivery,) = deliveries(store)
    assert delivery.state == "delivered"
    assert [a.outcome for a in delivery.attempts] == ["in doubt", "delivered"]
    assert first.keys == second.keys


def test_no_more_than_its_limit_is_sent_to_one_host_at_once(
    store: SqlStore, clock: FakeClock
) -> None:
    bob = a_subscriber("bob")
    enrol(store, ADA, "json://slow.example/a")
    enrol(store, bob, "json://quick.example/b")
    enqueue(store, clock, 6)
    enqueue(store, clock, 2, bob)
    sender = RecordingSender()
    lock, at_once = threading.Lock(), Counter[str]()
    most: Counter[str] = Counter()
    gate = threading.Barrier(4)

    def count(alert: Alert) -> None:
        with lock:
            at_once[alert.subscriber] += 1
            most[alert.subscriber] = max(most[alert.subscriber], at_once[alert.subscriber])
        if alert.subscriber == bob.id or most[ADA.id] <= 2:
            with suppress(threading.BrokenBarrierError):
                gate.wait(0.5)
        with lock:
            at_once[alert.subscriber] -= 1

    sender.before = count
    worker(store, sender, clock, limits=Limits(host_at_once=2)).run_once()
    assert most[ADA.id] == 2
    assert states(store, 6) == {"delivered": 8}


def test_two_subscribers_of_one_host_share_its_limit() -> None:
    one = host_of(SecretStr("json://user:secret@Hooks.example:8080/a"))
    other = host_of(SecretStr("json://other@hooks.example:8080/b"))
    assert one == other


def test_run_delivers_until_it_is_stopped_and_leaves_nothing_lent(
    store: SqlStore, clock: FakeClock
) -> None:
    enrol(store)
    enqueue(store, clock, 20)
    stop, all_sent = threading.Event(), threading.Semaphore(0)
    sender = RecordingSender()
    sender.before = lambda _alert: all_sent.release()
    thread = threading.Thread(target=worker(store, sender, clock).run, args=(stop,))
    thread.start()
    for _ in range(20):
        assert all_sent.acquire(timeout=20)
    stop.set()
    thread.join(20)
    assert states(store, 20) == {"delivered": 20}
    assert len(set(sender.keys)) == len(sender.keys) == 20


@pytest.mark.slow
def test_run_waits_out_a_store_that_is_away(
    store: SqlStore, tmp_path: Path, clock: FakeClock
) -> None:
    """What was sent meanwhile is recorded once the store is back."""
    import sqlite3

    enrol(store)
    enqueue(store, clock)
    stop = threading.Event()
    sender = RecordingSender()
    with temporary_store(tmp_path, busy=timedelta(milliseconds=50), clock=clock) as impatient:
        deliver = worker(impatient, sender, clock)
        lock = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        thread = threading.Thread(target=deliver.run, args=(stop,))
        thread.start()
        waited = threading.Event()
        while not deliver.waiting_for:
            waited.wait(0.02)
        lock.execute("ROLLBACK")
        lock.close()
        while not sender.sent or deliver.waiting_for:
            waited.wait(0.02)
        stop.set()
        thread.join(20)
    assert states(store) == {"delivered": 1}


def test_drain_waits_for_repeats_that_are_due_in_time(store: SqlStore, clock: FakeClock) -> None:
    enrol(store)
    enqueue(store, clock, 2)
    sender = RecordingSender(BUSY, OK)
    done = worker(store, sender, clock, limits=ONE).drain(clock.now() + timedelta(minutes=5))
    assert done == 3
    assert states(store, 2) == {"delivered": 2}


def test_drain_says_at_once_what_failed_and_when_it_goes_on(
    store: SqlStore, clock: FakeClock
) -> None:
    enrol(store)
    enqueue(store, clock)
    said: list[tuple[str, bool]] = []
    worker(store, RecordingSender(BUSY, OK), clock, limits=ONE).drain(
        clock.now() + timedelta(minutes=5),
        lambda failed, at: said.append((failed, at > clock.now())),
    )
    channel = deliveries(store)[0].channel
    assert said[0] == (f"{channel}: {BUSY.reason}", True)


def test_drain_leaves_what_is_due_later(store: SqlStore, clock: FakeClock) -> None:
    enrol(store)
    enqueue(store, clock)
    sender = RecordingSender(Sent("temporary", "429", timedelta(hours=2)))
    assert worker(store, sender, clock).drain(clock.now() + timedelta(minutes=5)) == 1
    assert states(store) == {"waiting": 1}


def killed_at(folder: Path, step: int | None) -> tuple[Counter[str], Counter[str], int]:
    """Deliver three alerts, killed at a step; then another worker once the lease has run out."""
    folder.mkdir()
    clock = FakeClock()
    with temporary_store(folder, clock=clock) as store:
        enrol(store)
        enqueue(store, clock, 3)
        sender = RecordingSender(BUSY, OK)
        crashing = CrashingStore(store, step)
        with suppress(Killed):
            worker(crashing, sender, clock, limits=ONE).run_once()
            clock.move(WAITS[0])
            worker(crashing, sender, clock, limits=ONE).run_once()
        clock.move(3 * sender.time_limit)
        worker(store, sender, clock).drain(clock.now() + timedelta(hours=1))
        return states(store, 3), Counter(sender.keys), crashing.steps


@pytest.mark.slow
def test_killed_between_any_two_steps_each_is_delivered_and_repeats_have_the_same_key(
    tmp_path: Path,
) -> None:
    _, expected, steps = killed_at(tmp_path / "whole", None)
    assert steps > 8
    for step in range(1, steps + 1):
        found, sent, _ = killed_at(tmp_path / str(step), step)
        assert found == {"delivered": 3}, f"killed at step {step}"
        assert set(sent) == set(expected)
        assert max(sent.values()) <= 3, "one repeat for the 503 and one for the kill"


def test_a_webhook_is_called_for_each_delivery_with_its_key(
    store: SqlStore, clock: FakeClock
) -> None:
    with webhook_server() as server:
        enrol(store, url=f"json://{server.address}/hook")
        enqueue(store, clock, 5)
        server.plan = [503, 200]
        deliver = worker(store, Senders(allow_networks=EVERYWHERE), clock)
        deliver.run_once()
        clock.move(WAITS[0])
        deliver.run_once()
        sent = Counter(request.headers["idempotency-key"] for request in server.requests)
    assert sorted(sent.values()) == [1, 1, 1, 1, 2]
    assert states(store, 5) == {"delivered": 5}


def test_a_url_is_in_no_representation(store: SqlStore, clock: FakeClock) -> None:
    enrol(store, url="json://user:hunter2@hooks.example/in")
    enqueue(store, clock)
    with store.transaction() as tx:
        claims = tx.claim_deliveries("me", clock.now(), timedelta(minutes=1), {"urgent": 5})
    assert "hunter2" not in repr(claims)
    with pytest.raises(UsageError) as caught:
        Senders().check(SecretStr("nosuch://hunter2"))
    assert "hunter2" not in repr(caught.value)


def test_an_alarm_that_a_killed_worker_left_open_ends_with_the_first_turn(
    store: SqlStore, clock: FakeClock
) -> None:
    sender = RecordingSender()
    alarms = StoreAlarms(store, clock, None, sender)
    alarms.open("deliveries wait", "the store was away, and the worker was killed")
    enrol(store)
    enqueue(store, clock)
    stop = threading.Event()
    sender.before = lambda _alert: stop.set()
    worker(store, sender, clock, alarms=alarms).run(stop)
    assert open_alarms(store) == []


def test_a_worker_with_a_send_that_never_ends_says_so_and_ends_its_process(
    store: SqlStore, tmp_path: Path
) -> None:
    """A thread that hangs would otherwise keep its place for ever, in silence."""
    enrol(store)
    enqueue(store, FakeClock())
    program = (
        "import sys, threading\n"
        "from datetime import timedelta\n"
        "from pathlib import Path\n"
        "from alerts.deliver import DeliveryWorker\n"
        "from despatch.ports import SystemClock\n"
        "from despatch.testing.channels import RecordingSender\n"
        "from despatch.testing.stores import temporary_store\n"
        "sender = RecordingSender()\n"
        "sender.before = lambda _alert: threading.Event().wait()\n"
        "with temporary_store(Path(sys.argv[1])) as store:\n"
        "    DeliveryWorker(\n"
        "        store, sender, SystemClock(), owner='hung', stuck_after=timedelta(seconds=0.3)\n"
        "    ).run(threading.Event())\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, timeout=60
    )
    assert ended.returncode == EXIT_STUCK, ended.stderr.decode()[-2_000:]
