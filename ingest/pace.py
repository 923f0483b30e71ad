"""How hard one host is asked: so many requests at a time, and a pause between their starts."""

import asyncio
from collections import deque
from collections.abc import Mapping
from datetime import timedelta

PER_HOST = 2
PAUSE = timedelta(seconds=1)

ALLOWED: Mapping[str, timedelta] = {"www.gov.uk": timedelta(milliseconds=100)}
"""Hosts whose own documents allow more: GOV.UK's Content API takes ten requests a second."""

_MANY = 1_000


class Pace:
    """Lets requests to a host start in turn. One event loop's own.

    `pause` lies between two starts at one host, save at those of ALLOWED, where it is shorter.
    """

    def __init__(self, per_host: int = PER_HOST, pause: timedelta = PAUSE) -> None:
        self._per_host = per_host
        self._pause_s = pause.total_seconds()
        self._lanes: dict[str, _Lane] = {}

    def turn(self, host: str) -> "_Turn":
        """Return a turn at this host: waited for at the block's begin, had for its length."""
        lane = self._lanes.get(host)
        if lane is None:
            lane = self._lanes[host] = _Lane(self._per_host, self._pause_of(host))
        return _Turn(self, lane)

    def ended(self) -> None:
        """Forget hosts that nobody asks any more, if there are many."""
        if len(self._lanes) > _MANY:
            self._forget_idle()

    def _pause_of(self, host: str) -> float:
        allowed = ALLOWED.get(host)
        return self._pause_s if allowed is None else min(self._pause_s, allowed.total_seconds())

    def _forget_idle(self) -> None:
        now = asyncio.get_running_loop().time()
        self._lanes = {h: lane for h, lane in self._lanes.items() if lane.is_busy(now)}


class _Turn:
    """A context manager by hand: every request has one."""

    __slots__ = ("_lane", "_pace")

    def __init__(self, pace: Pace, lane: "_Lane") -> None:
        self._pace = pace
        self._lane = lane
        lane.users += 1

    async def __aenter__(self) -> None:
        lane = self._lane
        try:
            if not lane.enter():
                await lane.wait()
        except BaseException:
            self._end()
            raise
        if lane.paces:
            await self._pause()

    async def __aexit__(self, *_exc: object) -> None:
        self._lane.leave()
        self._end()

    async def _pause(self) -> None:
        try:
            wait_s = self._lane.reserve(asyncio.get_running_loop().time())
            if wait_s > 0:
                await asyncio.sleep(wait_s)
        except BaseException:
            await self.__aexit__()
            raise

    def _end(self) -> None:
        self._lane.users -= 1
        self._pace.ended()


class _Lane:
    """One host's requests: so many at a time, first come, first served.

    As `asyncio.Semaphore`, with fewer calls: who leaves hands the place on to who has waited
    longest, so that nobody can come between.
    """

    def __init__(self, at_once: int, pause_s: float) -> None:
        self.users = 0
        self._free = at_once
        self._waiting: deque[asyncio.Future[None]] = deque()
        self.paces = pause_s > 0
        """Whether there is a pause between two starts."""
        self._pause_s = pause_s
        self._next = 0.0

    def enter(self) -> bool:
        """Take a place; False: there is none."""
        if self._free:
            self._free -= 1
            return True
        return False

    async def wait(self) -> None:
        """Wait until a place is ours."""
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if not place.cancelled():  # it was ours already
                self.leave()
            raise

    def leave(self) -> None:
        """Hand our place on, if anybody waits for one."""
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                return
        self._free += 1

    def reserve(self, now: float) -> float:
        """Take the next start that is free; return how many seconds off it is."""
        start = max(now, self._next)
        self._next = start + self._pause_s
        return start - now

    def is_busy(self, now: float) -> bool:
        return self.users > 0 or self._next > now
