"""A poll that brings nothing, as most do: told by the answer alone, and dealt with at once. Pure.

What else a turn sees to (a gap to repair, a reconciliation, an alarm to end, a move) takes
the long way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Protocol, TypeGuard, cast

from despatch.ports import Fetcher, Grow, Health, Leased, Poll, Progress, Response, Validators
from ingest.older import LooksBack, looks_back
from ingest.schedule import next_due, spread_of
from ingest.source import Page, Source
from ingest.watch import MEMORY

_NONE = Validators()


class Glances(Protocol):
    """A source that is read with one request, whose answer alone may say that nothing moved."""

    @property
    def address(self) -> str:
        """What is asked."""
        ...

    async def ask(self, fetcher: Fetcher, cursor: Mapping[str, Any]) -> Response:
        """Return the answer; errors as `Fetcher.get`."""
        ...

    def nothing(self, answer: Response, cursor: Mapping[str, Any], now: datetime) -> Page | None:
        """Return the page without entries that an answer comes to, or None if it brings any."""
        ...


def may_glance(source: Source, leased: Leased) -> TypeGuard[Glances]:
    """Return whether a source can be glanced at, and nothing remains of earlier polls to see to."""
    health = leased.health
    return (
        health.ok_at is not None
        and not health.failures
        and MEMORY not in leased.cursor
        and _glances(type(source))
        and not (looks_back(type(source)) and cast(LooksBack, source).search() is not None)
    )


@cache
def _glances(kind: type) -> bool:
    """Ask a class once: to ask an object takes longer than all the rest here."""
    return all(hasattr(kind, name) for name in ("ask", "nothing"))


def quiet(
    source: Source, leased: Leased, page: Page, began_at: datetime, now: datetime, every: timedelta
) -> Progress | None:
    """Return all that is to be kept of a poll that brought nothing; None: it takes the long way."""
    if page.settings is not None or page.skipped:
        return None
    id_ = leased.source.id
    due = next_due(
        now,
        source.every or every,
        page.hints,
        fixed=source.every is not None,
        spread=spread_of(id_, now),
    )
    return Progress(
        source=id_,
        epoch=leased.epoch,
        health=Health(polled_at=now, ok_at=now, newest_at=leased.health.newest_at),
        cursor=None if page.cursor == leased.cursor else page.cursor,
        due=due,
        poll=Poll(now, page.outcome, max(now - began_at, timedelta(0)), page.status),
    )


@dataclass(frozen=True, slots=True)
class Answered:
    """A fetcher that gives the answer that is there already, once, to who asks for the same."""

    fetcher: Fetcher
    address: str
    answers: list[Response]
    """One, or none once it was taken."""

    async def get(
        self,
        address: str,
        validators: Validators = _NONE,
        *,
        accept: str = "*/*",
        grow: Grow | None = None,
    ) -> Response:
        if address == self.address and self.answers:
            return self.answers.pop()
        return await self.fetcher.get(address, validators, accept=accept, grow=grow)
