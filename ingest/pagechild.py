"""Reads pages in child processes: see `ingest/children.py`."""

from datetime import timedelta

from ingest.article import Article
from ingest.children import CPU_LIMIT, Children


class ChildReader(Children[Article]):
    """A pool of children that find the articles of pages; use it as an async context manager."""

    def __init__(self, *, at_once: int | None = None, cpu_limit: timedelta = CPU_LIMIT) -> None:
        super().__init__("ingest.pageworker", "page", Article, at_once=at_once, cpu_limit=cpu_limit)

    async def read(self, body: bytes, content_type: str, address: str) -> Article:
        """Return a page's article: see `read_page`; errors besides as `Children.ask`."""
        return await self.ask(body, content_type, address)
