"""How long to wait before trying again. Pure."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from despatch.errors import TransientError

PAUSES = tuple(timedelta(seconds=s) for s in (0.5, 1, 2, 5, 10, 20, 30))
"""Before the second try, the third, …; the last one stays."""

_SECONDS = re.compile(r"[0-9]{1,12}")


def pause_after(exc: TransientError, tries: int) -> timedelta:
    """Return how long to wait after the n-th try: what the other side asked for, else longer each.

    `pause_after(ServerAway("away"), tries=1) == timedelta(milliseconds=500)`.
    """
    return exc.retry_after or PAUSES[min(tries, len(PAUSES)) - 1]


def parse_retry_after(value: str, now: datetime, *, most: timedelta) -> timedelta | None:
    """Return the wait that a Retry-After header asks for: never negative, never over `most`.

    `"120"` is two minutes, a date is taken from `now`. None for what is neither: the header is
    then as good as absent. RFC 9110 §10.2.3.
    """
    plain = value.strip()
    if _SECONDS.fullmatch(plain):
        return min(timedelta(seconds=int(plain)), most)
    try:
        until = parsedate_to_datetime(plain)
        until = until if until.tzinfo else until.replace(tzinfo=UTC)
        return min(max(until - now, timedelta(0)), most)
    except (ValueError, IndexError, OverflowError):
        return None
