"""A large feed is parsed a portion at a time, and nothing is read otherwise for it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from despatch.errors import DespatchError
from ingest.familiar import Odd
from ingest.feedparse import ParsedFeed, parse_feed
from ingest.portions import FRAME_BYTES, parse_portions, portions

FEEDS = Path(__file__).parent.parent / "data" / "feeds"
ADDRESS = "https://feeds.example.gov/all.xml"
TYPE = "application/xml"

RSS = "<rss version='2.0'><channel><title>T</title><ttl>60</ttl>{}</channel></rss>"
an_item = st.builds(
    "<item><guid>{}</guid><title>{}</title><link>https://example.gov/{}</link>{}</item>".format,
    st.integers(0, 4),
    st.sampled_from(["News", "", "&#169; &lt;item&gt;", "This feed has ended", "x & y"]),
    st.integers(0, 4),
    st.sampled_from(
        ["", "<pubDate>Tue, 03 Mar 2026 12:00:00 GMT</pubDate>", "<description>x</description>"]
    ),
)


def read(parse: Callable[[bytes, str, str], ParsedFeed], body: bytes) -> ParsedFeed | str:
    """Return what parsing gives or raises."""
    try:
        return parse(body, TYPE, ADDRESS)
    except DespatchError as exc:
        return repr(exc)


def in_portions(body: bytes, content_type: str, address: str) -> ParsedFeed:
    return parse_portions(body, content_type, address, large_bytes=0, at_once=2)


@pytest.mark.parametrize("file", sorted(FEEDS.glob("*.xml")), ids=lambda file: file.stem)
def test_every_feed_gives_in_portions_what_the_whole_gives(file: Path) -> None:
    assert read(in_portions, file.read_bytes()) == read(parse_feed, file.read_bytes())


@given(st.lists(an_item, max_size=9))
def test_made_up_feeds_give_in_portions_what_the_whole_gives(items: list[str]) -> None:
    """Ids that are repeated across portions, dates that some lack, faults in one portion alone."""
    body = RSS.format("".join(items)).encode()

    assert read(in_portions, body) == read(parse_feed, body)


def test_a_portion_has_no_more_entries_than_it_may() -> None:
    body = RSS.format("<item><title>x</title></item>" * 5).encode()

    assert [count for _begin, _end, count in portions(body, TYPE, 2)] == [2, 2, 1]


def test_an_odd_document_has_no_portions() -> None:
    with pytest.raises(Odd):
        list(portions(RSS.format("<item><item/></item>").encode(), TYPE, 2))


def test_a_document_with_a_long_head_is_parsed_once_and_not_with_each_portion() -> None:
    """A head of seven MiB before ten thousand entries would be parsed twenty times."""
    long_head = RSS.format(
        "<link>" + "x" * FRAME_BYTES + "</link>" + "<item><title>x</title></item>" * 9
    )
    asked: list[int] = []

    def parse(body: bytes, content_type: str, address: str) -> ParsedFeed:
        asked.append(len(body))
        return parse_feed(body, content_type, address)

    parse_portions(long_head.encode(), TYPE, ADDRESS, large_bytes=0, at_once=2, parse=parse)

    assert asked == [len(long_head)]
