"""Sources in the store: what was added, who reads it just now, and how far it was read."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Executable,
    Row,
    or_,
    select,
    update,
)

from despatch.errors import FencedError
from despatch.model import SourceId, State
from despatch.ports import (
    Asked,
    Due,
    Health,
    KnownEntry,
    Leased,
    Poll,
    Progress,
    SourceRecord,
)
from despatch.ports.reading import host_of
from despatch.store.bodies import Bodies
from despatch.store.documents import Documents
from despatch.store.entry_rows import entry_row, key_hash, known_entry
from despatch.store.hosts import (
    DUE,
    NAMED,
    NAMED_QUIETLY,
    Hosts,
    due_of,
    with_host,
    within_limits,
)
from despatch.store.polls import Polls
from despatch.store.source_rows import (
    GIVE_BACK,
    LEND,
    LENT,
    LENT_ROWS,
    READ_ON,
    TITLED,
    Hold,
    given_back,
    health_columns,
    health_of,
    known_by,
    leased_of,
    read_on,
    source_record,
)
from despatch.store.tables import entries, hosts, sources
from despatch.store.watching import Watching

_NOBODY = Hold(-1, "", 0)


class Sources(Polls, Hosts, Documents, Bodies, Watching):
    """The part of a transaction that sources, cursors and known entries are."""

    def add_source(self, source: SourceRecord) -> bool:
        fresh = {
            "kind": source.kind,
            "settings": json.dumps(dict(source.settings)),
            "host": source.host,
            "added_at": source.added_at,
            "state": source.state,
            "cursor": "{}",
            "next_due": source.added_at,
            "due_why": "",
            "held_until": None,
            "title": source.title,
            **health_columns(Health()),
        }
        if self._add(sources, id=source.id, epoch=0, polls=0, **fresh):
            return True
        # A later epoch: a poller that still reads the removed one must not save what it read.
        removed = (sources.c.id == source.id, sources.c.state == "removed")
        again = {"epoch": sources.c.epoch + 1, "lease_owner": None, "lease_until": None}
        return self._run(update(sources).where(*removed).values(**fresh, **again)) == 1

    def sources(self) -> Sequence[tuple[SourceRecord, Health, datetime | None]]:
        wanted = with_host(sources).where(sources.c.state != "removed").order_by(sources.c.id)
        return [(source_record(row), health_of(row), due_of(row).at) for row in self._all(wanted)]

    def active_sources(self, due_by: datetime | None = None) -> Sequence[SourceId]:
        active = sources.c.state == "active"
        if due_by is None:
            wanted = select(sources.c.id).where(active)
        else:
            free = or_(hosts.c.held_until.is_(None), hosts.c.held_until <= due_by)
            wanted = with_host(sources.c.id).where(active, sources.c.next_due <= due_by, free)
        return self._connection.scalars(wanted.order_by(sources.c.id)).all()

    def set_source_state(self, source: SourceId, state: State) -> bool:
        return self._run(update(sources).where(sources.c.id == source).values(state=state)) == 1

    def lease_source(
        self,
        source: SourceId,
        owner: str,
        now: datetime,
        lease: timedelta,
        *,
        asking: bool = True,
    ) -> Leased | None:
        rows = self._named([source], owner, now, NAMED if asking else NAMED_QUIETLY)
        lent = self._lend(rows, owner, now, now + lease, asking=asking)
        return next(iter(lent), None)

    def lease_sources(
        self, wanted: Collection[SourceId], owner: str, now: datetime, lease: timedelta
    ) -> Sequence[Leased]:
        rows = self._named(wanted, owner, now, NAMED)
        return self._lend(rows, owner, now, now + lease)

    def lease_due(
        self, owner: str, now: datetime, lease: timedelta, limit: int, *, per_host: int = 0
    ) -> Sequence[Leased]:
        found = select(*LENT).where(DUE)
        if per_host:
            found = found.where(within_limits(DUE, per_host))
        found = found.order_by(sources.c.next_due, sources.c.id).limit(limit)
        locked = found.with_for_update(skip_locked=True)
        rows = self._connection.execute(locked, {"me": owner, "at": now}).all()
        return self._lend(rows, owner, now, now + lease)

    def known_entries(
        self, source: SourceId, keys: Collection[str], addresses: Collection[str] = ()
    ) -> Sequence[KnownEntry]:
        return self.known_of([Asked(source, keys, addresses)])[source]

    def known_of(self, asked: Sequence[Asked]) -> Mapping[SourceId, Sequence[KnownEntry]]:
        found: dict[SourceId, dict[str, KnownEntry]] = {each.source: {} for each in asked}
        keys = {(each.source, key_hash(key)) for each in asked for key in each.keys}
        addresses = {(each.source, address) for each in asked for address in each.addresses}
        for column, values in ((entries.c.key_hash, keys), (entries.c.address, addresses)):
            if values:
                statement = known_by(self._dialect, column)
                for row in self._connection.execute(statement, {"asked": sorted(values)}):
                    found[row.source][row.key_hash] = known_entry(row)
        return {source: list(known.values()) for source, known in found.items()}

    def keep(self, progress: Sequence[Progress]) -> Collection[SourceId]:
        lent = self._lent([each.source for each in progress])
        ours = [each for each in progress if lent.get(each.source, _NOBODY).epoch == each.epoch]
        still = [read_on(each) for each in ours if each.due is None]
        back = [given_back(each, each.due) for each in ours if each.due is not None]
        for statement, rows in ((READ_ON, still), (GIVE_BACK, back)):
            self._many(statement, rows)
        self._give_back_hosts({lent[each.source].host for each in ours if each.due is not None})
        self._remember(
            [(each.source, lent[each.source].polls + 1, each.poll) for each in ours if each.poll]
        )
        for gap in [each.gap for each in ours if each.gap is not None]:
            self.add_gap(gap)
        self.keep_bodies([body for each in ours for body in each.bodies])
        titles = [{"of_id": one.source, "of": one.title} for one in ours if one.title is not None]
        self._many(TITLED, titles)
        self._keep_entries(ours)
        self.keep_documents([document for each in ours for document in each.documents])
        for each in (each for each in ours if each.reread):
            self.read_soon(each.source, each.reread, self._clock.now())
        return {each.source for each in progress} - {each.source for each in ours}

    def save_cursor(
        self,
        source: SourceId,
        epoch: int,
        cursor: Mapping[str, Any],
        entries: Sequence[KnownEntry],
        health: Health,
    ) -> None:
        self._keep_one(Progress(source, epoch, health, cursor, entries))

    def change_settings(self, source: SourceId, epoch: int, settings: Mapping[str, Any]) -> None:
        held = self._lent([source]).get(source, _NOBODY)
        if held.epoch != epoch:
            raise _fenced(source, epoch)
        changed = {"settings": json.dumps(dict(settings)), "host": host_of(settings)}
        self._run(update(sources).where(sources.c.id == source).values(changed))
        self._give_back_hosts([held.host])

    def release_source(
        self, source: SourceId, epoch: int, due: Due, health: Health, poll: Poll | None = None
    ) -> None:
        self._keep_one(Progress(source, epoch, health, due=due, poll=poll))

    def _keep_one(self, progress: Progress) -> None:
        if self.keep([progress]):
            raise _fenced(progress.source, progress.epoch)

    def _named(
        self, part: Collection[str], owner: str, now: datetime, statement: Executable
    ) -> Sequence[Row[Any]]:
        asked = {"part": list(part), "me": owner, "at": now}
        return self._connection.execute(statement, asked).all()

    def _lend(
        self,
        rows: Sequence[Row[Any]],
        owner: str,
        now: datetime,
        until: datetime,
        *,
        asking: bool = True,
    ) -> list[Leased]:
        """Lend sources that this transaction has locked, as far as their hosts are to be had."""
        if asking:
            hosts = self._lend_hosts([row.host for row in rows], owner, now, until)
            rows = [row for row in rows if row.host in hosts]
        if rows:
            lent = {"part": [row.id for row in rows], "of_owner": owner, "of_until": until}
            self._connection.execute(LEND, lent)
        return [leased_of(row) for row in rows]

    def _lent(self, wanted: Collection[SourceId]) -> Mapping[SourceId, Hold]:
        """Lock sources; return what is looked at of each that is lent, run out or not."""
        rows = self._connection.execute(LENT_ROWS, {"part": list(wanted)})
        return {id_: Hold(epoch, host, polls) for id_, epoch, host, polls in rows}

    def _keep_entries(self, progress: Sequence[Progress]) -> None:
        # The last of two with one key is meant, and one statement can't change a row twice.
        rows = {
            (each.source, entry.key): entry_row(each.source, entry)
            for each in progress
            for entry in each.entries
        }
        self._put(entries, ("source", "key_hash"), list(rows.values()))


def _fenced(source: SourceId, epoch: int) -> FencedError:
    return FencedError(f"source {source} is no longer lent to this poller (lease {epoch})")
