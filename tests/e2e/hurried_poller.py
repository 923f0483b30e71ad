"""A poller whose days are minutes: `python hurried_poller.py BEGAN SPEED LEASE_S`.

A program of its own, to be killed. The real poller over the installation that the environment
names; only its clock runs faster, from BEGAN (a POSIX time) on, and its leases are LEASE_S real
seconds long.
"""

import asyncio
import signal
import sys
import time
from datetime import UTC, datetime, timedelta

from despatch import log
from despatch.app.wiring import App
from despatch.settings import read
from ingest.poller import Poller

EVERY = timedelta(minutes=5)


class HurriedClock:
    """Tells all who begin together the same time."""

    def __init__(self, began: float, speed: float) -> None:
        self._began = began
        self._speed = speed

    def now(self) -> datetime:
        passed = timedelta(seconds=(time.time() - self._began) * self._speed)
        return datetime.fromtimestamp(self._began, UTC) + passed

    def sleep(self, wait: timedelta) -> None:
        time.sleep(wait.total_seconds() / self._speed)


async def poll(app: App, clock: HurriedClock, lease: timedelta) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with app.fetcher() as fetcher:
        poller = Poller(
            app.bus,
            app.store,
            fetcher,
            clock,
            owner=app.instance,
            every=EVERY,
            lease=lease,
            alarms=app.alarms,
        )
        await poller.run(stop)


if __name__ == "__main__":
    began_, speed_, lease_s = map(float, sys.argv[1:])
    log.configure(level="info", json=False)
    with App(read()) as app_:
        lease_ = timedelta(seconds=lease_s * speed_)
        asyncio.run(poll(app_, HurriedClock(began_, speed_), lease_))
