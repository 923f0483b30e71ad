"""One source's turn: read it page by page, publish what is new, then save how far it was read.

The order is a promise. A page is published, the log acknowledges it, and only then the cursor is
saved: before the next page is, or when the source is given back. A crash in between repeats
revisions with the same ids, and loses none.
"""

from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import aclosing, suppress
from functools import cached_property, partial
from typing import Any, TypeVar, cast

from structlog.typing import FilteringBoundLogger

from despatch import log
from despatch.errors import (
    DespatchError,
    FencedError,
    OperatorError,
    PermanentError,
    Throttled,
    TransientError,
)
from despatch.ports import Asked, KnownEntry, Leased, Progress
from ingest.dealt_with import dealt_with
from ingest.documents import Documents
from ingest.ending import Ending
from ingest.entry import Entry
from ingest.glance import Answered, Glimpse
from ingest.lent import Lent
from ingest.manner import Manner, Means
from ingest.newness import Contact, Decision, Publish, decide, names_of
from ingest.patience import Patience, Stopped
from ingest.publishing import publish
from ingest.report import PollReport
from ingest.room import WAITING_S, InRoom
from ingest.source import Page, Part, ReadFailed, Source, Tools
from ingest.sources import open_source
from ingest.standing import Standing
from ingest.watch import Hands, Watch

R = TypeVar("R")


