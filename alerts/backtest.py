"""What a subscription would have been sent, from what the archive took. Pure.

The same judgements as the alert stage's: the table of revisions, each event told once. Two things
differ on purpose. What stood there before its source was added counts as if it had been watched
then; and time is the release's own: its publication, later the moment of each observation.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from alerts.evaluate import matches
from alerts.revisions import Tell, Verdict, decide, verdict
from alerts.rhythm import PERIODS, AtOnce, pace
from despatch.filter import Filter
from despatch.frequency import IMMEDIATE, Frequency
from despatch.model import (
    Classified,
    Event,
    ReleaseId,
    SourceId,
    Subscriber,
    SubscriberId,
    Subscription,
    SubscriptionId,
    Wanted,
)
from despatch.ports import Archived, Told

WEEK = timedelta(days=7)

_BEGIN = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class WouldSend:
    """One alert that would have been sent."""

    at: datetime
    event: Event
    release: ReleaseId
    title: str
    address: str | None
    source: SourceId
    reason: str
    """Why it matches, or why it is told though it does not match any more."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How much that would have been."""

    alerts: int
    messages: int
    """Alerts, or the digests that they would have come in."""
    per_week: float
    """Alerts a week; those of less than a week count as a week's."""
    messages_per_week: float
    busiest_week: int
    """Alerts in the seven days that had most."""
    since: datetime


def would_send(
    observations: Sequence[Classified], filter_: Filter, events: frozenset[Wanted]
) -> Iterator[WouldSend]:
    """Yield what would have been sent of one release, from all that was taken of it, in order."""
    subscription = _subscription(filter_, events)
    archived: Archived | None = None
    told: list[Told] = []
    for observed in observations:
        seen = _as_if_watched(observed)
        found = verdict(seen, archived)
        if found.repeat:
            continue
        reason = matches(filter_, seen)
        answer = decide(
            found,
            seen.revision,
            subscription,
            matches_now=reason is not None,
            told=told,
            now=seen.revision.observed_at,
        )
        if isinstance(answer, Tell):
            at = moment(seen, first=archived is None)
            of = seen.revision.release
            told.append(Told(subscription.subscriber, of.id, seen.revision.id, answer.event, at))
            because = reason or answer.reason
            yield WouldSend(at, answer.event, of.id, of.title, of.address, of.source, because)
        archived = _archived(seen, found, archived)


def rate(
    sent: Iterable[datetime],
    *,
    since: datetime,
    now: datetime,
    frequency: Frequency = IMMEDIATE,
    who: Subscriber | None = None,
) -> Rate:
    """Return how much alerts at these moments come to; `since` is where the counting begins.

    `who` has the quiet hours and the limit that they would have come under.
    """
    moments = sorted(sent)
    weeks = max((now - since) / WEEK, 1.0)
    messages = _messages(moments, frequency, who)
    return Rate(
        alerts=len(moments),
        messages=messages,
        per_week=len(moments) / weeks,
        messages_per_week=messages / weeks,
        busiest_week=_busiest(moments),
        since=since,
    )


def _messages(moments: Sequence[datetime], frequency: Frequency, who: Subscriber | None) -> int:
    """Return in how many messages alerts at these moments would have come, oldest first."""
    asking = [_subscription(Filter(), frozenset()).model_copy(update={"frequency": frequency})]
    limit = who.limit if who is not None else None
    later: set[datetime] = set()
    at_once: deque[datetime] = deque()
    number = 0
    for at in moments:
        while limit is not None and at_once and at_once[0] <= at - PERIODS[limit.per]:
            at_once.popleft()
        paced = pace(asking, who, at, told_at_once=len(at_once))
        if isinstance(paced, AtOnce):
            at_once.append(at)
            number += 1
        else:
            later.add(paced.due_at)
    return number + len(later)


def _busiest(moments: Sequence[datetime]) -> int:
    most, first = 0, 0
    for last, at in enumerate(moments):
        while at - moments[first] >= WEEK:
            first += 1
        most = max(most, last - first + 1)
    return most


def _as_if_watched(observed: Classified) -> Classified:
    if not observed.revision.backlog:
        return observed
    revision = observed.revision.model_copy(update={"backlog": False})
    return observed.model_copy(update={"revision": revision})


def moment(observed: Classified, *, first: bool) -> datetime:
    """Return when a release would have been told: its publication, later when it was observed."""
    revision = observed.revision
    return (revision.release.published_at if first else None) or revision.observed_at


def _archived(observed: Classified, found: Verdict, before: Archived | None) -> Archived:
    """Return what the archive holds afterwards, as the store keeps it."""
    revision = observed.revision
    source = revision.release.source
    if before is None:
        return Archived(
            release=revision.release.id,
            classified=observed,
            observed_at=revision.observed_at,
            status=revision.release.status,
            sources={source: revision.fingerprint},
            seen=frozenset({observed.id}),
        )
    newer = revision.observed_at >= before.observed_at
    return replace(
        before,
        classified=observed if found.best else before.classified,
        observed_at=max(before.observed_at, revision.observed_at),
        status=revision.release.status if newer else before.status,
        sources=(
            {**before.sources, source: revision.fingerprint}
            if newer or source not in before.sources
            else before.sources
        ),
        seen=before.seen | {observed.id},
    )


def _subscription(filter_: Filter, events: frozenset[Wanted]) -> Subscription:
    return Subscription(
        id=SubscriptionId("s-backtest"),
        subscriber=SubscriberId("p-backtest"),
        name="backtest",
        filter=filter_,
        events=events,
        channels=(),
        created_at=_BEGIN,
    )
