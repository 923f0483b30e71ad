"""What every store promises of what is told later: kept once, run once, nothing left out."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from despatch.errors import Busy
from despatch.frequency import limit, quiet
from despatch.model import Alert, Classified, Digest, DigestItem, SubscriptionId
from despatch.ports import DigestRun, DueDigest, EndedDigest, Item, Store
from despatch.store.sql import SqlStore
from despatch.testing import a_classified, a_release, a_revision
from despatch.testing.releases import SEEN
from despatch.testing.stores import StoreUnderTest
from despatch.testing.subscribers import a_channel, a_subscriber, a_subscription, an_alert

HOUR = timedelta(hours=1)
DUE = SEEN + HOUR

two_writers = pytest.mark.parametrize(
    "database", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
"""SQLite has one writer at a time: the second waits for the first, which then has finished."""
ADA, BOB = a_subscriber("ada"), a_subscriber("bob")


def about(name: str) -> Classified:
    return a_classified(a_revision(a_release(name)))


def an_item(name: str = "fees", **changed: Any) -> Item:
    fields: dict[str, Any] = {
        "subscriber": ADA.id,
        "classified": about(name),
        "event": "new",
        "reason": "You asked for migration.",
        "changed": "",
        "subscriptions": (SubscriptionId("s-ada"),),
        "through": (SubscriptionId("s-ada"),),
        "waits_for": "digest",
        "why": "hourly",
        "since": SEEN,
        "due_at": DUE,
        "held_at": SEEN,
    }
    return Item(**(fields | changed))


def finish(store: Store, due: DueDigest, dropped: dict[int, str] | None = None) -> None:
    """Record a run as sent, in a transaction of its own that borrows it again."""
    with store.transaction() as tx:
        (again,) = tx.due_digests(due.moments[-1], 1)
        alert = an_alert(subscriber=ADA)
        tx.add_alert(alert, (), DUE)
        run = DigestRun(
            ADA.id, due.moments[-1], "sent", len(due.items), since=SEEN, until=DUE, alert=alert.id
        )
        tx.finish_digests([EndedDigest(again, run, dropped or {})])


@pytest.fixture
def peopled(store: SqlStore) -> SqlStore:
    """The store, with ada and bob in it."""
    with store.transaction() as tx:
        for who in (ADA, BOB):
            tx.add_subscriber(who)
            tx.add_channel(a_channel(who))
            tx.add_subscription(a_subscription(a_channel(who), name=who.name))
    return store


def test_what_waits_is_due_at_its_moment_and_not_before(peopled: Store) -> None:
    items = [an_item("fees"), an_item("boats", held_at=SEEN + timedelta(seconds=1))]
    with peopled.transaction() as tx:
        assert tx.wait(items, SEEN) == items
    with peopled.transaction() as tx:
        assert tx.next_digest_at() == DUE
        assert tx.due_digests(DUE - timedelta(microseconds=1), 9) == []
        assert tx.due_digests(DUE, 9) == [DueDigest(ADA.id, (DUE,), tuple(items))]


def test_an_item_that_is_known_stays_as_it_is(peopled: Store) -> None:
    with peopled.transaction() as tx:
        tx.wait([an_item()], SEEN)
        tx.wait([an_item(reason="another")], SEEN)
        assert tx.items_for(ADA.id) == [an_item()]


def test_a_run_that_is_finished_is_due_no_more(peopled: Store) -> None:
    with peopled.transaction() as tx:
        tx.wait([an_item()], SEEN)
        (due,) = tx.due_digests(DUE, 9)
    finish(peopled, due)
    with peopled.transaction() as tx:
        assert tx.due_digests(DUE, 9) == []
        assert tx.next_digest_at() is None
        (run,) = tx.digest_runs(9)
        (item,) = tx.trace(a_release("fees").id).items
    assert (run.state, run.items, run.since, run.until) == ("sent", 1, SEEN, DUE)
    assert (item.state, item.alert) == ("sent", run.alert)


def test_a_run_that_is_not_finished_is_due_still(peopled: Store) -> None:
    with peopled.transaction() as tx:
        tx.wait([an_item()], SEEN)
    for _ in range(2):
        with peopled.transaction() as tx:
            assert len(tx.due_digests(DUE, 9)) == 1


def test_several_runs_of_one_subscriber_are_due_as_one(peopled: Store) -> None:
    later = DUE + HOUR
    with peopled.transaction() as tx:
        tx.wait([an_item("fees"), an_item("boats", due_at=later)], SEEN)
        tx.wait([an_item("fees", subscriber=BOB.id)], SEEN)
        first, second = tx.due_digests(later, 9)
    assert (first.subscriber, first.moments) == (ADA.id, (DUE, later))
    assert [item.release for item in first.items] == [a_release(n).id for n in ("boats", "fees")]
    assert (second.subscriber, second.moments) == (BOB.id, (DUE,))
    finish(peopled, first)
    with peopled.transaction() as tx:
        states = {(run.due_at, run.state) for run in tx.digest_runs(9, subscriber=ADA.id)}
    assert states == {(DUE, "joined"), (later, "sent")}


def test_an_item_that_is_too_late_for_its_run_has_one_of_its_own(peopled: Store) -> None:
    """Another process' clock may be ahead: its run was over before this item came."""
    with peopled.transaction() as tx:
        tx.wait([an_item("fees")], SEEN)
        (due,) = tx.due_digests(DUE, 9)
    finish(peopled, due)
    now = DUE + timedelta(seconds=1)
    with peopled.transaction() as tx:
        (kept,) = tx.wait([an_item("boats")], now)
        assert kept.due_at == now
        assert tx.due_digests(now, 9) == [DueDigest(ADA.id, (now,), (kept,))]


