"""The one hand of a poller that writes: what many turns ask of log and store is done at once.

Each request waits while the one before it is done, and all that wait by then are done together: in
one publishing, then in one transaction. A hundred polls that find nothing new cost one commit.
What fails is everybody's who took part, and everybody tries again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from despatch.errors import FencedError, PermanentError
from despatch.model import SourceId
from despatch.ports import (
    Asked,
    Bus,
    Clock,
    KnownEntry,
    Leased,
    Outgoing,
    Progress,
    Store,
    Transaction,
)

MOST_AT_ONCE = 200
"""So many requests are done together: bounds a transaction, and how long the others wait."""

MOMENT_S = 0.01
"""So long the first request waits for others, while some of the turns have not asked yet."""

T = TypeVar("T")
R = TypeVar("R")


@dataclass(eq=False, slots=True)
class _Request(Generic[T, R]):
    """Something asked for, and the future that whoever asked waits for."""

    what: T
    answer: "asyncio.Future[R]"
    result: R | BaseException | None = None
    """What is answered; set by the writing thread."""


@dataclass(slots=True)
class _Batch:
    """What is done together."""

    publish: list[_Request[Sequence[Outgoing], None]] = field(default_factory=list)
    lease: list[_Request[Collection[SourceId], Mapping[SourceId, Leased]]] = field(
        default_factory=list
    )
    known: list[_Request[Asked, Sequence[KnownEntry]]] = field(default_factory=list)
    keep: list[_Request[Progress, None]] = field(default_factory=list)

    def of_store(self) -> "list[_Request[Any, Any]]":
        return [*self.lease, *self.known, *self.keep]

    def all(self) -> "list[_Request[Any, Any]]":
        return [*self.publish, *self.of_store()]


class Ledger:
    """Publishes and keeps for many turns at once; use it as an async context manager.

    One event loop's own. Errors are those of the log and the store, to everybody who took part in
    what failed: TransientError (nothing is lost by asking again), OperatorError. A PermanentError
    (`TooLarge`) and a FencedError are told to those alone whose they are.
    """

    def __init__(
        self, bus: Bus, store: Store, clock: Clock, *, owner: str, lease: timedelta
    ) -> None:
        self._bus = bus
        self._store = store
        self._clock = clock
        self._owner = owner
        self._lease = lease
        self._loop = asyncio.get_running_loop()  # to ask for it each time is a system call
        self._waiting = _Batch()
        self._count = 0
        self._turns = 0
        self._all_wait = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, "ledger")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        _exc: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if self._writer is not None:
            with suppress(asyncio.CancelledError):
                await self._writer
        self._thread.shutdown(wait=False)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Take part, for the length of the block: who takes part may be waited for, a moment."""
        self._turns += 1
        try:
            yield
        finally:
            self._turns -= 1
            self._look()

    def lease(self, wanted: Collection[SourceId]) -> Awaitable[Mapping[SourceId, Leased]]:
        """Lend those of these sources to this poller that are to be had."""
        return self._ask(self._waiting.lease, wanted)

    def known(self, asked: Asked) -> Awaitable[Sequence[KnownEntry]]:
        """Return what is known of a source's entries; perhaps more than was asked for."""
        return self._ask(self._waiting.known, asked)

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """Publish, in order; return once all of it is acknowledged."""
        if messages:
            await self._ask(self._waiting.publish, messages)

    def keep(self, progress: Progress) -> Awaitable[None]:
        """Keep what a turn has come to. Raises FencedError if its lease is no longer ours."""
        return self._ask(self._waiting.keep, progress)

    def _ask(self, line: "list[_Request[T, R]]", what: T) -> "asyncio.Future[R]":
        request: _Request[T, R] = _Request(what, self._loop.create_future())
        line.append(request)
        self._count += 1
        self._look()
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        return request.answer

    async def _write(self) -> None:
        """Do what waits, as long as something does."""
        while self._count:
            await self._gather()
            batch = self._take()
            if batch.publish:
                await self._publish(batch.publish)
            if requests := batch.of_store():
                _give(requests, await self._failure(self._keep, batch))
            for request in batch.all():
                _pass_on(request)

    async def _gather(self) -> None:
        """Wait a moment for who may ask yet; nobody is waited for once all of them have."""
        self._all_wait.clear()
        self._look()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._all_wait.wait(), MOMENT_S)

    def _look(self) -> None:
        if self._count >= min(self._turns, MOST_AT_ONCE):
            self._all_wait.set()

    async def _publish(self, requests: Sequence[_Request[Sequence[Outgoing], None]]) -> None:
        """Publish all together; if one can never be, one after the other: whose is it?"""
        messages = [message for each in requests for message in each.what]
        failure = await self._failure(self._bus.publish, messages)
        if isinstance(failure, PermanentError) and len(requests) > 1:
            for each in requests:
                await self._publish([each])
        else:
            _give(requests, failure)

    async def _failure(self, call: Callable[[T], None], what: T) -> BaseException | None:
        """Call in the writing thread; return what it raised, for whoever asked for it."""
        done = self._loop.run_in_executor(self._thread, call, what)
        await asyncio.wait({done})
        return done.exception()

    def _take(self) -> _Batch:
        """Take what waits, the same kinds in the same order, and no source's progress twice."""
        taken, left, room = _Batch(), self._waiting, MOST_AT_ONCE
        for mine, theirs in (
            (taken.publish, left.publish),
            (taken.keep, left.keep),
            (taken.known, left.known),
            (taken.lease, left.lease),
        ):
            mine.extend(theirs[:room])  # type: ignore[arg-type]
            del theirs[:room]
            room = max(0, room - len(mine))
        self._count = len(left.all())
        return taken

    def _keep(self, batch: _Batch) -> None:
        with self._store.transaction() as tx:
            self._work(tx, batch)

    def _work(self, tx: Transaction, batch: _Batch) -> None:
        lost: Collection[SourceId] = ()
        if batch.keep:
            lost = tx.keep([each.what for each in batch.keep])
        for kept in batch.keep:
            source = kept.what.source
            if source in lost:
                kept.result = FencedError(
                    f"source {source} is no longer lent to this poller (lease {kept.what.epoch})"
                )
        if batch.known:
            known: Mapping[SourceId, Any] = tx.known_of([each.what for each in batch.known])
            for asked in batch.known:
                asked.result = known[asked.what.source]
        if batch.lease:
            wanted = [source for each in batch.lease for source in each.what]
            found = tx.lease_sources(wanted, self._owner, self._clock.now(), self._lease)
            lent = {each.source.id: each for each in found}
            for lease in batch.lease:
                lease.result = {s: lent[s] for s in lease.what if s in lent}


def _give(requests: "Sequence[_Request[Any, Any]]", failure: BaseException | None) -> None:
    if failure is not None:
        for request in requests:
            request.result = failure


def _pass_on(request: "_Request[Any, Any]") -> None:
    """Answer, unless whoever asked has gone."""
    if request.answer.done():
        return
    if isinstance(request.result, BaseException):
        request.answer.set_exception(request.result)
    else:
        request.answer.set_result(request.result)
