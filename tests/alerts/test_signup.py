"""Signing up: the same answer to everybody, one message to the owner, nothing before their word."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, cast

import pytest
import structlog
from pydantic import SecretStr
from structlog.testing import capture_logs

from alerts.channels import Senders
from alerts.links import Opened, SignedLinks, Signer
from alerts.signup import AN_HOUR, PER_MAILBOX, PER_NETWORK, TWICE_WITHIN, Asked, SignUps
from despatch.filter import Choice, Filter, Phrase, Phrases, of_themes
from despatch.frequency import frequency
from despatch.model import Alert, ChannelId, Subscription
from despatch.ports import Signup
from despatch.store.sql import SqlStore
from despatch.testing import FakeClock
from despatch.testing.stores import KEY
from despatch.testing.subscribers import a_channel, a_subscriber, a_subscription

ADA = SecretStr("Ada@example.org")
SENDERS = Senders(mail_url=SecretStr("mailto://u:hunter2@mail.example"))
SIGNER = Signer([KEY.encode()])
PAGE = "https://alerts.example.org/subscribe"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def signups(store: SqlStore, clock: FakeClock) -> SignUps:
    links = SignedLinks("https://alerts.example.org", SIGNER)
    return SignUps(store, clock, SENDERS, links, an_hour=100, page=PAGE)


def asked(**said: Any) -> Asked:
    fields: dict[str, Any] = {
        "address": ADA,
        "filter": of_themes("migration"),
        "frequency": frequency("daily 08:30"),
        "network": "192.0.2.0/24",
    }
    return Asked(**(fields | said))


def messages(store: SqlStore) -> list[Alert]:
    """Return the messages that wait to be sent."""
    with store.transaction() as tx:
        claimed = tx.claim_deliveries(
            "t", FakeClock().now() + timedelta(days=99), MINUTE, {"urgent": 999}
        )
    return [one.alert for one in claimed]


def waiting(store: SqlStore) -> Signup:
    with store.transaction() as tx:
        return tx.signups_of(ADA)[-1]


def subscriptions(store: SqlStore) -> list[Subscription]:
    with store.transaction() as tx:
        return list(tx.subscriptions())


def test_the_address_s_owner_is_asked_and_nothing_is_subscribed(
    store: SqlStore, signups: SignUps
) -> None:
    assert signups.ask(asked()) == "asked"
    (message,) = messages(store)
    assert message.event == "confirm"
    assert subscriptions(store) == []


def test_the_message_holds_a_link_that_confirms_it(
    store: SqlStore, clock: FakeClock, signups: SignUps
) -> None:
    signups.ask(asked())
    (message,) = messages(store)
    (link,) = [line for line in message.body.splitlines() if line.startswith("https://")]
    opened = SIGNER.read(link.rpartition("/")[2], ["confirm"], clock.now())
    assert opened == Opened("confirm", (waiting(store).id,))


def test_nothing_that_a_stranger_typed_stands_in_the_message(
    store: SqlStore, signups: SignUps
) -> None:
    """Else the form would send anybody's words to anybody."""
    typed = Filter(
        themes=Choice(any=("migration",)),
        phrases=Phrases(any=(Phrase(text="cheap pills at evil.example"),)),
    )
    signups.ask(asked(filter=typed))
    (message,) = messages(store)
    assert "pills" not in message.model_dump_json()
    assert "migration" in message.subject


def test_once_confirmed_it_is_a_subscription(store: SqlStore, signups: SignUps) -> None:
    signups.ask(asked())
    confirmed = signups.confirm(waiting(store).id)
    (made,) = subscriptions(store)
    assert confirmed is not None
    assert confirmed.subscription == made.id
    assert (made.filter, str(made.frequency)) == (of_themes("migration"), "daily 08:30 UTC")
    assert made.state == "active"
    with store.transaction() as tx:
        (channel,) = tx.channels_at(ADA)
    assert made.channels == (channel.id,)
    assert channel.url.get_secret_value() == "mail://Ada@example.org"


