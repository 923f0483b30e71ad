"""What a receipt says: what came, and whether silence means that there was nothing. Pure.

A subscriber who asked for it hears once a day or a week what was looked at for them. Whatever was
not well is said first and plainly: silence that means broken must not look like silence that means
nothing.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from alerts.gaps import reads
from despatch.ended import Ended
from despatch.fingerprint import digest
from despatch.model import (
    Alert,
    AlertId,
    ChannelId,
    SourceId,
    Subscriber,
    Subscription,
)
from despatch.ports import Alarm, DueReceipt, Gap, Health, SourceRecord

_STAGES = ("stage ", "life of ", "lag of ")
"""What the keys of alarms begin with that concern every subscriber."""
_WHOLE = frozenset({"canary", "deliveries wait", "digests wait"})
FAILS = 3
"""Failed tries in a row after which a source counts as failing, though it was read before."""
MOST = 12
"""Lines of what is not well; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What the store says of one period, the same for every subscriber."""

    since: datetime
    until: datetime
    judged: int
    """Releases that were judged."""
    sources: Sequence[tuple[SourceRecord, Health, datetime | None]]
    """Each with when it is next due."""
    ended: Mapping[SourceId, Ended]
    """Those of them that have ended, and how."""
    gaps: Sequence[Gap]
    """Those that are open."""
    alarms: Sequence[Alarm]
    """Those that are open, and those that ended in the period."""


@dataclass(frozen=True, slots=True)
class Came:
    """What came of the period for one subscriber."""

    told: int
    """Releases that they were told of, or will be in a digest."""
    held: int
    """Releases that matched, and were held back for a reason that is recorded."""


@dataclass(frozen=True, slots=True)
class Wording:
    """What a receipt says: the same for all with the same scope, zone, period and count."""

    subject: str
    body: str


def scope_of(theirs: Iterable[Subscription]) -> Hashable:
    """Return what decides which sources a subscriber's receipt is about."""
    return frozenset(one.filter.sources for one in theirs)


def zone_of(who: Subscriber) -> ZoneInfo:
    """Return the zone that a receipt's times are in."""
    return ZoneInfo(who.receipt.zone if who.receipt is not None else "UTC")


def wording(theirs: Sequence[Subscription], zone: ZoneInfo, looked: Looked, came: Came) -> Wording:
    """Return what is said to whoever has such subscriptions.

    Of sources, only those count that the subscriptions can match.
    """
    sources = [one for one in looked.sources if _is_read(one[0].id, theirs)]
    faults = list(_faults(sources, looked, theirs, zone))
    body = "\n\n".join(_body(came, faults, sources, looked, zone))
    return Wording(_subject(came, faults), body)


def receipt(
    due: DueReceipt, theirs: Sequence[Subscription], says: Wording, at: datetime
) -> tuple[Alert, tuple[ChannelId, ...]]:
    """Return the receipt, and the channels that it goes to: those of all active subscriptions."""
    alert = Alert(
        id=AlertId("a-" + digest("receipt", due.subscriber, due.due_at.isoformat())),
        subscriber=due.subscriber,
        event="receipt",
        classified=None,
        reason=f"you asked for a receipt: {due.who.receipt}",
        subject=says.subject,
        body=says.body,
        subscriptions=tuple(one.id for one in theirs),
        created_at=at,
    )
    return alert, tuple(dict.fromkeys(channel for one in theirs for channel in one.channels))


def _subject(came: Came, faults: Sequence[str]) -> str:
    found = "0 matches" if not came.told else _count(came.told, "release") + " told"
    return f"{found}; " + ("NOT everything is well" if faults else "everything is well")


def _body(
    came: Came,
    faults: Sequence[str],
    sources: Sequence[tuple[SourceRecord, Health, datetime | None]],
    looked: Looked,
    zone: ZoneInfo,
) -> Iterator[str]:
    period = f"From {_moment(looked.since, zone)} to {_moment(looked.until, zone)} ({zone.key}):"
    if faults:
        shown = [f"- {fault}" for fault in faults[:MOST]]
        more = len(faults) - MOST
        shown += [f"- and {more} more"] if more > 0 else []
        yield "NOT everything is well. Something that you asked for may have been missed:\n" + (
            "\n".join(shown)
        )
    lines = [period, f"- {_matches(came)}", f"- {_reading(sources, looked, zone)}"]
    lines.append(f"- {_count(looked.judged, 'release')} judged")
    if not any(_is_read_gap(gap, sources) for gap in looked.gaps):
        lines.append("- no gap open")
    lines += [f"- {line}" for line in _resting(sources, looked, zone)]
    yield "\n".join(lines)


