"""Parses feeds in child processes: see `ingest/children.py`."""

from dataclasses import replace
from datetime import timedelta
from itertools import chain

from ingest.children import CPU_LIMIT, Children
from ingest.entry import Entry
from ingest.feedparse import ParsedFeed


class ChildParser(Children[ParsedFeed]):
    """A pool of children that parse feeds; use it as an async context manager."""

    def __init__(self, *, at_once: int | None = None, cpu_limit: timedelta = CPU_LIMIT) -> None:
        super().__init__(
            "ingest.feedworker",
            "feed",
            ParsedFeed,
            tuple[Entry, ...],
            at_once=at_once,
            cpu_limit=cpu_limit,
        )

    async def parse(self, body: bytes, content_type: str, address: str) -> ParsedFeed:
        """Return a feed's entries: see `parse_feed`; errors besides as `Children.ask`."""
        feed, pieces = await self.ask_for_all(body, content_type, address)
        if not pieces:
            return feed
        return replace(feed, entries=(*chain.from_iterable(pieces), *feed.entries))
