"""Ties a release to the copies of it that other sources published, in the stage's transaction."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from alerts.revisions import Hold
from alerts.stories import (
    MOST,
    SHARED,
    WINDOW,
    Copy,
    can_be_tied,
    compared,
    heard_of,
    keys,
    story_of,
)
from despatch.model import Classified, ReleaseId, SubscriberId
from despatch.ports import Archived, Member, Told, Transaction


@dataclass(frozen=True, slots=True)
class Tied:
    """The story of a release, and those that say the same."""

    story: str | None
    copies: tuple[Copy, ...]


NOT_TIED = Tied(None, ())
"""What can't be of a story."""


class Tying:
    """Stories, within one transaction, which must hold them (`hold_stories`)."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def tie(self, classified: Classified, *, best: bool, known: bool) -> Tied:
        """Return the copies of a release, and keep that it is of their story, or of its own.

        `best`: its text is the one that the archive keeps; a lesser one changes no story. `known`:
        the release was seen before.
        """
        if not can_be_tied(classified):
            return NOT_TIED
        copies = self._copies(classified)
        story = self._keep(classified, copies, known) if best else story_of(copies, classified, ())
        return Tied(story, copies)

    def heard_meanwhile(
        self, classified: Classified, subscribers: Collection[SubscriberId]
    ) -> Mapping[SubscriberId, Hold]:
        """Return who heard of a copy by now, what others committed since `tie` among it."""
        return self.heard(classified, subscribers, self._copies(classified))

    def heard(
        self,
        classified: Classified,
        subscribers: Collection[SubscriberId],
        copies: Sequence[Copy],
    ) -> Mapping[SubscriberId, Hold]:
        """Return which of these subscribers heard of a copy, each with the reason to be held."""
        told: dict[SubscriberId, dict[ReleaseId, list[Told]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for copy in copies:
            release = copy.member.release
            theirs = self._tx.subscribers_told(release).intersection(subscribers)
            for one in self._tx.told(theirs, release) if theirs else ():
                told[one.subscriber][release].append(one)
        found = {who: heard_of(classified, copies, theirs) for who, theirs in told.items()}
        return {who: hold for who, hold in found.items() if hold is not None}

    def _keep(self, classified: Classified, copies: Sequence[Copy], known: bool) -> str:
        revision = classified.revision
        release = revision.release
        kept = self._tx.story_of(release.id) if known else ()
        story = story_of(copies, classified, kept)
        if not kept:
            member = Member(release.id, story, release.source, revision.observed_at)
            self._tx.add_to_story(member, keys(classified))
        elif story != kept[0].story:
            self._tx.move_to_story(release.id, story)
        return story

    def _copies(self, classified: Classified) -> tuple[Copy, ...]:
        """Look up what may be alike, and keep what is, the earliest first."""
        revision = classified.revision
        at, release = revision.observed_at, revision.release
        near = self._tx.may_be_alike(
            keys(classified),
            at - WINDOW,
            at + WINDOW,
            not_of=release.source,
            least=SHARED,
            limit=MOST + 1,
        )
        others = [one for one in near if one.release != release.id][:MOST]
        archived = self._tx.archived([one.release for one in others]) if others else {}
        alike = [one for one in others if _is_copy(classified, archived.get(one.release))]
        alike.sort(key=lambda one: (one.since, one.release))
        return tuple(
            Copy(one, archived[one.release], self._tx.revisions_taken(one.release)) for one in alike
        )


def _is_copy(classified: Classified, archived: Archived | None) -> bool:
    if archived is None or archived.status != "live":
        return False
    return compared(classified, archived.classified, archived.sources).same
