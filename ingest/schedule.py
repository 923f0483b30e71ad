"""When a source is next due, and why. Pure.

The longest of what anybody asks for counts: our own pause, the server's headers, the feed's own
words, the back-off after failures. `docs/reference/schedule.md` is the table of these rules.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zlib import crc32

from despatch.ports import Due
from ingest.hints import NO_HINTS, Hints

SHORTEST = timedelta(minutes=5)
"""No source is asked more often, however much it publishes: GOV.UK's own cache lasts so long."""

LONGEST = timedelta(hours=24)
"""No source waits longer than this, however often it failed: they come back by themselves."""

LONGEST_ASKED = timedelta(hours=48)
"""A server that asks to be left alone for longer is asked again after this."""

BUSIEST = 1 / 3
QUIETEST = 4
"""A source's own pause lies between a third and four times the common one."""

LOOKS = 10
"""So many looks, on average, between one release and the next."""

_KNOWN_WELL = 3
"""From so few dates on is a source's rhythm known."""

_SPREAD = 0.1
_SKIP_SPREAD = timedelta(minutes=6)
_HOUR = timedelta(hours=1)
_NO_TIME = timedelta(0)


class Wait(NamedTuple):
    """How long somebody wants us to wait, and who that is."""

    time: timedelta
    why: str


def next_due(
    polled_at: datetime,
    every: timedelta,
    hints: Hints = NO_HINTS,
    *,
    fixed: bool = False,
    failures: int = 0,
    retry_after: timedelta | None = None,
    spread: float = 0.0,
) -> Due:
    """Return when to poll next, and in words what decided it.

    `every` is the common pause, from which a source's own follows; with `fixed` it is exactly its
    own. Failures in a row double it, up to a day. What the publisher asks for is the least: up to
    a day, and up to two days for `Retry-After` and for hours and days to be skipped. `spread`,
    from 0 to 1, adds up to a tenth, so that sources added together don't stay together.
    """
    own = (
        Wait(every, f"every {words(every)}, as set") if fixed else _rhythm(every, hints, polled_at)
    )
    most = max(LONGEST, own.time)
    wait = own
    if failures or not hints.asks_nothing:
        for other in (*_asked(hints), *_backed_off(own, failures)):
            if other.time > wait.time:
                wait = other
    time = min(min(wait.time, most) * (1 + _SPREAD * spread), most)
    held_until = None
    if retry_after is not None:
        asked = min(retry_after, LONGEST_ASKED)
        held_until = polled_at + asked
        if asked >= min(wait.time, most):
            wait = Wait(asked, f"the server asked for {words(asked)} (Retry-After)")
            time = asked * (1 + _SPREAD * spread)
    at, skipped = _beyond_skipped(polled_at + time, hints, spread)
    return Due(min(at, polled_at + max(LONGEST_ASKED, time)), skipped or wait.why, held_until)


def spread_of(source: str, at: datetime) -> float:
    """Return a number from 0 up to 1 that differs between sources and polls, and repeats."""
    return crc32(source.encode(errors="surrogatepass"), int(at.timestamp())) / 0x1_0000_0000


def words(time: timedelta) -> str:
    """Return a time as people say it: `45 s`, `20 min`, `1 h 30 min`, `2 days`."""
    seconds = time.total_seconds()
    return f"{round(seconds)} s" if seconds < 60 else _minutes_in_words(round(seconds / 60))


@lru_cache(3_000)  # of up to two days: what most waits are is said again and again
def _minutes_in_words(minutes: int) -> str:
    if minutes < 60:
        return f"{minutes} min"
    if minutes >= 48 * 60:
        return f"{round(minutes / 1_440)} days"
    return f"{minutes // 60} h" + (f" {minutes % 60} min" if minutes % 60 else "")


def _rhythm(every: timedelta, hints: Hints, now: datetime) -> Wait:
    """Return a source's own pause: a tenth of the usual gap between two of its entries.

    The silence until now counts as a gap too: a source that falls silent is asked more and more
    rarely, and one that wakes up is soon asked often again.
    """
    if len(hints.moments) < _KNOWN_WELL:
        return Wait(every, f"every {words(every)}, as all sources")
    gap = max(now - hints.moments[0], _NO_TIME) // len(hints.moments)
    least, most = _bounds(every)
    time = min(max(gap // LOOKS, least), most)
    return Wait(time, f"every {words(time)}: it publishes about every {words(gap)}")


@lru_cache(1_000)  # of the common pause: every source has the same
def _bounds(every: timedelta) -> tuple[timedelta, timedelta]:
    """Return how short and how long a source's own pause may be."""
    least = max(min(every, SHORTEST), every * BUSIEST)
    return least, max(every, min(every * QUIETEST, LONGEST))


def _asked(hints: Hints) -> Iterator[Wait]:
    if hints.lifetime is not None and hints.lifetime > hints.age:
        left = hints.lifetime - hints.age
        yield Wait(left, f"the server asked for {words(left)} ({hints.lifetime_from})")
    if hints.ttl is not None:
        yield Wait(hints.ttl, f"the feed asks for {words(hints.ttl)} (ttl)")
    if hints.period is not None:
        yield Wait(hints.period, f"the feed asks for {words(hints.period)} (sy:updatePeriod)")


def _backed_off(own: Wait, failures: int) -> Iterator[Wait]:
    if failures:
        time = min(own.time * int(2 ** min(failures, 16)), max(LONGEST, own.time))
        times = "once" if failures == 1 else f"{failures} times in a row"
        yield Wait(time, f"it failed {times}: waits {words(time)}")


def _beyond_skipped(at: datetime, hints: Hints, spread: float) -> tuple[datetime, str]:
    """Return the first moment from `at` on at which the feed doesn't ask to be left alone.

    A feed that leaves no hour or no day free has said nothing.
    """
    if not hints.skip_hours and not hints.skip_days:
        return at, ""
    hours = frozenset(hints.skip_hours if len(hints.skip_hours) < 24 else ())
    days = frozenset(hints.skip_days if len(hints.skip_days) < 7 else ())
    found, why = at, ""
    while found.hour in hours or found.weekday() in days:
        why = "skipDays" if found.weekday() in days else "skipHours"
        found = found.replace(minute=0, second=0, microsecond=0) + _HOUR
    if not why:
        return at, ""
    return found + _SKIP_SPREAD * spread, f"the feed asks not to be read before then ({why})"
