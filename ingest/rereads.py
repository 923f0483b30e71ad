"""Reads documents again when they are due, beside the polls.

A document is lent to one poller, and a host to one at a time. What a reading comes to is judged
first; only if there is something to say, the source is lent as well, as for a poll: so no poll and
no reading ever judge by what the other is about to change.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from types import TracebackType
from typing import Self

from despatch import log
from despatch.errors import (
    FencedError,
    OperatorError,
    PermanentError,
    Throttled,
    TransientError,
)
from despatch.ports import Body, DocumentRecord, Due, KnownEntry, Leased, Outgoing, Progress
from despatch.topics import RELEASES, encode
from ingest.fulltext import Read, Same
from ingest.manner import World
from ingest.patience import Patience, Stopped
from ingest.reading import DocumentReader
from ingest.rereading import NO_TIME, Reread, ask_of, failed, judge
from ingest.standing import hold_host

AT_A_TIME = 20
A_HOST = 6
"""Of one host at a time; at its pace, and at 30 s for each, they are read within the lease."""

AT_ONCE = 4
"""So many are fetched at once: each may be as large as the fetcher lets it."""

MOST_TIMES = 10
"""So often `all_due` takes some."""

ALARM_AFTER = 3
"""So many documents of a host, each failed so often in a row, and none read: an alarm."""

LEASE = timedelta(minutes=5)
IDLE = timedelta(seconds=5)


class Rereader:
    """Reads again what is due; as an async context manager, until its patience is told to stop.

    One event loop's own.
    """

    def __init__(self, world: World, reader: DocumentReader, patience: Patience) -> None:
        self._world = world
        self._reader = reader
        self._patience = patience
        self._owner = f"{world.owner} documents"
        """Not the poller's own name: a source that it polls just now is not ours."""
        self._room = asyncio.Semaphore(AT_ONCE)
        self._one_at_a_time = asyncio.Lock()
        self._well: set[str] = set()
        """Hosts of which no alarm can be open."""
        self._running: asyncio.Task[None] | None = None
        self._log = log.get(stage="ingest", owner=world.owner)

    async def __aenter__(self) -> Self:
        self._running = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        _exc: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if self._running is not None:
            if not self._patience.stopped:
                self._running.cancel()
            await asyncio.wait({self._running})

    @property
    def seen_s(self) -> float:
        """When it showed life last, on the machine's monotonic clock."""
        return self._patience.seen_s

    def check(self) -> None:
        """Raise what ended it, if anything did."""
        if self._running is not None and self._running.done():
            self._running.result()

    async def _run(self) -> None:
        with suppress(Stopped):
            while not self._patience.stopped:
                if not await self.once():
                    await self._patience.unless_stopped(asyncio.sleep(IDLE.total_seconds()))

    async def all_due(self) -> None:
        """Read what is due, but no more than a few hundred documents."""
        for _ in range(MOST_TIMES):
            if self._patience.stopped or not await self.once():
                return

    async def once(self) -> int:
        """Read some of what is due; return how many documents that were.

        Told to stop, it gives back those that are not read, and raises Stopped.
        """
        due = await self._patience.insist(self._lease)
        works = [self._document(document) for document in due]
        ended = await asyncio.gather(*works, return_exceptions=True)
        for document, fault in zip(due, ended, strict=True):
            if isinstance(fault, Stopped):
                await self._give_back(document)
        for document, fault in zip(due, ended, strict=True):
            if isinstance(fault, FencedError):
                self._log.warning("reading dropped", document=document.link, why=str(fault))
            elif isinstance(fault, TransientError | OperatorError | Stopped):
                raise fault
            elif isinstance(fault, Exception):
                await self._fell_over(document, fault)
            elif isinstance(fault, BaseException):
                raise fault
        await self._tell([one for one in ended if isinstance(one, DocumentRecord)])
        return len(due)

    async def _fell_over(self, document: DocumentRecord, fault: Exception) -> None:
        """A fault of ours, or of this document alone, costs it a wait, and not the poller."""
        self._log.error("reading failed", document=document.link, error=repr(fault)[:500])
        why = PermanentError(f"fault in Despatch: {fault!r}")
        with suppress(FencedError):
            await self._keep(failed(document, why, self._world.clock.now()))

    async def _tell(self, read: Sequence[DocumentRecord]) -> None:
        """Tell a person of a host that gives no document any more, and when it does again."""
        hosts: dict[str, list[DocumentRecord]] = {}
        for document in read:
            hosts.setdefault(document.host, []).append(document)
        for host, documents in hosts.items():
            key = f"documents of {host}"
            failing = [one for one in documents if one.tries >= ALARM_AFTER]
            if len(failing) == len(documents) >= ALARM_AFTER:
                text = (
                    f"{host} gives no document: releases go out as their feeds give them. "
                    f"Last: {failing[-1].outcome}"
                )
                await self._patience.insist(partial(self._world.alarms.open, key, text))
                self._well.discard(host)
            elif host not in self._well and any(not one.tries for one in documents):
                await self._patience.insist(partial(self._world.alarms.close, key))
                self._well.add(host)

    def _lease(self) -> Sequence[DocumentRecord]:
        world = self._world
        with world.store.transaction() as tx:
            return tx.lease_documents(
                self._owner, world.clock.now(), LEASE, AT_A_TIME, a_host=A_HOST
            )

    async def _document(self, document: DocumentRecord) -> DocumentRecord:
        """Read one document; return what is kept of it now."""
        async with self._room:
            return await self._read(document)

    async def _read(self, document: DocumentRecord) -> DocumentRecord:
        now = self._world.clock.now()
        try:
            read = await self._patience.unless_stopped(self._reader.read(ask_of(document)))
        except (TransientError, PermanentError) as exc:
            if isinstance(exc, Throttled):
                await hold_host(exc, self._world.store, self._world.clock, self._patience)
            after = failed(document, exc, now)
            await self._keep(after)
        else:
            reread = await self._judged(read, document)
            after = reread.document
            if reread.publish is None and reread.known is None:
                await self._keep(after)
            else:
                async with self._one_at_a_time:
                    after = await self._settled(read, document)
        self._log.info("document read again", document=document.link, outcome=after.outcome)
        return after

    async def _judged(self, read: Read | Same, document: DocumentRecord) -> Reread:
        before = await self._patience.insist(partial(self._known, document))
        return judge(read, document, before, self._world.clock.now())

    def _known(self, document: DocumentRecord) -> KnownEntry:
        with self._world.store.transaction() as tx:
            (known,) = tx.known_entries(document.source, [document.key])
        return known

    async def _settled(self, read: Read | Same, document: DocumentRecord) -> DocumentRecord:
        """Publish what there is to say and keep it, with the source in our hands."""
        lent = await self._patience.insist(partial(self._lend, document))
        if lent is None:
            due_at = self._world.clock.now() + NO_TIME
            later = replace(document, due_at=due_at, outcome="its source is read just now")
            await self._keep(later)
            return later
        leased, due = lent
        reread = await self._judged(read, document)
        if reread.publish is not None:
            contact = replace(reread.publish.contact, source_title=leased.source.called)
            revision = replace(reread.publish, contact=contact).revision
            message = Outgoing(RELEASES, revision.release.id, encode(revision))
            await self._patience.insist(partial(self._world.bus.publish, [message]))
        await self._patience.insist(partial(self._save, read, reread, leased, due))
        return reread.document

    def _lend(self, document: DocumentRecord) -> tuple[Leased, Due] | None:
        world = self._world
        with world.store.transaction() as tx:
            due = tx.due(document.source)
            now = world.clock.now()
            leased = tx.lease_source(document.source, self._owner, now, world.lease, asking=False)
        return None if leased is None or due is None else (leased, due)

    def _save(self, read: Read | Same, reread: Reread, leased: Leased, due: Due) -> None:
        bodies = []
        if isinstance(read, Read) and reread.publish is not None:
            bodies = [Body(read.fetched.body_sha256, read.body, read.fetched.at)]
        progress = Progress(
            leased.source.id,
            leased.epoch,
            leased.health,
            entries=[reread.known] if reread.known is not None else [],
            bodies=bodies,
            due=due,
        )
        with self._world.store.transaction() as tx:
            tx.save_document(reread.document, self._owner)
            if tx.keep([progress]):
                raise FencedError(f"source {leased.source.id} was taken by another poller")

    async def _give_back(self, document: DocumentRecord) -> None:
        """Give a document back as it was lent, for another to read at once."""
        with suppress(FencedError, TransientError, Stopped):  # its lease ends by itself
            await self._keep(document)

    async def _keep(self, document: DocumentRecord) -> None:
        def save() -> None:
            with self._world.store.transaction() as tx:
                tx.save_document(document, self._owner)

        await self._patience.insist(save)
