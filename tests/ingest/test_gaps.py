"""Whether a window joins up with what is known: what is a gap, and all that only looks like one."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from despatch.model import Fetched, SourceId
from despatch.ports import KnownEntry
from ingest.entry import Entry, make_entry
from ingest.gaps import Sight, is_gap, joins, may_be_gap, missed_until, sights
from ingest.newness import Contact, decide

BEGIN = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def item(number: int, words: str = "", at: datetime | None = BEGIN, id_: str = "") -> Entry:
    """Return the entry that was published as the n-th, an hour after the one before it."""
    made = make_entry(
        id=id_ or f"tag:{number}",
        link=f"https://example.gov/{number}",
        title=f"Release {number}",
        text=words or f"What release {number} says.",
        raw=(words, str(number)),
        text_kind="full",
        text_from="feed",
        published_at=None if at is None else at + number * HOUR,
    )
    assert made is not None
    return made


class Feed:
    """A source that is polled; each window is given as its document has it, from the top."""

    def __init__(self, *first: Entry) -> None:
        self.known: dict[str, KnownEntry] = {}
        self.now = BEGIN + 100 * HOUR
        self.shows(*first)

    def sights(self, *window: Entry, before: datetime | None = None) -> list[Sight]:
        contact = Contact(
            source=SourceId("example"),
            added_at=BEGIN,
            first=False,
            now=self.now,
            fetched=Fetched(address="https://example.gov/feed", at=self.now, body_sha256="0" * 64),
        )
        order = sorted(range(len(window)), key=lambda at: (window[at].published_at or BEGIN, -at))
        entries = [window[at] for at in order]
        before_now = dict(self.known)
        decisions = decide(entries, before_now.values(), contact)
        self.known |= {d.known.key: d.known for d in decisions if d.known is not None}
        self.now += HOUR
        return sights(entries, order, decisions, before_now, before=before)

    def shows(self, *window: Entry) -> bool:
        """Poll, and return whether it is a gap."""
        return is_gap(self.sights(*window))


def down_from(newest: int, count: int = 4) -> list[Entry]:
    """Return a window whose newest release is the n-th."""
    return [item(number) for number in range(newest, newest - count, -1)]


def test_a_window_that_shows_the_last_known_release_has_missed_nothing() -> None:
    assert not Feed(*down_from(4)).shows(*down_from(7))


def test_a_window_in_which_nothing_is_known_is_a_gap() -> None:
    assert Feed(*down_from(4)).shows(*down_from(8))


def test_a_window_that_goes_back_to_an_old_one_and_returns_is_no_gap() -> None:
    feed = Feed(*down_from(4))
    feed.shows(*down_from(6))
    feed.shows(*down_from(9))
    feed.shows(*down_from(12))

    assert not feed.shows(*down_from(4))
    assert not feed.shows(*down_from(12))
    assert not feed.shows(*down_from(13))


def test_an_empty_window_is_no_gap() -> None:
    feed = Feed(*down_from(4))

    assert not feed.shows()
    assert not feed.shows(*down_from(5))


def test_a_release_that_is_pinned_to_the_top_does_not_join_the_window() -> None:
    feed = Feed(item(0), *down_from(4))

    assert feed.shows(item(0), *down_from(9))


def test_one_pinned_while_it_was_the_newest_does_not_join_the_window_either() -> None:
    feed = Feed(*down_from(4))

    assert feed.shows(item(4), *down_from(9))


def test_where_there_are_no_dates_what_stands_above_all_that_is_new_is_pinned() -> None:
    feed = Feed(*(item(n, at=None) for n in (4, 3, 2)))

    assert feed.shows(*(item(n, at=None) for n in (4, 9, 8)))
    assert not feed.shows(*(item(n, at=None) for n in (11, 10, 9)))


def test_a_known_release_with_a_later_date_does_not_join_the_window() -> None:
    feed = Feed(*down_from(4))
    moved = item(2, at=BEGIN + 8 * HOUR)

    assert feed.shows(moved, *down_from(9))


def test_a_known_release_with_another_text_does_not_join_the_window() -> None:
    feed = Feed(*down_from(4))

    assert feed.shows(*down_from(7, 3), item(4, "It says something else now."))


def test_a_known_release_in_other_markup_joins_it() -> None:
    feed = Feed(*down_from(4))
    same_words = make_entry(
        id="tag:4",
        link="https://example.gov/4",
        title="Release 4",
        text="What release 4 says.",
        raw=("<p>other markup</p>",),
        text_kind="full",
        text_from="feed",
        published_at=BEGIN + 4 * HOUR,
    )
    assert same_words is not None

    assert not feed.shows(*down_from(7, 3), same_words)


def test_a_feed_that_gives_all_its_releases_other_ids_has_missed_nothing() -> None:
    feed = Feed(*down_from(4))

    assert not feed.shows(item(5), *(item(n, id_=f"urn:{n}") for n in (4, 3, 2)))


def test_a_feed_that_dates_every_entry_at_the_time_of_its_answer_has_missed_nothing() -> None:
    """Its dates say nothing: known releases were not moved, they only look so."""
    feed = Feed(*(item(0, f"Text {n}", at=BEGIN, id_=f"tag:{n}") for n in (4, 3, 2)))
    later = BEGIN + 9 * HOUR

    assert not feed.shows(*(item(0, f"Text {n}", at=later, id_=f"tag:{n}") for n in (5, 4, 3)))


def test_a_feed_that_begins_with_its_oldest_release_is_read_from_its_end() -> None:
    feed = Feed(*down_from(4)[::-1])

    assert not feed.shows(*down_from(7)[::-1])
    assert feed.shows(*down_from(20)[::-1])


def test_one_that_slipped_in_below_what_is_known_is_no_gap() -> None:
    """A publisher took a release down, and an older one, never seen before, is back in sight."""
    feed = Feed(*down_from(4))

    assert not feed.shows(item(4), item(2), item(1), item(0))


def test_what_was_seen_first_since_a_time_joins_nothing_to_what_was_known_before_it() -> None:
    """A repair that was cut short has made older releases known: it must not stop at them."""
    feed = Feed(*down_from(4))
    found_at = feed.now
    feed.shows(*down_from(12))

    assert not joins(feed.sights(*down_from(12), before=found_at))
    assert joins(feed.sights(*down_from(6), before=found_at))


def test_only_a_window_that_is_mostly_new_is_looked_at_again() -> None:
    feed = Feed(*down_from(4))
    contact_free = [item(5), *down_from(4)]
    decisions = decide(contact_free, feed.known.values(), a_contact())

    assert may_be_gap(decisions)
    assert not may_be_gap(decisions, unchanged=15)
    assert not may_be_gap(decide(down_from(4), feed.known.values(), a_contact()))


def test_a_gap_ends_where_the_oldest_new_release_begins_unless_its_date_is_absurd() -> None:
    feed = Feed(*down_from(4))
    window = feed.sights(*down_from(12))

    assert missed_until(window, BEGIN + 5 * HOUR, feed.now) == BEGIN + 9 * HOUR
    assert missed_until(window, BEGIN + 50 * HOUR, feed.now) == feed.now
    assert missed_until([], BEGIN, feed.now) == feed.now


def a_contact() -> Contact:
    fetched = Fetched(address="https://example.gov/feed", at=BEGIN, body_sha256="0" * 64)
    return Contact(SourceId("example"), BEGIN, False, BEGIN, fetched)


@pytest.mark.parametrize("dated", [True, False])
@given(steps=st.lists(st.integers(0, 12), max_size=30), size=st.integers(2, 8))
def test_a_poll_is_a_gap_exactly_when_more_was_published_than_the_window_holds(
    dated: bool, steps: Sequence[int], size: int
) -> None:
    newest = size
    feed = Feed(*(item(n, at=BEGIN if dated else None) for n in range(newest, newest - size, -1)))

    for step in steps:
        newest += step
        window = [item(n, at=BEGIN if dated else None) for n in range(newest, newest - size, -1)]
        assert feed.shows(*window) == (step >= size)


@given(windows=st.lists(st.integers(4, 30), min_size=1, max_size=30))
def test_whatever_window_was_seen_before_is_never_a_gap(windows: Sequence[int]) -> None:
    feed = Feed(*down_from(4))
    for newest in windows:
        feed.shows(*down_from(newest))

    for newest in windows:
        assert not feed.shows(*down_from(newest))


@given(pinned=st.integers(1, 3), ahead=st.integers(0, 9))
def test_pinned_releases_never_change_what_is_a_gap(pinned: int, ahead: int) -> None:
    pins = [item(-n) for n in range(pinned)]
    feed = Feed(*pins, *down_from(8))

    assert feed.shows(*pins, *down_from(8 + ahead)) == (ahead >= 4)
