"""What the alert stage took in the past."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select

from despatch.model import Classified, ReleaseId, RevisionId
from despatch.store import tables
from despatch.store.rows import Rows, read_payload
from despatch.store.tables import releases, taken


class History(Rows):
    """The part of a transaction that reads back what was taken."""

    def releases_since(
        self, since: datetime, after: ReleaseId | None, limit: int
    ) -> Sequence[Sequence[Classified]]:
        wanted = select(releases.c.id).where(releases.c.observed_at >= since)
        if after is not None:
            wanted = wanted.where(releases.c.id > after)
        chosen = wanted.order_by(releases.c.id).limit(limit).subquery()
        rows = self._all(
            select(taken.c.release, tables.classified.c.payload)
            .join(chosen, chosen.c.id == taken.c.release)
            .join(tables.classified, tables.classified.c.sha256 == taken.c.classified)
            .order_by(taken.c.release, taken.c.number)
        )
        found: dict[str, list[Classified]] = {}
        for row in rows:
            found.setdefault(row.release, []).append(read_payload(Classified, row.payload))
        return list(found.values())

    def count_releases_since(self, since: datetime) -> int:
        wanted = select(func.count()).select_from(releases)
        row = self._first(wanted.where(releases.c.observed_at >= since))
        return 0 if row is None else int(row[0])

    def revisions_taken(self, release: ReleaseId) -> Mapping[RevisionId, Classified]:
        rows = self._all(
            select(tables.classified.c.payload)
            .join(taken, taken.c.classified == tables.classified.c.sha256)
            .where(taken.c.release == release)
            .order_by(taken.c.number)
        )
        found = [read_payload(Classified, row.payload) for row in rows]
        return {one.revision.id: one for one in found}
