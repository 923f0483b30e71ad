"""What every store promises of sign-ups, of suppressed addresses, and of those it forgot."""

from datetime import timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from despatch.errors import OperatorError, UsageError
from despatch.filter import Filter, Phrase, Phrases, of_themes
from despatch.frequency import frequency, quiet
from despatch.model import (
    Alert,
    AlertId,
    Attempt,
    ChannelId,
    Digest,
    DigestItem,
    SubscriptionId,
)
from despatch.ports import Finished, Item, Signup, Store
from despatch.store.sql import SqlStore
from despatch.testing.releases import SEEN, a_classified
from despatch.testing.stores import KEY, StoreUnderTest
from despatch.testing.subscribers import (
    a_channel,
    a_match,
    a_subscriber,
    a_subscription,
    an_alert,
)

ADA = SecretStr("ada.lovelace@example.org")
BOB = SecretStr("bob@example.org")
WEEK = timedelta(days=7)
LEASE = timedelta(minutes=1)


def add_person(store: Store, name: str = "ada", address: SecretStr = ADA) -> None:
    url = f"mailto://u:hunter2@mail.example?to={address.get_secret_value()}"
    who = a_subscriber(name)
    with store.transaction() as tx:
        tx.add_subscriber(who)
        channel = a_channel(who, url, id=ChannelId(f"c-{name}"))
        tx.add_channel(channel, address=address)


def a_signup(name: str = "ada", id_: str = "g-1", **changed: Any) -> Signup:
    fields: dict[str, Any] = {
        "id": id_,
        "subscriber": a_subscriber(name).id,
        "channel": ChannelId(f"c-{name}"),
        "alert": AlertId(f"a-{id_}"),
        "filter": of_themes("migration"),
        "frequency": frequency("daily 08:30 Europe/London"),
        "created_at": SEEN,
        "ends_at": SEEN + WEEK,
    }
    return Signup(**(fields | changed))


def sign_up(
    store: Store, name: str = "ada", id_: str = "g-1", network: str = "192.0.2.0/24", **changed: Any
) -> Signup:
    made = a_signup(name, id_, **changed)
    with store.transaction() as tx:
        tx.add_signup(made, mailbox=ADA, network=network)
        tx.add_alert(confirm_alert(made), [made.channel], SEEN)
    return made


def confirm_alert(signup: Signup) -> Alert:
    return Alert(
        id=signup.alert,
        subscriber=signup.subscriber,
        event="confirm",
        classified=None,
        reason="somebody signed this address up",
        body="https://alerts.example.org/confirm/…",
        created_at=SEEN,
    )


def test_a_channel_is_found_by_its_address_however_it_is_written(store: Store) -> None:
    add_person(store)
    add_person(store, "bob", BOB)
    with store.transaction() as tx:
        (found,) = tx.channels_at(SecretStr(" Ada.Lovelace@EXAMPLE.org "))
        assert found.id == "c-ada"
        assert tx.channels_at(SecretStr("ada@example.org")) == []


def test_a_removed_channel_is_found_by_no_address(store: Store) -> None:
    add_person(store)
    with store.transaction() as tx:
        tx.set_channel_state(ChannelId("c-ada"), "removed")
        assert tx.channels_at(ADA) == []


def test_the_channels_of_one_subscriber_are_listed_without_removed_ones(store: Store) -> None:
    add_person(store)
    add_person(store, "bob", BOB)
    with store.transaction() as tx:
        kept, gone = tx.add_channel(a_channel()), a_channel(url="json://second")
        tx.add_channel(gone)
        tx.set_channel_state(gone.id, "removed")
        assert {one.id for one in tx.channels_of(a_subscriber().id)} == {"c-ada", kept.id}


def test_a_sign_up_is_kept_as_it_was_made(store: Store) -> None:
    add_person(store)
    made = sign_up(store)
    with store.transaction() as tx:
        assert tx.signup("g-1") == made
        assert tx.signup("g-2") is None
        assert tx.signups_of(ADA) == [made]
        assert tx.signups_of(BOB) == []
        assert tx.signups_by(made.subscriber) == [made]


