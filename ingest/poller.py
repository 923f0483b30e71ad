"""Polls the sources that are due, several at once, until told to stop."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from functools import partial

from despatch import log
from despatch.errors import DespatchError, OperatorError
from despatch.model import SourceId
from despatch.ports import Alarms, Bus, Clock, Due, Fetcher, Leased, LoggedAlarms, Store
from ingest.alive import IDLE_S, watched
from ingest.feedchild import ChildParser
from ingest.ledger import Ledger
from ingest.look import Look
from ingest.manner import Manner, Means, OnPage, World
from ingest.once import Once, OnDone
from ingest.pagechild import ChildReader
from ingest.patience import WAITING, Patience, Stopped
from ingest.reading import DocumentReader, Extract
from ingest.report import PollReport
from ingest.rereads import Rereader
from ingest.room import Room
from ingest.source import Parse, Tools
from ingest.sources import make_ready

__all__ = ["OnDone", "OnPage", "PollReport", "Poller"]

EVERY = timedelta(minutes=15)
LEASE = timedelta(minutes=2)
PATIENCE = timedelta(seconds=30)
"""How long a single poll waits for a log or a store that is away."""

STUCK_AFTER = timedelta(minutes=15)
"""A poll without a sign of life for so long hangs: a page, with all its documents, takes less."""

_Turns = dict[asyncio.Task[PollReport], Look]


class Poller:
    """One poller of possibly many: sources are shared by leases in the store.

    One event loop's own. `owner` names it in leases; `every` is the common pause between two
    polls; `lease` is how long a dead poller keeps a source; `parse` parses feeds and `extract`
    finds the articles of pages (children that live as long as a call to this class, unless given);
    `per_host` is how many sources of one host a service has in hand at a time, so that a slow one
    leaves room for others (0: no limit).
    """

    def __init__(
        self,
        bus: Bus,
        store: Store,
        fetcher: Fetcher,
        clock: Clock,
        *,
        owner: str,
        every: timedelta = EVERY,
        lease: timedelta = LEASE,
        alarms: Alarms | None = None,
        at_once: int = 128,
        per_host: int = 0,
        parse: Parse | None = None,
        extract: Extract | None = None,
        stuck_after: timedelta = STUCK_AFTER,
    ) -> None:
        self._world = World(bus, store, clock, alarms or LoggedAlarms(), owner, every, lease)
        make_ready()  # a kind of source that can't be imported is no surprise for later
        self._fetcher = fetcher
        self._at_once = at_once
        self._per_host = per_host
        self._parse = parse
        self._extract = extract
        self._stuck_after = stuck_after
        self.room = Room()
        self._asked_s = 0.0
        """When the store was asked last for what is due, on the machine's monotonic clock."""
        self._log = log.get(stage="ingest", owner=owner)

    async def poll(
        self,
        leased: Leased,
        *,
        backlog: bool = True,
        rate: float | None = None,
        on_page: OnPage | None = None,
        patience: timedelta | None = PATIENCE,
        stop: asyncio.Event | None = None,
    ) -> PollReport:
        """Poll one source that was lent to us, give it back, and return what it came to.

        `backlog=False`: nothing is old news; `rate`: revisions a second at most. Raises
        OperatorError, and TransientError if the log or the store is away for longer than
        `patience`.
        """
        manner = Manner(backlog, rate, on_page, patience, stop)
        async with self._means() as means:
            return await _taking_part(Look(means, leased, manner), means.ledger)

    async def poll_once(
        self,
        source_ids: Iterable[SourceId] | None = None,
        *,
        everything: bool = False,
        patience: timedelta | None = PATIENCE,
        on_ready: Callable[[], None] = lambda: None,
        on_done: OnDone | None = None,
        stop: asyncio.Event | None = None,
    ) -> list[PollReport]:
        """Poll these sources, else those that are due, else with `everything` all; report each.

        `on_ready` is called when the first are leased: their fetches begin. Told to `stop`, it
        gives back what it has in hand, which is reported as `stopped`, and begins nothing more.

        Named ones and `everything` don't wait until they are due, save where a server has asked
        to be left alone (Retry-After). Errors as `poll`, once every other source has had its turn.
        """
        patient = self._patience(stop, patience)
        manner = Manner(patience=patience)
        reports: Sequence[PollReport] = ()
        with suppress(Stopped):
            wanted = source_ids if source_ids is not None else await self._ids(patient, everything)
            async with self._means() as means:
                await self._make_ready(patient)
                once = Once(means, manner, patient, self._at_once, on_ready, stop, on_done)
                await once.poll(wanted)
                if source_ids is None:
                    await Rereader(self._world, means.documents, patient).all_due()
            reports = once.reports()
            reports = await self._with_holds(reports, patient)
        return list(reports)

    async def run(self, stop: asyncio.Event) -> None:
        """Poll whatever is due until `stop` is set; then finish the pages in hand.

        A source that fails waits longer each time, never more than a day. Raises OperatorError
        when a person must act first.
        """
        turns: _Turns = {}
        manner = Manner(stop=stop)
        patient = self._patience(stop, None)
        async with (
            self._means() as means,
            self._rereader(means.documents, stop) as rereader,
            watched([patient, rereader], turns, self._stuck_after),
        ):
            try:
                await self._end_alarm(patient)
                await self._make_ready(patient)
                while not stop.is_set():
                    patient.show_life()
                    rereader.check()
                    for leased in await self._due(self._free(turns), patient):
                        turn = Look(means, leased, manner)
                        turns[asyncio.create_task(_taking_part(turn, means.ledger))] = turn
                    await _rest(turns, stop)
                    await self._reap(turns)
            except Stopped:
                pass
            finally:
                stop.set()
                await asyncio.gather(*turns, return_exceptions=True)
            await self._reap(turns)

    async def _end_alarm(self, patient: Patience) -> None:
        """End what an earlier life that was killed may have left open."""
        await patient.insist(partial(self._world.alarms.close, WAITING))

    async def _make_ready(self, patient: Patience) -> None:
        """Have the store make its statements before the first source is lent to us."""

        def keep_nothing() -> None:
            with self._world.store.transaction() as tx:
                tx.keep(())

        await patient.insist(keep_nothing)

    def _patience(self, stop: asyncio.Event | None, limit: timedelta | None) -> Patience:
        return Patience(self._world.clock, self._world.alarms, stop, limit)

    def _rereader(self, documents: DocumentReader, stop: asyncio.Event) -> Rereader:
        return Rereader(self._world, documents, self._patience(stop, None))

    @asynccontextmanager
    async def _means(self) -> AsyncIterator[Means]:
        """What turns work with: the children that parse live as long as the block."""
        world = self._world
        ledger = Ledger(world.bus, world.store, world.clock, owner=world.owner, lease=world.lease)
        async with ChildParser() as parser, ChildReader() as pages, ledger:
            extract = self._extract or pages.read
            documents = DocumentReader(self._fetcher, extract, world.clock)
            tools = Tools(self._fetcher, self._parse or parser.parse)
            yield Means(world, tools, documents, ledger, self.room)

    def _free(self, turns: _Turns) -> int:
        """Return for how many sources there is room; for a few, the store is asked now and then."""
        room = self._at_once - len(turns)
        now = time.monotonic()
        if room <= self._at_once // 2 and now - self._asked_s < IDLE_S:
            return 0
        self._asked_s = now
        return room

    async def _reap(self, turns: _Turns) -> None:
        """Take the turns that ended; a fault of ours costs its source a wait, not the poller."""
        for task in [task for task in turns if task.done()]:
            turn = turns.pop(task)
            fault = task.exception()
            if isinstance(fault, OperatorError):
                raise fault
            if fault is not None and not isinstance(fault, DespatchError):
                self._log.error("turn failed", source=turn.source, error=repr(fault)[:500])
            if fault is not None:
                await turn.crashed(fault)

    async def _with_holds(
        self, reports: Sequence[PollReport], patient: Patience
    ) -> Sequence[PollReport]:
        """Return the reports, those of sources that were not asked with what they wait for."""
        if not any(report.outcome == "busy" for report in reports):
            return reports

        def ask() -> Mapping[SourceId, Due]:
            with self._world.store.transaction() as tx:
                return tx.held(self._world.clock.now())

        held = await patient.insist(ask)
        return [
            PollReport(
                report.source,
                "held",
                problem=f"left alone until {held[report.source].at:%Y-%m-%d %H:%M} UTC: "
                f"{held[report.source].why}",
            )
            if report.outcome == "busy" and report.source in held
            else report
            for report in reports
        ]

    async def _ids(self, patient: Patience, everything: bool) -> Sequence[SourceId]:
        def ask() -> Sequence[SourceId]:
            due_by = None if everything else self._world.clock.now()
            with self._world.store.transaction() as tx:
                return tx.active_sources(due_by)

        return await patient.insist(ask)

    async def _due(self, limit: int, patient: Patience) -> Sequence[Leased]:
        if limit <= 0:
            return ()
        world = self._world

        def lease() -> Sequence[Leased]:
            with world.store.transaction() as tx:
                now = world.clock.now()
                return tx.lease_due(world.owner, now, world.lease, limit, per_host=self._per_host)

        return await patient.insist(lease)


async def _taking_part(turn: Look, ledger: Ledger) -> PollReport:
    with ledger.turn():
        return await turn.run()


async def _rest(turns: _Turns, stop: asyncio.Event) -> None:
    """Return when a turn ends, when told to stop, or after a second."""
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([*turns, stopping], timeout=IDLE_S, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
