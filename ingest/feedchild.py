"""Parses feeds in child processes: see `ingest/children.py`."""

from datetime import timedelta
from types import TracebackType
from typing import Self

from pydantic import TypeAdapter

from ingest.children import CPU_LIMIT, Children
from ingest.feedparse import ParsedFeed

_PARSED = TypeAdapter(ParsedFeed)


class ChildParser:
    """A pool of children that parse feeds; use it as an async context manager."""

    def __init__(self, *, at_once: int | None = None, cpu_limit: timedelta = CPU_LIMIT) -> None:
        self._children = Children("ingest.feedworker", "feed", at_once=at_once, cpu_limit=cpu_limit)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._children.__aexit__(_type, exc, traceback)

    async def parse(self, body: bytes, content_type: str, address: str) -> ParsedFeed:
        """Return a feed's entries: see `parse_feed`; errors besides as `Children.ask`."""
        return _PARSED.validate_json(await self._children.ask(body, content_type, address))
