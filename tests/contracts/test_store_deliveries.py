"""What every store promises of deliveries: lent to one worker, recorded at every step."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Literal

import pytest

from despatch.errors import OperatorError
from despatch.model import Alert, Attempt, Delivery, DeliveryId, DeliveryState, Lane
from despatch.ports import Claim, Finished, Store
from despatch.testing import a_classified, a_release, a_revision
from despatch.testing.releases import SEEN
from despatch.testing.stores import StoreUnderTest
from despatch.testing.subscribers import a_channel, a_subscriber, a_subscription, an_alert

LEASE = timedelta(minutes=2)
MINUTE = timedelta(minutes=1)
NOW = SEEN


def claim(store: Store, owner: str = "one", limit: int = 100, minutes: int = 0) -> Sequence[Claim]:
    with store.transaction() as tx:
        now = NOW + minutes * MINUTE
        return tx.claim_deliveries(owner, now, LEASE, {"urgent": limit, "bulk": limit})


def finish(
    store: Store,
    claimed: Claim,
    attempt: Attempt | None = None,
    state: DeliveryState = "waiting",
    at: datetime = NOW,
    owner: str = "one",
    reason: str = "",
) -> frozenset[DeliveryId]:
    """Give one back; return it if it was not this owner's any more."""
    with store.transaction() as tx:
        return tx.finish_deliveries(owner, [Finished(claimed, attempt, state, at, reason)])


def kept(store: Store, delivery: DeliveryId) -> Delivery:
    with store.transaction() as tx:
        found = tx.delivery(delivery)
    assert found is not None
    return found


def tried(
    outcome: Literal["delivered", "temporary", "held up"] = "temporary", minutes: int = 0
) -> Attempt:
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
    assert claimed.channel == a_channel().id
    assert (claimed.lease_until, claimed.added_at) == (NOW + LEASE, NOW)
    assert (claimed.tries, claimed.stopped, claimed.fault) == (0, "", "")
    lent = kept(waiting, claimed.delivery)
    assert (lent.alert, lent.channel, lent.state) == (claimed.alert.id, a_channel().id, "sending")
    assert (lent.lease_owner, lent.lease_until, lent.attempts) == ("one", NOW + LEASE, ())


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
            got.extend(each.delivery for each in claims)

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
    assert again.tries == 1
    lent = kept(waiting, again.delivery)
    assert lent.lease_owner == "two"
    assert [attempt.outcome for attempt in lent.attempts] == ["in doubt"]
    assert "one did not report back" in lent.attempts[0].reason


def test_a_worker_that_wakes_after_its_lease_changes_nothing(waiting: Store) -> None:
    (sleeping,) = claim(waiting, "one")
    claim(waiting, "two", minutes=2)
    assert finish(waiting, sleeping, tried(), "failed") == {sleeping.delivery}
    delivery = kept(waiting, sleeping.delivery)
    assert (delivery.state, delivery.lease_owner) == ("sending", "two")
    assert [attempt.outcome for attempt in delivery.attempts] == ["in doubt"]


def test_a_worker_that_claims_again_what_it_lost_can_only_finish_the_second_claim(
    waiting: Store,
) -> None:
    (first,) = claim(waiting, "one")
    (second,) = claim(waiting, "one", minutes=2)
    assert finish(waiting, first, tried("delivered"), "delivered") == {first.delivery}
    assert finish(waiting, second, tried("delivered"), "delivered") == frozenset()
    outcomes = [attempt.outcome for attempt in kept(waiting, first.delivery).attempts]
    assert outcomes == ["in doubt", "delivered"]


def test_what_is_lost_costs_the_others_nothing(store: Store) -> None:
    fill(store, 2)
    lost, late = claim(store, "one")[0], claim(store, "two", minutes=2)
    (ours,) = [one for one in late if one.delivery != lost.delivery]
    with store.transaction() as tx:
        done = [Finished(one, tried("delivered"), "delivered", NOW) for one in (lost, ours)]
        assert tx.finish_deliveries("two", done) == {lost.delivery}
    assert kept(store, ours.delivery).state == "delivered"
    assert kept(store, lost.delivery).state == "sending"