def _matches(came: Came) -> str:
    held = f", {_count(came.held, 'match', 'matches')} held back" if came.held else ""
    return (_count(came.told, "release") + " told" if came.told else "0 matches told") + held


def _reading(
    sources: Sequence[tuple[SourceRecord, Health, datetime | None]], looked: Looked, zone: ZoneInfo
) -> str:
    active = [one for one in sources if one[0].state == "active"]
    times = [health.ok_at for _record, health, _due in active if health.ok_at is not None]
    read = sum(at >= looked.since for at in times)
    last = f", last on {_moment(max(times), zone)}" if times else ""
    return f"{read:,} of {_count(len(active), 'source')} read{last}"


def _faults(
    sources: Sequence[tuple[SourceRecord, Health, datetime | None]],
    looked: Looked,
    theirs: Sequence[Subscription],
    zone: ZoneInfo,
) -> Iterator[str]:
    names = {record.id: record.name for record, _health, _due in sources}
    if not any(record.state == "active" for record, _health, _due in sources):
        yield "no source is read that could match"
    for alarm in looked.alarms:
        if alarm.key.startswith(_STAGES) or alarm.key in _WHOLE:
            yield _stage(alarm, zone)
    for record, health, due in sources:
        if record.state == "active":
            yield from _source(record, health, due, looked, zone)
    for alarm in looked.alarms:
        silent = alarm.key.removeprefix("silence of ")
        if silent != alarm.key and alarm.closed_at is None and _is_read(SourceId(silent), theirs):
            since = _moment(alarm.opened_at, zone)
            name = names.get(SourceId(silent), silent)
            yield f"{name} has published nothing for longer than is usual, seen since {since}"
    for gap in looked.gaps:
        if _is_read_gap(gap, sources):
            span = f"from {_moment(gap.since, zone)} to {_moment(gap.until, zone)}"
            yield f"{names.get(gap.source, gap.source)} may have published unseen {span}"


def _stage(alarm: Alarm, zone: ZoneInfo) -> str:
    since = f"{alarm.key}: since {_moment(alarm.opened_at, zone)}"
    if alarm.closed_at is None:
        return since
    return f"{since}, over since {_moment(alarm.closed_at, zone)}"


def _source(
    record: SourceRecord, health: Health, due: datetime | None, looked: Looked, zone: ZoneInfo
) -> Iterator[str]:
    """Yield what is wrong with a source; one that is not due for reading yet is not."""
    last = f"last on {_moment(health.ok_at, zone)}" if health.ok_at else "never yet"
    read = health.ok_at is not None and health.ok_at >= looked.since
    if health.failures >= FAILS or (health.failures and not read):
        tries = _count(health.failures, "failed try", "failed tries")
        yield f"{record.name} can't be read: {tries} in a row, {last} read"
    elif not read and (health.ok_at is None or due is None or due < looked.until):
        yield f"{record.name} was not read, {last}"


def _resting(
    sources: Sequence[tuple[SourceRecord, Health, datetime | None]], looked: Looked, zone: ZoneInfo
) -> Iterator[str]:
    """Yield which sources are not read, and why; nobody has paused one that has ended."""
    for record, _health, _due in sources:
        if (end := looked.ended.get(record.id)) is not None:
            yield f"ended, so read no more since {_moment(end.at, zone)}: {record.name}"
        elif record.state == "paused":
            yield f"paused, so not read: {record.name}"


def _is_read(source: SourceId, theirs: Sequence[Subscription]) -> bool:
    return any(reads(one.filter, source) for one in theirs)


def _is_read_gap(gap: Gap, sources: Sequence[tuple[SourceRecord, Health, datetime | None]]) -> bool:
    return gap.source in {record.id for record, _health, _due in sources}


def _count(number: int, one: str, more: str = "") -> str:
    return f"{number:,} {one if number == 1 else more or one + 's'}"


def _moment(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return f"{local.day} {local:%B %Y, %H:%M}"
