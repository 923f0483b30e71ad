"""A dry run of one poll: what would be decided, why, and when the next one would come."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from despatch.errors import BadStatus, PermanentError, TransientError
from despatch.model import SourceId
from despatch.ports import Health, KnownEntry, SourceRecord
from despatch.testing import FakeFetcher
from ingest.check import Case, Checked, check, identity, named_by
from ingest.feedparse import ParsedFeed, parse_feed
from ingest.newness import Publish
from ingest.source import Tools
from ingest.sources import open_source

FEED = "https://ports.example.gov/news.rss"
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
NEVER = Health()
ITEM = "<item><guid isPermaLink='false'>{id}</guid><link>{link}</link><title>{id}</title></item>"


def rss(*items: tuple[str, str]) -> bytes:
    body = "".join(ITEM.format(id=id_, link=link) for id_, link in items)
    return f"<rss version='2.0'><channel><title>Ports</title>{body}</channel></rss>".encode()


async def parse(body: bytes, content_type: str, address: str) -> ParsedFeed:
    return parse_feed(body, content_type, address)


def checked(
    fetcher: FakeFetcher, known: Sequence[KnownEntry] = (), health: Health = NEVER, **more: Any
) -> Checked:
    record = SourceRecord(SourceId("ports"), "feed", {"address": FEED, **more}, NOW)
    case = Case(record, {}, health, lambda _keys, _addresses: known, timedelta(minutes=15))
    return asyncio.run(check(case, open_source(record), Tools(fetcher, parse), NOW))


def of(*items: tuple[str, str]) -> FakeFetcher:
    fetcher = FakeFetcher(NOW)
    fetcher.will(FEED, rss(*items))
    return fetcher


def told(done: Checked) -> list[tuple[str, str]]:
    """Return by what each entry is known within its source, and its release to the world."""
    return [
        (named_by(entry), identity(decision))
        for entry, decision in done.decided
        if isinstance(decision, Publish)
    ]


def test_by_what_a_release_is_known_is_told() -> None:
    done = checked(of(("1", "https://x.gov/a"), ("2", "")))
    assert told(done) == [
        ("the feed's own id", "by its source and entry (ports, 2): it has no address"),
        ("the feed's own id", "by https://x.gov/a"),
    ]
    done = checked(of(("", "https://x.gov/a"), ("1", "https://x.gov/b"), ("1", "https://x.gov/c")))
    assert [named for named, _known in told(done)] == [
        "its id and its link: several share the id",
        "its id and its link: several share the id",
    ]


def test_an_address_that_is_used_again_is_told_as_another_edition() -> None:
    [(_entry, first)] = checked(of(("1", "https://x.gov/a"))).decided
    assert isinstance(first, Publish)
    well = Health(polled_at=NOW, ok_at=NOW)
    [(_entry, again)] = checked(of(("2", "https://x.gov/a")), [first.known], well).decided
    assert isinstance(again, Publish)
    assert "the address is used again" in identity(again)
    assert not again.revision.backlog


def test_documents_that_would_be_read_are_named_and_not_asked_for() -> None:
    fetcher = of(("1", "https://x.gov/a"))
    assert checked(fetcher).to_read == ()
    [ask] = checked(fetcher, full_text="page").to_read
    assert (ask.address, ask.read_as) == ("https://x.gov/a", "page")
    assert {one.address for one in fetcher.asked} == {FEED}


@pytest.mark.parametrize(
    "fault, outcome, why",
    [
        (BadStatus("http 410: x", status=410, address=FEED), "ended", "would be asked no more"),
        (BadStatus("http 404: x", status=404, address=FEED), "failed", "failed 3 times in a row"),
        (TransientError("http 429", retry_after=timedelta(hours=9)), "failed", "Retry-After"),
    ],
)
def test_what_a_failure_would_lead_to_is_told(
    fault: PermanentError | TransientError, outcome: str, why: str
) -> None:
    fetcher = FakeFetcher(NOW)
    fetcher.will(FEED, fault)
    done = checked(fetcher, health=Health(polled_at=NOW, failures=2))
    assert done.outcome == outcome
    assert done.problem == str(fault)
    assert why in done.due.why


def test_a_page_in_place_of_a_feed_shows_what_it_names() -> None:
    fetcher = FakeFetcher(NOW)
    fetcher.will(FEED, b"<html><a href=/all.rss>RSS</a>", content_type="text/html")
    assert [one.address for one in checked(fetcher).found] == ["https://ports.example.gov/all.rss"]
