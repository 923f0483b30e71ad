"""The store: sources and their cursors, the archive, subscribers, what was told, deliveries."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from pydantic import SecretStr

from despatch.model import (
    Alert,
    AlertId,
    Attempt,
    Channel,
    ChannelId,
    Classified,
    Delivery,
    DeliveryId,
    DeliveryState,
    Event,
    Lane,
    Match,
    ReleaseId,
    SourceId,
    State,
    Subscriber,
    SubscriberId,
    Subscription,
    SubscriptionId,
)
from despatch.ports.bus import Place
from despatch.ports.canaries import Canaries
from despatch.ports.consent import Consent
from despatch.ports.digests import Digests, Item
from despatch.ports.documents import Documents
from despatch.ports.history import History
from despatch.ports.notices import Notices
from despatch.ports.reading import Reading
from despatch.ports.receipts import Receipts
from despatch.ports.stories import Stories
from despatch.ports.watching import Watching


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
    """A subscriber has heard of it: unique (subscriber, release, revision, event)."""

    subscriber: SubscriberId
    release: ReleaseId
    revision: str
    event: Event
    at: datetime


Changed = Literal["added", "changed", "active", "paused", "removed"]


@dataclass(frozen=True, slots=True)
class SubscriptionChange:
    """An entry of the log of subscriptions: one was added, changed, or given another state."""

    version: int
    subscription: SubscriptionId
    change: Changed
    at: datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery lent to one worker, with all that it needs to send."""

    delivery: DeliveryId
    channel: ChannelId
    alert: Alert
    """Alerts about one classified message share that object."""
    url: SecretStr
    lease_until: datetime
    added_at: datetime | None = None
    """Since when it waits; None if that was before this was kept."""
    lane: Lane = "urgent"
    tries: int = 0
    """How often it was tried before."""
    stopped: str = ""
    """Why it is not wanted any more (the channel, the subscriber or the subscription was paused or
    removed since): the worker records it as cancelled, with this reason, and sends nothing."""
    fault: str = ""
    """Why this channel alone can't be sent to; the worker records it as failed."""


@dataclass(frozen=True, slots=True)
class Finished:
    """What came of a claim: given back with its next state, and the try, if there was one."""

    claim: Claim
    attempt: Attempt | None
    state: DeliveryState
    not_before: datetime
    reason: str = ""
    """Why it has this state; without any secret."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something a person should look at; open from the first sight until it is well again."""

    key: str
    text: str
    opened_at: datetime
    last_at: datetime
    count: int
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Beat:
    """A stage's sign of life."""

    stage: str
    instance: str
    """Host and process id."""
    started_at: datetime
    at: datetime
    state: Literal["running", "waiting", "stopped"]
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """Figures for `status` and `/metrics`."""

    releases: int
    matches: int
    told: int
    deliveries: Mapping[DeliveryState, int]
    oldest_waiting: datetime | None
    """`not_before` of the delivery that has waited longest."""
    subscriptions: int
    """The active ones."""
    open_alarms: int
    newest_release_at: datetime | None
    digests_waiting: int = 0
    """Runs that are due some day."""
    items_waiting: int = 0
    """What will be told in them, or after quiet hours."""
    oldest_digest_due: datetime | None = None
    """When the first of those runs is due."""


@dataclass(frozen=True, slots=True)
class Trace:
    """The whole way of one release through the store, oldest first."""

    taken: Sequence["Taken"]
    matches: Sequence[Match]
    alerts: Sequence[Alert]
    deliveries: Sequence[tuple[Delivery, str]]
    """Each with what may be shown of its channel; those of digests that told of it too."""
    items: Sequence[Item] = ()
    """What was, or is, told later."""


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