class Turn:
    """A source lent to us, from a glance at it until it is given back."""

    def __init__(self, means: Means, leased: Leased, manner: Manner, glimpse: Glimpse) -> None:
        world = means.world
        self.report = PollReport(leased.source.id)
        self._world = world
        self._began_at = glimpse.began_at
        self._share = glimpse.share
        roomy = InRoom(
            means.tools.fetcher, self._share, self._show_life, WAITING_S, refused=glimpse.refused
        )
        self._tools = Tools(Answered(roomy, glimpse), means.tools.parse)
        self._reader = means.documents
        self._ledger = means.ledger
        self._manner = manner
        self._patience = Patience(world.clock, world.alarms, manner.stop, manner.patience)
        self._lent = Lent(world, leased, means.ledger, self._patience, glimpse.began_at)
        self._cursor = leased.cursor
        self._id = leased.source.id

    # A poll that fails needs only some of these.
    @cached_property
    def _source(self) -> Source:
        try:
            return open_source(self._leased.source)
        except OperatorError as exc:
            raise ReadFailed(exc) from exc

    @cached_property
    def _standing(self) -> Standing:
        world = self._world
        return Standing(
            self._id,
            world.every,
            world.store,
            world.clock,
            world.alarms,
            self._patience,
            self._leased.cursor,
        )

    @cached_property
    def _ending(self) -> Ending:
        return Ending(self._lent, self._standing, self._world.clock, self._began_at, self._log)

    @cached_property
    def _watch(self) -> Watch:
        world = self._world
        hands = Hands(self._patience, self._next, self._known, self._lent.save, self._take_late)
        return Watch(
            self._leased, self._source, self._tools, hands, world.store, world.clock, world.alarms
        )

    @cached_property
    def _documents(self) -> Documents:
        return Documents(
            source=self._id,
            wanted=self._source.in_full,
            reader=self._reader,
            clock=self._world.clock,
            patience=self._patience,
            lease=self._world.lease,
            keep_lease=self._lent.keep_lease,
        )

    @cached_property
    def _log(self) -> FilteringBoundLogger:
        return log.get(stage="ingest", source=self._id)

    @property
    def _leased(self) -> Leased:
        return self._lent.leased

    @property
    def seen_s(self) -> float:
        """When it showed life last, on the machine's monotonic clock."""
        return self._patience.seen_s

    async def run(self) -> PollReport:
        """Poll; return what it came to. The source is given back unless another has it.

        A source that can't be read is a report, not an error. Raises OperatorError when the log
        or the store needs a person, and TransientError when one was away beyond our patience.
        """
        return await self._to_its_end(self._poll())

    async def keep(
        self, progress: Progress, report: PollReport, fault: DespatchError
    ) -> PollReport:
        """Keep what a glance came to, which has failed once; return and raise as `run`."""
        self.report = report
        faults = [fault]

        async def keep() -> None:
            if faults:
                raise faults.pop()
            await self._ledger.keep(progress)

        return await self._to_its_end(self._patience.insist_on(keep))

    async def crashed(self, fault: BaseException) -> None:
        """Give the source back after a fault of our own, to be tried later."""
        with suppress(FencedError, Stopped):
            why = PermanentError(f"fault in Despatch: {fault!r}")
            self.report = await self._ending.failed(self.report, why)

    async def _to_its_end(self, work: Coroutine[Any, Any, None]) -> PollReport:
        try:
            await work
        except FencedError as exc:
            self._log.warning("poll dropped", why=str(exc))
            self.report = self.report._replace(outcome="fenced", problem=f"fenced: {exc}")
        except Stopped:
            await self.leave()
        except (TransientError, OperatorError) as exc:
            await self.leave("failed", str(exc))
            raise
        finally:
            self._share.give_back()
        return self.report

    async def _poll(self) -> None:
        try:
            await self._read()
        except ReadFailed as exc:
            if isinstance(exc.why, Throttled):
                await self._standing.hold(exc.why)
            if isinstance(exc.why, Throttled) and not exc.why.asked:
                await self.leave("held", str(exc.why))
            else:
                self.report = await self._ending.failed(self.report, exc.why)
        else:
            await self._ending.well(self.report)

    async def _read(self) -> None:
        self._standing.ask_every(self._source.every)
        reading = self._source.read(self._tools, self._leased.cursor, self._world.clock.now())
        # An async generator that is left early is closed here, not at some later time.
        async with aclosing(cast(AsyncGenerator[Page, None], reading)) as pages:
            while (page := await self._next(pages)) is not None:
                await self._take(page)
                if page.last:
                    break
                if self._patience.stopped:
                    raise Stopped
        if not self._patience.stopped:
            await self._watch.follow_up()

    async def _next(self, pages: AsyncGenerator[Page, None]) -> Page | None:
        async def read() -> Page | None:
            return await anext(pages, None)

        if self._share.held:
            await self._lent.save()  # what a large page has come to takes room as well

        return await self._asked(read())

    async def _show_life(self) -> None:
        """Waiting for room is no hanging, and no reason to lose the lease."""
        self._patience.show_life()
        with suppress(TransientError):  # a store that is away is no fault of the source
            await self._lent.keep_lease()

    async def _asked(self, reading: Coroutine[Any, Any, R]) -> R:
        """Return what comes of reading. Raises ReadFailed."""
        try:
            return await self._patience.unless_stopped(reading)
        except (TransientError, PermanentError, OperatorError) as exc:
            raise ReadFailed(exc) from exc

    async def _take(self, page: Page, *, late: bool = False) -> None:
        """Publish what is new of a page, then save how far the source is read."""
        await self._lent.save()
        if not page.parts:
            await self._take_nothing(page)
            return
        entries = [entry for part in page.parts for entry in part.entries]
        known = await self._known(entries)
        parts = await self._documents.read(page.parts, known)
        called = self._leased.source.titled(page.title).called
        decided = [(part, self._decided(part, known, late, called)) for part in parts]
        decisions = [decision for _part, some in decided for decision in some]
        missed = None if late else await self._watch.look(page, decisions)
        await publish(
            [d for d in decisions if isinstance(d, Publish)],
            self._manner.rate,
            self._ledger,
            self._lent,
            self._patience,
        )
        bodies = [part for part, some in decided if any(isinstance(d, Publish) for d in some)]
        kept = [d.known for d in decisions if d.known is not None]
        settled = {**page.cursor, **page.settled(dealt_with(decided, known))}
        cursor = await self._watch.remember(settled, missed)
        progress = self._lent.progress(cursor, bodies, kept, missed, "" if late else page.title)
        self._lent.will_save(self._documents.kept(progress, entries, decisions))
        self._cursor = settled
        if not late:
            self._standing.heed(page)
        self._count(self.report.with_page(page, decisions, gap=missed is not None, late=late), page)

    async def _take_nothing(self, page: Page) -> None:
        """Take a page without entries, as most are: nothing to judge, and little to keep."""
        cursor = await self._watch.remember(page.cursor, None)
        self._lent.will_save(self._lent.progress(cursor, (), (), None))
        self._cursor = page.cursor
        self._standing.heed(page)
        self._count(self.report.with_nothing(page), page)

    def _count(self, report: PollReport, page: Page) -> None:
        self.report = report
        for reason in page.skipped:
            self._log.warning("entry skipped", why=reason)
        if self._manner.on_page is not None:
            self._manner.on_page(report)

    async def _take_late(self, page: Page) -> int:
        """Take a page that lies before what was read; return how many releases were new."""
        before = self.report
        await self._take(page._replace(cursor=self._cursor), late=True)
        return self.report.new - before.new

    async def _known(self, entries: Sequence[Entry]) -> dict[str, KnownEntry]:
        never_read = self._leased.health.polled_at is None and not self.report.pages
        if not entries or never_read:
            return {}
        asked = Asked(self._id, *names_of(entries))
        found = await self._patience.insist_on(partial(self._ledger.known, asked))
        return {one.key: one for one in found}

    def _decided(
        self, part: Part, known: dict[str, KnownEntry], late: bool, called: str
    ) -> list[Decision]:
        """Decide on a part, and let what comes of it be known to the next part."""
        contact = Contact(
            source=self._id,
            added_at=self._leased.source.added_at,
            first=self._leased.first_contact,
            now=self._world.clock.now(),
            fetched=part.fetched,
            backlog=self._manner.backlog,
            late=late,
            details=part.details,
            source_title=called,
        )
        decisions = decide(part.entries, known.values(), contact)
        known.update((d.known.key, d.known) for d in decisions if d.known is not None)
        return decisions

    async def leave(self, outcome: str = "stopped", problem: str = "") -> PollReport:
        """Give the source back as far as it was read, for another to go on; return what came."""
        self.report = self.report._replace(outcome=outcome, problem=problem)
        await self._lent.leave()
        return self.report
