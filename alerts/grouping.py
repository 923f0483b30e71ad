"""When the operator is told of alarms, and of which: one outage is one message. Pure.

As Prometheus' Alertmanager does it (group_wait, group_interval, repeat_interval): the first alarm
waits a little for what comes with it, further news waits for the interval, what stays open is
told again. One that comes and goes is told once, and is well again only when it has stayed away.
While the log is away, each stage that finds it so has an alarm of its own: they are one outage.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from despatch.errors import LOG_AWAY
from despatch.ports import Alarm, Notice
from despatch.shorten import shorten

LOOK_BACK = timedelta(hours=1)
"""So long an alarm that is over counts for whether it comes and goes."""
FOLLOWS = "canary"
"""The alarm of a probe: it goes by the log, and is not through at once when that is back."""
STRETCH = 3
"""Times the wait that the first alarm waits at most while others still come in."""
FLAPS = 3
"""Openings within the interval after which it is told though it never stayed open."""

SHOWN = 10
"""Alarms of a message that are told with their text; the rest are counted."""
NAMED = 3
"""Alarms that its subject names."""
MAX_TEXT = 500
"""Characters of an alarm's text."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long the operator is left alone."""

    wait: timedelta = timedelta(seconds=30)
    """From the first alarm to the message: what opens meanwhile is in it. Longer while alarms come
    in (`STRETCH`)."""
    interval: timedelta = timedelta(minutes=5)
    """Between two messages."""
    repeat: timedelta = timedelta(hours=12)
    """After which what is still open is told again."""


@dataclass(frozen=True, slots=True)
class Due:
    """What a message says: each alarm once, as it was seen last."""

    new: tuple[Alarm, ...]
    """Not told before."""
    over: tuple[Alarm, ...]
    """Told before, and well again."""
    still: tuple[Alarm, ...]
    """Told before, and open; or of an outage that was told before."""


def due(
    alarms: Iterable[Alarm], notices: Sequence[Notice], now: datetime, pace: Pace
) -> Due | None:
    """Return what the operator is to be told now; None if nothing.

    `alarms` are the open ones, those that ended in the last hour (`LOOK_BACK`), and those that
    were told and ended; several of a key are its openings.
    """
    openings = _by_key(alarms)
    told = {one.key for one in notices if one.over_at is None}
    last = max((one.over_at or one.told_at for one in notices), default=None)
    if last is not None and now - last < pace.interval:
        return None
    fresh = {key: its for key, its in openings.items() if key not in told}
    known = {key: its for key, its in openings.items() if key in told}
    same = _of_a_known_outage(known, fresh)
    ripe = {key for key, its in fresh.items() if key not in same and _is_ripe(its, now, pace)}
    if _more_may_come([fresh[key] for key in ripe], fresh.values(), now, pace):
        ripe = set()
    # What is told as new is not told as still open, too.
    open_: Mapping[str, Sequence[Alarm]] = known if ripe else {**known, **same}
    still = _newest(its for its in open_.values() if _is_open(its))
    ended = {key for key, its in openings.items() if _stays_away(its, now, pace)}
    over = _newest(openings[key] for key in _told_to_end(openings, ended) if key in known)
    repeat = bool(still) and last is not None and now - last >= pace.repeat
    if not ripe and not over and not repeat:
        return None
    new = [its for key, its in fresh.items() if key in ripe or (ripe and _is_open(its))]
    return Due(_newest(new), over, still)


def subject(message: Due) -> str:
    """Return what it is about: `3 alarms: life of ingest, lag of processors and 1 more`."""
    if message.new:
        named = _named(message.new)
        return named if len(message.new) == 1 else f"{len(message.new)} alarms: {named}"
    return _named(message.over) if message.over else f"still open: {_named(message.still)}"


def body(message: Due) -> str:
    """Return the text: each alarm with when, how often and what; the rest counted."""
    parts = [_full(alarm) for alarm in message.new[:SHOWN]]
    if len(message.new) > SHOWN:
        parts.append(f"… and {len(message.new) - SHOWN} more. All of them: despatch alarms list")
    if message.over:
        lines = [_over(alarm) for alarm in message.over[:SHOWN]]
        more = len(message.over) - SHOWN
        parts.append("\n".join(["Well again:", *lines, *([f"… and {more} more"] * (more > 0))]))
    if message.still:
        parts.append(f"Still open: {_named(message.still, SHOWN)}")
    elif not message.new:
        parts.append("No alarm is open any more.")
    return "\n\n".join(parts)


