"""How a source stands after a poll: when it is asked next, and if it fails, moved, or has ended."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from despatch import log
from despatch.errors import Throttled
from despatch.model import SourceId
from despatch.ports import Alarms, Clock, Due, Store, Transaction
from ingest.hints import Hints, kept_hints
from ingest.patience import Patience
from ingest.schedule import next_due, spread_of, words
from ingest.source import Page

ALARM_AFTER = 3
"""So many failures in a row, and a person is told."""

GONE = 410
"""The HTTP status of what was there and will not be again (RFC 9110 §15.5.11)."""

_ENDED = "it has ended, and is asked again only once it is resumed"


@dataclass(slots=True)
class Standing:
    """One source's, for the length of a turn; `every` is the common pause."""

    source: SourceId
    every: timedelta
    store: Store
    clock: Clock
    alarms: Alarms
    patience: Patience
    cursor: Mapping[str, Any]
    """What was kept before this turn."""
    fixed: bool = field(default=False, init=False)
    _hints: Hints | None = field(default=None, init=False)
    _settings: Mapping[str, Any] | None = field(default=None, init=False)

    def ask_every(self, every: timedelta | None) -> None:
        """Take the source's own pause, if it has one."""
        if every is not None:
            self.every, self.fixed = every, True

    def heed(self, page: Page) -> None:
        """Take what a page says of those who poll, and of where the source has moved."""
        self._hints, self._settings = page.hints, page.settings

    def due(
        self, failures: int = 0, retry_after: timedelta | None = None, *, ended: bool = False
    ) -> Due:
        """Return when it is polled next, and why."""
        now = self.clock.now()
        known = self._hints if self._hints is not None else kept_hints(self.cursor)
        due = next_due(
            now,
            self.every,
            known,
            fixed=self.fixed,
            failures=failures,
            retry_after=retry_after,
            spread=spread_of(self.source, now),
        )
        return due._replace(why=_ENDED) if ended else due

    async def move(self, epoch: int) -> None:
        """Ask it at its new address from now on, if its publisher has moved it for good."""
        settings = self._settings
        if settings is not None:
            await self._change(lambda tx: tx.change_settings(self.source, epoch, settings))
            to = settings.get("address")
            log.get(stage="ingest", source=self.source).warning("source moved", to=to)

    async def hold(self, why: Throttled) -> None:
        """Leave its whole host alone, whoever polls that."""
        await hold_host(why, self.store, self.clock, self.patience)

    async def retire(self, why: str) -> None:
        """It has said its last word: ask no more, and tell a person, not the subscribers."""
        await self._change(lambda tx: tx.set_source_state(self.source, "paused"))
        ended = f"source {self.source} has ended"
        text = (
            f"{self.source} {why}, and is read no more: look for its successor. "
            f"Once that is done: despatch alarms close '{ended}'"
        )
        await self.patience.insist(partial(self.alarms.open, ended, text))

    async def well(self, failures: int) -> None:
        """End the alarm that so many failures before had raised."""
        if failures >= ALARM_AFTER:
            await self.patience.insist(partial(self.alarms.close, self._failing))

    async def ill(self, failures: int, problem: str) -> None:
        """Tell a person, if it has failed often enough."""
        if failures >= ALARM_AFTER:
            text = f"{self.source} failed {failures} times in a row: {problem}"
            await self.patience.insist(partial(self.alarms.open, self._failing, text))

    @property
    def _failing(self) -> str:
        return f"source {self.source} fails"

    async def _change(self, change: Callable[[Transaction], object]) -> None:
        await _change(self.store, self.patience, change)


async def hold_host(why: Throttled, store: Store, clock: Clock, patience: Patience) -> None:
    """Keep in the store that a host wants to be left alone, for every poller to see."""
    wait = why.retry_after or timedelta(0)
    until = clock.now() + wait
    said = f"{why.host} asked to be left alone for {words(wait)} (Retry-After)"
    await _change(store, patience, lambda tx: tx.hold_host(why.host, until, said))


async def _change(
    store: Store, patience: Patience, change: Callable[[Transaction], object]
) -> None:
    def work() -> None:
        with store.transaction() as tx:
            change(tx)

    await patience.insist(work)
