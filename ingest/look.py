"""A source that is lent to us: glanced at first, and given a turn only if there is more to do.

Of a hundred polls more than ninety bring nothing. Those are asked, judged and kept in here, and
none of what a turn works with is made for them.
"""

import time

from despatch.errors import FencedError, OperatorError, PermanentError, TransientError
from despatch.model import SourceId
from despatch.ports import Leased, Progress, Response
from ingest.glance import Glances, Glimpse, may_glance, quiet
from ingest.manner import Manner, Means
from ingest.patience import Stopped, unless_stopped
from ingest.report import PollReport
from ingest.room import Share
from ingest.sources import open_source
from ingest.turn import Turn


class Look:
    """A source lent to us, until it is given back."""

    __slots__ = ("_glimpse", "_leased", "_manner", "_means", "_seen_s", "_turn")

    def __init__(self, means: Means, leased: Leased, manner: Manner) -> None:
        self._means = means
        self._leased = leased
        self._manner = manner
        self._glimpse = Glimpse(means.world.clock.now(), Share(means.room))
        self._seen_s = time.monotonic()
        self._turn: Turn | None = None

    @property
    def source(self) -> SourceId:
        """Whom it looks at."""
        return self._leased.source.id

    @property
    def seen_s(self) -> float:
        """When it showed life last, on the machine's monotonic clock."""
        return self._seen_s if self._turn is None else self._turn.seen_s

    async def run(self) -> PollReport:
        """Poll; return and raise as `Turn.run`."""
        try:
            source = self._source()
            report = None if source is None else await self._glance(source)
            return await self._go_on().run() if report is None else report
        finally:
            self._glimpse.share.give_back()

    async def crashed(self, fault: BaseException) -> None:
        """Give the source back after a fault of our own, to be tried later."""
        await (self._turn or self._go_on()).crashed(fault)

    async def leave(self) -> PollReport:
        """Give the source back as far as it was read, for another to go on; nothing is counted."""
        return await (self._turn or self._go_on()).leave()

    def _source(self) -> Glances | None:
        """Return the source, if a glance may do; what is wrong with it, a turn reports."""
        if self._manner.on_page is not None:
            return None
        try:
            source = open_source(self._leased.source)
        except OperatorError:
            return None
        return source if may_glance(source, self._leased) else None

    async def _glance(self, source: Glances) -> PollReport | None:
        """Ask, and be done if nothing moved; else what came is there for the turn."""
        await self._ask(source)
        glimpse, leased, world = self._glimpse, self._leased, self._means.world
        answer = glimpse.came
        if not isinstance(answer, Response):
            return None
        now = world.clock.now()
        page = source.nothing(answer, leased.cursor, now)
        progress = None
        if page is not None:
            progress = quiet(source, leased, page, glimpse.began_at, now, world.every)
        if page is None or progress is None:
            glimpse.share.settle(len(answer.body))
            return None
        glimpse.came = None
        return await self._keep(progress, PollReport.of_nothing(leased.source.id, page))

    async def _ask(self, source: Glances) -> None:
        glimpse, stop = self._glimpse, self._manner.stop
        glimpse.address = address = source.address
        asking = self._means.tools.fetcher.get(
            address,
            source.known(self._leased.cursor),
            accept=source.accept,
            grow=glimpse.share.grow,
        )
        try:
            glimpse.came = await (asking if stop is None else unless_stopped(asking, stop))
        except (TransientError, PermanentError, OperatorError, Stopped) as failure:
            glimpse.came = failure

    async def _keep(self, progress: Progress, report: PollReport) -> PollReport:
        self._seen_s = time.monotonic()
        try:
            await self._means.ledger.keep(progress)
        except (FencedError, TransientError, OperatorError) as fault:
            return await self._go_on().keep(progress, report, fault)
        return report

    def _go_on(self) -> Turn:
        self._turn = Turn(self._means, self._leased, self._manner, self._glimpse)
        return self._turn
