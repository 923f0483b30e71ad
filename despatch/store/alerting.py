"""What the alert stage keeps: its position, the archive, matches, who was told."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import and_, case, or_, select, update

from despatch.errors import FencedError
from despatch.model import (
    Classified,
    Match,
    ReleaseId,
    SourceId,
    SubscriberId,
)
from despatch.ports import Archived, Place, Taken, Told
from despatch.store import tables
from despatch.store.outgoing import Outgoing
from despatch.store.rows import in_parts, insert_into, read_payload
from despatch.store.tables import positions, release_sources, releases


class Alerting(Outgoing):
    """The part of a transaction that the alert stage writes."""

    def position(self, group: str, place: Place) -> int | None:
        row = self._first(select(positions.c.next_offset).where(_at(group, place)))
        return None if row is None else int(row.next_offset)

    def advance(self, group: str, batch_place: Place, first: int, next_: int) -> None:
        if next_ < first:
            raise ValueError(f"a position can't go back from {first} to {next_}")
        now = self._clock.now()
        there = and_(_at(group, batch_place), positions.c.next_offset == first)
        if self._run(update(positions).where(there).values(next_offset=next_, moved_at=now)):
            return
        place = _place(batch_place)
        if not self._add(positions, group_name=group, **place, next_offset=next_, moved_at=now):
            stands = self.position(group, batch_place)
            self.fenced = FencedError(
                f"{group} stands at {batch_place}@{stands}, not at {first}: another owner has "
                "gone on, and nothing of this batch is kept"
            )
            raise self.fenced

    def move(self, group: str, place: Place, to: int) -> None:
        now = self._clock.now()
        there = _at(group, place)
        if not self._run(update(positions).where(there).values(next_offset=to, moved_at=now)):
            self._add(positions, group_name=group, **_place(place), next_offset=to, moved_at=now)

    def archived(self, releases: Collection[ReleaseId]) -> Mapping[ReleaseId, Archived]:
        found: dict[ReleaseId, Archived] = {}
        for part in in_parts(releases):
            found |= self._archived_part(part)
        return found

    def archive_page(
        self, since: datetime | None, after: tuple[datetime, ReleaseId] | None, limit: int
    ) -> Sequence[Archived]:
        at, id_ = releases.c.observed_at, releases.c.id
        wanted = select(id_).order_by(at, id_).limit(limit)
        if since is not None:
            wanted = wanted.where(at >= since)
        if after is not None:
            wanted = wanted.where(or_(at > after[0], and_(at == after[0], id_ > after[1])))
        found = [ReleaseId(row.id) for row in self._all(wanted)]
        archived = self.archived(found)
        return [archived[one] for one in found]

    def archive(self, taken: Taken, *, best: bool) -> None:
        revision = taken.classified.revision
        payload = self._keep(taken.classified)
        new = self._add(
            tables.taken,
            id=taken.classified.id,
            release=revision.release.id,
            classified=payload,
            **_place(taken.place),
            log_offset=taken.offset,
            taken_at=taken.taken_at,
            verdict=taken.verdict,
            subscription_version=taken.subscription_version,
        )
        if new:
            self._archive_release(taken.classified, payload, best)
            self._archive_source(taken.classified)

    def add_match(self, match: Match) -> bool:
        return self._add(tables.matches, **match.model_dump())

    def told(self, subscribers: Collection[SubscriberId], release: ReleaseId) -> Sequence[Told]:
        columns = tables.told.c
        found: list[Told] = []
        for part in in_parts(subscribers):
            asked = select(tables.told).where(
                columns.release == release, columns.subscriber.in_(part)
            )
            for row in self._all(asked.order_by(columns.told_at, columns.subscriber)):
                who = SubscriberId(row.subscriber)
                found.append(Told(who, release, row.revision, row.event, row.told_at, row.story))
        return found

    def subscribers_told(self, release: ReleaseId) -> frozenset[SubscriberId]:
        columns = tables.told.c
        rows = self._all(select(columns.subscriber).where(columns.release == release))
        return frozenset(SubscriberId(row.subscriber) for row in rows)

    def add_told(self, told: Told) -> bool:
        return self._add(
            tables.told,
            release=told.release,
            subscriber=told.subscriber,
            revision=told.revision,
            event=told.event,
            told_at=told.at,
            story=told.story,
        )

    def _archive_release(self, classified: Classified, payload: str, best: bool) -> None:
        release = classified.revision.release
        values = {
            "id": release.id,
            "address": release.address,
            "status": release.status,
            "observed_at": classified.revision.observed_at,
            "best": payload,
        }
        self._run(_upsert_release(self._dialect, best), values)

    def _archive_source(self, classified: Classified) -> None:
        revision = classified.revision
        values = {
            "release": revision.release.id,
            "source": revision.release.source,
            "entry": revision.release.entry,
            "fingerprint": revision.fingerprint,
            "observed_at": revision.observed_at,
        }
        self._run(_upsert_source(self._dialect), values)

    def _archived_part(self, ids: Sequence[str]) -> dict[ReleaseId, Archived]:
        rows = self._all(
            select(releases, tables.classified.c.payload)
            .join(tables.classified, tables.classified.c.sha256 == releases.c.best)
            .where(releases.c.id.in_(ids))
        )
        prints: dict[str, dict[SourceId, str]] = {}
        for row in self._all(select(release_sources).where(release_sources.c.release.in_(ids))):
            prints.setdefault(row.release, {})[SourceId(row.source)] = row.fingerprint
        seen: dict[str, set[str]] = {}
        columns = tables.taken.c
        for row in self._all(select(columns.release, columns.id).where(columns.release.in_(ids))):
            seen.setdefault(row.release, set()).add(row.id)
        return {
            ReleaseId(row.id): Archived(
                release=ReleaseId(row.id),
                classified=read_payload(Classified, row.payload),
                observed_at=row.observed_at,
                status=row.status,
                sources=prints[row.id],
                seen=frozenset(seen[row.id]),
            )
            for row in rows
        }


@cache
def _upsert_release(dialect: str, best: bool) -> Any:
    """Keep the best text; the status is the newest observation's, in whatever order they come."""
    insert = insert_into(dialect, releases)
    newer = releases.c.observed_at <= insert.excluded.observed_at
    changed = {
        name: case((newer, insert.excluded[name]), else_=releases.c[name])
        for name in ("status", "observed_at")
    }
    if best:
        changed["best"] = insert.excluded.best
    return insert.on_conflict_do_update(index_elements=["id"], set_=changed)


@cache
def _upsert_source(dialect: str) -> Any:
    insert = insert_into(dialect, release_sources)
    return insert.on_conflict_do_update(
        index_elements=["release", "source"],
        set_={name: insert.excluded[name] for name in ("entry", "fingerprint", "observed_at")},
        where=release_sources.c.observed_at <= insert.excluded.observed_at,
    )


def _place(place: Place) -> dict[str, Any]:
    return {
        "cluster": place.cluster,
        "topic": place.topic,
        "topic_id": place.topic_id,
        "partition": place.partition,
    }


def _at(group: str, place: Place) -> Any:
    """Return the condition for a group's position in this very log and topic.

    A log that was made anew under the same name has another cluster or topic id: there the group
    has no position and starts at the oldest message, so nothing is missed. The old row stays.
    """
    return and_(
        positions.c.group_name == group,
        *(positions.c[name] == value for name, value in _place(place).items()),
    )
