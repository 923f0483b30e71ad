"""What a feed shows of itself before it is added."""

from datetime import UTC, datetime, timedelta

import pytest

from despatch.ports import Response
from ingest.entry import Entry, make_entry
from ingest.feedparse import ParsedFeed
from ingest.preview import format_name, often, pause_of, preview_of

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def an_entry(id_: str, at: datetime | None) -> Entry:
    entry = make_entry(
        id=id_, title=id_, raw=(id_,), text_kind="summary", text_from="feed", published_at=at
    )
    assert entry is not None
    return entry


def shown(*entries: Entry) -> list[str]:
    answer = Response("https://example.gov/feed", 200, b"", NOW)
    return [entry.id for entry in preview_of(ParsedFeed(entries), answer, NOW).newest]


def test_the_newest_come_first_five_at_most_and_those_without_a_date_last() -> None:
    entries = [an_entry(str(n), NOW - n * DAY) for n in (7, 6, 5, 4, 3, 2, 1)]
    assert shown(an_entry("undated", None), *entries) == ["1", "2", "3", "4", "5"]
    assert shown(an_entry("undated", None), an_entry("dated", NOW)) == ["dated", "undated"]


def test_without_dates_the_feed_s_own_order_counts() -> None:
    """Entries come oldest first from the parser."""
    assert shown(an_entry("old", None), an_entry("new", None)) == ["new", "old"]


def test_a_pinned_date_far_ahead_is_not_the_newest() -> None:
    answer = Response("https://example.gov/feed", 200, b"", NOW)
    feed = ParsedFeed((an_entry("today", NOW), an_entry("pinned", NOW + 400 * DAY)))
    preview = preview_of(feed, answer, NOW)
    assert preview.newest_at == NOW
    assert [entry.id for entry in preview.newest] == ["today", "pinned"]


@pytest.mark.parametrize(
    "dates, pause",
    [
        ([], None),
        ([NOW, NOW - DAY], None),
        ([NOW, NOW, NOW], None),
        ([NOW, NOW - DAY, NOW - 2 * DAY], DAY),
    ],
)
def test_how_often_needs_three_dates_that_differ(
    dates: list[datetime], pause: timedelta | None
) -> None:
    assert pause_of(dates) == pause


@pytest.mark.parametrize(
    "pause, says",
    [
        (None, "how often can't be told"),
        (timedelta(minutes=1), "about 60 an hour"),
        (timedelta(minutes=48), "about 30 a day"),
        (DAY, "about 7 a week"),
        (timedelta(days=6), "about one in 6 days"),
        (timedelta(days=40), "about one in 40 days"),
    ],
)
def test_how_often_is_said_as_people_do(pause: timedelta | None, says: str) -> None:
    assert often(pause) == says


@pytest.mark.parametrize(
    "version, name",
    [("atom10", "Atom 1.0"), ("rss090", "RSS 0.90"), ("rss", "RSS"), ("", ""), ("odd", "odd")],
)
def test_a_dialect_has_its_name(version: str, name: str) -> None:
    assert format_name(version) == name