def _by_key(alarms: Iterable[Alarm]) -> dict[str, list[Alarm]]:
    """Return the openings of each key, oldest first."""
    found: dict[str, list[Alarm]] = defaultdict(list)
    for alarm in sorted(alarms, key=lambda one: (one.opened_at, one.closed_at is None)):
        found[alarm.key].append(alarm)
    return dict(found)


def _is_open(openings: Sequence[Alarm]) -> bool:
    return openings[-1].closed_at is None


def _of_a_known_outage(
    known: Mapping[str, Sequence[Alarm]], fresh: Mapping[str, Sequence[Alarm]]
) -> Mapping[str, Sequence[Alarm]]:
    """Return what was not told, and is no news: that the log is away was told already."""
    if not any(_is_of_the_log(its) for its in known.values()):
        return {}
    return {key: its for key, its in fresh.items() if _is_of_the_log(its) or key == FOLLOWS}


def _told_to_end(openings: Mapping[str, Sequence[Alarm]], ended: Set[str]) -> Set[str]:
    """Return those whose end may be told: the log's when none of its outage is left."""
    of_the_log = {key for key, its in openings.items() if _is_of_the_log(its)}
    return ended - of_the_log if of_the_log - ended else ended


def _is_of_the_log(openings: Sequence[Alarm]) -> bool:
    return LOG_AWAY in openings[-1].text


def _is_ripe(openings: Sequence[Alarm], now: datetime, pace: Pace) -> bool:
    """Tell whether an alarm that was not told has waited, or comes and goes too often."""
    near = [one for one in openings if one.closed_at is None or now - one.opened_at < pace.interval]
    if _is_open(openings):
        return now - near[0].opened_at >= pace.wait
    return len(near) >= FLAPS


def _more_may_come(
    ripe: Sequence[Sequence[Alarm]], fresh: Iterable[Sequence[Alarm]], now: datetime, pace: Pace
) -> bool:
    """Tell whether alarms still come in, and the first of them has not waited too long for it."""
    if not ripe or not all(_is_open(its) for its in ripe):
        return False
    newest = max(its[-1].opened_at for its in fresh)
    first = min(its[-1].opened_at for its in ripe)
    return now - newest < pace.wait / 2 and now - first < STRETCH * pace.wait


def _stays_away(openings: Sequence[Alarm], now: datetime, pace: Pace) -> bool:
    """Tell whether an alarm is over for as long as it takes: the longer, the more often it came."""
    closed_at = openings[-1].closed_at
    if closed_at is None:
        return False
    again = sum(now - one.opened_at < LOOK_BACK for one in openings) - 1
    calm = pace.wait if again <= 0 else min(again * pace.interval, LOOK_BACK)
    return now - closed_at >= calm


def _newest(openings: Iterable[Sequence[Alarm]]) -> tuple[Alarm, ...]:
    """Return the last opening of each, those that opened first before the others."""
    return tuple(sorted((its[-1] for its in openings), key=lambda one: (one.opened_at, one.key)))


def _named(alarms: Sequence[Alarm], most: int = NAMED) -> str:
    names = ", ".join(alarm.key for alarm in alarms[:most])
    more = len(alarms) - most
    return f"{names} and {more} more" if more > 0 else names


def _full(alarm: Alarm) -> str:
    times = "once" if alarm.count == 1 else f"{alarm.count} times"
    text = shorten(alarm.text, MAX_TEXT)
    return f"{alarm.key}\n{text}\nSince {_moment(alarm.opened_at)}, seen {times}."


def _over(alarm: Alarm) -> str:
    until = _moment(alarm.closed_at) if alarm.closed_at else "now"
    return f"- {alarm.key}, from {_moment(alarm.opened_at)} to {until}"


def _moment(at: datetime) -> str:
    return f"{at.day} {at:%B %Y, %H:%M} UTC"
