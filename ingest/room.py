"""Room for large bodies: so many bytes of them are in hand at a time, all polls together.

A feed of 13 MiB takes ten times as much while it is parsed, judged and kept. Its turn has its
share of the room from the answer until its source is given back. Nobody waits for room while they
hold any, nor in a host's lane: where there is none the request is given up, and made again once
there is (ADR 37).
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from despatch.errors import NoRoom
from despatch.ports import Fetcher, Grow, Response, Validators
from despatch.vocabulary import LARGE_BYTES

ROOM_BYTES = 15 * 1024 * 1024
"""As much as one body may have: the largest has it alone."""

WAITING_S = 10.0
"""Who waits for room shows life so often."""

_NONE = Validators()


class Room:
    """Bytes of large bodies that may be in hand at a time. One event loop's own."""

    def __init__(self, most: int = ROOM_BYTES) -> None:
        self.most = most
        self.taken = 0
        self._waiting: deque[tuple[Share, asyncio.Future[None]]] = deque()

    def share(self) -> "Share":
        """Return a turn's share, empty yet."""
        return Share(self)

    def take(self, more: int) -> bool:
        """Take so much, if it is free and nobody waits."""
        if self._waiting or self.taken + more > self.most:
            return False
        self.taken += more
        return True

    def wait(self, share: "Share") -> "asyncio.Future[None]":
        """Return what is done once all of the room is this share's, first come, first served."""
        had: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((share, had))
        self._pass_on()
        return had

    def give(self, back: int) -> None:
        """Take back, and pass on to who waits."""
        self.taken -= back
        self._pass_on()

    def _pass_on(self) -> None:
        while self._waiting and not self.taken:
            share, had = self._waiting.popleft()
            if not had.done():
                share.held = self.taken = self.most
                had.set_result(None)


class Share:
    """What one turn has of the room."""

    __slots__ = ("_room", "held")

    def __init__(self, room: Room) -> None:
        self._room = room
        self.held = 0

    def grow(self, to: int) -> bool:
        """Have room for a body of so many bytes; False: there is none, and nothing has changed.

        Who has all of the room has enough.
        """
        more = to - self.held
        if more <= 0 or self.held >= self._room.most:
            return True
        if not self._room.take(more):
            return False
        self.held = to
        return True

    async def have_all(self) -> None:
        """Wait until all of the room is ours; what we had is given back first."""
        self.give_back()
        had = self._room.wait(self)
        try:
            await had
        except asyncio.CancelledError:
            had.cancel()
            self.give_back()
            raise

    def settle(self, size: int) -> None:
        """Keep what a body needs that was read whole; a small one needs none."""
        if not self.held:  # as after most polls
            return
        needs = min(size, self.held) if size > LARGE_BYTES else 0
        if needs < self.held:
            back, self.held = self.held - needs, needs
            self._room.give(back)

    def give_back(self) -> None:
        """Have nothing any more."""
        self.settle(0)


class InRoom:
    """A turn's fetcher: a large body comes only if there is room for it, else once there is.

    `meanwhile` is called every `every_s` seconds of waiting: a lease must not run out. `refused`:
    the first request was made already, and found no room.
    """

    __slots__ = ("_every_s", "_fetcher", "_meanwhile", "_refused", "_share")

    def __init__(
        self,
        fetcher: Fetcher,
        share: Share,
        meanwhile: Callable[[], Awaitable[None]],
        every_s: float,
        *,
        refused: NoRoom | None = None,
    ) -> None:
        self._fetcher = fetcher
        self._share = share
        self._meanwhile = meanwhile
        self._every_s = every_s
        self._refused = refused

    async def get(
        self,
        address: str,
        validators: Validators = _NONE,
        *,
        accept: str = "*/*",
        grow: Grow | None = None,
    ) -> Response:
        """Return the answer; who asks for another document has dealt with the one before."""
        share = self._share
        share.give_back()
        grow = grow or share.grow
        try:
            try:
                answer = await self._first(address, validators, accept, grow)
            except NoRoom:
                await self._wait()
                answer = await self._fetcher.get(address, validators, accept=accept, grow=grow)
        except BaseException:
            share.give_back()
            raise
        share.settle(len(answer.body))
        return answer

    async def _first(
        self, address: str, validators: Validators, accept: str, grow: Grow
    ) -> Response:
        refused, self._refused = self._refused, None
        if refused is not None:
            raise refused
        return await self._fetcher.get(address, validators, accept=accept, grow=grow)

    async def _wait(self) -> None:
        waiting = asyncio.create_task(self._share.have_all())
        try:
            while not waiting.done():
                await asyncio.wait({waiting}, timeout=self._every_s)
                await self._meanwhile()
        finally:
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
