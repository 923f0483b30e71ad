"""Parses feeds in child processes: see `ingest/children.py`."""

from datetime import timedelta

from ingest.children import CPU_LIMIT, Children
from ingest.feedparse import ParsedFeed


class ChildParser(Children[ParsedFeed]):
    """A pool of children that parse feeds; use it as an async context manager."""

    def __init__(self, *, at_once: int | None = None, cpu_limit: timedelta = CPU_LIMIT) -> None:
        super().__init__(
            "ingest.feedworker", "feed", ParsedFeed, at_once=at_once, cpu_limit=cpu_limit
        )

    async def parse(self, body: bytes, content_type: str, address: str) -> ParsedFeed:
        """Return a feed's entries: see `parse_feed`; errors besides as `Children.ask`."""
        return await self.ask(body, content_type, address)
