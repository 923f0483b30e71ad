"""A large feed, parsed a portion at a time: as a whole it takes ten times its size. Pure.

A portion is a smaller document: some of the entries between the same head and tail. What comes
out is what the whole gives (tests/ingest/test_portions.py, and see `ingest/familiar.py`, whose
scanner finds the entries). Whatever is odd about a document has it parsed whole.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

from despatch.errors import DespatchError
from despatch.vocabulary import LARGE_BYTES
from ingest.entry import Entry
from ingest.familiar import Odd, spans_of
from ingest.feedparse import ParsedFeed, in_order, parse_feed

ParseHere = Callable[[bytes, str, str], ParsedFeed]

AT_ONCE = 500
"""So many entries are parsed at a time."""

FRAME_BYTES = 64 * 1024
"""What stands before and behind the entries is parsed with each portion: more is no frame."""


def parse_portions(
    body: bytes,
    content_type: str,
    address: str,
    *,
    large_bytes: int = LARGE_BYTES,
    at_once: int = AT_ONCE,
    parse: ParseHere = parse_feed,
) -> ParsedFeed:
    """Return and raise what `parse_feed` does: a large document is parsed in portions."""
    if len(body) > large_bytes:
        try:
            return _parse(body, content_type, address, at_once, parse)
        except (Odd, DespatchError):
            pass  # the whole says what is wrong with it
    return parse(body, content_type, address)


def _parse(
    body: bytes, content_type: str, address: str, at_once: int, parse: ParseHere
) -> ParsedFeed:
    places = list(portions(body, content_type, at_once))
    if len(places) < 2:
        raise Odd
    head, tail = body[: places[0][0]], body[places[-1][1] :]
    if len(head) + len(tail) > FRAME_BYTES:
        raise Odd
    keys: list[str] = []
    entries: list[Entry] = []
    first: ParsedFeed | None = None
    empty = 0
    for begin, end, count in places:
        feed = parse(head + body[begin:end] + tail, content_type, address)
        first = first or feed
        if len(feed.keys) != count or (feed.encoding, feed.fault) != (first.encoding, first.fault):
            raise Odd
        keys += feed.keys
        empty += feed.empty
        entries += _as_given(feed)
    if first is None:
        raise Odd
    return in_order(replace(first, keys=tuple(keys), empty=empty), entries)


def portions(body: bytes, content_type: str, at_once: int) -> Iterator[tuple[int, int, int]]:
    """Yield where each portion begins and ends, and how many entries it has."""
    spans = spans_of(body, content_type)
    while some := list(islice(spans, at_once)):
        yield some[0][0], some[-1][1], len(some)


def _as_given(feed: ParsedFeed) -> list[Entry]:
    """Return a feed's entries as they stand in the document; each stands for itself there."""
    by_place = dict(zip(feed.places, feed.entries, strict=True))
    return [by_place[place] for place in range(len(by_place))]
