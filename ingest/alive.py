"""A poller that hangs says so and ends: all that it runs must show life now and then."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Protocol

from despatch.watchdog import Watchdog

IDLE_S = 1.0
"""Between two looks around."""


class Working(Protocol):
    """What shows life."""

    @property
    def seen_s(self) -> float:
        """When it did so last, on the machine's monotonic clock."""
        ...


@asynccontextmanager
async def watched(
    working: Sequence[Working], turns: Mapping[Any, Working], stuck_after: timedelta
) -> AsyncIterator[None]:
    """End the process if this loop, or what runs beside it, shows no life for too long."""
    with Watchdog("ingest", stuck_after) as watchdog:
        watching = asyncio.create_task(_watch(watchdog, working, turns, stuck_after))
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)


async def _watch(
    watchdog: Watchdog,
    working: Sequence[Working],
    turns: Mapping[Any, Working],
    stuck_after: timedelta,
) -> None:
    """Touch the watchdog for as long as all that runs, and every turn in hand, show life."""
    while True:
        oldest_s = min(one.seen_s for one in (*working, *turns.values()))
        if time.monotonic() - oldest_s < stuck_after.total_seconds():
            watchdog.touch()
        await asyncio.sleep(min(IDLE_S, stuck_after.total_seconds() / 4))
