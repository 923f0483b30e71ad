"""Delivers what waits in the store: claim, commit, send, record.

A delivery is lent for at least twice as long as a send can take, so that nobody else sends it
meanwhile. A worker that dies leaves it to the end of its lease; then it is sent again, with the
same key. Sends run in one event loop, many at once; the store is used by one other thread, which
records hundreds of outcomes and claims as many in one transaction while sends go on.
"""

import asyncio
import random
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol, TypeAlias, TypeVar
from uuid import uuid4

from alerts.attempts import MAX_TRIES, Result, postponed, tried
from alerts.channels import host_of
from alerts.host import Limits
from alerts.hosts import Hosts, Later
from alerts.lanes import Lanes
from alerts.outbox import Outbox
from alerts.pace import Pace
from alerts.sending import Channels
from despatch import log
from despatch.errors import TransientError
from despatch.model import Lane
from despatch.ports import Alarms, Claim, Clock, Finished, LoggedAlarms, Sent, Store
from despatch.watchdog import Watchdog

T = TypeVar("T")
OnWait: TypeAlias = Callable[[str, datetime], None]

_WAITS = "deliveries wait"
"""The alarm's key while the store is away."""

_BATCH = 250
"""So many outcomes are recorded at once, if they come quickly; else what there is now and then."""
_HAND: dict[Lane, int] = {"urgent": 1_000, "bulk": 500}
"""The most claims in hand; no more than are sent in about a second, for what waits is lent."""
_IDLE = timedelta(milliseconds=250)
_TICK = timedelta(milliseconds=50)
_STORE_AWAY = timedelta(seconds=2)
_ASLEEP = timedelta(seconds=1)
"""A worker that did nothing for so long was stopped, or its machine slept or was very busy."""
_DROP_EVERY = timedelta(milliseconds=500)


