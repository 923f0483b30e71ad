"""What a publisher asks of those who poll, read from an answer's headers and from the feed. Pure.

What a feed says of itself is known only when it is parsed, so it is kept beside the cursor for the
polls that bring nothing new.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:  # a child that parses feeds needs no ports
    from despatch.ports import Response

MOMENTS = 10
"""So many of a source's newest entries tell how often it publishes."""

_PERIODS = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "weekly": timedelta(weeks=1),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SKIP_BYTES = 2_000
_HOUR = re.compile(rb"<hour>\s*([0-9]{1,2})\s*</hour>")
_DAY = re.compile(rb"<day>\s*([A-Za-z]{6,9})\s*</day>")
# A directive and its argument, bare or quoted (RFC 9111 §5.2).
_DIRECTIVE = re.compile(r'([\w!#$%&\'*+.^`|~-]+)\s*(=\s*(?:"([^"]*)"|([^\s,"]*)))?')
_WHOLE = re.compile(r"\s*([0-9]{1,9})\s*")


class Hints(NamedTuple):  # each poll has one: see `ingest.source.Page`
    """What a source's publisher asks for, and when its newest entries are from."""

    lifetime: timedelta | None = None
    """How long an answer counts as fresh, from when it left the publisher."""
    lifetime_from: Literal["", "Cache-Control", "Expires"] = ""
    age: timedelta = timedelta(0)
    """How long this answer had lain in caches (Age) when we got it."""
    ttl: timedelta | None = None
    """RSS: how long a channel may be cached."""
    period: timedelta | None = None
    """`sy:updatePeriod` over `sy:updateFrequency` (RSS 1.0, module Syndication)."""
    skip_hours: tuple[int, ...] = ()
    """RSS: hours of the day, UTC, in which it asks not to be read."""
    skip_days: tuple[int, ...] = ()
    """Likewise the days of the week; Monday is 0."""
    moments: tuple[datetime, ...] = ()
    """When its newest entries are from, oldest first."""

    @property
    def asks_nothing(self) -> bool:
        """Whether no pause is asked for, as by most."""
        return self.lifetime is None and self.ttl is None and self.period is None


NO_HINTS = Hints()

_NO_TIME = timedelta(0)
_FRESHNESS = frozenset({"age", "cache-control", "expires"})
"""Headers that say how long an answer is fresh (RFC 9111 §4.2)."""
_TIMES = ("lifetime", "ttl", "period")
_KEPT = tuple(name for name in Hints._fields if name != "age")


def hints_of_feed(feed: Mapping[str, Any], body: bytes) -> Hints:
    """Return what a parsed RSS or Atom document asks for; `feed` is feedparser's word of it.

    `<ttl>60</ttl>` is an hour, `sy:updatePeriod` daily with an `updateFrequency` of 2 half a day.
    Nonsense is as good as nothing. feedparser keeps only the last of several hours or days: those
    are read from the bytes.
    """
    return Hints(
        ttl=_minutes(feed.get("ttl")),
        period=_period(feed.get("sy_updateperiod"), feed.get("sy_updatefrequency")),
        skip_hours=tuple(sorted({int(hour) % 24 for hour in _skipped(body, b"Hours", _HOUR)})),
        skip_days=tuple(
            sorted({at for day in _skipped(body, b"Days", _DAY) for at in _weekday(day)})
        ),
    )


def hints_of_answer(answer: "Response", known: Hints) -> Hints:
    """Return the hints known so far with those of this answer's headers.

    A 304 that says nothing of freshness leaves it as it was (RFC 9111 §4.3.4). With `no-cache` or
    `no-store` nothing is asked for: the answer may be asked for again at once, age or not.
    """
    if answer.status == 304 and not known.age and not answer.has_any(_FRESHNESS):
        return known
    age = _whole(answer.header("age"))
    lifetime, lifetime_from = _lifetime(answer)
    if not lifetime_from and answer.status == 304:
        lifetime, lifetime_from = known.lifetime, known.lifetime_from
    rested = timedelta(seconds=age) if age else _NO_TIME
    if (lifetime, lifetime_from, rested) == (known.lifetime, known.lifetime_from, known.age):
        return known
    return known._replace(lifetime=lifetime, lifetime_from=lifetime_from, age=rested)


