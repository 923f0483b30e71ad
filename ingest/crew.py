"""Who has a child of a few, and who waits for one: each is lent to one at a time.

A further child is started only once somebody has waited. A few small documents are parsed by one
before a second would have loaded its program; a hundred whole feeds keep both busy, and a document
on which one child sits for twenty seconds holds up the others for a moment only.
"""

import asyncio
from collections import deque
from typing import Generic, TypeVar

PATIENCE_S = 0.06
"""Who has waited so long may start one more."""

PAUSE_S = 0.25
"""So long a child that was started is given to show whether it is enough."""

T = TypeVar("T")


class Crew(Generic[T]):
    """At most `most` children. One event loop's own."""

    def __init__(
        self, most: int, *, patience_s: float = PATIENCE_S, pause_s: float = PAUSE_S
    ) -> None:
        self._room = most
        """So many more may be started."""
        self._patience_s = patience_s
        self._pause_s = pause_s
        self._started_s = float("-inf")
        """When one was started last, by the loop's clock."""
        self._count = 0
        """So many there are."""
        self._idle: list[T] = []
        self._waiting: deque[asyncio.Future[T | None]] = deque()

    async def take(self, since_s: float | None = None) -> T | None:
        """Return a child that is idle, or None: who gets that starts one, and gives it later.

        `since_s` is from when on there was something to do, by the loop's clock; None: from now.
        """
        if self._idle:
            return self._idle.pop()
        if not self._count:
            return self._start()
        loop = asyncio.get_running_loop()
        waiting: asyncio.Future[T | None] = loop.create_future()
        self._waiting.append(waiting)
        waited_s = 0.0 if since_s is None else loop.time() - since_s
        self._remind(waiting, max(0.0, self._patience_s - waited_s))
        try:
            return await waiting
        except asyncio.CancelledError:
            if waiting.done() and not waiting.cancelled():
                self.give(waiting.result())
            raise

    def give(self, child: T | None) -> None:
        """Pass a child on; None: it has ended, and there is room for another."""
        if child is None:
            self._room += 1
            self._count -= 1
            if waiting := self._next():
                waiting.set_result(self._start())
        elif waiting := self._next():
            waiting.set_result(child)
        else:
            self._idle.append(child)

    def _start(self) -> T | None:
        self._room -= 1
        self._count += 1
        self._started_s = asyncio.get_running_loop().time()
        return None

    def _next(self) -> "asyncio.Future[T | None] | None":
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                return waiting
        return None

    def _remind(self, waiting: "asyncio.Future[T | None]", after_s: float) -> None:
        if self._room:
            asyncio.get_running_loop().call_later(after_s, self._start_for, waiting)

    def _start_for(self, waiting: "asyncio.Future[T | None]") -> None:
        """Let who still waits start a child, if the last that was started is not enough."""
        if waiting.done() or not self._room:
            return
        left_s = self._started_s + self._pause_s - asyncio.get_running_loop().time()
        if left_s > 0:
            self._remind(waiting, left_s)
            return
        self._waiting.remove(waiting)
        waiting.set_result(self._start())