def test_what_is_dropped_says_why(peopled: Store) -> None:
    with peopled.transaction() as tx:
        tx.wait([an_item("fees"), an_item("boats")], SEEN)
        (due,) = tx.due_digests(DUE, 9)
    finish(peopled, due, {0: "the subscription was removed"})
    with peopled.transaction() as tx:
        (boats,) = tx.trace(a_release("boats").id).items
        (fees,) = tx.trace(a_release("fees").id).items
    assert (boats.state, boats.outcome) == ("dropped", "the subscription was removed")
    assert boats.alert is None
    assert fees.state == "sent"


def test_what_waits_can_be_moved_to_another_moment(peopled: Store) -> None:
    moved = an_item(due_at=DUE + HOUR, why="daily 13:00 UTC")
    with peopled.transaction() as tx:
        tx.wait([an_item()], SEEN)
        tx.wait_anew([moved], SEEN)
        assert tx.items_for(ADA.id) == [moved]
        assert tx.due_digests(DUE, 9) == [DueDigest(ADA.id, (DUE,), ())]


def test_a_withdrawal_marks_what_waits_and_nothing_else(peopled: Store) -> None:
    with peopled.transaction() as tx:
        tx.wait([an_item("fees"), an_item("boats")], SEEN)
        tx.mark_withdrawn(a_release("fees").id, withdrawn=True)
        assert [one.withdrawn for one in tx.items_of(a_release("fees").id)] == [True]
        assert [one.withdrawn for one in tx.items_of(a_release("boats").id)] == [False]
        tx.mark_withdrawn(a_release("fees").id, withdrawn=False)
        assert [one.withdrawn for one in tx.items_of(a_release("fees").id)] == [False]


def test_only_who_has_quiet_hours_or_a_limit_has_a_manner(peopled: Store) -> None:
    with peopled.transaction() as tx:
        assert tx.manners([ADA.id, BOB.id]) == {}
        tx.change_subscriber(left := ADA.model_copy(update={"quiet": quiet("22:00-07:00")}))
        assert tx.manners([ADA.id, BOB.id]) == {ADA.id: left}
        tx.change_subscriber(both := BOB.model_copy(update={"limit": limit("2/day")}))
        assert tx.manners([ADA.id, BOB.id]) == {ADA.id: left, BOB.id: both}


