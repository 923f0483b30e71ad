"""Time limits of many exchanges, by one timer.

`asyncio.timeout` makes a timer for each block, and of thousands nearly all are cancelled: that
costs a third of what asking over a kept connection does. Here the one timer stands at the earliest
limit there was when it was set; when it rings, it is set to the earliest that there is by then.
"""

import asyncio
from types import TracebackType
from typing import Any, Self


class Limits:
    """The limits of the running event loop's exchanges."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()  # to ask for it each time is a system call
        self._running: dict[Limit, None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._rings_at = float("inf")

    def within(self, seconds: float) -> "Limit":
        """Return a limit that begins now: a context manager, which raises TimeoutError."""
        return Limit(self, self.loop.time() + seconds)

    def watch(self, limit: "Limit") -> None:
        """Look at a limit until it is passed or dropped."""
        self._running[limit] = None
        if limit.at < self._rings_at:
            self._set(limit.at)

    def drop(self, limit: "Limit") -> None:
        """Look at it no more."""
        self._running.pop(limit, None)

    def _set(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._rings_at = at
        self._timer = self.loop.call_at(at, self._ring)

    def _ring(self) -> None:
        self._timer, self._rings_at = None, float("inf")
        now = self.loop.time()
        for limit in [limit for limit in self._running if limit.at <= now]:
            del self._running[limit]
            limit.pass_()
        if self._running:
            self._set(min(limit.at for limit in self._running))


class Limit:
    """A time limit of the task that enters it, as `asyncio.timeout` sets one.

    Passed, the task is cancelled, and the block raises TimeoutError in place of CancelledError,
    unless somebody else has cancelled it too.
    """

    __slots__ = ("_cancelling", "_limits", "_passed", "_task", "at")

    def __init__(self, limits: Limits, at: float) -> None:
        self.at = at
        """When it is passed, by the event loop's time."""
        self._limits = limits
        self._passed = False

    def __enter__(self) -> Self:
        task = asyncio.current_task(self._limits.loop)
        if task is None:
            raise RuntimeError("a time limit is for a task")
        self._task: asyncio.Task[Any] = task
        self._cancelling = task.cancelling()
        self._limits.watch(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._limits.drop(self)
        if not self._passed:
            return
        cancelled = self._task.uncancel()
        if cancelled <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from exc

    @property
    def left_s(self) -> float:
        """How many seconds are left."""
        return self.at - self._limits.loop.time()

    def pause(self) -> float:
        """Stop the clock; return how many seconds are left."""
        self._limits.drop(self)
        return self.left_s

    def go_on(self, left_s: float) -> None:
        """Let the clock go on, with so many seconds left."""
        self.at = self._limits.loop.time() + left_s
        if not self._passed:
            self._limits.watch(self)

    def pass_(self) -> None:
        """Cancel the task: its time is over."""
        self._passed = True
        self._task.cancel()
