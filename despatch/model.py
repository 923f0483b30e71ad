"""All that travels and is kept: releases, what was found in them, who is told.

Every model is frozen, refuses unknown fields and holds UTC times only. The words are those of
docs/glossary.md. A change of shape is a new topic version (`despatch.releases.v2`), never a
change in place.
"""

from typing import Literal

from pydantic import Field, SecretStr

from despatch.filter import Filter
from despatch.frequency import HOURLY, IMMEDIATE, Frequency, Limit, Quiet
from despatch.frozen import Frozen as Frozen
from despatch.frozen import Instant as Instant
from despatch.release import Change as Change
from despatch.release import Classified as Classified
from despatch.release import Details as Details
from despatch.release import Evidence as Evidence
from despatch.release import Fetched as Fetched
from despatch.release import Linked as Linked
from despatch.release import Release as Release
from despatch.release import Revision as Revision
from despatch.release import ThemeScore as ThemeScore
from despatch.vocabulary import MAX_TEXT_CHARS as MAX_TEXT_CHARS
from despatch.vocabulary import AlertId as AlertId
from despatch.vocabulary import Cause as Cause
from despatch.vocabulary import ChannelId as ChannelId
from despatch.vocabulary import DeliveryId as DeliveryId
from despatch.vocabulary import Event as Event
from despatch.vocabulary import ReleaseId as ReleaseId
from despatch.vocabulary import RevisionId as RevisionId
from despatch.vocabulary import SourceId as SourceId
from despatch.vocabulary import State as State
from despatch.vocabulary import Status as Status
from despatch.vocabulary import SubscriberId as SubscriberId
from despatch.vocabulary import SubscriptionId as SubscriptionId
from despatch.vocabulary import TextFrom as TextFrom
from despatch.vocabulary import TextKind as TextKind
from despatch.vocabulary import ThemeId as ThemeId
from despatch.vocabulary import Wanted as Wanted


class Subscriber(Frozen):
    """A person or a system that is told."""

    id: SubscriberId
    name: str
    quiet: Quiet | None = None
    """When they are left alone; what comes meanwhile waits for the end of it."""
    limit: Limit | None = None
    """How many alerts they get at once, of all their subscriptions together."""
    overflow: Frequency = HOURLY
    """When they get the digest of what is over the limit."""
    receipt: Frequency | None = None
    """When they get a receipt of what was looked at for them, matches or none."""
    created_at: Instant


class Channel(Frozen):
    """One way to reach a subscriber. Its URL is a secret: encrypted at rest, never shown."""

    id: ChannelId
    subscriber: SubscriberId
    url: SecretStr
    shown: str
    """What may be shown of it: its scheme and a fingerprint, such as `json://…3fa9`."""
    state: State = "active"
    why: str = ""
    """Why it was stopped, such as `bounce: there is no such mailbox (550 5.1.1)`."""
    created_at: Instant


class Subscription(Frozen):
    """What a subscriber wants to be told."""

    id: SubscriptionId
    subscriber: SubscriberId
    name: str
    filter: Filter
    events: frozenset[Wanted] = frozenset({"new", "revised", "withdrawn", "restored"})
    channels: tuple[ChannelId, ...]
    frequency: Frequency = IMMEDIATE
    state: State = "active"
    created_at: Instant


class Match(Frozen):
    """One revision met one subscription: unique by (subscription, release, revision)."""

    subscription: SubscriptionId
    subscriber: SubscriberId
    release: ReleaseId
    revision: RevisionId
    event: Event | None
    """What the subscriber is told of; None when held back."""
    outcome: Literal["told", "held"]
    reason: str
    """Why it matched and what became of it, in a sentence."""
    matched_at: Instant


class Rewording(Frozen):
    """A sentence that a publisher changed."""

    before: str = ""
    """Empty if it is new."""
    now: str = ""
    """Empty if it is gone."""


class DigestItem(Frozen):
    """One release of a digest, with what the subscriber is told of it."""

    classified: Classified
    event: Event
    reason: str
    """Why you get this, in a sentence."""
    changed: str = ""
    """What changed, for a revised release."""
    subscriptions: tuple[SubscriptionId, ...] = ()
    """Those that asked for it."""
    also: tuple[Linked, ...] = ()
    """Others who published the same."""


class Digest(Frozen):
    """What came for a subscriber in a period: one message, each item in it once."""

    since: Instant
    until: Instant
    why: str
    """What made it wait: `daily 08:30 Europe/London`, `over the limit of 20/day`."""
    items: tuple[DigestItem, ...]
    """As they are shown: grouped by their surest theme, the most certain first."""
    total: int = Field(ge=0)
    """How many there are; `items` may be the first of them."""
    by_theme: tuple[tuple[ThemeId, int], ...] = ()
    """How many of all have which surest theme, in the order shown; without a theme: an empty one,
    which stands last."""


class Alert(Frozen):
    """What a subscriber is sent: holds what is needed to write it, never a channel's URL."""

    id: AlertId
    """Deterministic: subscriber, release, revision and event; of a digest, subscriber and moment
    due."""
    subscriber: SubscriberId
    event: Event | Literal["gap", "digest", "receipt", "confirm", "test", "alarm", "recovered"]
    classified: Classified | None
    """None for what is not about one release: a gap, a digest, a receipt, a sign-up to
    confirm, a test, an alarm."""
    reason: str
    """Why you get this, in a sentence."""
    subject: str = ""
    body: str = ""
    """What a gap, a receipt, a sign-up to confirm, a test or an alarm says."""
    changed: str = ""
    """What changed, for a revised release."""
    changes: tuple[Rewording, ...] = ()
    """The same, sentence by sentence: the first of them."""
    more_changes: int = Field(default=0, ge=0)
    """How many there are besides."""
    digest: Digest | None = None
    """What a digest holds; None for all else."""
    also: tuple[Linked, ...] = ()
    """Others who published the same, with their own pages."""
    subscriptions: tuple[SubscriptionId, ...] = ()
    """Those that asked for it: what to pause or remove to be told no more."""
    names: tuple[str, ...] = ()
    """What their subscriber calls them: why one gets it, in the fewest words."""
    created_at: Instant


DeliveryState = Literal["waiting", "sending", "delivered", "failed", "cancelled"]
Lane = Literal["urgent", "bulk"]
"""What is urgent never waits behind what is sent in bulk, such as a run of digests."""


class Attempt(Frozen):
    """One try to deliver: when, how long it took, and what came of it."""

    at: Instant
    took_ms: int
    outcome: Literal["delivered", "temporary", "permanent", "in doubt", "held up"]
    """`held up`: what all go by failed; it counts as no try."""
    reason: str
    """A sentence without any secret."""


class Delivery(Frozen):
    """One alert on one channel: unique by (alert, channel)."""

    id: DeliveryId
    """Deterministic; also the idempotency key that every attempt carries."""
    alert: AlertId
    channel: ChannelId
    lane: Lane = "urgent"
    state: DeliveryState = "waiting"
    reason: str = ""
    """Why it has this state, in a sentence without any secret; empty before the first try."""
    attempts: tuple[Attempt, ...] = ()
    not_before: Instant
    lease_owner: str | None = None
    lease_until: Instant | None = None


class DeadLetter(Frozen):
    """Who could not handle a message, when, why, and where it came from.

    On `despatch.dead.v1` these travel as headers; key and value stay the original bytes.
    """

    id: str
    """Deterministic: stage, topic, partition and offset."""
    stage: str
    failed_at: Instant
    error: str
    reason: str
    tries: int = Field(ge=1)
    topic: str
    partition: int
    offset: int
