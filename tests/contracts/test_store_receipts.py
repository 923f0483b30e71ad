"""What every store promises of receipts."""

from datetime import UTC, datetime, timedelta

import pytest

from despatch.frequency import frequency
from despatch.model import Subscriber
from despatch.ports import EndedReceipt, Overdue, Place, Taken
from despatch.testing import FakeClock
from despatch.testing.releases import SEEN, a_classified, a_release, a_revision
from despatch.testing.stores import StoreUnderTest
from despatch.testing.subscribers import a_channel, a_match, a_subscriber, a_subscription

HOUR = timedelta(hours=1)
PLACE = Place("cluster", "despatch.classified.v1", "topic", 0)
EIGHT = datetime(2026, 3, 3, 8, tzinfo=UTC)


@pytest.fixture
def clock() -> FakeClock:
    """Noon of 2 March 2026."""
    return FakeClock()


def who(name: str = "ada", receipt: str = "daily 08:00") -> Subscriber:
    return a_subscriber(name).model_copy(update={"receipt": frequency(receipt)})


def test_one_that_is_asked_for_is_due_at_the_next_moment_and_covers_the_time_from_now(
    database: StoreUnderTest, clock: FakeClock
) -> None:
    store = database.open(clock=clock)
    began = clock.now()
    with store.transaction() as tx:
        tx.add_subscriber(who())
        tx.add_subscriber(a_subscriber("bob"))
        assert tx.receipt_due(a_subscriber("bob").id) is None
        assert tx.due_receipts(EIGHT - HOUR, 10) == []
        (due,) = tx.due_receipts(EIGHT, 10)
    assert (due.who, due.due_at, due.since) == (who(), EIGHT, began)


def test_what_stays_as_it_is_stays_due_and_what_changes_begins_anew(
    database: StoreUnderTest, clock: FakeClock
) -> None:
    store = database.open(clock=clock)
    with store.transaction() as tx:
        tx.add_subscriber(a_subscriber())
        tx.change_subscriber(who())
    clock.move(HOUR)
    with store.transaction() as tx:
        tx.change_subscriber(who().model_copy(update={"name": "Ada L."}))
        (due,) = tx.due_receipts(EIGHT, 10)
        assert due.since == clock.now() - HOUR
        tx.change_subscriber(who(receipt="daily 07:00"))
        (due,) = tx.due_receipts(EIGHT, 10)
        assert (due.due_at, due.since) == (EIGHT - HOUR, clock.now())
        tx.change_subscriber(a_subscriber())
        assert tx.due_receipts(EIGHT, 10) == []


def test_one_that_is_finished_is_due_when_it_is_said_and_finished_once(
    database: StoreUnderTest, clock: FakeClock
) -> None:
    store = database.open(clock=clock)
    with store.transaction() as tx:
        tx.add_subscriber(who())
        (due,) = tx.due_receipts(EIGHT, 10)
        tx.finish_receipts([EndedReceipt(due, EIGHT + 24 * HOUR, EIGHT)])
        tx.finish_receipts([EndedReceipt(due, EIGHT + 48 * HOUR, EIGHT)])
        assert tx.due_receipts(EIGHT, 10) == []
        (next_,) = tx.due_receipts(EIGHT + 24 * HOUR, 10)
    assert (next_.due_at, next_.since) == (EIGHT + 24 * HOUR, EIGHT)


def test_the_longest_due_come_first_and_no_more_than_asked_for(
    database: StoreUnderTest, clock: FakeClock
) -> None:
    store = database.open(clock=clock)
    with store.transaction() as tx:
        tx.add_subscriber(who("ada", "daily 09:00"))
        tx.add_subscriber(who("bob", "daily 08:00"))
        found = tx.due_receipts(EIGHT + 24 * HOUR, 1)
    assert [one.subscriber for one in found] == [a_subscriber("bob").id]


def test_releases_that_were_judged_and_matched_in_a_period_are_counted_once(
    database: StoreUnderTest,
) -> None:
    store = database.open()
    ada, bob = a_subscriber(), a_subscriber("bob")
    with store.transaction() as tx:
        for offset, (name, number) in enumerate([("a", 1), ("a", 2), ("b", 1), ("c", 1)]):
            classified = a_classified(a_revision(a_release(name), number=number))
            at = SEEN + offset * HOUR
            tx.archive(Taken(classified, PLACE, offset, at, "new: x"), best=True)
        for who in (ada, bob):
            tx.add_subscriber(who)
            channel = tx.add_channel(a_channel(who))
            tx.add_subscription(a_subscription(channel, name=who.name))
        asked = a_subscription(a_channel(ada), name="ada")
        outcomes = [("a", 1, "held"), ("a", 2, "told"), ("b", 1, "told"), ("c", 1, "held")]
        for name, number, outcome in outcomes:
            classified = a_classified(a_revision(a_release(name), number=number))
            given = {"outcome": outcome, "matched_at": SEEN + HOUR}
            tx.add_match(a_match(classified, asked).model_copy(update=given))
        since = [SEEN - HOUR, SEEN, SEEN + 2 * HOUR]
        assert tx.judged_since(since, SEEN + 2 * HOUR) == dict(zip(since, (2, 2, 0), strict=True))
        assert tx.judged_since(since[:1], SEEN + 3 * HOUR) == {SEEN - HOUR: 3}
        assert tx.judged_since([], SEEN) == {}


def test_what_matched_is_counted_from_when_the_receipt_covers_the_time(
    database: StoreUnderTest, clock: FakeClock
) -> None:
    """Each release once; whom nothing matched, or who gets no receipt, is left out."""
    store = database.open(clock=clock)
    began = clock.now()
    given = [("a", 1, "held", 1), ("a", 2, "told", 1), ("b", 1, "told", 2), ("c", 1, "held", 1)]
    given.append(("d", 1, "told", 0))  # at the moment itself: the one before has it
    with store.transaction() as tx:
        for whose in (who("ada"), who("bob"), a_subscriber("cy")):
            tx.add_subscriber(whose)
            channel = tx.add_channel(a_channel(whose))
            tx.add_subscription(asked := a_subscription(channel, name=whose.name))
            for name, number, outcome, hours in given if whose.name != "bob" else ():
                classified = a_classified(a_revision(a_release(name), number=number))
                changed = {"outcome": outcome, "matched_at": began + hours * HOUR}
                tx.add_match(a_match(classified, asked).model_copy(update=changed))
        everybody = [a_subscriber(name).id for name in ("ada", "bob", "cy")]
        assert tx.matched_until(everybody, began + 2 * HOUR) == {everybody[0]: (2, 1)}
        assert tx.matched_until(everybody, began + HOUR) == {everybody[0]: (1, 1)}
        assert tx.matched_until(everybody, began) == {}


def test_what_is_overdue_is_counted_from_the_oldest(
    database: StoreUnderTest, clock: FakeClock
) -> None:
    store = database.open(clock=clock)
    with store.transaction() as tx:
        tx.add_subscriber(who("ada", "daily 09:00"))
        tx.add_subscriber(who("bob", "daily 08:00"))
        assert tx.overdue_receipts(EIGHT) == Overdue(0, None)
        assert tx.overdue_receipts(EIGHT + 2 * HOUR) == Overdue(2, EIGHT)
