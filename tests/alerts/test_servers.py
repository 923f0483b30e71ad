"""What many recipients go by: where it fails they wait, nobody is paused, and one alarm says so."""

from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from ipaddress import ip_network

import pytest
from pydantic import SecretStr

from alerts.alarms import StoreAlarms
from alerts.channels import Senders, host_of
from alerts.channels import apprise as services
from alerts.channels.grammar import read
from alerts.deliver import DeliveryWorker
from despatch.model import Alert
from despatch.ports import Alarm, Sent
from despatch.store.sql import SqlStore
from despatch.testing import FakeClock
from despatch.testing.channels import RecordingSender
from despatch.testing.mail_script import MailScript, mail_script
from despatch.testing.subscribers import a_channel, a_subscriber, a_subscription, an_alert

NAMES = tuple(f"n{number:02}" for number in range(12))
REFUSED = "535 5.7.8 wrong"
TAKEN = "235 welcome"
PASSWORD = "s3cretpass"


@pytest.fixture
def server() -> Iterator[MailScript]:
    with mail_script({"EHLO": "250-here\r\n250 AUTH PLAIN", "AUTH": REFUSED}) as script:
        yield script


class Office:
    """A dozen mailboxes that one mail server serves, and whoever delivers to them."""

    def __init__(self, store: SqlStore, clock: FakeClock, server: MailScript) -> None:
        self.store, self.clock = store, clock
        self.name = f"mail server 127.0.0.1:{server.port}"
        self.alarms = StoreAlarms(store, clock, None, RecordingSender())
        self._server = server
        login = (
            f"mailto://clerk:{PASSWORD}@127.0.0.1:{server.port}?mode=insecure&from=a@example.org"
        )
        with store.transaction() as tx:
            for name in NAMES:
                who = a_subscriber(name)
                channel = a_channel(who, f"{login}&to={name}@example.org")
                tx.add_subscriber(who)
                tx.add_channel(channel)
                tx.add_subscription(a_subscription(channel, name=name))
                alert: Alert = an_alert(None, who)
                tx.add_alert(alert, [channel.id], clock.now())

    def deliver(self) -> int:
        senders = Senders(allow_networks=(ip_network("127.0.0.0/8"),), out=StringIO())
        worker = DeliveryWorker(
            self.store, senders, self.clock, owner="me", alarms=self.alarms, chance=lambda: 0.5
        )
        return worker.run_once()

    def states(self) -> set[str]:
        with self.store.transaction() as tx:
            return {one.state for one in tx.channels()}

    def open(self) -> list[Alarm]:
        with self.store.transaction() as tx:
            return list(tx.alarms())

    def delivered(self) -> int:
        with self.store.transaction() as tx:
            return tx.counts().deliveries["delivered"]


@pytest.fixture
def office(store: SqlStore, clock: FakeClock, server: MailScript) -> Office:
    return Office(store, clock, server)


def test_a_wrong_login_is_tried_no_more_often_than_sends_were_under_way(
    office: Office, server: MailScript
) -> None:
    assert office.deliver() <= 8
    assert server.heard.count("AUTH") <= 8


def test_it_pauses_nobody_and_is_one_alarm_that_names_the_server_and_the_way_out(
    office: Office,
) -> None:
    office.deliver()
    assert office.states() == {"active"}
    (alarm,) = office.open()
    assert alarm.key == f"{office.name} holds up deliveries"
    assert "login: the mail server does not let us in (535)" in alarm.text
    assert "put the user and the password (or the token) right in the mailto:// URLs" in alarm.text
    assert PASSWORD not in alarm.text
    assert "example.org" not in alarm.text


def test_once_it_is_mended_all_are_told_and_the_alarm_is_over(
    office: Office, server: MailScript
) -> None:
    office.deliver()
    server.says["AUTH"] = TAKEN
    office.clock.move(timedelta(minutes=16))
    office.deliver()
    assert office.delivered() == len(NAMES)
    assert len(server.texts) == len(NAMES)
    assert office.open() == []


def test_after_days_of_it_nobody_is_paused_either(office: Office) -> None:
    for _day in range(7):
        office.deliver()
        office.clock.move(timedelta(days=1))
    assert office.states() == {"active"}
    with office.store.transaction() as tx:
        assert tx.counts().deliveries["failed"] == len(NAMES)


def test_an_alarm_of_which_nothing_is_seen_any_more_is_over(office: Office) -> None:
    """The operator goes by another server now: nothing will ever be delivered by this one."""
    office.deliver()
    with office.store.transaction() as tx:
        for one in tx.channels():
            tx.set_channel_state(one.id, "removed")
    office.clock.move(timedelta(hours=2))
    office.deliver()
    assert office.open() == []


def test_one_login_s_fault_is_not_another_s() -> None:
    url = "mailto://{}:p@mail.example.org?to=a@b.example"
    assert len({host_of(SecretStr(url.format(user))) for user in "ab"}) == 2


TWILIO = f"twilio://AC{'a' * 32}:{'b' * 32}@15551234567/15557654321"
SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"


def test_a_token_that_many_share_and_a_service_refuses_holds_them_up() -> None:
    sent = services.of_token(read(SecretStr(TWILIO)), Sent("permanent", "http 401: Unauthorized"))
    assert (sent.outcome, sent.failure) == ("held up", "login")
    assert sent.by.startswith("Twilio account …")
    assert "aaaa" not in sent.by


@pytest.mark.parametrize("url, status", [(TWILIO, 403), (TWILIO, 404), (SLACK, 401)])
def test_what_a_service_says_of_one_recipient_stays_theirs(url: str, status: int) -> None:
    """A chat's owner shut us out (403); a webhook's token is its only recipient's own."""
    said = Sent("permanent", f"http {status}: no")
    assert services.of_token(read(SecretStr(url)), said).outcome == "permanent"
