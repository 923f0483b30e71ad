"""Gaps, and when sources publish, in the store."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, desc, insert, select, update

from despatch.model import SourceId
from despatch.ports import Gap
from despatch.store.rows import Rows
from despatch.store.tables import entries, gaps, sources


class Watching(Rows):
    """The part of a transaction that watches over the sources."""

    def add_gap(
        self, source: SourceId, found_at: datetime, since: datetime, until: datetime, link: str
    ) -> int:
        added = insert(gaps).values(
            source=source,
            found_at=found_at,
            since=since,
            until=until,
            link=link,
            state="open",
            tries=0,
            late=0,
            reason="",
        )
        number: int = self._connection.execute(added.returning(gaps.c.number)).scalar_one()
        return number

    def gap(self, number: int) -> Gap | None:
        row = self._first(select(gaps).where(gaps.c.number == number))
        return None if row is None else _gap(row)

    def gaps(self, *, open_only: bool = True) -> Sequence[Gap]:
        wanted = select(gaps).join(sources).where(sources.c.state != "removed")
        if open_only:
            wanted = wanted.where(gaps.c.state == "open")
        return [_gap(row) for row in self._all(wanted.order_by(desc(gaps.c.number)))]

    def try_gap(self, number: int, late: int, reason: str, repaired_at: datetime | None) -> None:
        tried = {"tries": gaps.c.tries + 1, "late": gaps.c.late + late, "reason": reason}
        closed = {"state": "repaired", "settled_at": repaired_at} if repaired_at else {}
        self._run(update(gaps).where(*_is_open(number)).values(tried | closed))

    def settle_gap(self, number: int, now: datetime) -> Gap | None:
        settled = update(gaps).where(*_is_open(number)).values(state="settled", settled_at=now)
        return self.gap(number) if self._run(settled) else None

    def publication_times(self, source: SourceId, since: datetime) -> Sequence[datetime]:
        wanted = select(entries.c.dated_at, entries.c.first_at).where(
            entries.c.source == source, entries.c.first_at >= since
        )
        return sorted(min(row.dated_at or row.first_at, row.first_at) for row in self._all(wanted))


def _is_open(number: int) -> tuple[Any, ...]:
    return gaps.c.number == number, gaps.c.state == "open"


def _gap(row: Row[Any]) -> Gap:
    return Gap(**row._mapping)
