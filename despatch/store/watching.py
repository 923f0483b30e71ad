"""Gaps, and when sources publish, in the store."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, desc, select, update

from despatch.model import SourceId
from despatch.ports import Gap
from despatch.store.rows import Rows
from despatch.store.tables import entries, gaps, sources


class Watching(Rows):
    """The part of a transaction that watches over the sources."""

    def add_gap(self, gap: Gap) -> bool:
        return self._add(gaps, **asdict(gap))

    def gap(self, id_: str) -> Gap | None:
        row = self._first(select(gaps).where(gaps.c.id == id_))
        return None if row is None else _gap(row)

    def gaps(self, *, open_only: bool = True) -> Sequence[Gap]:
        wanted = select(gaps).join(sources).where(sources.c.state != "removed")
        if open_only:
            wanted = wanted.where(gaps.c.state == "open")
        return [_gap(row) for row in self._all(wanted.order_by(desc(gaps.c.found_at), gaps.c.id))]

    def try_gap(self, id_: str, late: int, reason: str, repaired_at: datetime | None) -> None:
        tried = {"tries": gaps.c.tries + 1, "late": gaps.c.late + late, "reason": reason}
        closed = {"state": "repaired", "settled_at": repaired_at} if repaired_at else {}
        self._run(update(gaps).where(*_is_open(id_)).values(tried | closed))

    def settle_gap(self, id_: str, now: datetime) -> Gap | None:
        settled = update(gaps).where(*_is_open(id_)).values(state="settled", settled_at=now)
        return self.gap(id_) if self._run(settled) else None

    def publication_times(self, source: SourceId, since: datetime) -> Sequence[datetime]:
        wanted = select(entries.c.dated_at, entries.c.first_at).where(
            entries.c.source == source, entries.c.first_at >= since
        )
        return sorted(min(row.dated_at or row.first_at, row.first_at) for row in self._all(wanted))


def _is_open(id_: str) -> tuple[Any, ...]:
    return gaps.c.id == id_, gaps.c.state == "open"


def _gap(row: Row[Any]) -> Gap:
    return Gap(**row._mapping)
