"""When a source is next due. Pure."""

from datetime import datetime, timedelta

from despatch.fingerprint import digest

LONGEST = timedelta(hours=24)
"""No source waits longer than this, however often it failed: they come back by themselves."""

LONGEST_ASKED = timedelta(hours=48)
"""A server that asks to be left alone for longer is asked again after this."""

_SPREAD = 0.1


def next_due(
    polled_at: datetime,
    every: timedelta,
    *,
    failures: int = 0,
    retry_after: timedelta | None = None,
    spread: float = 0.0,
) -> datetime:
    """Return when to poll next: after `every`, doubled for each failure in a row up to a day.

    What the server asked for (`Retry-After`) is the least, up to two days. `spread`, from 0 to 1,
    adds up to a tenth, so that sources added together don't stay together.
    """
    wait = min(every * int(2 ** min(failures, 16)), max(LONGEST, every))
    wait = max(wait, min(retry_after or timedelta(0), LONGEST_ASKED))
    return polled_at + wait * (1 + _SPREAD * spread)


def spread_of(source: str, at: datetime) -> float:
    """Return a number from 0 up to 1 that differs between sources and polls, and repeats."""
    return int(digest(source, at.isoformat(), length=8), 16) / 0x1_0000_0000
