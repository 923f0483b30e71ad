"""Sources in the store: what was added, who reads it just now, and how far it was read."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, or_, select, update

from despatch.errors import FencedError
from despatch.fingerprint import digest
from despatch.model import ReleaseId, SourceId, State
from despatch.ports import Due, Health, KnownEntry, Leased, Poll, SourceRecord
from despatch.store.polls import Polls, due_columns
from despatch.store.rows import in_parts
from despatch.store.tables import entries, sources


class Sources(Polls):
    """The part of a transaction that sources, cursors and known entries are."""

    def add_source(self, source: SourceRecord) -> bool:
        return self._add(
            sources,
            id=source.id,
            kind=source.kind,
            settings=json.dumps(dict(source.settings)),
            added_at=source.added_at,
            state=source.state,
            cursor="{}",
            epoch=0,
            next_due=source.added_at,
            due_why="",
            polls=0,
            failures=0,
            problem="",
        )

    def sources(self) -> Sequence[tuple[SourceRecord, Health, datetime | None]]:
        wanted = select(sources).where(sources.c.state != "removed").order_by(sources.c.id)
        return [(_record(row), _health(row), row.next_due) for row in self._all(wanted)]

    def set_source_state(self, source: SourceId, state: State) -> bool:
        return self._run(update(sources).where(sources.c.id == source).values(state=state)) == 1

    def lease_source(
        self, source: SourceId, owner: str, now: datetime, lease: timedelta
    ) -> Leased | None:
        free = or_(
            sources.c.lease_until.is_(None),
            sources.c.lease_until <= now,
            sources.c.lease_owner == owner,
        )
        return self._lend(source, owner, now + lease, free)

    def lease_due(
        self, owner: str, now: datetime, lease: timedelta, limit: int
    ) -> Sequence[Leased]:
        free = or_(sources.c.lease_until.is_(None), sources.c.lease_until <= now)
        due = (
            select(sources.c.id)
            .where(sources.c.state == "active", sources.c.next_due <= now, free)
            .order_by(sources.c.next_due, sources.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        lent = (self._lend(row.id, owner, now + lease, free) for row in self._all(due))
        return [leased for leased in lent if leased is not None]

    def known_entries(
        self, source: SourceId, keys: Collection[str], addresses: Collection[str] = ()
    ) -> Sequence[KnownEntry]:
        conditions = [entries.c.key_hash.in_(part) for part in in_parts([*map(_hash, keys)])]
        conditions += [entries.c.address.in_(part) for part in in_parts(addresses)]
        found: dict[str, KnownEntry] = {}
        for condition in conditions:
            for row in self._all(select(entries).where(entries.c.source == source, condition)):
                found[row.key_hash] = _entry(row)
        return list(found.values())

    def save_cursor(
        self,
        source: SourceId,
        epoch: int,
        cursor: Mapping[str, Any],
        entries: Sequence[KnownEntry],
        health: Health,
    ) -> None:
        self._change_leased(source, epoch, cursor=json.dumps(dict(cursor)), **_columns(health))
        self._keep_entries(source, entries)

    def release_source(
        self, source: SourceId, epoch: int, due: Due, health: Health, poll: Poll | None = None
    ) -> None:
        given_back = {
            "lease_owner": None,
            "lease_until": None,
            "polls": sources.c.polls + int(poll is not None),
        }
        self._change_leased(source, epoch, **given_back, **due_columns(due), **_columns(health))
        if poll is not None:
            self._remember([(source, poll)])

    def _lend(self, source: SourceId, owner: str, until: datetime, free: Any) -> Leased | None:
        # One statement decides: PostgreSQL judges `free` anew if another poller was faster.
        lent = self._run(
            update(sources)
            .where(sources.c.id == source, sources.c.state == "active", free)
            .values(epoch=sources.c.epoch + 1, lease_owner=owner, lease_until=until)
        )
        row = self._first(select(sources).where(sources.c.id == source)) if lent else None
        if row is None:
            return None
        return Leased(
            source=_record(row),
            cursor=json.loads(row.cursor),
            epoch=row.epoch,
            health=_health(row),
            first_contact=row.ok_at is None,
        )

    def _change_leased(self, source: SourceId, epoch: int, **values: Any) -> None:
        """Change a source under a lease that nobody else was given since, run out or not."""
        ours = (
            sources.c.id == source,
            sources.c.epoch == epoch,
            sources.c.lease_owner.is_not(None),
        )
        if self._run(update(sources).where(*ours).values(values)) == 0:
            raise FencedError(f"source {source} is no longer lent to this poller (lease {epoch})")

    def _keep_entries(self, source: SourceId, known: Sequence[KnownEntry]) -> None:
        # The last of two with one key is meant, and one statement can't change a row twice.
        rows = {entry.key: _entry_row(source, entry) for entry in known}
        self._put(entries, ("source", "key_hash"), list(rows.values()))


def _hash(key: str) -> str:
    return digest(key, length=32)


def _record(row: Row[Any]) -> SourceRecord:
    return SourceRecord(
        id=SourceId(row.id),
        kind=row.kind,
        settings=json.loads(row.settings),
        added_at=row.added_at,
        state=row.state,
    )


def _health(row: Row[Any]) -> Health:
    return Health(row.polled_at, row.ok_at, row.failures, row.problem, row.newest_at)


def _columns(health: Health) -> dict[str, Any]:
    return {
        "polled_at": health.polled_at,
        "ok_at": health.ok_at,
        "failures": health.failures,
        "problem": health.problem,
        "newest_at": health.newest_at,
    }


def _entry_row(source: SourceId, entry: KnownEntry) -> dict[str, Any]:
    return {
        "source": source,
        "key_hash": _hash(entry.key),
        "key": entry.key,
        "release": entry.release,
        "address": entry.address,
        "number": entry.number,
        "fingerprint": entry.fingerprint,
        "raw": entry.raw,
        "text_kind": entry.text_kind,
        "status": entry.status,
        "updated_at": entry.updated_at,
        "text_from": entry.text_from,
        "past": json.dumps(entry.past),
        "dated_at": entry.dated_at,
        "first_at": entry.first_at,
    }


def _entry(row: Row[Any]) -> KnownEntry:
    return KnownEntry(
        key=row.key,
        release=ReleaseId(row.release),
        address=row.address,
        number=row.number,
        fingerprint=row.fingerprint,
        raw=row.raw,
        text_kind=row.text_kind,
        status=row.status,
        updated_at=row.updated_at,
        text_from=row.text_from,
        past=tuple(json.loads(row.past)),
        dated_at=row.dated_at,
        first_at=row.first_at,
    )