def test_what_was_told_at_once_is_counted_from_a_moment_on(peopled: Store) -> None:
    with peopled.transaction() as tx:
        for minutes in (0, 10, 20):
            at = SEEN + timedelta(minutes=minutes)
            tx.add_told_at_once(ADA.id, at, forget=SEEN - HOUR)
        assert tx.told_at_once(ADA.id, SEEN) == 2, "after the moment, not at it"
        assert tx.told_at_once(ADA.id, SEEN - HOUR) == 3
        assert tx.told_at_once(BOB.id, SEEN - HOUR) == 0
        tx.add_told_at_once(ADA.id, SEEN + HOUR, forget=SEEN + timedelta(minutes=10))
        assert tx.told_at_once(ADA.id, SEEN - HOUR) == 2


def test_a_digest_is_kept_by_reference_and_comes_back_whole(
    database: StoreUnderTest, peopled: SqlStore
) -> None:
    words = "The fee rises to 42 pounds on Monday."
    told = a_classified(a_revision(a_release("fees", text=words)))
    items = (
        DigestItem(classified=told, event="new", reason="asked", subscriptions=()),
        DigestItem(classified=about("boats"), event="revised", reason="asked", changed="Now: 2"),
    )
    digest = Digest(since=SEEN, until=DUE, why="hourly", items=items, total=2)
    alerts = [
        an_alert(subscriber=who, event="digest", id=f"a-{who.name}", digest=digest).model_copy(
            update={"classified": None}
        )
        for who in (ADA, BOB)
    ]
    with peopled.transaction() as tx:
        for alert in alerts:
            tx.add_alert(alert, [a_channel(ADA).id], DUE, lane="bulk")
    assert database.raw().count(words) == 1
    with peopled.transaction() as tx:
        assert [tx.alert(alert.id) for alert in alerts] == alerts
        claims = tx.claim_deliveries("w", DUE, HOUR, {"bulk": 9})
    assert [claim.alert for claim in claims] == alerts


@two_writers
def test_two_workers_never_have_the_same_subscriber(
    database: StoreUnderTest, peopled: SqlStore
) -> None:
    with peopled.transaction() as tx:
        tx.wait([an_item("fees"), an_item("boats", due_at=DUE + HOUR)], SEEN)
        tx.wait([an_item("fees", subscriber=BOB.id)], SEEN)
    with peopled.transaction() as one:
        (ours,) = one.due_digests(DUE + HOUR, 1)
        with database.open().transaction() as other:
            (theirs,) = other.due_digests(DUE + HOUR, 9)
    assert (ours.subscriber, theirs.subscriber) == (ADA.id, BOB.id)


@two_writers
def test_whom_something_is_written_for_comes_when_that_is_done(
    database: StoreUnderTest, peopled: SqlStore
) -> None:
    """Else the run would be over before what it was to tell is there."""
    with peopled.transaction() as tx:
        tx.wait([an_item("fees")], SEEN)
    with peopled.transaction() as writing:
        writing.wait([an_item("boats")], SEEN)
        with database.open().transaction() as running:
            assert running.due_digests(DUE, 9) == []
    with peopled.transaction() as tx:
        (due,) = tx.due_digests(DUE, 9)
    assert len(due.items) == 2


def test_runs_are_listed_the_last_due_first_with_how_many_wait(peopled: Store) -> None:
    with peopled.transaction() as tx:
        tx.wait([an_item("fees"), an_item("boats"), an_item("visa", due_at=DUE + HOUR)], SEEN)
        found = [(run.due_at, run.items) for run in tx.digest_runs(9, state="waiting")]
        assert found == [(DUE + HOUR, 1), (DUE, 2)]
        assert [run.due_at for run in tx.digest_runs(1)] == [DUE + HOUR]
        counts = tx.counts()
    assert (counts.digests_waiting, counts.items_waiting) == (2, 3)
    assert counts.oldest_digest_due == DUE