class Transaction(
    Reading,
    Watching,
    Documents,
    History,
    Stories,
    Notices,
    Canaries,
    Digests,
    Receipts,
    Consent,
    Protocol,
):
    """One transaction: all of it is kept, or none. One thread's own."""

    # subscribers
    def add_subscriber(self, subscriber: Subscriber) -> None:
        """Add a subscriber; one with this id stays as it is.

        Raises UsageError if another has this name.
        """
        ...

    def change_subscriber(self, subscriber: Subscriber) -> bool:
        """Keep a subscriber's name, quiet hours, limit, overflow and receipt.

        False if there is none such. Raises UsageError if another has this name.
        """
        ...

    def subscriber_named(self, name: str) -> Subscriber | None:
        """Return the subscriber of this name."""
        ...

    def subscribers(self) -> Sequence[Subscriber]:
        """Return every subscriber that is not forgotten, by name."""
        ...

    def add_channel(self, channel: Channel, *, address: SecretStr | None = None) -> Channel:
        """Add a channel; if the subscriber has one with this URL, return that one instead.

        `address` is the e-mail address that it leads to, if it leads to one: it is found by it. A
        removed one with this id is made anew. Raises UsageError if the subscriber is unknown.
        """
        ...

    def channels(self) -> Sequence[Channel]:
        """Return every channel that is not removed.

        Raises OperatorError if a URL was encrypted with a key that is lost.
        """
        ...

    def set_channel_state(self, channel: ChannelId, state: State) -> bool:
        """Pause, resume or remove a channel; a removed one's URL is erased and it stays removed.

        False if there is no such channel.
        """
        ...

    def add_subscription(self, subscription: Subscription) -> None:
        """Add a subscription; one with this id stays as it is, save that a removed one is replaced.

        Raises UsageError if its subscriber is unknown, or a channel unknown or not theirs.
        """
        ...

    def change_subscription(self, subscription: Subscription) -> bool:
        """Keep a subscription as it is now, state and channels too; False if there is none such.

        It stays its subscriber's and as old as it is. Raises UsageError if a channel is unknown or
        not theirs.
        """
        ...

    def subscriptions(self) -> Sequence[Subscription]:
        """Return every subscription that is not removed, oldest first."""
        ...

    def find_subscriptions(self, ids: Collection[SubscriptionId]) -> Sequence[Subscription]:
        """Return those of these subscriptions that are not removed, oldest first."""
        ...

    def subscriptions_of(self, subscribers: Collection[SubscriberId]) -> Sequence[Subscription]:
        """Return these subscribers' subscriptions that are not removed, oldest first."""
        ...

    def set_subscription_state(self, subscription: SubscriptionId, state: State) -> bool:
        """Pause, resume or remove; False if there is no such subscription."""
        ...

    def subscription_version(self) -> int:
        """Return the newest version of the log of subscriptions; 0 before the first.

        Whatever adds or changes a subscription, or gives it another state, is written to the log
        in the same transaction. Versions grow, and become visible in their order: who has read up
        to one has missed nothing below it.
        """
        ...

    def subscription_changes(self, after: int, *, limit: int) -> Sequence[SubscriptionChange]:
        """Return the changes after a version, oldest first, at most so many."""
        ...

    # the alert stage
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
        """Record that a subscriber is told; False if that was recorded before."""
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

    # delivering
    def claim_deliveries(
        self, owner: str, now: datetime, lease: timedelta, limits: Mapping[Lane, int]
    ) -> Sequence[Claim]:
        """Lend deliveries that are due, or whose worker's lease ran out, oldest due first.

        At most so many of each lane, the urgent ones first.
        `owner` is one worker's own name. A lease that ran out adds an attempt "in doubt": whether
        that worker had sent it, nobody knows. A test or an alarm needs no subscription.
        """
        ...

    def finish_deliveries(self, owner: str, finished: Sequence[Finished]) -> frozenset[DeliveryId]:
        """Record tries and give the deliveries back, each with its next state.

        Returns those whose lease is not ours any more: nothing of theirs is changed, whoever has
        them now records what comes of them.
        """
        ...

    def deliveries_in(
        self, state: DeliveryState, limit: int
    ) -> Sequence[tuple[Delivery, str, SubscriberId]]:
        """Return deliveries in a state, those that came into it last first.

        Each with what may be shown of its channel, and with whose that is.
        """
        ...

    def try_again(self, named: Collection[str], now: datetime) -> frozenset[DeliveryId]:
        """Let deliveries that failed or were cancelled be due now; return which.

        `named` are ids of deliveries, or of channels: all of theirs. Each gets one more try at
        least, and is cancelled again if its channel or subscription is not active.
        """
        ...

    def next_delivery_at(self) -> datetime | None:
        """Return when the next delivery is due, or None if none waits.

        One that is being sent is due when its lease runs out.
        """
        ...

    # operating
    def open_alarm(self, key: str, text: str, now: datetime) -> bool:
        """Open an alarm or count it again; True if it was not open."""
        ...

    def close_alarm(self, key: str, now: datetime) -> Alarm | None:
        """Close an alarm; return it if it was open."""
        ...

    def alarms(self, *, open_only: bool = True) -> Sequence[Alarm]:
        """Return alarms, newest first."""
        ...

    def beat(self, beat: Beat) -> None:
        """Keep a stage's sign of life."""
        ...

    def beats(self) -> Sequence[Beat]:
        """Return the last sign of life of each stage's instances; a week's silence is forgotten."""
        ...

    def counts(self) -> Counts:
        """Return the figures."""
        ...

    def find_releases(self, name: str) -> Sequence[ReleaseId]:
        """Return the releases whose id starts with, or whose address or entry is, `name`.

        Newest first; the address is made canonical.
        """
        ...

    def trace(self, release: ReleaseId, *, subscriber: SubscriberId | None = None) -> Trace:
        """Return all that is kept of a release's way; matches and alerts of one subscriber alone.

        Without a subscriber, those of all.
        """
        ...

    def delivery(self, delivery: DeliveryId) -> Delivery | None:
        """Return a delivery."""
        ...

    def alert(self, alert: AlertId) -> Alert | None:
        """Return an alert."""
        ...


class Store(Protocol):
    """Opens transactions. Shared between threads.

    Raises ServerAway (no database), Busy (locked longer than the busy timeout), StorageFull, and
    SchemaError when the schema is not the code's: the text says `despatch migrate`.
    """

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Begin; commit at the end of the block, roll back if it raises.

        When the block is left without an error, all of it is durable.
        """
        ...

    def check_schema(self) -> None:
        """Raise SchemaError if the schema is older or newer than the code's."""
        ...

    def check_keys(self) -> None:
        """Raise OperatorError if a channel's URL is encrypted with a key that is not here."""
        ...

    def migrate(self) -> Sequence[str]:
        """Bring the schema up to the code's; return the revisions applied. Safe to call twice."""
        ...

    def encrypt_again(self) -> int:
        """Encrypt with the first key what an older key encrypted; return how many channels."""
        ...

    def overwrite_deleted(self) -> str:
        """Overwrite what was deleted as far as the database can; return what is left, in words."""
        ...

    def close(self) -> None:
        """Let go of connections and files."""
        ...
