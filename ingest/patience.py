"""Waiting out a log or a store that is away: the place is kept, and a person is told."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any, TypeVar

from despatch import log
from despatch.errors import TransientError
from despatch.ports import Alarms, Clock
from despatch.retry import pause_after

WAITING = "stage ingest waits"
"""The alarm's key while we wait."""

_NAP = timedelta(seconds=0.5)

R = TypeVar("R")


class Stopped(Exception):
    """Told to stop while waiting; what is not saved is read again."""


class Patience:
    """Calls again and again until it works.

    `limit` is how long that is tried; None: until `stop` is set, if there is one.
    """

    def __init__(
        self,
        clock: Clock,
        alarms: Alarms,
        stop: asyncio.Event | None,
        limit: timedelta | None = None,
    ) -> None:
        self.stop = stop
        self.seen_s = time.monotonic()
        """When there was progress, or a try, last: on the machine's monotonic clock."""
        self._clock = clock
        self._alarms = alarms
        self._limit = limit

    @property
    def stopped(self) -> bool:
        """Whether we were told to stop."""
        return self.stop is not None and self.stop.is_set()

    def show_life(self) -> None:
        """Say that there is progress."""
        self.seen_s = time.monotonic()

    async def insist(self, call: Callable[[], R]) -> R:
        """Return what a blocking call gives, as `insist_on`."""
        return await self.insist_on(lambda: asyncio.to_thread(call))

    async def insist_on(self, call: Callable[[], Awaitable[R]]) -> R:
        """Return what a call gives; a TransientError is waited out with growing pauses.

        Raises the TransientError beyond the limit, Stopped when told to stop, and at once
        whatever else the call raises.
        """
        began = self._clock.now()
        tries = 0
        while True:
            self.show_life()
            try:
                result = await call()
            except TransientError as exc:
                if self._limit is not None and self._clock.now() - began >= self._limit:
                    raise
                if self.stopped:
                    raise Stopped from exc
                await self._wait_out(exc, tries)
                tries += 1
            else:
                if tries:
                    await self._tell(lambda: self._alarms.close(WAITING))
                return result

    async def unless_stopped(self, work: Coroutine[Any, Any, R]) -> R:
        """Return what comes of some work; told to stop, it is cancelled: raises Stopped."""
        self.show_life()
        return await (work if self.stop is None else unless_stopped(work, self.stop))

    async def sleep(self, wait: timedelta) -> None:
        """Wait by the clock, in naps: told to stop, it ends within half a second."""
        while wait > timedelta(0) and not self.stopped:
            self.show_life()
            await asyncio.to_thread(self._clock.sleep, min(wait, _NAP))
            wait -= _NAP

    async def _wait_out(self, exc: TransientError, tries: int) -> None:
        pause = pause_after(exc, tries + 1)
        log.get(stage="ingest").warning(
            "waiting", why=str(exc), seconds=pause.total_seconds(), tries=tries + 1
        )
        if tries == 0:
            text = f"ingest: {exc}"
            await self._tell(lambda: self._alarms.open(WAITING, text))
        await self.sleep(pause)

    async def _tell(self, call: Callable[[], None]) -> None:
        """Raise or end an alarm; if the alarms' own store is what is away, the log has it."""
        try:
            await asyncio.to_thread(call)
        except TransientError as exc:
            log.get(stage="ingest").warning("alarm not kept", why=str(exc))


async def unless_stopped(work: Coroutine[Any, Any, R], stop: asyncio.Event) -> R:
    """Return what comes of some work; told to stop, it is cancelled: raises Stopped."""
    working = asyncio.create_task(work)
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise Stopped
        return working.result()
    finally:
        working.cancel()
        stopping.cancel()
        await asyncio.gather(working, stopping, return_exceptions=True)
