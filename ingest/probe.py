"""A look at an address: is it a feed, a page that names feeds, or neither?"""

from dataclasses import dataclass

from despatch.errors import PermanentError, ServerAway, TransientError
from despatch.ports import Response
from ingest.discover import Candidate, feeds_of, usual_places
from ingest.feedparse import ParsedFeed
from ingest.source import Tools
from ingest.unreadable import JSON_FEED, is_json_feed

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, text/html;q=0.7, */*;q=0.1"
)


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed, as it answered."""

    asked: str
    answer: Response
    parsed: ParsedFeed


async def look(tools: Tools, address: str) -> Feed | list[Candidate]:
    """Return the feed at an address, or the feeds that the page there has, the likeliest first.

    A page that names none is followed to the usual places, one after the other, up to the first
    feed. Raises PermanentError (`no feed`) when there is none, and what `Fetcher.get` and
    `parse_feed` raise.
    """
    answer = await tools.fetcher.get(address, accept=ACCEPT)
    try:
        return Feed(address, answer, await _parsed(tools, answer))
    except PermanentError as exc:
        if not str(exc).startswith("not a feed"):
            raise
    if found := feeds_of(answer.body, answer.address):
        return found
    if is_json_feed(answer.body):
        raise PermanentError(f"no feed: {address} answers with {JSON_FEED}")
    if not _is_page(answer):
        raise PermanentError(f"no feed: {address} is neither a feed nor a page that could name one")
    places = usual_places(answer.address)
    for place in places:
        if await _is_feed(tools, place.address):
            return [place]
    raise PermanentError(
        f"no feed: {address} is a page that names none, and none is at {len(places)} usual places; "
        "if you know the feed's own address, add that"
    )


async def _is_feed(tools: Tools, address: str) -> bool:
    """Whether a feed is there; a site that does not answer at all is asked no further."""
    try:
        await _parsed(tools, await tools.fetcher.get(address, accept=ACCEPT))
    except ServerAway:
        raise
    except (PermanentError, TransientError):
        return False
    return True


async def _parsed(tools: Tools, answer: Response) -> ParsedFeed:
    return await tools.parse(answer.body, answer.header("content-type") or "", answer.address)


def _is_page(answer: Response) -> bool:
    type_ = (answer.header("content-type") or "").casefold()
    return "html" in type_ or b"<html" in answer.body[:2_000].lower()
