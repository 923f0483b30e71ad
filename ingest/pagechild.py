"""Reads pages in child processes: see `ingest/children.py`."""

from datetime import timedelta
from types import TracebackType
from typing import Self

from pydantic import TypeAdapter

from ingest.article import Article
from ingest.children import CPU_LIMIT, Children

_ARTICLE = TypeAdapter(Article)


class ChildReader:
    """A pool of children that find the articles of pages; use it as an async context manager."""

    def __init__(self, *, at_once: int | None = None, cpu_limit: timedelta = CPU_LIMIT) -> None:
        self._children = Children("ingest.pageworker", "page", at_once=at_once, cpu_limit=cpu_limit)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._children.__aexit__(_type, exc, traceback)

    async def read(self, body: bytes, content_type: str, address: str) -> Article:
        """Return a page's article: see `read_page`; errors besides as `Children.ask`."""
        return _ARTICLE.validate_json(await self._children.ask(body, content_type, address))
