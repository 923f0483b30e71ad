"""What a link's holder can do to their own subscriptions, and to nobody else's."""

import pytest
from pydantic import SecretStr

from alerts.channels import Senders
from alerts.managing import Managed
from alerts.subscribe import Wish, subscribe
from despatch.filter import of_themes
from despatch.frequency import frequency
from despatch.model import Subscription, SubscriptionId
from despatch.store.sql import SqlStore
from despatch.testing import FakeClock
from despatch.testing.subscribers import an_alert

URL = SecretStr("json://hooks.example/in")


@pytest.fixture
def managed(store: SqlStore, clock: FakeClock) -> Managed:
    return Managed(store, clock)


def add(store: SqlStore, theme: str, name: str = "ada") -> Subscription:
    wish = Wish(filter=of_themes(theme), urls=(URL,), name=name)
    return subscribe(store, FakeClock(), Senders(), wish)[0]


def states(store: SqlStore) -> list[str]:
    with store.transaction() as tx:
        return [one.state for one in tx.subscriptions()]


def test_a_subscriber_s_own_are_listed(store: SqlStore, managed: Managed) -> None:
    one, other, _bobs = add(store, "a"), add(store, "b"), add(store, "c", "bob")
    assert {x.id for x in managed.theirs(one.subscriber)} == {one.id, other.id}
    assert managed.theirs("p-nobody") == []


def test_one_is_paused_resumed_and_ended(store: SqlStore, managed: Managed) -> None:
    one = add(store, "a")
    assert managed.act(one.subscriber, one.id, "pause")
    assert states(store) == ["paused"]
    assert managed.act(one.subscriber, one.id, "resume")
    assert states(store) == ["active"]
    assert managed.act(one.subscriber, one.id, "remove")
    assert not managed.act(one.subscriber, one.id, "remove")
    assert states(store) == []


def test_another_s_stays_as_it_is(store: SqlStore, managed: Managed) -> None:
    one, bobs = add(store, "a"), add(store, "b", "bob")
    assert not managed.act(one.subscriber, bobs.id, "remove")
    assert not managed.set_frequency(one.subscriber, bobs.id, frequency("hourly"))
    assert states(store) == ["active", "active"]


def test_how_often_is_changed(store: SqlStore, managed: Managed) -> None:
    one = add(store, "a")
    assert managed.set_frequency(one.subscriber, one.id, frequency("daily 08:30"))
    (changed,) = managed.theirs(one.subscriber)
    assert str(changed.frequency) == "daily 08:30 UTC"


def test_with_the_last_one_that_used_it_a_channel_is_erased(
    store: SqlStore, managed: Managed
) -> None:
    one, other = add(store, "a"), add(store, "b")
    assert managed.end([one.id]) == 1
    with store.transaction() as tx:
        assert len(tx.channels()) == 1
    assert managed.end([other.id, one.id, "s-none"]) == 1
    assert managed.end([other.id]) == 0
    with store.transaction() as tx:
        assert tx.channels() == []


def test_leaving_ends_all_of_a_subscriber_s(store: SqlStore, managed: Managed) -> None:
    one, _other, bobs = add(store, "a"), add(store, "b"), add(store, "c", "bob")
    assert managed.leave(one.subscriber) == 2
    assert managed.leave(one.subscriber) == 0
    with store.transaction() as tx:
        assert [x.id for x in tx.subscriptions()] == [bobs.id]


def test_what_waits_to_be_sent_is_not_sent_any_more(
    store: SqlStore, clock: FakeClock, managed: Managed
) -> None:
    one = add(store, "a")
    alert = an_alert(subscriptions=(SubscriptionId(one.id),)).model_copy(
        update={"subscriber": one.subscriber}
    )
    with store.transaction() as tx:
        tx.add_alert(alert, one.channels, clock.now())
    managed.end([one.id])
    with store.transaction() as tx:
        (claim,) = tx.claim_deliveries("w", clock.now(), clock.now() - clock.now(), {"urgent": 1})
    assert claim.stopped == "the channel is removed"