def test_a_trace_names_the_deliveries_of_the_digest_that_told_of_it(peopled: Store) -> None:
    with peopled.transaction() as tx:
        tx.wait([an_item("fees")], SEEN)
        (due,) = tx.due_digests(DUE, 9)
        digest = Digest(since=SEEN, until=DUE, why="hourly", items=(), total=1)
        alert = an_alert(subscriber=ADA, event="digest", digest=digest)
        tx.add_alert(alert.model_copy(update={"classified": None}), [a_channel(ADA).id], DUE)
        run = DigestRun(ADA.id, DUE, "sent", 1, alert=alert.id)
        tx.finish_digests([EndedDigest(due, run, {})])
        trace = tx.trace(a_release("fees").id)
    assert [one.state for one in trace.items] == ["sent"]
    assert [delivery.alert for delivery, _shown in trace.deliveries] == [alert.id]


def test_an_item_keeps_all_that_it_was_given(peopled: Store) -> None:
    whole = replace(an_item(event="revised"), changed="Now: “2”", waits_for="limit", withdrawn=True)
    with peopled.transaction() as tx:
        tx.wait([whole], SEEN)
        assert tx.items_for(ADA.id) == [whole]


def test_of_many_large_digests_the_first_few_come_at_once(peopled: Store) -> None:
    """They are composed in memory, and others wait for the transaction to end."""
    fees = about("fees")
    told = [
        fees.model_copy(update={"revision": fees.revision.model_copy(update={"id": f"v-{number}"})})
        for number in range(1_001)
    ]
    with peopled.transaction() as tx:
        for who in (ADA, BOB):
            tx.wait([an_item(subscriber=who.id, classified=one) for one in told], SEEN)
    with peopled.transaction() as tx:
        (due,) = tx.due_digests(DUE, 9)
        assert (due.subscriber, len(due.items)) == (ADA.id, 1_001)
    finish(peopled, due)
    with peopled.transaction() as tx:
        (due,) = tx.due_digests(DUE, 9)
        assert due.subscriber == BOB.id


def test_while_one_counts_what_was_told_at_once_nobody_else_does(
    database: StoreUnderTest, peopled: SqlStore
) -> None:
    """Two alert stages would each see room for the last alert under a limit."""
    impatient = database.open(busy=timedelta(milliseconds=50))
    with peopled.transaction() as tx:
        tx.told_at_once(ADA.id, SEEN)
        with pytest.raises(Busy), impatient.transaction() as other:
            other.told_at_once(ADA.id, SEEN)


def a_large_digest(number: int, items: int) -> Alert:
    item = DigestItem(classified=about("fees"), event="new", reason="asked")
    digest = Digest(since=SEEN, until=DUE, why="hourly", items=(item,) * items, total=items)
    alert = an_alert(event="digest", id=f"a-{number:02}", digest=digest)
    return alert.model_copy(update={"classified": None})


def test_of_large_digests_few_are_claimed_at_once_and_what_is_urgent_comes_with_them(
    peopled: Store,
) -> None:
    """On SQLite who writes an immediate alert waits while they are read: 2,000 items at most."""
    second = SEEN + timedelta(seconds=1)
    with peopled.transaction() as tx:
        large = [(a_large_digest(number, 300), [a_channel(ADA).id]) for number in range(9)]
        tx.add_alerts(large, SEEN, lane="bulk")
        tx.add_alert(an_alert(event="withdrawn"), [a_channel(ADA).id], second)
        claims = tx.claim_deliveries("w", second, HOUR, {"urgent": 500, "bulk": 500})
        others = tx.claim_deliveries("w", second, HOUR, {"urgent": 500, "bulk": 500})
    assert [one.lane for one in claims] == ["urgent", *["bulk"] * 6]
    assert [one.lane for one in others] == ["bulk"] * 3, "the others come with the next claim"


def test_a_digest_that_is_larger_than_all_that_is_claimed_at_once_comes_alone(
    peopled: Store,
) -> None:
    with peopled.transaction() as tx:
        both = [(a_large_digest(number, 2_001), [a_channel(ADA).id]) for number in range(2)]
        tx.add_alerts(both, SEEN, lane="bulk")
        assert len(tx.claim_deliveries("w", SEEN, HOUR, {"bulk": 9})) == 1
        assert len(tx.claim_deliveries("w", SEEN, HOUR, {"bulk": 9})) == 1