def newest_moments(
    known: Iterable[datetime], seen: Iterable[datetime | None], now: datetime
) -> tuple[datetime, ...]:
    """Return the newest moments of both, oldest first, none twice and none to come."""
    past = {at for at in (*known, *seen) if at is not None and at <= now}
    return tuple(sorted(past)[-MOMENTS:])


def kept_hints(cursor: Mapping[str, Any]) -> Hints:
    """Return the hints that a source keeps in its cursor; none at first contact."""
    kept: Mapping[str, Any] = cursor.get("hints") or {}
    return Hints(**{name: _READ[name](value) for name, value in kept.items()})


def to_keep(hints: Hints) -> Mapping[str, Any]:
    """Return the hints as JSON for the cursor, times in seconds.

    Equal hints look equal, and an age is not kept: a poll without news leaves a cursor as it was.
    """
    kept = {name: at for name in _KEPT if (at := getattr(hints, name)) != getattr(NO_HINTS, name)}
    kept |= {name: kept[name].total_seconds() for name in _TIMES if name in kept}
    if hints.moments:
        kept["moments"] = [at.isoformat() for at in hints.moments]
    return kept


def _seconds(kept: float) -> timedelta:
    return timedelta(seconds=kept)


def _moments(kept: Iterable[str]) -> tuple[datetime, ...]:
    return tuple(map(datetime.fromisoformat, kept))


_READ: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(_TIMES, _seconds),
    **dict.fromkeys(("skip_hours", "skip_days"), tuple),
    "lifetime_from": str,
    "moments": _moments,
}
"""How what a cursor keeps of each is read."""


def _lifetime(
    answer: "Response",
) -> tuple[timedelta | None, Literal["", "Cache-Control", "Expires"]]:
    """Return how long an answer is fresh and which header says so (RFC 9111 §4.2.1)."""
    controls = answer.values("cache-control")
    directives = dict(_directives(controls)) if controls else {}
    if "no-store" in directives or directives.get("no-cache", "fields") is None:
        return None, "Cache-Control"
    if "max-age" in directives:
        seconds = _whole(directives["max-age"])
        return (None if seconds is None else timedelta(seconds=seconds)), "Cache-Control"
    expires = answer.header("expires")
    if expires is None:
        return None, ""
    until, since = _date(expires), _date(answer.header("date") or "") or answer.at
    return (None if until is None or until <= since else until - since), "Expires"


def _directives(controls: Iterable[str]) -> Iterator[tuple[str, str | None]]:
    """Yield the directives of every Cache-Control header, the first of each name last."""
    for found in reversed(list(_DIRECTIVE.finditer(", ".join(controls)))):
        name, argument, quoted, bare = found.groups()
        yield name.lower(), (quoted if quoted is not None else bare) if argument else None


def _date(value: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(value)
    except (ValueError, IndexError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _whole(value: str | None) -> int | None:
    found = _WHOLE.fullmatch(value) if value else None
    return int(found[1]) if found else None


def _minutes(value: Any) -> timedelta | None:
    minutes = _whole(value) if isinstance(value, str) else None
    return timedelta(minutes=minutes) if minutes else None


def _period(period: Any, frequency: Any) -> timedelta | None:
    """The module's defaults are daily and 1; neither given, nothing is asked for."""
    if not isinstance(period, str) and not isinstance(frequency, str):
        return None
    length = _PERIODS.get(str(period or "daily").strip().lower())
    times = _whole(str(frequency or "1"))
    return length / times if length and times else None


def _skipped(body: bytes, what: bytes, pattern: re.Pattern[bytes]) -> Iterable[bytes]:
    """Return what the first `<skipHours>` or `<skipDays>` lists."""
    start = body.find(b"<skip" + what)
    if start < 0:
        return ()
    block = body[start : start + _SKIP_BYTES].partition(b"</skip" + what)[0]
    return pattern.findall(block)


def _weekday(name: bytes) -> tuple[int, ...]:
    day = name.decode("ascii").lower()
    return (_DAYS.index(day),) if day in _DAYS else ()
