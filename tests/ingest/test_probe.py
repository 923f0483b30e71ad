"""A look at an address: a feed, a page with feeds, or neither."""

import asyncio

import pytest

from despatch.errors import DespatchError, PermanentError, ServerAway
from despatch.testing import FakeFetcher
from ingest.discover import Candidate
from ingest.feedparse import ParsedFeed, parse_feed
from ingest.probe import Feed, look
from ingest.source import Tools

PAGE = "https://ports.example.gov/news"
RSS = (
    b"<rss version='2.0'><channel><title>Ports</title><item><title>One</title></item>"
    b"</channel></rss>"
)


async def parse(body: bytes, content_type: str, address: str) -> ParsedFeed:
    return parse_feed(body, content_type, address)


def seen(fetcher: FakeFetcher, address: str = PAGE) -> Feed | list[Candidate]:
    return asyncio.run(look(Tools(fetcher, parse), address))


@pytest.fixture
def site() -> FakeFetcher:
    fetcher = FakeFetcher()
    fetcher.will(PAGE, b"<html><p>News", content_type="text/html")
    return fetcher


def test_a_feed_is_a_feed_whatever_it_says_it_is() -> None:
    fetcher = FakeFetcher()
    fetcher.will(PAGE, RSS, content_type="text/html")
    found = seen(fetcher)
    assert isinstance(found, Feed)
    assert (found.parsed.title, found.parsed.format) == ("Ports", "rss20")


def test_a_page_shows_what_it_names_and_nothing_else_is_asked_for() -> None:
    fetcher = FakeFetcher()
    fetcher.will(PAGE, b"<html><a href=/all.rss>RSS</a>", content_type="text/html")
    found = seen(fetcher)
    assert isinstance(found, list)
    assert [one.address for one in found] == ["https://ports.example.gov/all.rss"]
    assert len(fetcher.asked) == 1


def test_a_page_that_names_none_is_followed_to_the_usual_places_up_to_the_first_feed(
    site: FakeFetcher,
) -> None:
    site.will(f"{PAGE}/feed", b"<html>nothing here", content_type="text/html")
    site.will(f"{PAGE}/feed.xml", RSS)
    assert seen(site) == [Candidate(f"{PAGE}/feed.xml", "", "usual")]
    assert [one.address for one in site.asked] == [
        PAGE,
        f"{PAGE}/feed",
        f"{PAGE}/rss",
        f"{PAGE}/feed.xml",
    ]


def test_a_site_without_a_feed_is_said_with_how_far_was_looked(site: FakeFetcher) -> None:
    with pytest.raises(PermanentError, match=r"^no feed: .* none is at 10 usual places"):
        seen(site)


def test_a_site_that_goes_away_meanwhile_is_asked_no_further(site: FakeFetcher) -> None:
    site.will(f"{PAGE}/feed", ServerAway("refused: nothing listens there"))
    with pytest.raises(ServerAway, match="refused"):
        seen(site)
    assert len(site.asked) == 2


def test_a_document_of_another_kind_is_not_searched_for_feeds() -> None:
    fetcher = FakeFetcher()
    fetcher.will(PAGE, b'{"a": 1}', content_type="application/json")
    with pytest.raises(PermanentError, match="neither a feed nor a page"):
        seen(fetcher)
    assert len(fetcher.asked) == 1


@pytest.mark.parametrize(
    "fault",
    [PermanentError("http 404: x"), ServerAway("dns: x"), PermanentError("blocked address")],
)
def test_what_the_fetcher_says_is_passed_on(fault: DespatchError) -> None:
    fetcher = FakeFetcher()
    fetcher.will(PAGE, fault)
    with pytest.raises(type(fault), match=str(fault)):
        seen(fetcher)