def test_a_finished_delivery_cannot_be_finished_again(waiting: Store) -> None:
    (claimed,) = claim(waiting)
    assert finish(waiting, claimed, tried("delivered"), "delivered") == frozenset()
    assert finish(waiting, claimed, tried(), "waiting") == {claimed.delivery}
    assert kept(waiting, claimed.delivery).state == "delivered"


def test_a_delivery_that_another_worker_has_cannot_be_finished(waiting: Store) -> None:
    (claimed,) = claim(waiting)
    assert finish(waiting, claimed, None, "cancelled", owner="two") == {claimed.delivery}


def test_the_reason_of_a_state_is_kept(waiting: Store) -> None:
    (claimed,) = claim(waiting)
    finish(waiting, claimed, None, "cancelled", reason="the channel is paused")
    delivery = kept(waiting, claimed.delivery)
    assert (delivery.state, delivery.reason) == ("cancelled", "the channel is paused")


@pytest.mark.parametrize("state", ["delivered", "failed", "cancelled"])
def test_a_delivery_that_is_over_is_never_lent_again(
    waiting: Store, state: Literal["delivered", "failed", "cancelled"]
) -> None:
    (claimed,) = claim(waiting)
    attempt = tried("delivered")
    finish(waiting, claimed, attempt, state)
    with waiting.transaction() as tx:
        assert tx.next_delivery_at() is None
    assert claim(waiting, minutes=1_000) == []
    delivery = kept(waiting, claimed.delivery)
    assert (delivery.state, delivery.attempts) == (state, (attempt,))
    assert (delivery.lease_owner, delivery.lease_until) == (None, None)


def test_a_delivery_is_tried_again_when_it_was_said(waiting: Store) -> None:
    (claimed,) = claim(waiting)
    later = NOW + 5 * MINUTE
    finish(waiting, claimed, tried(), "waiting", later)
    with waiting.transaction() as tx:
        assert tx.next_delivery_at() == later
    assert claim(waiting, minutes=4) == []
    (again,) = claim(waiting, minutes=5)
    assert again.tries == 1
    assert kept(waiting, again.delivery).attempts == (tried(),)
    assert kept(waiting, again.delivery).not_before == later


def test_attempts_come_back_in_order(waiting: Store) -> None:
    for minutes in range(4):
        (claimed,) = claim(waiting, minutes=minutes)
        assert claimed.tries == minutes
        finish(waiting, claimed, tried(minutes=minutes), "waiting")
    attempts = kept(waiting, claimed.delivery).attempts
    assert attempts == tuple(tried(minutes=minutes) for minutes in range(4))


def test_what_was_held_up_is_recorded_and_counts_as_no_try(waiting: Store) -> None:
    """The operator's own mail server failed: its recipient loses none of their tries by it."""
    for minutes in range(2):
        (claimed,) = claim(waiting, minutes=minutes)
        assert (claimed.tries, claimed.attempts) == (0, minutes)
        finish(waiting, claimed, attempt=tried("held up", minutes))
    (again,) = claim(waiting, minutes=3)
    assert [one.outcome for one in kept(waiting, again.delivery).attempts] == ["held up"] * 2


def test_a_delivery_given_back_without_a_try_has_no_attempt(waiting: Store) -> None:
    (claimed,) = claim(waiting)
    finish(waiting, claimed, None, "cancelled")
    assert kept(waiting, claimed.delivery).attempts == ()


def test_a_delivery_cannot_be_given_back_as_being_sent(waiting: Store) -> None:
    """It would never be due again: a delivery lost."""
    (claimed,) = claim(waiting)
    with pytest.raises(ValueError, match="given back"):
        finish(waiting, claimed, None, "sending")


def test_lanes_are_claimed_apart_and_the_urgent_ones_come_first(store: Store) -> None:
    """What was added last, and is urgent, never waits behind a run of digests."""
    fill(store)
    with store.transaction() as tx:
        for minutes in range(3):
            digest = an_alert(event="revised", id=f"a-digest-{minutes}")
            long_ago = NOW - (10 + minutes) * MINUTE
            tx.add_alert(digest, [a_channel().id], long_ago, lane="bulk")

    def lanes(limits: dict[Lane, int]) -> list[str]:
        with store.transaction() as tx:
            return [one.lane for one in tx.claim_deliveries("one", NOW, LEASE, limits)]

    assert lanes({"bulk": 1}) == ["bulk"]
    assert lanes({"urgent": 9, "bulk": 1}) == ["urgent", "bulk"]
    assert lanes({"urgent": 9}) == []
    assert lanes({"urgent": 9, "bulk": 9}) == ["bulk"]