def test_a_sign_up_of_nobody_is_refused(store: Store) -> None:
    with pytest.raises(UsageError, match="has no channel"), store.transaction() as tx:
        tx.add_signup(a_signup(), mailbox=ADA, network="n")


def test_sign_ups_are_counted_by_time_and_by_network(store: Store) -> None:
    add_person(store)
    sign_up(store, id_="g-1")
    sign_up(store, id_="g-2", created_at=SEEN + LEASE)
    sign_up(store, id_="g-3", created_at=SEEN + LEASE, network="198.51.100.0/24")
    with store.transaction() as tx:
        assert tx.count_signups(SEEN) == 3
        assert tx.count_signups(SEEN + LEASE) == 2
        assert tx.count_signups(SEEN, network="192.0.2.0/24") == 2
        assert tx.count_signups(SEEN, network="ada.lovelace@example.org") == 0


def test_a_sign_up_is_confirmed_once(store: Store) -> None:
    add_person(store)
    sign_up(store)
    with store.transaction() as tx:
        assert tx.confirm_signup("g-1", SubscriptionId("s-1"))
        assert not tx.confirm_signup("g-1", SubscriptionId("s-2"))
        assert not tx.confirm_signup("g-9", SubscriptionId("s-1"))
        kept = tx.signup("g-1")
    assert kept is not None
    assert kept.subscription == "s-1"


def test_with_an_unconfirmed_sign_up_goes_all_that_it_brought(database: StoreUnderTest) -> None:
    store = database.open()
    add_person(store)
    sign_up(store)
    with store.transaction() as tx:
        assert tx.drop_signups(SEEN + WEEK - LEASE) == 0
        assert tx.drop_signups(SEEN + WEEK) == 1
        assert tx.signups_of(ADA) == []
        assert tx.subscribers() == []
        assert tx.channels() == []
        assert tx.alert(AlertId("a-g-1")) is None
        assert tx.counts().deliveries.get("waiting", 0) == 0


def test_a_sign_up_that_ends_takes_nothing_from_who_had_subscribed(store: Store) -> None:
    add_person(store)
    with store.transaction() as tx:
        tx.add_subscription(a_subscription(*tx.channels_at(ADA)))
    sign_up(store)
    with store.transaction() as tx:
        assert tx.drop_signups(SEEN + WEEK) == 1
        assert len(tx.subscribers()) == len(tx.channels()) == len(tx.subscriptions()) == 1


def test_of_two_sign_ups_one_keeps_what_the_other_needs(store: Store) -> None:
    add_person(store)
    sign_up(store)
    sign_up(store, id_="g-2", ends_at=SEEN + 2 * WEEK)
    with store.transaction() as tx:
        assert tx.drop_signups(SEEN + WEEK) == 1
        assert tx.signup("g-2") is not None
        assert len(tx.channels_at(ADA)) == 1


def test_a_message_to_confirm_needs_no_subscription(store: Store) -> None:
    add_person(store)
    sign_up(store)
    with store.transaction() as tx:
        (claim,) = tx.claim_deliveries("w", SEEN, LEASE, {"urgent": 9})
        assert claim.stopped == ""


def test_a_message_to_confirm_goes_over_a_channel_that_failed_before(store: Store) -> None:
    add_person(store)
    sign_up(store)
    with store.transaction() as tx:
        tx.set_channel_state(ChannelId("c-ada"), "paused")
        (claim,) = tx.claim_deliveries("w", SEEN, LEASE, {"urgent": 9})
        assert claim.stopped == ""


BOUNCE = "bounce: there is no such mailbox (550 5.1.1)"


def test_an_address_that_bounces_is_written_to_over_none_of_its_channels(store: Store) -> None:
    add_person(store)
    add_person(store, "desk")
    add_person(store, "bob", BOB)
    with store.transaction() as tx:
        tx.stop_channel(ChannelId("c-ada"), BOUNCE, SEEN, bounced=True)
        states = {one.id: (one.state, one.why) for one in tx.channels()}
        assert tx.suppressed(ADA) == "bounced"
        assert tx.suppressed(BOB) is None
        assert tx.stopped_channels() == {BOUNCE: 2}
        assert (tx.counts().stopped_channels, tx.counts().bounced) == (2, 2)
        assert [tx.bounced_since(SEEN + one) for one in (timedelta(0), LEASE)] == [1, 0]
    assert states == {
        "c-ada": ("paused", BOUNCE),
        "c-desk": ("paused", BOUNCE),
        "c-bob": ("active", ""),
    }


