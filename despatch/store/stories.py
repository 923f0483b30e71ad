"""Stories in the store."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, delete, exists, func, select, text, update

from despatch.model import Classified, Linked, ReleaseId, SourceId
from despatch.ports import Member
from despatch.store import tables
from despatch.store.rows import Rows, in_parts, insert_into, read_payload
from despatch.store.tables import releases, story_hashes, story_members

_LOCK_KEY = 0x73746F7279  # "story"

_MOST_SHARING = 200

# Made once: to build a statement takes SQLAlchemy longer than SQLite takes to run it.
_SHARING = (
    select(story_hashes.c.release, func.count().label("shared"))
    .where(
        story_hashes.c.hash.in_(bindparam("hashes", expanding=True)),
        story_hashes.c.since.between(bindparam("since"), bindparam("until")),
    )
    .group_by(story_hashes.c.release)
    .having(func.count() >= bindparam("least"))
    .order_by(func.count().desc())
    .limit(_MOST_SHARING)
)
_STORY_OF = (
    select(story_members)
    .where(
        story_members.c.story
        == select(story_members.c.story)
        .where(story_members.c.release == bindparam("release_"))
        .scalar_subquery()
    )
    .order_by(story_members.c.since, story_members.c.release)
)


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
        given = {"hashes": sorted(hashes), "since": since, "until": until, "least": least}
        shared = {row.release: row.shared for row in self._connection.execute(_SHARING, given)}
        if not shared:
            return []
        asked = select(story_members).where(
            story_members.c.release.in_(shared), story_members.c.source != not_of
        )
        found = [_member(row) for row in self._all(asked)]
        found.sort(key=lambda one: (-shared[one.release], one.since, one.release))
        return found[:limit]

    def add_to_story(self, member: Member, hashes: Collection[int]) -> bool:
        new = self._add(
            story_members,
            release=member.release,
            story=member.story,
            source=member.source,
            since=member.since,
        )
        if new:
            rows = [
                {"hash": one, "since": member.since, "release": member.release}
                for one in sorted(set(hashes))
            ]
            self._many(_insert_hashes(self._dialect), rows)
        return new

    def move_to_story(self, release: ReleaseId, story: str) -> None:
        theirs = story_members.c.release == release
        self._run(update(story_members).where(theirs).values(story=story))

    def story_of(self, release: ReleaseId) -> Sequence[Member]:
        return [_member(row) for row in self._connection.execute(_STORY_OF, {"release_": release})]

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

    def published_twice(
        self, releases: Collection[ReleaseId]
    ) -> Mapping[ReleaseId, Sequence[Linked]]:
        other = story_members.alias()
        same = (other.c.story == story_members.c.story, other.c.release != story_members.c.release)
        tied = select(story_members.c.release).where(exists().where(*same))
        return {
            ReleaseId(row.release): self.also_published(ReleaseId(row.release))
            for part in in_parts(releases)
            for row in self._all(tied.where(story_members.c.release.in_(part)))
        }

    def forget_hashes(self, before: datetime) -> int:
        return self._run(delete(story_hashes).where(story_hashes.c.since < before))


def _member(row: Any) -> Member:
    return Member(ReleaseId(row.release), row.story, SourceId(row.source), row.since)


@cache
def _insert_hashes(dialect: str) -> Any:
    given: dict[str, Any] = {column.name: bindparam(column.name) for column in story_hashes.c}
    return insert_into(dialect, story_hashes).values(given).on_conflict_do_nothing()