class DeliveryWorker:
    """Sends within `limits`: how much at once, in all, to one host and over one channel.

    Several workers may run, in one process or in many. Its methods are for one thread.
    """

    def __init__(
        self,
        store: Store,
        senders: Channels,
        clock: Clock,
        *,
        owner: str,
        alarms: Alarms | None = None,
        max_tries: int = MAX_TRIES,
        limits: Limits = Limits(),  # noqa: B008 - it is frozen
        chance: Callable[[], float] = random.random,
        stuck_after: timedelta = timedelta(minutes=5),
    ) -> None:
        self.owner = f"{owner}#{uuid4().hex[:6]}"
        """Two workers of one process are two owners."""
        self.waiting_for = ""
        """What it waits for, in words; empty while all is well."""
        self._senders = senders
        self._clock = clock
        self._alarms = alarms or LoggedAlarms()
        self._max_tries = max_tries
        self._chance = chance
        self._outbox = Outbox(store, self._alarms, self.owner)
        self._hosts = Hosts(
            limits, lambda claim: host_of(claim.url), lambda claim: senders.pause(claim.url)
        )
        self._lanes = Lanes(senders, clock, self._starting, self._ended)
        self._finished: list[Finished] = []
        self._pace = Pace(_BATCH)
        self._more = False
        """Whether there was more to claim than was claimed last."""
        self._looked_at: datetime | None = None
        self._turned_at: datetime | None = None
        self._watchdog = Watchdog("deliveries", stuck_after)
        self._stuck_after = stuck_after
        self._failed = ""
        """What failed last, and over which channel."""
        self._alarmed = True
        """Whether the alarm that it waits is open; an earlier life may have left it so."""
        self._log = log.get(stage="deliveries")

    def run(self, stop: threading.Event) -> None:
        """Deliver until told to stop; then wait for the sends in hand and give the rest back."""
        with self._watchdog:
            asyncio.run(self._run(stop))

    def run_once(self) -> int:
        """Deliver what is due now, once each; return how many were tried.

        Raises TransientError when the store is away; what was sent by then is sent again, with
        the same key, when its lease has run out.
        """
        return asyncio.run(self._once())

    def drain(self, until: datetime, on_wait: OnWait = lambda _failed, _at: None) -> int:
        """Deliver until nothing waits, or nothing is due before `until`; return how many tries.

        `on_wait` is told, while there is nothing to do, what failed last (`n-1f2e: refused: …`)
        and when the next try is. Raises as `run_once` does.
        """
        return asyncio.run(self._drain(until, on_wait))

    async def _run(self, stop: threading.Event) -> None:
        async with self._opened() as (store, due):
            while not stop.is_set():
                self._show_life()
                pause = await self._turn_or_wait(store)
                await _wait(due, pause)
            await self._land(store)

    async def _once(self) -> int:
        async with self._opened() as (store, due):
            done = await self._turn(store)
            while self._busy:
                await _wait(due, _TICK)
                done += await self._turn(store, claim=False)
            return done

    async def _drain(self, until: datetime, on_wait: OnWait) -> int:
        done = 0
        async with self._opened() as (store, due):
            while True:
                done += await self._turn(store)
                if self._busy or self._more:
                    await _wait(due, _TICK)
                    continue
                at, now = await store(self._outbox.next_at), self._clock.now()
                if at is None or at > until or now > until:
                    return done
                on_wait(self._failed, at)
                pause = min(max(at - now, timedelta(milliseconds=20)), timedelta(seconds=1))
                await store(partial(self._clock.sleep, pause))

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[tuple["_InStore", asyncio.Event]]:
        """Yield what calls the store in its thread, and an event: there is enough to record."""
        self._due = asyncio.Event()
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1, "outbox") as thread:

            async def in_store(call: Callable[[], T]) -> T:
                return await loop.run_in_executor(thread, call)

            try:
                yield in_store, self._due
            finally:
                await self._senders.close()

    async def _turn_or_wait(self, store: "_InStore") -> timedelta:
        """Do one turn; return for how long nothing needs to be done."""
        try:
            await self._turn(store)
        except TransientError as exc:
            if not self.waiting_for:
                text = f"{_WAITS}: {exc}"
                await store(partial(self._alarms.open, _WAITS, text))
            self._alarmed = True
            self.waiting_for = str(exc)
            self._log.warning("waiting", why=str(exc))
            return exc.retry_after or _STORE_AWAY
        self.waiting_for = ""
        if self._alarmed:
            self._alarmed = False
            await store(partial(self._alarms.close, _WAITS))
        return _TICK if self._busy else _IDLE

    @property
    def _busy(self) -> bool:
        return bool(self._lanes.began or self._finished or self._hosts.held.total())

    def _show_life(self) -> None:
        """Tell the watchdog that all is well, unless a send hangs far beyond its time limit."""
        now = self._clock.now()
        if all(now - began < self._stuck_after for began in self._lanes.began.values()):
            self._watchdog.touch()

    async def _turn(self, store: "_InStore", *, claim: bool = True) -> int:
        """Record what ended, claim more, start what may be; return how many tries were recorded."""
        now = self._clock.now()
        if self._turned_at is not None and now - self._turned_at > _ASLEEP:
            self._hosts.woke(now)
        self._turned_at = now
        self._give_back_overdue(now)
        finished, self._finished = self._finished, []
        room = self._room() if claim else {}
        claims: Sequence[Claim] = ()
        if finished or any(room.values()):
            lease = 2 * self._senders.time_limit
            exchange = partial(self._outbox.exchange, finished, room, lease, now)
            try:
                claims = await store(exchange)
            except BaseException:
                self._finished = [*finished, *self._finished]  # they stay in hand
                raise
        self._more = len(claims) >= max(room.values(), default=0) > 0
        self._take(claims)
        self._lanes.start()
        tries = sum(one.attempt is not None for one in finished)
        self._pace.note(tries, asyncio.get_running_loop().time())
        return tries

    def _room(self) -> dict[Lane, int]:
        """Return how many to claim of each lane; nothing while the hand is well filled."""
        held, flying = self._hosts.held, self._hosts.flying
        most = {lane: min(hand, self._pace.a_second) for lane, hand in _HAND.items()}
        return {lane: max(0, hand - held[lane] - flying[lane]) for lane, hand in most.items()}

    def _take(self, claims: Sequence[Claim]) -> None:
        now = self._clock.now()
        for claim in claims:
            if claim.fault:
                self._record(claim, Sent("permanent", f"bad channel: {claim.fault}"), now, now)
            elif later := self._hosts.take(claim, now):
                self._give_back(later, now)

    def _starting(self) -> Iterator[Claim]:
        """Yield every claim that may start now, noted as started."""
        now = self._clock.now()
        for claim in self._hosts.start(now):
            if claim.lease_until - now < self._senders.time_limit:
                self._hosts.ended(claim, _UNTRIED, now)
                self._give_back(Later(claim, now, "it was not its turn within its lease"), now)
                continue
            yield claim

    def _ended(self, claim: Claim, sent: Sent, began: datetime, now: datetime) -> None:
        if self._hosts.ended(claim, sent, now):
            self._log.warning("host rests", channel=claim.channel, why=sent.failure)
        if sent.outcome != "delivered":
            self._failed = f"{sent.by or claim.channel}: {sent.reason}"
            self._looked_at = None  # what is in hand for the same place may have no turn soon
        self._record(claim, sent, began, now)
        if len(self._finished) >= _BATCH:
            self._due.set()

    def _record(self, claim: Claim, sent: Sent, began: datetime, now: datetime) -> None:
        result = Result(claim, sent, began, now - began)
        self._finished.append(tried(result, now, self._max_tries, self._chance()))

    def _give_back_overdue(self, now: datetime) -> None:
        if self._looked_at is None or now - self._looked_at >= _DROP_EVERY:
            self._looked_at = now
            for later in self._hosts.overdue(now):
                self._give_back(later, now)

    def _give_back(self, later: Later, now: datetime) -> None:
        held_up = later.held_up
        self._finished.append(postponed(later.claim, later.at, later.reason, now, held_up=held_up))

    async def _land(self, store: "_InStore") -> None:
        """Wait for the sends in hand, record them, and give back what was not started."""
        now = self._clock.now()
        for claim in self._hosts.all_held():
            self._give_back(Later(claim, now, "its worker stopped"), now)
        await self._lanes.land()
        finished, self._finished = self._finished, []
        try:
            await store(partial(self._outbox.exchange, finished, {}, timedelta(0), now))
        except TransientError as exc:
            self._log.warning("left to their leases", count=len(finished), why=str(exc))


class _InStore(Protocol):
    """Calls something in the one thread that uses the store."""

    def __call__(self, call: Callable[[], T]) -> Coroutine[Any, Any, T]: ...


_UNTRIED = Sent("temporary", "not tried")


async def _wait(event: asyncio.Event, pause: timedelta) -> None:
    """Return when the event is set, or after the pause."""
    try:
        await asyncio.wait_for(event.wait(), pause.total_seconds())
    except TimeoutError:
        return
    event.clear()
