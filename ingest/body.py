"""An answer's body, read whole within limits: of one answer, and of all that are read at once."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Protocol

import aiohttp

from despatch.errors import NoRoom, PermanentError
from despatch.ports import Grow
from despatch.vocabulary import LARGE_BYTES
from ingest.decompress import decompressor
from ingest.limits import Limit

LARGE_AT_ONCE = 2
"""So many bodies over half a mebibyte are read at the same time; the others wait there, save those
for which somebody says whether there is room.

A few dozen endless ones would else fill half a gigabyte before each is found to be too large.
"""

_CHUNK_BYTES = 64 * 1024


class Coming(Protocol):
    """An answer whose body is still to come: the wire's, and aiohttp's own."""

    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def content(self) -> aiohttp.StreamReader: ...
    @property
    def content_length(self) -> int | None: ...
    def close(self) -> None: ...


class BodyReader:
    """Reads bodies of at most `most` bytes after decompression. One event loop's own."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._large = asyncio.Semaphore(LARGE_AT_ONCE)

    async def read(self, url: str, answer: Coming, limit: Limit, grow: Grow | None = None) -> bytes:
        """Return the body; waiting for others doesn't count towards the time limit.

        Raises PermanentError (`too large`), NoRoom if `grow` says no, TransientError (`encoding`,
        `truncated`), and what aiohttp raises.
        """
        coding = decompressor(answer.headers.get("Content-Encoding", ""))
        # Small pieces, not one that grows: what is dropped half-way leaves no hole in the memory.
        pieces: list[bytes] = []
        size = 0
        try:
            announced = answer.content_length or 0
            self._check(url, announced)
            allowed = self._allowed(url, announced, LARGE_BYTES, grow)
            async with AsyncExitStack() as waits:
                async for chunk in answer.content.iter_chunked(_CHUNK_BYTES):
                    for piece in coding.unfold(chunk):
                        pieces.append(piece)
                        before, size = size, size + len(piece)
                        self._check(url, size)
                        allowed = self._allowed(url, size, allowed, grow)
                        if grow is None and before <= LARGE_BYTES < size:
                            await waits.enter_async_context(self._turn(limit))
                coding.finish()
                return b"".join(pieces)
        except BaseException:
            answer.close()  # what is left of it is not read
            pieces.clear()  # the error's traceback holds this frame, for as long as it is held
            raise

    @asynccontextmanager
    async def _turn(self, limit: Limit) -> AsyncIterator[None]:
        left_s = limit.pause()
        async with self._large:
            limit.go_on(left_s)
            yield

    def _allowed(self, url: str, size: int, allowed: int, grow: Grow | None) -> int:
        """Return how far a body of this size may grow before somebody is asked again."""
        if grow is None or size <= allowed:
            return allowed
        more = min(max(size, 2 * allowed), self._most)
        if not grow(more):
            raise NoRoom(f"no room: {url} is large, and so is what is in hand")
        return more

    def _check(self, url: str, size: int) -> None:
        if size > self._most:
            limit = self._most / 1024 / 1024
            raise PermanentError(f"too large: {url} is over {limit:g} MiB after decompression")