def test_an_address_that_bounced_is_written_to_again_once_somebody_says_so(store: Store) -> None:
    add_person(store)
    add_person(store, "desk")
    with store.transaction() as tx:
        tx.stop_channel(ChannelId("c-ada"), BOUNCE, SEEN, bounced=True)
        assert tx.unsuppress(ADA)
        assert {(one.state, one.why) for one in tx.channels()} == {("active", "")}
        tx.stop_channel(ChannelId("c-ada"), BOUNCE, SEEN, bounced=True)
        tx.set_channel_state(ChannelId("c-ada"), "active")
        assert tx.suppressed(ADA) is None
        assert tx.channels_at(ADA)[0].why == ""


def test_a_channel_that_fails_otherwise_stops_alone_and_suppresses_nothing(store: Store) -> None:
    add_person(store)
    add_person(store, "desk")
    with store.transaction() as tx:
        tx.stop_channel(ChannelId("c-ada"), "smtp 552: too big", SEEN)
        assert {one.id: one.state for one in tx.channels()} == {
            "c-ada": "paused",
            "c-desk": "active",
        }
        assert tx.suppressed(ADA) is None
        assert not tx.unsuppress(ADA)
        assert tx.channels_at(ADA)[0].why == "smtp 552: too big"
        assert (tx.counts().stopped_channels, tx.counts().bounced) == (1, 0)
        tx.set_channel_state(ChannelId("c-ada"), "removed")
        assert tx.stopped_channels() == {}


@pytest.mark.parametrize("bounces_first", [True, False])
def test_an_owner_s_wish_to_be_forgotten_stands_before_a_bounce(
    store: Store, bounces_first: bool
) -> None:
    add_person(store)
    with store.transaction() as tx:
        if bounces_first:
            tx.stop_channel(ChannelId("c-ada"), BOUNCE, SEEN, bounced=True)
        tx.suppress(ADA, "forgotten", SEEN)
        if not bounces_first:
            tx.stop_channel(ChannelId("c-ada"), BOUNCE, SEEN, bounced=True)
        assert tx.suppressed(ADA) == "forgotten"
        tx.set_channel_state(ChannelId("c-ada"), "active")
        assert tx.suppressed(ADA) == "forgotten"


def test_a_suppressed_address_is_known_however_it_is_written(store: Store) -> None:
    with store.transaction() as tx:
        tx.suppress(ADA, "forgotten", SEEN)
        tx.suppress(ADA, "forgotten", SEEN)
        assert tx.suppressed(SecretStr("ADA.lovelace@example.org")) == "forgotten"
        assert tx.suppressed(BOB) is None
        assert tx.unsuppress(ADA)
        assert not tx.unsuppress(ADA)
        assert tx.suppressed(ADA) is None


def test_no_address_stands_in_the_database(database: StoreUnderTest) -> None:
    store = database.open()
    add_person(store)
    sign_up(store)
    with store.transaction() as tx:
        tx.suppress(BOB, "forgotten", SEEN)
    raw = database.raw().lower()
    for secret in ("lovelace", "hunter2", "bob@example", "192.0.2"):
        assert secret not in raw


def test_a_hash_outlives_the_key_that_its_salt_was_kept_under(database: StoreUnderTest) -> None:
    """Else a change of keys would let addresses be written to that are to be left alone."""
    with database.open().transaction() as tx:
        tx.suppress(ADA, "forgotten", SEEN)
    add_person(database.open(), "bob", BOB)
    new = Fernet.generate_key().decode()
    database.open(keys=[new, KEY]).encrypt_again()
    with database.open(keys=[new]).transaction() as tx:
        assert tx.suppressed(ADA) == "forgotten"
        assert [one.id for one in tx.channels_at(BOB)] == ["c-bob"]


