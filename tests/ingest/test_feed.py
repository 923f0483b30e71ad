"""The feed source: one GET, and nothing parsed that was seen before."""

import asyncio
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from despatch.errors import DespatchError, PermanentError, TransientError
from despatch.ports import Validators
from despatch.testing import FakeFetcher
from ingest.feedparse import ParsedFeed, parse_feed
from ingest.source import Page, Tools
from ingest.sources.feed import FeedSource

ADDRESS = "https://example.gov/feed"
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
FEED = b"""<rss version="2.0"><channel><title>x</title>
<item><guid>2</guid><title>Second</title></item><item><guid>1</guid><title>First</title></item>
</channel></rss>"""


class Counting:
    """Parses, and counts how often."""

    def __init__(self) -> None:
        self.parsed = 0

    async def parse(self, body: bytes, content_type: str, address: str) -> ParsedFeed:
        self.parsed += 1
        return parse_feed(body, content_type, address)


def read(
    fetcher: FakeFetcher, cursor: Mapping[str, Any] | None = None, parser: Counting | None = None
) -> Page:
    """Return the one page that a poll brings."""

    async def work() -> list[Page]:
        tools = Tools(fetcher, (parser or Counting()).parse)
        return [page async for page in FeedSource(address=ADDRESS).read(tools, cursor or {}, NOW)]

    (page,) = asyncio.run(work())
    return page


def test_a_feed_is_one_part_that_leads_to_its_bytes() -> None:
    fetcher = FakeFetcher(NOW)
    fetcher.will(ADDRESS, FEED, etag='"1"')

    page = read(fetcher)

    (part,) = page.parts
    assert (page.outcome, part.body) == ("fetched", FEED)
    assert [entry.title for entry in part.entries] == ["First", "Second"]
    assert (part.fetched.address, part.fetched.at, part.fetched.http_status) == (ADDRESS, NOW, 200)
    assert part.fetched.body_sha256 == hashlib.sha256(FEED).hexdigest()


def test_the_first_request_is_unconditional_and_the_next_sends_what_was_given() -> None:
    fetcher = FakeFetcher()
    fetcher.will(ADDRESS, FEED, etag='W/"1"', last_modified="Mon")

    cursor = read(fetcher).cursor
    again = read(fetcher, cursor)

    assert [asked.validators for asked in fetcher.asked] == [
        Validators(),
        Validators('W/"1"', "Mon"),
    ]
    assert (again.outcome, again.parts, again.cursor) == ("not modified", (), cursor)


def test_the_same_bytes_are_not_parsed_again() -> None:
    """Even where the server gives no validators, or a new one each time."""
    fetcher, parser = FakeFetcher(), Counting()
    fetcher.will(ADDRESS, FEED)
    cursor = read(fetcher, parser=parser).cursor
    fetcher.will(ADDRESS, FEED, etag='"new"')

    again = read(fetcher, cursor, parser)

    assert (again.outcome, again.parts, parser.parsed) == ("unchanged", (), 1)
    assert again.cursor == {**cursor, "etag": '"new"'}


def test_a_feed_that_says_that_it_has_ended_is_no_entry() -> None:
    fetcher = FakeFetcher()
    fetcher.will(
        ADDRESS,
        FEED.replace(b"Second", b"This feed has ended").split(b"<item><guid>1")[0]
        + b"</channel></rss>",
    )

    page = read(fetcher)

    assert page.outcome == "ended"
    assert [part.entries for part in page.parts] == [()]


def test_items_without_words_are_reported() -> None:
    fetcher = FakeFetcher()
    fetcher.will(
        ADDRESS, FEED.replace(b"<title>First</title>", b"<link>https://example.gov/1</link>")
    )

    page = read(fetcher)

    assert page.skipped == (f"{ADDRESS}: 1 items without title and text",)


@pytest.mark.parametrize(
    "answer", [b"<html>", PermanentError("http 404"), TransientError("http 503")]
)
def test_what_fails_raises_and_brings_no_page(answer: bytes | DespatchError) -> None:
    fetcher = FakeFetcher()
    fetcher.will(ADDRESS, answer)

    with pytest.raises(DespatchError):
        read(fetcher)
