"""All that travels and is kept: releases, what was found in them, who is told.

Every model is frozen, refuses unknown fields and holds UTC times only. The words are those of
docs/glossary.md. A change of shape is a new topic version (`despatch.releases.v2`), never a
change in place.
"""

from typing import Literal

from pydantic import Field, SecretStr

from despatch.facts import Facts
from despatch.filter import Filter
from despatch.frequency import HOURLY, IMMEDIATE, Frequency, Limit, Quiet
from despatch.frozen import Frozen as Frozen
from despatch.frozen import Instant as Instant
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


class Fetched(Frozen):
    """Where and when the bytes came from, so that an alert can be traced to them."""

    address: str
    """What was read: a URL, or the name of a saved file."""
    at: Instant
    body_sha256: str
    """Hex SHA-256 of the bytes; the store keeps them, compressed, for 30 days."""
    http_status: int | None = None


class Linked(Frozen):
    """Something that a publisher files a release under: an organisation, a place, a topic."""

    title: str
    address: str | None = None
    """Its own page."""


class Change(Frozen):
    """What a publisher says it changed."""

    at: Instant | None
    note: str


class Details(Frozen):
    """What a publisher's own record says of a release besides its text, such as GOV.UK's.

    Each list holds at most 30 of what there is: docs/reference/release-details.md.
    """

    document_type: str | None = None
    """The publisher's own word for it, such as `press_release`."""
    organisations: tuple[Linked, ...] = ()
    """Who published it; the one that answers for it first."""
    world_locations: tuple[Linked, ...] = ()
    topics: tuple[Linked, ...] = ()
    changes: tuple[Change, ...] = ()
    """Newest first."""
    withdrawn_at: Instant | None = None
    withdrawn_why: str = ""
    """The publisher's notice, as plain text."""


class Release(Frozen):
    """One government document, as one source showed it."""

    id: ReleaseId
    address: str | None
    """Canonical address, or None for a document that has none."""
    edition: str = ""
    """Empty for the first release seen at its address, else what tells it apart."""
    source: SourceId
    entry: str
    """The source's own id for it, as given."""
    title: str = Field(min_length=1)
    text: str
    """Plain text; paragraphs stand apart by an empty line."""
    text_kind: TextKind
    text_from: TextFrom
    truncated: bool = False
    published_at: Instant | None = None
    updated_at: Instant | None = None
    language: str | None = None
    """BCP 47 tag as the source gave it."""
    status: Status = "live"
    details: Details | None = None
    """None where no record of the publisher's was read."""


class Revision(Frozen):
    """One observed state of a release: the message on `despatch.releases.v1`."""

    id: RevisionId
    """Deterministic: the same observation repeated after a crash has the same id."""
    release: Release
    cause: Cause
    fingerprint: str
    replaces: str | None = None
    """The fingerprint that this one replaces at its source; None for the first."""
    number: int = Field(ge=1)
    """1 for the first revision of the release that its source showed, then 2, 3, …"""
    observed_at: Instant
    backlog: bool = False
    """Seen at first contact and dated before the source was added: archived, nobody told."""
    late: bool = False
    """From a repaired gap: told as late."""
    fetched: Fetched


class Evidence(Frozen):
    """One span of text behind a theme: `release.<field>[start:end] == text`."""

    field: Literal["title", "text"]
    start: int = Field(ge=0)
    end: int = Field(gt=0)
    text: str
    weight: float
    """Log-odds that it adds; negative speaks against."""


class ThemeScore(Frozen):
    """A theme that a release belongs to, and why."""

    theme: ThemeId
    version: str
    """The theme file's version and a hash of its content: the same version, the same result."""
    score: float = Field(ge=0, le=1)
    evidence: tuple[Evidence, ...]
    experimental: bool = False
    """The theme has not been measured on labels yet."""


class Classified(Frozen):
    """A revision with its themes: the message on `despatch.classified.v1` and the theme topics."""

    id: str
    """Deterministic: revision id and the versions of all themes that were asked, and of facts."""
    revision: Revision
    themes: tuple[ThemeScore, ...]
    classified_at: Instant
    facts: Facts | None = None
    """What the text says; None where it is not in English, or found no room in the message."""
    quiet: bool = False
    """History judged anew (`despatch reclassify`): it is archived, and nobody is told."""
    language: str = ""
    """What the text is written in, as far as it can be told: `en`, `cy`; empty where it can't."""
    translation_of: ReleaseId | None = None
    """The release whose translation it is, as its address says; there may be no such release."""
    signature: tuple[int, ...] = ()
    """What near copies of the text have in common: `similarity` in despatch/signature.py."""


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
    created_at: Instant


class Channel(Frozen):
    """One way to reach a subscriber. Its URL is a secret: encrypted at rest, never shown."""

    id: ChannelId
    subscriber: SubscriberId
    url: SecretStr
    shown: str
    """What may be shown of it: its scheme and a fingerprint, such as `json://…3fa9`."""
    state: State = "active"
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


class Alert(Frozen):
    """What a subscriber is sent: holds what is needed to write it, never a channel's URL."""

    id: AlertId
    """Deterministic: subscriber, release, revision and event."""
    subscriber: SubscriberId
    event: Event | Literal["gap", "test", "alarm", "recovered"]
    classified: Classified | None
    """None for a gap, a test and an operator's alarm."""
    reason: str
    """Why you get this, in a sentence."""
    subject: str = ""
    body: str = ""
    """What a gap, a test or an alarm says."""
    changed: str = ""
    """What changed, for a revised release."""
    subscriptions: tuple[SubscriptionId, ...] = ()
    """Those that asked for it: what to pause or remove to be told no more."""
    created_at: Instant


DeliveryState = Literal["waiting", "sending", "delivered", "failed", "cancelled"]
Lane = Literal["urgent", "bulk"]
"""What is urgent never waits behind what is sent in bulk, such as a run of digests."""


class Attempt(Frozen):
    """One try to deliver: when, how long it took, and what came of it."""

    at: Instant
    took_ms: int
    outcome: Literal["delivered", "temporary", "permanent", "in doubt"]
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