def test_without_the_key_the_salt_is_missed_and_nothing_is_made_anew(
    database: StoreUnderTest,
) -> None:
    with database.open().transaction() as tx:
        tx.suppress(ADA, "forgotten", SEEN)
    other = database.open(keys=[Fernet.generate_key().decode()])
    with pytest.raises(OperatorError, match="put the old key back"):
        other.check_keys()
    with pytest.raises(OperatorError), other.transaction() as tx:
        tx.suppressed(ADA)


def a_known_person(store: SqlStore) -> None:
    """Add somebody with a subscription who was told of something."""
    add_person(store)
    wish = Filter(phrases=Phrases(all=(Phrase(text="quarrelsome neighbours"),)))
    with store.transaction() as tx:
        tx.change_subscriber(
            a_subscriber(quiet=quiet("22:00-07:00 Europe/Vaduz")).model_copy(
                update={"name": "lovelace of vaduz"}
            )
        )
        (channel,) = tx.channels_at(ADA)
        mine = a_subscription(channel, filter=wish).model_copy(update={"name": "quarrelsome"})
        tx.add_subscription(mine)
        tx.add_match(a_match(subscription=mine, reason="asks for “quarrelsome neighbours”"))
        tx.add_alert(an_alert(reason="quarrelsome", subscriptions=(mine.id,)), [channel.id], SEEN)


def an_item_that_waits(store: SqlStore) -> None:
    with store.transaction() as tx:
        item = Item(
            subscriber=a_subscriber().id,
            classified=a_classified(),
            event="new",
            reason="asks for quarrelsome neighbours",
            changed="",
            subscriptions=(a_subscription().id,),
            through=(a_subscription().id,),
            waits_for="digest",
            why="daily 08:30 Europe/Vaduz",
            since=SEEN,
            due_at=SEEN + LEASE,
            held_at=SEEN,
        )
        tx.wait([item], SEEN)
        shown = DigestItem(classified=a_classified(), event="new", reason="quarrelsome", changed="")
        told = Digest(
            since=SEEN, until=SEEN, why="Vaduz", items=(shown,), total=1, by_theme=(("x", 1),)
        )
        alert = Alert(
            id=AlertId("a-digest"),
            subscriber=a_subscriber().id,
            event="digest",
            classified=None,
            reason="quarrelsome",
            digest=told,
            created_at=SEEN,
        )
        tx.add_alert(alert, [ChannelId("c-ada")], SEEN)
        tx.add_told_at_once(a_subscriber().id, SEEN, forget=SEEN - WEEK)


def test_digests_of_who_is_forgotten_are_neither_sent_nor_kept(database: StoreUnderTest) -> None:
    store = database.open()
    a_known_person(store)
    an_item_that_waits(store)
    with store.transaction() as tx:
        tx.forget_subscriber(a_subscriber().id, SEEN)
        assert tx.items_for(a_subscriber().id) == []
        assert tx.due_digests(SEEN + WEEK, 9) == []
        assert tx.next_digest_at() is None
        assert tx.told_at_once(a_subscriber().id, SEEN - WEEK) == 0
        kept = tx.alert(AlertId("a-digest"))
    assert kept is not None
    assert kept.digest is None
    store.overwrite_deleted()
    assert "quarrelsome" not in database.raw()
    assert "Vaduz" not in database.raw()


def test_who_is_forgotten_is_listed_and_found_no_more(database: StoreUnderTest) -> None:
    store = database.open()
    a_known_person(store)
    with store.transaction() as tx:
        tx.forget_subscriber(a_subscriber().id, SEEN)
        assert tx.subscribers() == []
        assert tx.channels() == []
        assert tx.channels_at(ADA) == []
        assert tx.subscriptions() == []
        assert tx.subscriber_named("lovelace of vaduz") is None


def test_of_who_is_forgotten_nothing_personal_is_left(database: StoreUnderTest) -> None:
    store = database.open()
    a_known_person(store)
    personal = ("lovelace", "quarrelsome", "Vaduz", "mailto")
    assert all(each in database.raw() for each in personal), "else the search below proves nothing"
    with store.transaction() as tx:
        tx.forget_subscriber(a_subscriber().id, SEEN)
    store.overwrite_deleted()
    assert [each for each in personal if each in database.raw()] == []


