"""Each of many sources polled once: leased a few ahead, and by many workers at a time."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from despatch.errors import DespatchError
from despatch.model import SourceId
from despatch.ports import Leased
from ingest.look import Look
from ingest.manner import Manner, Means
from ingest.patience import Patience, Stopped
from ingest.report import PollReport

BUSY = "busy: paused, removed, or lent to another poller"

_Place = int
"""Which of the sources it is."""


@dataclass(slots=True)
class Once:
    """Polls each of some sources once, `at_once` at a time. One event loop's own.

    Half as many are leased ahead: to lease thirty costs little more than to lease one, and a lease
    must not run out in a queue.
    """

    means: Means
    manner: Manner
    patient: Patience
    at_once: int
    on_ready: Callable[[], None]
    """Called once, when the first are leased."""
    _ready: bool = field(default=False, init=False)
    _results: dict[_Place, PollReport | BaseException] = field(default_factory=dict, init=False)
    _ended: Sequence[BaseException | None] = field(default=(), init=False)
    _leased: deque[tuple[_Place, Leased]] = field(default_factory=deque, init=False)
    _leasing: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def poll(self, wanted: Iterable[SourceId]) -> None:
        """Poll them all."""
        left = deque(enumerate(wanted))
        workers = (self._work(left) for _ in range(min(self.at_once, len(left))))
        self._ended = await asyncio.gather(*workers, return_exceptions=True)

    def reports(self) -> Sequence[PollReport]:
        """Return the reports, in the sources' order; raise what polling one of them raised."""
        in_order = [self._results[place] for place in sorted(self._results)]
        for result in (*in_order, *self._ended):
            if isinstance(result, BaseException):
                raise result
        return [result for result in in_order if isinstance(result, PollReport)]

    async def _work(self, left: deque[tuple[_Place, SourceId]]) -> None:
        while self._leased or left or self._leasing.locked():
            await self._lease_some(left)
            with self.means.ledger.turn():
                while self._leased:
                    place, leased = self._leased.popleft()
                    try:
                        self._results[place] = await Look(self.means, leased, self.manner).run()
                    except (DespatchError, Stopped) as exc:
                        self._results[place] = exc

    async def _lease_some(self, left: deque[tuple[_Place, SourceId]]) -> None:
        if self._leased:
            return
        async with self._leasing:
            if self._leased:
                return
            some = [left.popleft() for _ in range(min(len(left), max(1, self.at_once // 2)))]
            if not some:
                return
            lease = partial(self.means.ledger.lease, [source for _place, source in some])
            try:
                lent = await self.patient.insist_on(lease)
            except (DespatchError, Stopped) as exc:
                self._results |= {place: exc for place, _source in some}
                return
            if not self._ready:
                self._ready = True
                self.on_ready()
        for place, source in some:
            if source in lent:
                self._leased.append((place, lent[source]))
            else:
                self._results[place] = PollReport(source, "busy", problem=BUSY)
