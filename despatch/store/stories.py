"""Stories in the store."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, delete, desc, func, select, text

from despatch.model import Classified, Linked, ReleaseId, SourceId
from despatch.ports import Member
from despatch.store import tables
from despatch.store.rows import Rows, insert_into, read_payload
from despatch.store.tables import releases, story_hashes, story_members

_LOCK_KEY = 0x73746F7279  # "story"


class Stories(Rows):
    """The part of a transaction that ties releases together."""

    def hold_stories(self) -> None:
        # On SQLite the transaction began with the one lock that there is.
        if self._dialect == "postgresql":
            self._connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})

    def may_be_alike(
        self,
        hashes: Collection[int],
        since: datetime,
        until: datetime,
        *,
        not_of: SourceId,
        least: int,
        limit: int,
    ) -> Sequence[Member]:
        if not hashes:
            return []
        one, shared = story_hashes.c, func.count()
        found = (
            select(one.release, shared.label("shared"))
            .where(one.hash.in_(sorted(hashes)), one.since.between(since, until))
            .group_by(one.release)
            .having(shared >= least)
            .subquery()
        )
        asked = (
            select(story_members)
            .join(found, found.c.release == story_members.c.release)
            .where(story_members.c.source != not_of)
            .order_by(desc(found.c.shared), story_members.c.since, story_members.c.release)
            .limit(limit)
        )
        return [_member(row) for row in self._all(asked)]

    def add_to_story(self, member: Member, hashes: Collection[int]) -> None:
        known = select(story_members.c.release).where(story_members.c.release == member.release)
        new = self._first(known) is None
        values = {
            "release": member.release,
            "story": member.story,
            "source": member.source,
            "since": member.since,
        }
        self._run(_upsert(self._dialect), values)
        if new:
            rows = [
                {"hash": one, "since": member.since, "release": member.release}
                for one in sorted(set(hashes))
            ]
            self._many(_insert_hashes(self._dialect), rows)

    def story_of(self, release: ReleaseId) -> Sequence[Member]:
        its = select(story_members.c.story).where(story_members.c.release == release)
        wanted = select(story_members).where(story_members.c.story == its.scalar_subquery())
        ordered = wanted.order_by(story_members.c.since, story_members.c.release)
        return [_member(row) for row in self._all(ordered)]

    def also_published(self, release: ReleaseId) -> Sequence[Linked]:
        others = [one.release for one in self.story_of(release) if one.release != release]
        if not others:
            return []
        rows = self._all(
            select(releases.c.id, tables.classified.c.payload)
            .join(tables.classified, tables.classified.c.sha256 == releases.c.best)
            .where(releases.c.id.in_(others), releases.c.status == "live")
        )
        kept = {row.id: read_payload(Classified, row.payload) for row in rows}
        return [kept[one].revision.release.publisher for one in others if one in kept]

    def forget_hashes(self, before: datetime) -> int:
        return self._run(delete(story_hashes).where(story_hashes.c.since < before))


def _member(row: Any) -> Member:
    return Member(ReleaseId(row.release), row.story, SourceId(row.source), row.since)


@cache
def _upsert(dialect: str) -> Any:
    insert = insert_into(dialect, story_members)
    return insert.on_conflict_do_update(
        index_elements=["release"], set_={"story": insert.excluded.story}
    )


@cache
def _insert_hashes(dialect: str) -> Any:
    given: dict[str, Any] = {column.name: bindparam(column.name) for column in story_hashes.c}
    return insert_into(dialect, story_hashes).values(given).on_conflict_do_nothing()
