"""The source port: what a module in `ingest/sources/` must be."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple, Protocol

from despatch.errors import DespatchError
from despatch.model import Details, Fetched
from despatch.ports import Fetcher
from ingest.entry import Entry
from ingest.feedparse import ParsedFeed
from ingest.hints import NO_HINTS, Hints
from ingest.reading import InFull

Outcome = Literal["fetched", "not modified", "unchanged", "ended"]
"""What a page is: new bytes, a 304, the same bytes as before, or a feed's last word."""

Parse = Callable[[bytes, str, str], Awaitable[ParsedFeed]]
"""Parses a feed from its bytes, content type and address; errors as `parse_feed`."""


class ReadFailed(Exception):
    """The source could not be read; `why` is the source's own error."""

    def __init__(self, why: DespatchError) -> None:
        super().__init__(str(why))
        self.why = why


@dataclass(frozen=True, slots=True)
class Tools:
    """What a source may use of the world."""

    fetcher: Fetcher
    parse: Parse


@dataclass(frozen=True, slots=True)
class Part:
    """Entries, and the bytes that they were read from."""

    fetched: Fetched
    body: bytes
    entries: tuple[Entry, ...]
    details: Details | None = None
    """What the publisher's own record says of the one entry, if that was read."""


Settled = Callable[[Collection[str]], Mapping[str, Any]]
"""Given the keys of the entries about which nothing remains to be done."""


def nothing_more(_keys: Collection[str]) -> Mapping[str, Any]:
    """Return nothing to add to a cursor."""
    return {}


@dataclass(frozen=True, slots=True)
class Window:
    """What a page shows that is the newest of more."""

    content_type: str
    """What must be known to parse its document again, as a whole."""
    places: tuple[int, ...] = ()
    """Where each entry of its one part stands in the document; empty if not all are in there."""
    older: str = ""
    """Where the document says that its older entries are."""


class Page(NamedTuple):  # each poll has one: a tuple is made in a third of a dataclass's time
    """A piece of a source, and where reading goes on once it is dealt with."""

    cursor: Mapping[str, Any]
    """To be saved when all of the page is published; JSON."""
    parts: tuple[Part, ...] = ()
    outcome: Outcome = "fetched"
    skipped: tuple[str, ...] = ()
    """What could not be read, a sentence each."""
    left_out: int = 0
    """Entries that the source's own settings leave out."""
    window: Window | None = None
    """If it shows the newest of more, so that something may lie between it and the last one."""
    whole: bool = False
    """If, with the pages before it, it shows all that was asked for."""
    status: int | None = None
    """The HTTP status of the answer that it was read from, if it was one."""
    settings: Mapping[str, Any] | None = None
    """The source's settings from now on, if the publisher has moved it."""
    last: bool = False
    """Nothing comes after it: a poller that is told to stop has read the source whole."""
    hints: Hints = NO_HINTS
    """What the publisher asks of those who poll; the cursor's `hints` keeps them."""
    unchanged: int = 0
    """Entries that are the same bytes as when they were dealt with; they are in no part."""
    title: str = ""
    """What the source calls itself there; empty if that was not read."""
    settled: Settled = nothing_more
    """Returns what to add to the cursor, once it is known which entries are dealt with."""


class Source(Protocol):
    """A kind of source: a frozen pydantic model whose fields are its settings."""

    @property
    def kind(self) -> str:
        """The name of its module."""
        ...

    @property
    def every(self) -> timedelta | None:
        """The pause between two polls, if not the poller's own."""
        ...

    @property
    def in_full(self) -> InFull | None:
        """How the documents behind its entries are read; None: an entry is all there is."""
        ...

    def read(self, tools: Tools, cursor: Mapping[str, Any], now: datetime) -> AsyncIterator[Page]:
        """Yield what there is, oldest first, from where the cursor says; {} at first contact.

        May repeat entries seen before. A page's cursor is saved before the next page is asked
        for. Raises TransientError (tried again), PermanentError (tried again too, with growing
        pauses: a site that answers 404 today may be back tomorrow) and UsageError for settings
        that name what is not there.
        """
        ...