def test_confirming_twice_is_confirming_once(store: SqlStore, signups: SignUps) -> None:
    signups.ask(asked())
    id_ = waiting(store).id
    assert signups.confirm(id_) == signups.confirm(id_)
    assert len(subscriptions(store)) == 1


def test_what_is_not_kept_can_t_be_confirmed(signups: SignUps) -> None:
    assert signups.confirm("g-none") is None
    assert signups.waiting("g-none") is None


def test_who_signs_up_twice_for_two_things_is_one_subscriber(
    store: SqlStore, clock: FakeClock, signups: SignUps
) -> None:
    for theme, address in (("migration", "Ada@example.org"), ("fishing", "ada@EXAMPLE.org")):
        clock.move(MINUTE)
        signups.ask(asked(filter=of_themes(theme), address=SecretStr(address)))
        signups.confirm(waiting(store).id)
    one, other = subscriptions(store)
    assert one.subscriber == other.subscriber
    assert one.channels == other.channels


def test_who_has_the_subscription_already_gets_the_frequency_asked_for_now(
    store: SqlStore, clock: FakeClock, signups: SignUps
) -> None:
    for every in ("daily 08:30", "immediate"):
        clock.move(MINUTE)
        signups.ask(asked(frequency=frequency(every)))
        signups.confirm(waiting(store).id)
    (one,) = subscriptions(store)
    assert str(one.frequency) == "immediate"


def test_a_desk_that_the_address_is_one_channel_of_stays_as_it_is(
    store: SqlStore, signups: SignUps
) -> None:
    desk = a_subscriber("desk")
    with store.transaction() as tx:
        tx.add_subscriber(desk)
        mail = tx.add_channel(a_channel(desk, "mail://Ada@example.org"), address=ADA)
        hook = tx.add_channel(a_channel(desk))
        tx.add_subscription(a_subscription(mail, hook))
    signups.ask(asked())
    signups.confirm(waiting(store).id)
    first, second = subscriptions(store)
    assert {first.subscriber, second.subscriber} - {desk.id} != set()


def test_a_second_click_sends_no_second_message(
    store: SqlStore, clock: FakeClock, signups: SignUps
) -> None:
    signups.ask(asked())
    clock.move(TWICE_WITHIN - timedelta(seconds=1))
    assert signups.ask(asked()) == "asked"
    assert len(messages(store)) == 1


def test_who_lost_the_message_can_ask_again_later(
    store: SqlStore, clock: FakeClock, signups: SignUps
) -> None:
    signups.ask(asked())
    clock.move(TWICE_WITHIN)
    signups.ask(asked())
    assert len(messages(store)) == 2


def test_a_mailbox_gets_so_many_messages_that_it_never_asked_for_and_no_more(
    store: SqlStore, signups: SignUps
) -> None:
    for number in range(PER_MAILBOX + 2):
        address = SecretStr(f"ada+{number}@example.org")
        assert signups.ask(asked(address=address)) == "asked"
    assert len(messages(store)) == PER_MAILBOX


def test_what_was_confirmed_does_not_count_against_a_mailbox(
    store: SqlStore, clock: FakeClock, signups: SignUps
) -> None:
    for number in range(PER_MAILBOX + 1):
        signups.ask(asked(filter=of_themes(f"theme{number}")))
        clock.move(MINUTE)
        signups.confirm(waiting(store).id)
    assert len(subscriptions(store)) == PER_MAILBOX + 1


def ask_for_many(signups: SignUps, count: int, network: str = "192.0.2.0/24") -> list[str]:
    return [
        signups.ask(asked(address=SecretStr(f"p{number}@{network[:3]}.example"), network=network))
        for number in range(count)
    ]


