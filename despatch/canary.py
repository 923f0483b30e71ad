"""A canary: a release of our own that goes the whole way, to nobody. Pure.

It shows that log, processors, alert stage and deliveries work together, though no source publishes
anything. What it is marked by, where one that does not arrive stands, and how long that may take.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from despatch.fingerprint import fingerprint, revision_id
from despatch.model import (
    ChannelId,
    Classified,
    Fetched,
    Release,
    ReleaseId,
    Revision,
    SourceId,
    SubscriberId,
)

SOURCE = SourceId("despatch-canary")
"""What every canary comes from; no source can be called so."""
SUBSCRIBER = SubscriberId("despatch-canary")
CHANNEL = ChannelId("c-canary")
URL = "canary://"
"""Where its deliveries go: a sender of ours that sends nothing."""

WAY = ("log", "processors", "alerts", "deliveries")
"""What a canary goes through, in order."""

KEPT = timedelta(hours=1)
"""One that has not arrived by then is given up, and another is sent."""


@dataclass(frozen=True, slots=True)
class Flight:
    """One canary, and how far it has come."""

    id: str
    """Such as `n-1772452800`."""
    sent_at: datetime
    published_at: datetime | None = None
    """When the log had it."""
    taken_at: datetime | None = None
    """When the alert stage took it, judged."""
    delivered_at: datetime | None = None


def revision_of(flight: Flight) -> Revision:
    """Return what is published for a canary: a revision that every reader of the topic can read."""
    release = Release(
        id=ReleaseId("r-" + flight.id),
        address=None,
        source=SOURCE,
        entry=flight.id,
        title="Despatch's canary",
        text="This is no release: Despatch looks whether everything works.",
        text_kind="full",
        text_from="file",
    )
    print_ = fingerprint(release.title, release.text)
    return Revision(
        id=revision_id(release.id, SOURCE, 1, print_),
        release=release,
        cause="new",
        fingerprint=print_,
        number=1,
        observed_at=flight.sent_at,
        fetched=Fetched(address=flight.id, at=flight.sent_at, body_sha256="0" * 64),
    )


def is_canary(what: Revision | Classified) -> bool:
    """Tell whether this is a canary, which nobody is told of and nothing is kept of."""
    revision = what.revision if isinstance(what, Classified) else what
    return revision.release.source == SOURCE


def name_of(now: datetime, every: timedelta) -> str:
    """Return the id of a canary sent now; the same in every process for as long as one lasts."""
    return f"n-{int(now.timestamp() // every.total_seconds() * every.total_seconds())}"


def next_at(flights: Sequence[Flight], now: datetime, every: timedelta) -> datetime:
    """Return when the next one is to be sent: not while another is under way, up to an hour."""
    if not flights:
        return now
    last = max(flights, key=lambda one: one.sent_at)
    pause = every if last.delivered_at is not None else max(every, KEPT)
    return last.sent_at + pause


def arrived(flights: Sequence[Flight]) -> Flight | None:
    """Return the last one that arrived."""
    there = [one for one in flights if one.delivered_at is not None]
    return max(there, key=lambda one: one.sent_at) if there else None


def under_way(flights: Sequence[Flight]) -> Flight | None:
    """Return the last one, if it has not arrived."""
    last = max(flights, key=lambda one: one.sent_at) if flights else None
    return last if last is not None and last.delivered_at is None else None


def stands_in(flight: Flight, processors_at: datetime | None) -> str:
    """Return the stage that a canary has not left: `log`, `processors`, `alerts`, `deliveries`.

    `processors_at` is when the log took the oldest message that the processors have before them.
    """
    if flight.published_at is None:
        return "log"
    if flight.taken_at is None:
        waits = processors_at is not None and processors_at <= flight.published_at
        return "processors" if waits else "alerts"
    return "deliveries"
