"""The store's part for operators: alarms, signs of life, figures, the way of a release."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from despatch.model import (
    Alert,
    AlertId,
    Delivery,
    DeliveryId,
    DeliveryState,
    Match,
    ReleaseId,
    SubscriberId,
)
from despatch.ports.alerting import Taken
from despatch.ports.digests import Item


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
    stopped_channels: int = 0
    """Channels that stand still for having failed."""
    bounced: int = 0
    """Of those, the ones whose address bounced."""


@dataclass(frozen=True, slots=True)
class Trace:
    """The whole way of one release through the store, oldest first."""

    taken: Sequence[Taken]
    matches: Sequence[Match]
    alerts: Sequence[Alert]
    deliveries: Sequence[tuple[Delivery, str]]
    """Each with what may be shown of its channel; those of digests that told of it too."""
    items: Sequence[Item] = ()
    """What was, or is, told later."""


class Operating(Protocol):
    """The part of a store's transaction that an operator looks at."""

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
