"""The store's part for the alert stage: positions, the archive, who was told what."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from despatch.model import (
    Alert,
    ChannelId,
    Classified,
    Event,
    Lane,
    Match,
    ReleaseId,
    SourceId,
    SubscriberId,
)
from despatch.ports.bus import Place


@dataclass(frozen=True, slots=True)
class Archived:
    """What the archive holds of a release: its best text and its last judged state."""

    release: ReleaseId
    classified: Classified
    """The observation whose text is kept: API over page over feed, then the newest."""
    observed_at: datetime
    """The newest observation taken, of any source."""
    status: Literal["live", "withdrawn"]
    sources: Mapping[SourceId, str]
    """The last fingerprint taken from each source."""
    seen: frozenset[str]
    """Ids of every classified message taken: a repeat is known by it."""


@dataclass(frozen=True, slots=True)
class Told:
    """A subscriber has heard of it.

    Unique (subscriber, release, revision, event), and (subscriber, story, event) where there is
    a story.
    """

    subscriber: SubscriberId
    release: ReleaseId
    revision: str
    event: Event
    at: datetime
    story: str | None = None
    """The story that they heard by it, such as `t-5f2d…`; None for what belongs to none."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One classified message that the alert stage took, and from where in the log."""

    classified: Classified
    place: Place
    offset: int
    taken_at: datetime
    verdict: str
    """What the table of revisions made of it."""
    subscription_version: int | None = None
    """Of the log of subscriptions: those up to it were asked. None for what was taken before there
    was a log."""


class Alerting(Protocol):
    """The part of a store's transaction in which the alert stage works."""

    def position(self, group: str, place: Place) -> int | None:
        """Return a group's next offset, or None if it has none in this very log and topic.

        A log that was made anew under the same name has another cluster or topic id: the group
        starts there at the oldest message. The position in the old log is kept.
        """
        ...

    def advance(self, group: str, batch_place: Place, first: int, next_: int) -> None:
        """Move a position from `first` to `next_`, by compare-and-set.

        Where no position is kept yet, `first` is taken as it is. Raises FencedError, and the
        transaction must be left, if it stands elsewhere: another owner has gone on. (A block
        that swallows it is rolled back at its end, and the error raised again.)
        """
        ...

    def move(self, group: str, place: Place, to: int) -> None:
        """Set a position, wherever it stands: an operator's decision, with the stage stopped."""
        ...

    def archived(self, releases: Collection[ReleaseId]) -> Mapping[ReleaseId, Archived]:
        """Return what the archive holds of these releases."""
        ...

    def archive_page(
        self, since: datetime | None, after: tuple[datetime, ReleaseId] | None, limit: int
    ) -> Sequence[Archived]:
        """Return what the archive holds of releases observed from `since` on, oldest first.

        The next page begins behind the last one's `(observed_at, release)`: one that is observed
        anew meanwhile comes again, none is left out.
        """
        ...

    def archive(self, taken: Taken, *, best: bool) -> None:
        """Record a classified message as taken; `best`: its text becomes the kept one.

        Status and fingerprint are those of the newest observation, in whatever order they are
        taken. A message taken before is dropped without effect.
        """
        ...

    def add_match(self, match: Match) -> bool:
        """Record a match; False if (subscription, release, revision) is known."""
        ...

    def told(self, subscribers: Collection[SubscriberId], release: ReleaseId) -> Sequence[Told]:
        """Return what these subscribers have heard of a release."""
        ...

    def subscribers_told(self, release: ReleaseId) -> frozenset[SubscriberId]:
        """Return who has heard of a release, subscribed to it still or not."""
        ...

    def add_told(self, told: Told) -> bool:
        """Record that a subscriber is told; False if that, or its story, was recorded before.

        One that another transaction is recording is waited for: of two that tell a subscriber the
        same story at once, one gets False.
        """
        ...

    def add_alert(
        self,
        alert: Alert,
        channels: Collection[ChannelId],
        now: datetime,
        *,
        lane: Lane = "urgent",
    ) -> int:
        """Record an alert and one waiting delivery a channel; return how many are new.

        What comes by the hundred thousand, such as a run of digests, goes into the lane `bulk`.
        """
        ...

    def add_alerts(
        self,
        alerts: Sequence[tuple[Alert, Collection[ChannelId]]],
        now: datetime,
        *,
        lane: Lane = "urgent",
    ) -> None:
        """Record many alerts, no two of one id, each with its channels, as `add_alert` does."""
        ...