def test_the_next_delivery_is_the_first_of_both_lanes(waiting: Store) -> None:
    with waiting.transaction() as tx:
        before = NOW - 3 * MINUTE
        tx.add_alert(an_alert(event="revised"), [a_channel().id], before, lane="bulk")
        assert tx.next_delivery_at() == before


def test_alerts_about_one_classified_message_share_it(store: Store) -> None:
    """What is made of it need not be made for each."""
    fill(store)
    bob = a_subscriber("bob")
    theirs = a_channel(bob)
    with store.transaction() as tx:
        tx.add_subscriber(bob)
        tx.add_channel(theirs)
        tx.add_subscription(a_subscription(theirs, name="bob's"))
        same = alerts(1)[0].classified
        tx.add_alert(an_alert(same, bob), [theirs.id], NOW)
    one, other = claim(store)
    assert one.alert.classified is other.alert.classified
    assert one.alert.classified == same


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
def test_a_claim_over_a_channel_that_is_not_active_is_stopped(
    waiting: Store, state: Literal["paused", "removed"]
) -> None:
    with waiting.transaction() as tx:
        tx.set_channel_state(a_channel().id, state)
    (claimed,) = claim(waiting)
    assert claimed.stopped == f"the channel is {state}"
    assert claimed.url.get_secret_value() == ""


@pytest.mark.parametrize("state", ["paused", "removed"])
def test_a_claim_without_an_active_subscription_is_stopped(
    waiting: Store, state: Literal["paused", "removed"]
) -> None:
    with waiting.transaction() as tx:
        tx.set_subscription_state(a_subscription().id, state)
    (claimed,) = claim(waiting)
    assert "no active subscription" in claimed.stopped


def test_another_active_subscription_over_the_channel_keeps_a_claim(waiting: Store) -> None:
    with waiting.transaction() as tx:
        tx.add_subscription(a_subscription(name="second"))
        tx.set_subscription_state(a_subscription().id, "removed")
    (claimed,) = claim(waiting)
    assert claimed.stopped == ""


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
    stopped = {each.channel: each.stopped for each in claim(store)}
    assert stopped == {a_channel().id: "", paused.id: "the channel is paused"}


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
    assert len({each.delivery for each in claim(store, limit=1_000)}) == 501


def test_deliveries_are_listed_by_state_with_channel_and_subscriber(store: Store) -> None:
    fill(store, 3)
    first, second, _third = claim(store)
    finish(store, first, tried(), "failed", NOW, reason="http 404: gone")
    finish(store, second, tried(), "failed", NOW + MINUTE, reason="http 410: gone")
    with store.transaction() as tx:
        found = tx.deliveries_in("failed", 10)
        assert len(tx.deliveries_in("failed", 1)) == 1
        assert tx.deliveries_in("cancelled", 10) == []
    assert [one.reason for one, _shown, _who in found] == ["http 410: gone", "http 404: gone"]
    assert {(shown, who) for _one, shown, who in found} == {(a_channel().shown, a_subscriber().id)}


def test_what_failed_or_was_cancelled_can_be_tried_again_by_its_id(store: Store) -> None:
    fill(store, 3)
    failed, cancelled, delivered = claim(store)
    finish(store, failed, tried(), "failed")
    finish(store, cancelled, None, "cancelled")
    finish(store, delivered, tried("delivered"), "delivered")
    named = [failed.delivery, cancelled.delivery, delivered.delivery, "y-none"]
    with store.transaction() as tx:
        assert tx.try_again(named, NOW) == {failed.delivery, cancelled.delivery}
    again = claim(store)
    assert {one.delivery for one in again} == {failed.delivery, cancelled.delivery}
    assert {one.delivery: one.tries for one in again}[failed.delivery] == 1


def test_all_of_a_channel_can_be_tried_again_at_once(store: Store) -> None:
    fill(store, 2)
    for one in claim(store):
        finish(store, one, None, "cancelled")
    with store.transaction() as tx:
        assert len(tx.try_again([a_channel().id], NOW + MINUTE)) == 2
    assert [one.added_at for one in claim(store, minutes=1)] == [NOW + MINUTE] * 2
