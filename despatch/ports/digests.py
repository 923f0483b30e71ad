"""What waits to be told in a digest or after quiet hours, and the runs that tell it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from despatch.model import (
    AlertId,
    Classified,
    Event,
    Linked,
    ReleaseId,
    Subscriber,
    SubscriberId,
    SubscriptionId,
)

WaitsFor = Literal["digest", "quiet", "limit"]
"""For a digest that was asked for, the end of quiet hours, or the digest of what is over a limit.
"""

ItemState = Literal["waiting", "sent", "dropped"]

DigestState = Literal["waiting", "sent", "joined", "empty"]
"""`joined`: told in a later run, for both were due. `empty`: nothing was left to tell."""


@dataclass(frozen=True, slots=True)
class Item:
    """What a subscriber is told of later: unique (subscriber, release, revision, event)."""

    subscriber: SubscriberId
    classified: Classified
    event: Event
    reason: str
    """Why they get it, in a sentence."""
    changed: str
    subscriptions: tuple[SubscriptionId, ...]
    """Those that asked for it."""
    through: tuple[SubscriptionId, ...]
    """Those of them that decide when it comes, over their channels."""
    waits_for: WaitsFor
    why: str
    """What makes it wait: `daily 08:30 Europe/London`."""
    since: datetime
    """When the period began that it is told with."""
    due_at: datetime
    held_at: datetime
    also: tuple[Linked, ...] = ()
    """Others who published the same."""
    withdrawn: bool = False
    """The release was withdrawn while it waited."""
    state: ItemState = "waiting"
    alert: AlertId | None = None
    """What it was sent in."""
    outcome: str = ""
    """Why it was dropped, in a sentence."""

    @property
    def release(self) -> ReleaseId:
        """Which release it is about."""
        return self.classified.revision.release.id


@dataclass(frozen=True, slots=True)
class DueDigest:
    """All that is due for one subscriber: it is told as one."""

    subscriber: SubscriberId
    moments: tuple[datetime, ...]
    """When its runs were due, in order; more than one if nobody was there to run them."""
    items: tuple[Item, ...]
    """In the order in which they came."""


@dataclass(frozen=True, slots=True)
class DigestRun:
    """One moment at which a subscriber is told what waited: unique (subscriber, moment due)."""

    subscriber: SubscriberId
    due_at: datetime
    state: DigestState = "waiting"
    items: int = 0
    """How many wait for it; once it was sent, how many it told."""
    dropped: int = 0
    since: datetime | None = None
    """The period that it told, once it was sent: from here to `until`."""
    until: datetime | None = None
    alert: AlertId | None = None
    done_at: datetime | None = None
    reason: str = ""
    """What came of it, in a sentence."""


@dataclass(frozen=True, slots=True)
class EndedDigest:
    """What came of what was due for one subscriber."""

    due: DueDigest
    run: DigestRun
    """That of its last moment; the others joined it."""
    dropped: Mapping[int, str]
    """The items, by their place in `due.items`, that were not sent, and why."""


@dataclass(frozen=True, slots=True)
class Overdue:
    """What should have been run by now."""

    number: int
    since: datetime | None
    """When the oldest of them was due; None if there is none."""


class Digests(Protocol):
    """The part of a transaction that is about what is told later."""

    def manners(self, subscribers: Collection[SubscriberId]) -> Mapping[SubscriberId, Subscriber]:
        """Return those of them that have quiet hours or a limit.

        Where nobody at all has, that is found out once a transaction, whoever is asked about.
        """
        ...

    def told_at_once(self, subscriber: SubscriberId, since: datetime) -> int:
        """Return how often a subscriber with a limit was told at once after a moment.

        Until the end of the transaction nobody else is told that about this subscriber.
        """
        ...

    def add_told_at_once(self, subscriber: SubscriberId, at: datetime, *, forget: datetime) -> None:
        """Record that a subscriber with a limit is told at once; forget what is old."""
        ...

    def wait(self, items: Sequence[Item], now: datetime) -> Sequence[Item]:
        """Keep what is told later, and the run that each is due in; return them as they are kept.

        One that is known stays as it is. Where the run was over already, for another process'
        clock is ahead, the item is due `now`, in a run of its own.
        """
        ...

    def wait_anew(self, items: Sequence[Item], now: datetime) -> None:
        """Let items that wait be due at another moment, for another reason."""
        ...

    def items_of(self, release: ReleaseId) -> Sequence[Item]:
        """Return what waits about a release, whoever waits for it, in the order it came."""
        ...

    def items_for(self, subscriber: SubscriberId) -> Sequence[Item]:
        """Return what waits for a subscriber, the first due first."""
        ...

    def mark_withdrawn(self, release: ReleaseId, *, withdrawn: bool) -> None:
        """Say of what waits about a release that it was withdrawn, or that it is back."""
        ...

    def due_digests(self, now: datetime, limit: int) -> Sequence[DueDigest]:
        """Borrow what is due, the longest due first, at most that many runs, for this transaction.

        All that is due for one subscriber comes as one; of many large ones the first few come.
        Nobody else gets them before the
        transaction ends; what is not finished in it is due still.
        """
        ...

    def finish_digests(self, ended: Sequence[EndedDigest]) -> None:
        """Record what came of what was due, each subscriber's once."""
        ...

    def next_digest_at(self) -> datetime | None:
        """Return when the next run is due; None if nothing waits."""
        ...

    def overdue_digests(self, before: datetime) -> Overdue:
        """Return how many runs were due before a moment and are not run."""
        ...

    def digest_runs(
        self,
        limit: int,
        *,
        subscriber: SubscriberId | None = None,
        state: DigestState | None = None,
    ) -> Sequence[DigestRun]:
        """Return runs, the last due first."""
        ...
