"""What every store promises of deliveries: lent to one worker, recorded at every step."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from threading import Barrier, Thread
from typing import Literal

import pytest

from despatch.errors import FencedError, OperatorError
from despatch.model import Alert, Attempt, DeliveryId
from despatch.ports import Claim, Store
from despatch.testing import a_classified, a_release, a_revision
from despatch.testing.releases import SEEN
from despatch.testing.stores import StoreUnderTest
from despatch.testing.subscribers import a_channel, a_subscriber, a_subscription, an_alert

LEASE = timedelta(minutes=2)
MINUTE = timedelta(minutes=1)
NOW = SEEN


def claim(store: Store, owner: str = "one", limit: int = 100, minutes: int = 0) -> Sequence[Claim]:
    with store.transaction() as tx:
        return tx.claim_deliveries(owner, NOW + minutes * MINUTE, LEASE, limit)


def tried(outcome: Literal["delivered", "temporary"] = "temporary", minutes: int = 0) -> Attempt:
    return Attempt(at=NOW + minutes * MINUTE, took_ms=12, outcome=outcome, reason="503")


def alerts(number: int) -> list[Alert]:
    releases = [a_release(f"release-{each:03}") for each in range(number)]
    return [an_alert(a_classified(a_revision(release))) for release in releases]


def fill(store: Store, number: int = 1) -> None:
    """Subscribe ada, with so many alerts waiting, due a minute apart, the oldest first."""
    with store.transaction() as tx:
        tx.add_subscriber(a_subscriber())
        tx.add_channel(a_channel())
        tx.add_subscription(a_subscription())
        for each, alert in enumerate(alerts(number)):
            tx.add_alert(alert, [a_channel().id], NOW - (number - 1 - each) * MINUTE)


@pytest.fixture
def waiting(store: Store) -> Store:
    """The store, with one delivery due."""
    fill(store)
    return store


def test_a_claim_holds_all_that_is_needed_to_send(waiting: Store) -> None:
    (claimed,) = claim(waiting)
    assert claimed.alert == alerts(1)[0]
    assert claimed.url == a_channel().url
    assert claimed.kept
    assert claimed.delivery.alert == claimed.alert.id
    assert claimed.delivery.channel == a_channel().id
    assert claimed.delivery.state == "sending"
    assert claimed.delivery.lease_owner == "one"
    assert claimed.delivery.lease_until == NOW + LEASE
    assert claimed.delivery.attempts == ()


def test_a_claim_shows_no_secret(waiting: Store) -> None:
    assert "hunter2" not in repr(claim(waiting))


def test_a_delivery_is_lent_to_one_worker(waiting: Store) -> None:
    assert len(claim(waiting, "one")) == 1
    assert claim(waiting, "two") == []
    assert claim(waiting, "one") == []


def test_what_is_not_due_is_not_lent(store: Store) -> None:
    fill(store)
    with store.transaction() as tx:
        late = an_alert(event="revised")
        tx.add_alert(late, [a_channel().id], NOW + timedelta(microseconds=1))
    assert [each.alert.id for each in claim(store)] == [alerts(1)[0].id]


def test_the_oldest_due_is_lent_first_up_to_the_limit(store: Store) -> None:
    fill(store, 5)
    expected = [alert.id for alert in alerts(5)]
    assert [each.alert.id for each in claim(store, limit=2)] == expected[:2]
    assert [each.alert.id for each in claim(store, limit=9)] == expected[2:]


def test_workers_that_claim_at_once_never_share_a_delivery(database: StoreUnderTest) -> None:
    fill(database.open(), 60)
    start = Barrier(5)
    got: list[DeliveryId] = []

    def work(owner: str) -> None:
        store = database.open()
        start.wait()
        while claims := claim(store, owner, limit=4):
            got.extend(each.delivery.id for each in claims)

    threads = [Thread(target=work, args=(f"worker-{number}",)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 60
    assert set(Counter(got).values()) == {1}


def test_a_lease_that_ran_out_is_lent_again_and_the_doubt_is_recorded(waiting: Store) -> None:
    claim(waiting, "one")
    assert claim(waiting, "two", minutes=1) == []
    (again,) = claim(waiting, "two", minutes=2)
    assert again.delivery.lease_owner == "two"
    assert [attempt.outcome for attempt in again.delivery.attempts] == ["in doubt"]
    assert "one did not report back" in again.delivery.attempts[0].reason


def test_a_worker_that_wakes_after_its_lease_changes_nothing(waiting: Store) -> None:
    (sleeping,) = claim(waiting, "one")
    claim(waiting, "two", minutes=2)
    with pytest.raises(FencedError), waiting.transaction() as tx:
        tx.finish_delivery(sleeping.delivery.id, "one", tried(), "failed", NOW)
    with waiting.transaction() as tx:
        delivery = tx.delivery(sleeping.delivery.id)
    assert delivery is not None
    assert (delivery.state, delivery.lease_owner) == ("sending", "two")
    assert [attempt.outcome for attempt in delivery.attempts] == ["in doubt"]


def test_a_finished_delivery_cannot_be_finished_again(waiting: Store) -> None:
    (claimed,) = claim(waiting)
    with waiting.transaction() as tx:
        tx.finish_delivery(claimed.delivery.id, "one", tried("delivered"), "delivered", NOW)
    with pytest.raises(FencedError), waiting.transaction() as tx:
        tx.finish_delivery(claimed.delivery.id, "one", tried(), "waiting", NOW)


def test_a_delivery_that_was_never_lent_cannot_be_finished(waiting: Store) -> None:
    with waiting.transaction() as tx:
        ((delivery, _),) = tx.trace(a_release("release-000").id).deliveries
    with pytest.raises(FencedError), waiting.transaction() as tx:
        tx.finish_delivery(delivery.id, "one", None, "cancelled", NOW)


@pytest.mark.parametrize("state", ["delivered", "failed", "cancelled"])
def test_a_delivery_that_is_over_is_never_lent_again(
    waiting: Store, state: Literal["delivered", "failed", "cancelled"]
) -> None:
    (claimed,) = claim(waiting)
    attempt = tried("delivered")
    with waiting.transaction() as tx:
        tx.finish_delivery(claimed.delivery.id, "one", attempt, state, NOW)
        assert tx.next_delivery_at() is None
    assert claim(waiting, minutes=1_000) == []
    with waiting.transaction() as tx:
        delivery = tx.delivery(claimed.delivery.id)
    assert delivery is not None
    assert (delivery.state, delivery.attempts) == (state, (attempt,))
    assert (delivery.lease_owner, delivery.lease_until) == (None, None)


def test_a_delivery_is_tried_again_when_it_was_said(waiting: Store) -> None:
    (claimed,) = claim(waiting)
    with waiting.transaction() as tx:
        later = NOW + 5 * MINUTE
        tx.finish_delivery(claimed.delivery.id, "one", tried(), "waiting", later)
        assert tx.next_delivery_at() == later
    assert claim(waiting, minutes=4) == []
    (again,) = claim(waiting, minutes=5)
    assert again.delivery.attempts == (tried(),)
    assert again.delivery.not_before == later


def test_attempts_come_back_in_order(waiting: Store) -> None:
    for minutes in range(4):
        (claimed,) = claim(waiting, minutes=minutes)
        with waiting.transaction() as tx:
            attempt = tried(minutes=minutes)
            tx.finish_delivery(claimed.delivery.id, "one", attempt, "waiting", NOW)
    (claimed,) = claim(waiting, minutes=9)
    assert claimed.delivery.attempts == tuple(tried(minutes=minutes) for minutes in range(4))


def test_a_delivery_given_back_without_a_try_has_no_attempt(waiting: Store) -> None:
    (claimed,) = claim(waiting)
    with waiting.transaction() as tx:
        tx.finish_delivery(claimed.delivery.id, "one", None, "cancelled", NOW)
        delivery = tx.delivery(claimed.delivery.id)
    assert delivery is not None
    assert delivery.attempts == ()


def test_a_delivery_cannot_be_given_back_as_being_sent(waiting: Store) -> None:
    """It would never be due again: a delivery lost."""
    (claimed,) = claim(waiting)
    with pytest.raises(ValueError, match="given back"), waiting.transaction() as tx:
        tx.finish_delivery(claimed.delivery.id, "one", None, "sending", NOW)


def test_the_next_delivery_is_the_one_due_first(store: Store) -> None:
    with store.transaction() as tx:
        assert tx.next_delivery_at() is None
    fill(store, 3)
    with store.transaction() as tx:
        assert tx.next_delivery_at() == NOW - 2 * MINUTE


def test_one_that_is_being_sent_is_due_when_its_lease_runs_out(waiting: Store) -> None:
    claim(waiting)
    with waiting.transaction() as tx:
        assert tx.next_delivery_at() == NOW + LEASE


@pytest.mark.parametrize("state", ["paused", "removed"])
def test_a_claim_over_a_channel_that_is_not_active_is_not_kept(
    waiting: Store, state: Literal["paused", "removed"]
) -> None:
    with waiting.transaction() as tx:
        tx.set_channel_state(a_channel().id, state)
    (claimed,) = claim(waiting)
    assert not claimed.kept
    assert claimed.url.get_secret_value() == ""


@pytest.mark.parametrize("state", ["paused", "removed"])
def test_a_claim_without_an_active_subscription_is_not_kept(
    waiting: Store, state: Literal["paused", "removed"]
) -> None:
    with waiting.transaction() as tx:
        tx.set_subscription_state(a_subscription().id, state)
    (claimed,) = claim(waiting)
    assert not claimed.kept


def test_another_active_subscription_over_the_channel_keeps_a_claim(waiting: Store) -> None:
    with waiting.transaction() as tx:
        tx.add_subscription(a_subscription(name="second"))
        tx.set_subscription_state(a_subscription().id, "removed")
    (claimed,) = claim(waiting)
    assert claimed.kept


@pytest.mark.parametrize("event", ["test", "alarm", "recovered"])
def test_tests_and_alarms_need_no_subscription_but_an_active_channel(
    store: Store, event: Literal["test", "alarm", "recovered"]
) -> None:
    paused = a_channel(url="json://paused", state="paused")
    with store.transaction() as tx:
        tx.add_subscriber(a_subscriber())
        tx.add_channel(a_channel())
        tx.add_channel(paused)
        tx.add_alert(an_alert(event=event), [a_channel().id, paused.id], NOW)
    kept = {each.delivery.channel: each.kept for each in claim(store)}
    assert kept == {a_channel().id: True, paused.id: False}


def test_without_its_key_nothing_is_claimed_and_nothing_lost(database: StoreUnderTest) -> None:
    fill(database.open())
    other = database.open(keys=["b3RoZXIga2V5IG9mIHRoZSB0ZXN0cywgMzIgYnl0ZXM="])
    with pytest.raises(OperatorError, match="put the old key back"):
        claim(other)
    assert len(claim(database.open())) == 1


def test_an_unknown_delivery_is_none(store: Store) -> None:
    with store.transaction() as tx:
        assert tx.delivery(DeliveryId("y-none")) is None


def test_more_deliveries_than_one_statement_takes_are_claimed(store: Store) -> None:
    fill(store, 501)
    assert len({each.delivery.id for each in claim(store, limit=1_000)}) == 501
