"""Reading what a source published before its window: page by page, the newest first."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Protocol, runtime_checkable
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from despatch.errors import PermanentError
from despatch.model import Fetched
from despatch.ports import Response
from ingest.govuk_search import Search, parse_results
from ingest.source import Page, Part, Tools, Window

MOST_PAGES = 20
"""So many pages one way is followed back."""

FEED = "application/atom+xml, application/rss+xml, application/xml;q=0.8, */*;q=0.1"


@dataclass(frozen=True, slots=True)
class ByLinks:
    """The feed says itself where its older entries are (RFC 5005 `prev-archive`, `next`)."""

    first: str

    def __str__(self) -> str:
        return "by the feed's own links"

    async def read(self, tools: Tools, since: datetime) -> AsyncIterator[Page]:
        """Yield document after document, until one has no link or leads in a circle."""
        followed: set[str] = set()
        address = self.first
        while address and address not in followed and len(followed) < MOST_PAGES:
            followed.add(address)
            page = await _feed_page(tools, address)
            yield page
            address = page.window.older if page.window else ""


@dataclass(frozen=True, slots=True)
class ByNumber:
    """The feed's address takes the number of a page, as GOV.UK's finders do (`?page=2`)."""

    address: str
    parameter: str

    def __str__(self) -> str:
        return f"by {self.parameter}=2 and so on"

    async def read(self, tools: Tools, since: datetime) -> AsyncIterator[Page]:
        """Yield page after page, until one is empty or says what one before it said."""
        bodies: set[str] = set()
        for number in range(2, MOST_PAGES + 2):
            page = await _feed_page(tools, with_parameter(self.address, self.parameter, number))
            (part,) = page.parts
            if not part.entries or part.fetched.body_sha256 in bodies:
                return
            bodies.add(part.fetched.body_sha256)
            yield page


@dataclass(frozen=True, slots=True)
class BySearch:
    """GOV.UK's search API, asked for what the feed shows, from a time on: it shows it whole."""

    search: Search

    def __str__(self) -> str:
        return "by the search API"

    async def read(self, tools: Tools, since: datetime) -> AsyncIterator[Page]:
        """Yield the results, a page at a time; the last is marked `whole`."""
        start = 0
        for _page in range(MOST_PAGES):
            answer = await tools.fetcher.get(
                self.search.address(since, start), accept="application/json"
            )
            found = parse_results(answer.body, answer.address)
            start += found.listed
            whole = start >= found.total
            part = Part(_fetched(answer), answer.body, found.entries)
            yield Page(cursor={}, parts=(part,), whole=whole, skipped=found.skipped)
            if whole:
                return
            if not found.listed:
                raise PermanentError(f"bad answer: {answer.address} lists fewer than it counts")


Way = ByLinks | ByNumber | BySearch
"""How older entries are reached."""


@runtime_checkable
class LooksBack(Protocol):
    """A source that can say how its older entries are reached."""

    def ways(self, link: str) -> Sequence[Way]:
        """Return the ways, the best first; `link` is where its window says they are, if it does."""
        ...

    def search(self) -> Search | None:
        """Return the question to the search API that stands for it, if there is one."""
        ...


@cache
def looks_back(kind: type) -> bool:
    """Return whether a kind of source is a `LooksBack`; to ask an object takes long each time."""
    return issubclass(kind, LooksBack)


def with_parameter(address: str, name: str, number: int) -> str:
    """Return an address that asks for a page: `…?topic=x` becomes `…?topic=x&page=2`."""
    parts = urlsplit(address)
    query = [(key, value) for key, value in parse_qsl(parts.query, True) if key != name]
    return urlunsplit(parts._replace(query=urlencode([*query, (name, str(number))])))


async def _feed_page(tools: Tools, address: str) -> Page:
    answer = await tools.fetcher.get(address, accept=FEED)
    content_type = answer.header("content-type") or ""
    feed = await tools.parse(answer.body, content_type, answer.address)
    return Page(
        cursor={},
        parts=(Part(_fetched(answer), answer.body, feed.entries),),
        window=Window(content_type, feed.places, feed.older),
        status=answer.status,
    )


def _fetched(answer: Response) -> Fetched:
    sha256 = answer.sha256
    return Fetched(
        address=answer.address, at=answer.at, body_sha256=sha256, http_status=answer.status
    )
