"""A poll that brings nothing, as most do: told by the answer alone, and dealt with at once. Pure.

What else a turn sees to (a gap to repair, a reconciliation, an alarm to end, a move) takes
the long way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Protocol, TypeGuard, cast

from despatch.errors import NoRoom
from despatch.ports import Fetcher, Grow, Health, Leased, Poll, Progress, Response, Validators
from ingest.older import LooksBack, looks_back
from ingest.room import Share
from ingest.schedule import next_due, spread_of
from ingest.source import Page, Source
from ingest.watch import MEMORY

_NONE = Validators()
_NO_TIME = timedelta(0)


class Glances(Protocol):
    """A source that is read with one request, whose answer alone may say that nothing moved."""

    @property
    def every(self) -> timedelta | None: ...
    @property
    def address(self) -> str:
        """What is asked."""
        ...

    @property
    def accept(self) -> str:
        """Which kinds of answers are asked for."""
        ...

    def known(self, cursor: Mapping[str, Any]) -> Validators:
        """Return what the last answer gave to ask again with."""
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
    return all(hasattr(kind, name) for name in ("accept", "known", "nothing"))


def quiet(
    source: Glances, leased: Leased, page: Page, began_at: datetime, now: datetime, every: timedelta
) -> Progress | None:
    """Return all that is to be kept of a poll that brought nothing; None: it takes the long way."""
    if page.settings is not None or page.skipped:
        return None
    id_ = leased.source.id
    own = source.every
    due = next_due(now, own or every, page.hints, fixed=own is not None, spread=spread_of(id_, now))
    return Progress(
        source=id_,
        epoch=leased.epoch,
        health=Health(polled_at=now, ok_at=now, newest_at=leased.health.newest_at),
        cursor=None if page.cursor == leased.cursor else page.cursor,
        due=due,
        poll=Poll(now, page.outcome, max(now - began_at, _NO_TIME), page.status),
    )


@dataclass(slots=True)
class Glimpse:
    """What a glance leaves to the turn that goes on from it."""

    began_at: datetime
    share: Share
    """What it has of the room for large bodies."""
    address: str = ""
    came: Response | Exception | None = None
    """The answer, or why there is none; None: nothing was asked, or it was taken."""

    @property
    def refused(self) -> NoRoom | None:
        """Why there was no room for the answer, if that was so."""
        return self.came if isinstance(self.came, NoRoom) else None


@dataclass(frozen=True, slots=True)
class Answered:
    """A fetcher that gives what came of a glance, once, to who asks for the same."""

    fetcher: Fetcher
    glimpse: Glimpse

    async def get(
        self,
        address: str,
        validators: Validators = _NONE,
        *,
        accept: str = "*/*",
        grow: Grow | None = None,
    ) -> Response:
        glimpse = self.glimpse
        came, glimpse.came = glimpse.came, None
        if address == glimpse.address and came is not None and not isinstance(came, NoRoom):
            if isinstance(came, Response):
                return came
            raise came
        return await self.fetcher.get(address, validators, accept=accept, grow=grow)
