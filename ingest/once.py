"""Each of many sources polled once: leased a few ahead, and by many workers at a time.

Told to stop, a look is cancelled where it stands and its source given back: a fetch that looks out
for a stop itself costs two tasks more, and of a thousand polls not one is stopped.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from despatch.errors import DespatchError
from despatch.model import SourceId
from despatch.ports import Leased
from ingest.look import Look
from ingest.manner import Manner, Means
from ingest.patience import Patience, Stopped
from ingest.report import PollReport

BUSY = "busy: paused, removed, or lent to another poller"

OnDone = Callable[[PollReport | None, int], None]
"""Called when a source has had its turn, with its report (None: polling it raised something) and
with how many sources there are."""

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
    stop: asyncio.Event | None = None
    """Tells it to give everything back; None: nobody will."""
    on_done: OnDone | None = None
    _stopping: bool = field(default=False, init=False)
    _looking: set["asyncio.Task[Any]"] = field(default_factory=set, init=False)
    """The workers that look at a source just now; others lease, which is soon done."""
    _of: int = field(default=0, init=False)
    _ready: bool = field(default=False, init=False)
    _results: dict[_Place, PollReport | BaseException] = field(default_factory=dict, init=False)
    _ended: Sequence[BaseException | None] = field(default=(), init=False)
    _leased: deque[tuple[_Place, Leased]] = field(default_factory=deque, init=False)
    _leasing: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def poll(self, wanted: Iterable[SourceId]) -> None:
        """Poll them all, or those whose turn has ended when told to stop."""
        left = deque(enumerate(wanted))
        workers = (self._work(left) for _ in range(min(self.at_once, len(left))))
        stopping = asyncio.create_task(self._heed(self.stop, left)) if self.stop else None
        self._of = len(left)
        self._ended = await asyncio.gather(*workers, return_exceptions=True)
        if stopping is not None:
            stopping.cancel()

    def reports(self) -> Sequence[PollReport]:
        """Return the reports, in the sources' order; raise what polling one of them raised.

        A source that was not leased because we were told to stop has none.
        """
        in_order = [self._results[place] for place in sorted(self._results)]
        for result in (*in_order, *self._ended):
            if isinstance(result, BaseException) and not isinstance(result, Stopped):
                raise result
        return [result for result in in_order if isinstance(result, PollReport)]

    async def _heed(self, stop: asyncio.Event, left: deque[tuple[_Place, SourceId]]) -> None:
        """Once told to stop, lease nothing more and have every look end."""
        await stop.wait()
        self._stopping = True
        left.clear()
        for worker in self._looking:
            worker.cancel()

    async def _work(self, left: deque[tuple[_Place, SourceId]]) -> None:
        worker = asyncio.current_task()
        while self._leased or left or self._leasing.locked():
            await self._lease_some(left)
            with self.means.ledger.turn():
                while self._leased:
                    place, leased = self._leased.popleft()
                    look = Look(self.means, leased, self.manner)
                    try:
                        self._results[place] = await self._run(look, worker)
                    except (DespatchError, Stopped) as exc:
                        self._results[place] = exc
                    if self.on_done is not None:
                        self._tell(self.on_done, self._results[place])

    async def _run(self, look: Look, worker: "asyncio.Task[Any] | None") -> PollReport:
        """Return what a look comes to, `stopped` if it was left for another to go on."""
        if self._stopping or worker is None:
            return await look.leave()
        self._looking.add(worker)
        try:
            return await look.run()
        except asyncio.CancelledError:
            self._stopping = True
            worker.uncancel()
        finally:
            self._looking.discard(worker)
        return await look.leave()

    def _tell(self, on_done: OnDone, result: PollReport | BaseException) -> None:
        on_done(result if isinstance(result, PollReport) else None, self._of)

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