def test_what_waits_for_who_is_forgotten_is_not_sent(store: SqlStore) -> None:
    a_known_person(store)
    with store.transaction() as tx:
        tx.forget_subscriber(a_subscriber().id, SEEN)
        assert tx.claim_deliveries("w", SEEN, LEASE, {"urgent": 9}) == []
        ((gone, _shown, _who),) = tx.deliveries_in("cancelled", 9)
    assert gone.reason == "whom it was for is forgotten"


def test_what_is_being_sent_to_who_is_forgotten_is_not_sent_again(store: SqlStore) -> None:
    a_known_person(store)
    with store.transaction() as tx:
        (claim,) = tx.claim_deliveries("w", SEEN, LEASE, {"urgent": 9})
    with store.transaction() as tx:
        tx.forget_subscriber(a_subscriber().id, SEEN)
    tried = Attempt(at=SEEN, took_ms=1, outcome="temporary", reason="http 503")
    with store.transaction() as tx:
        lost = tx.finish_deliveries("w", [Finished(claim, tried, "waiting", SEEN, "")])
        assert lost == {claim.delivery}
        assert tx.claim_deliveries("w", SEEN + 9 * LEASE, LEASE, {"urgent": 9}) == []


def test_that_a_release_was_told_to_somebody_is_still_known(store: SqlStore) -> None:
    a_known_person(store)
    release = a_classified().revision.release.id
    with store.transaction() as tx:
        tx.forget_subscriber(a_subscriber().id, SEEN)
        way = tx.trace(release)
    assert [(one.reason, one.outcome) for one in way.matches] == [("forgotten", "told")]
    assert [(one.reason, one.subscriptions) for one in way.alerts] == [("forgotten", ())]
    assert [shown for _delivery, shown in way.deliveries] == ["forgotten"]


def test_forgetting_twice_is_forgetting_once(store: SqlStore) -> None:
    a_known_person(store)
    for _ in range(2):
        with store.transaction() as tx:
            tx.forget_subscriber(a_subscriber().id, SEEN)


def test_the_same_address_is_somebody_new_after_it_was_forgotten(store: SqlStore) -> None:
    a_known_person(store)
    with store.transaction() as tx:
        tx.forget_subscriber(a_subscriber().id, SEEN)
    add_person(store, "ada-again")
    with store.transaction() as tx:
        assert [one.subscriber for one in tx.channels_at(ADA)] == ["u-ada-again"]


def test_one_channel_is_forgotten_and_the_others_stay(store: SqlStore) -> None:
    a_known_person(store)
    with store.transaction() as tx:
        other = tx.add_channel(a_channel())
        tx.forget_channel(ChannelId("c-ada"))
        assert tx.channels() == [other]
        assert [one.name for one in tx.subscribers()] == ["lovelace of vaduz"]
        assert tx.claim_deliveries("w", SEEN, LEASE, {"urgent": 9}) == []


def test_all_that_somebody_was_sent_comes_with_what_came_of_it(store: SqlStore) -> None:
    a_known_person(store)
    add_person(store, "bob", BOB)
    with store.transaction() as tx:
        ((alert, ((delivery, shown),)),) = tx.sent_to(a_subscriber().id)
        assert tx.sent_to(a_subscriber("bob").id) == []
    assert (alert.reason, delivery.alert, delivery.state) == ("quarrelsome", alert.id, "waiting")
    assert shown.startswith("mailto://…")


@pytest.mark.parametrize("key", ["number:447700900123", "handle:*:ada", "web:hooks.example/in/a"])
def test_a_number_a_handle_or_a_web_address_is_suppressed_as_an_address_is(
    store: Store, key: str
) -> None:
    with store.transaction() as tx:
        tx.suppress(SecretStr(key), "forgotten", SEEN)
    with store.transaction() as tx:
        assert tx.suppressed(SecretStr(key)) == "forgotten"
        assert tx.suppressed(SecretStr(f"{key}4")) is None
        assert tx.unsuppress(SecretStr(key))
        assert tx.suppressed(SecretStr(key)) is None