def test_a_network_can_ask_for_so_many_an_hour(
    store: SqlStore, clock: FakeClock, signups: SignUps
) -> None:
    said = ask_for_many(signups, PER_NETWORK + 1)
    assert said == ["asked"] * PER_NETWORK + ["later"]
    assert signups.ask(asked(network="198.51.100.0/24")) == "asked"
    clock.move(AN_HOUR + MINUTE)
    assert signups.ask(asked(address=SecretStr("late@example.org"))) == "asked"


def test_all_together_can_ask_for_so_many_an_hour(store: SqlStore, clock: FakeClock) -> None:
    links = SignedLinks("https://alerts.example.org", SIGNER)
    signups = SignUps(store, clock, SENDERS, links, an_hour=3, page=PAGE)
    said = [one for net in ("192", "198", "203", "204") for one in ask_for_many(signups, 1, net)]
    assert said == ["asked", "asked", "asked", "later"]


def test_who_was_forgotten_is_not_written_to_and_nobody_is_told(
    store: SqlStore, clock: FakeClock, signups: SignUps
) -> None:
    with store.transaction() as tx:
        tx.suppress(SecretStr("ada@example.org"), "forgotten", clock.now())
    assert signups.ask(asked()) == "asked"
    assert messages(store) == []
    with store.transaction() as tx:
        assert tx.subscribers() == []


def test_a_channel_that_failed_before_works_again_once_its_owner_confirms(
    store: SqlStore, clock: FakeClock, signups: SignUps
) -> None:
    signups.ask(asked())
    signups.confirm(waiting(store).id)
    clock.move(MINUTE)
    with store.transaction() as tx:
        (channel,) = tx.channels_at(ADA)
        tx.set_channel_state(ChannelId(channel.id), "paused")
    signups.ask(asked(filter=of_themes("fishing")))
    signups.confirm(waiting(store).id)
    with store.transaction() as tx:
        assert [one.state for one in tx.channels_at(ADA)] == ["active"]


def test_an_address_that_bounced_is_asked_again_and_confirmed_is_written_to(
    store: SqlStore, signups: SignUps, clock: FakeClock
) -> None:
    signups.ask(asked())
    signups.confirm(waiting(store).id)
    with store.transaction() as tx:
        (channel,) = tx.channels()
        tx.stop_channel(channel.id, "bounce: there is no such mailbox", clock.now(), bounced=True)
    clock.move(AN_HOUR)
    signups.ask(asked(filter=of_themes("partnerships")))
    assert [one.event for one in messages(store)][-1] == "confirm"
    with store.transaction() as tx:
        assert tx.suppressed(ADA) == "bounced"
    signups.confirm(waiting(store).id)
    with store.transaction() as tx:
        assert tx.suppressed(ADA) is None
        assert [(one.state, one.why) for one in tx.channels()] == [("active", "")]


def test_no_address_is_in_the_log(store: SqlStore, signups: SignUps) -> None:
    with logged() as lines:
        for number in range(PER_MAILBOX + 1):
            signups.ask(asked(address=SecretStr(f"ada+{number}@example.org")))
        signups.confirm(waiting(store).id)
    assert "sign-up" in repr(lines)
    assert "example.org" not in repr(lines)


@contextmanager
def logged() -> Iterator[list[Any]]:
    """Yield what is logged meanwhile, from `info` on, whatever a test before set up."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("info"))
    try:
        with capture_logs() as lines:
            yield cast("list[Any]", lines)
    finally:
        structlog.configure(**before)


def test_what_is_not_confirmed_in_a_week_is_gone_with_its_address(
    store: SqlStore, clock: FakeClock, signups: SignUps
) -> None:
    signups.ask(asked())
    id_ = waiting(store).id
    clock.move(timedelta(days=7))
    with store.transaction() as tx:
        assert tx.drop_signups(clock.now()) == 1
        assert tx.channels_at(ADA) == []
        assert tx.subscribers() == []
    assert signups.confirm(id_) is None
