"""What a poll parses: what is new in a document, and all of it when that can't be told."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from despatch.ports import Response, Validators
from ingest.feedparse import ParsedFeed, parse_feed
from ingest.shown import Shown, read_shown


class Parser:
    """Parses here, and notes how many items each document had that it was given."""

    def __init__(self) -> None:
        self.items: list[int] = []

    async def __call__(self, body: bytes, content_type: str, address: str) -> ParsedFeed:
        self.items.append(body.count(b"<item>"))
        return parse_feed(body, content_type, address)


MORE = [(f"old-{number}", f"Old-{number}") for number in range(9)]
"""Where little is known beside what is new, the whole is looked at: is it a gap?"""


def feed(*items: tuple[str, str], head: str = "<title>x</title>", dated: bool = True) -> bytes:
    """Return an RSS feed of (id, words), the newest first, with nine old ones."""
    date = "<pubDate>2026-03-02</pubDate>" if dated else ""
    entries = "".join(
        f"<item><guid isPermaLink='false'>{id_}</guid><title>{words}</title>"
        f"<link>https://example.gov/{words}</link>{date}</item>"
        for id_, words in [*items, *MORE]
    )
    return f"<rss version='2.0'><channel>{head}{entries}</channel></rss>".encode()


def polled(here: Any, *bodies: bytes) -> tuple[list[int], list[Any]]:
    """Poll a source that shows one body after the other; return what was parsed, and reports."""
    source = here.add()
    parser = Parser()
    reports = []
    for body in bodies:
        here.fetcher.will(here.feed, body)
        reports.append(here.poll(source, parse=parser))
    return parser.items, reports


def titles(here: Any) -> list[str]:
    """Return what was published besides the old ones."""
    said = (f"{revision.cause} {revision.release.title}" for revision in here.published())
    return sorted(words for words in said if "Old-" not in words)


A, B, C = ("a", "Alpha"), ("b", "Beta"), ("c", "Gamma")


def test_only_new_and_changed_items_are_parsed(here: Any) -> None:
    parsed, reports = polled(here, feed(B, A), feed(C, B, A), feed(C, ("b", "Beta two"), A))

    assert parsed == [11, 1, 1]
    assert [(r.new, r.changed, r.ignored) for r in reports] == [(11, 0, 0), (1, 0, 11), (0, 1, 11)]
    assert titles(here) == ["new Alpha", "new Beta", "new Gamma", "revised Beta two"]


def test_a_document_whose_own_date_alone_moved_is_not_parsed(here: Any) -> None:
    dates = [f"<lastBuildDate>2026-03-0{day}</lastBuildDate>" for day in (1, 2)]

    parsed, reports = polled(here, *(feed(B, A, head=date) for date in dates))

    assert parsed == [11]
    assert (reports[1].outcome, reports[1].new, reports[1].ignored) == ("fetched", 0, 11)


def test_what_was_not_moved_by_a_304_or_the_same_bytes_is_still_known(here: Any) -> None:
    source = here.add()
    parser = Parser()
    here.fetcher.will(here.feed, feed(B, A), etag='"1"')
    here.poll(source, parse=parser)
    assert here.poll(source, parse=parser).outcome == "not modified"
    here.fetcher.will(here.feed, feed(C, B, A))
    here.poll(source, parse=parser)

    assert parser.items == [11, 1]


@pytest.mark.parametrize(
    "second",
    [
        feed(C, B, A, head="<title>another</title>"),
        feed(C, B, A).replace(b"<rss", b"<!DOCTYPE rss><rss"),
        feed(("a", "Gamma"), B, A),
    ],
    ids=["its head changed", "it became odd", "an id is repeated"],
)
def test_the_whole_document_is_parsed_when_parts_can_not_be_judged_alone(
    here: Any, second: bytes
) -> None:
    parsed, reports = polled(here, feed(B, A), second)

    assert parsed[0] == 11
    assert parsed[-1] == 12
    assert reports[1].new == 1


def test_an_older_state_that_is_shown_again_is_judged_each_time(here: Any) -> None:
    """A cache flips: the entry is not dealt with until its newest state is shown again."""
    old, new = feed(B, A), feed(("b", "Beta two"), A)

    parsed, reports = polled(here, old, new, old, feed(C, B, A), new)

    assert parsed == [11, 1, 1, 2, 1]
    assert [(r.new, r.changed) for r in reports] == [(11, 0), (0, 1), (0, 0), (1, 0), (0, 0)]


def test_where_others_have_no_date_new_items_come_in_the_feeds_order() -> None:
    """As if all had been parsed. By their dates the second of the new ones would come first."""
    dates = [f"<pubDate>2026-03-0{day}</pubDate>" for day in (4, 5)]
    new = "".join(
        f"<item><guid isPermaLink='false'>{id_}</guid><title>{words}</title>{date}</item>"
        for (id_, words), date in zip((C, B), dates, strict=True)
    )
    before = feed(A, dated=False)
    now = before.replace(b"<item>", new.encode() + b"<item>", 1)

    first = shown(before, {})
    second = shown(now, first.settled([entry.key for entry in first.feed.entries]))

    assert second.unchanged == 10
    assert [entry.title for entry in second.feed.entries] == ["Beta", "Gamma"]
    whole = [entry.title for entry in shown(now, {}).feed.entries]
    assert [title for title in whole if title in {"Beta", "Gamma"}] == ["Beta", "Gamma"]


def shown(body: bytes, cursor: Mapping[str, Any]) -> Shown:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    answer = Response("https://example.gov/feed", 200, body, at, (), Validators())
    return asyncio.run(read_shown(Parser(), answer, "application/xml", cursor))
