"""Stories in the store: which releases say the same thing, and how a copy is looked up."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from despatch.model import Linked, ReleaseId, SourceId


@dataclass(frozen=True, slots=True)
class Member:
    """A release, and the story that it belongs to."""

    release: ReleaseId
    story: str
    """The same for all that say the same thing, such as `t-5f2d…`."""
    source: SourceId
    """The one whose text was compared."""
    since: datetime
    """When its full text was first observed."""


class Stories(Protocol):
    """The part of a store's transaction that ties releases together."""

    def hold_stories(self) -> None:
        """Have every other transaction that asks for this wait for the end of this one.

        Two copies that are taken at once by two processes would each not see the other.
        """
        ...

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
        """Return members that share at least so many of the hashes, those with most first.

        Of any source but `not_of`, first observed from `since` to `until`.
        """
        ...

    def add_to_story(self, member: Member, hashes: Collection[int]) -> bool:
        """Keep which story a release belongs to, and what it is looked up by.

        False, and nothing is changed, if it is a member of any already.
        """
        ...

    def move_to_story(self, release: ReleaseId, story: str) -> None:
        """Let a member be of another story from now on."""
        ...

    def story_of(self, release: ReleaseId) -> Sequence[Member]:
        """Return the members of a release's story, itself among them, oldest first; maybe none."""
        ...

    def also_published(self, release: ReleaseId) -> Sequence[Linked]:
        """Return who else published what a release says, and has not withdrawn it.

        Each with the name of the publisher, and the address.
        """
        ...

    def published_twice(
        self, releases: Collection[ReleaseId]
    ) -> Mapping[ReleaseId, Sequence[Linked]]:
        """Return the same of each of these that is in a story with another one."""
        ...

    def forget_hashes(self, before: datetime) -> int:
        """Drop what members first observed before a time are looked up by; return how many."""
        ...
