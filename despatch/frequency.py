"""How often, and when, a subscriber is told: frequencies, quiet hours, limits.

Each has a form that people write, and `str()` gives it back: `daily 08:30 Europe/London`,
`22:00-07:00 Europe/London`, `20/day`. `despatch.schedule` says which moments they mean.
"""

import re
from collections.abc import Mapping
from datetime import time
from difflib import get_close_matches
from functools import cache
from typing import Annotated, Literal, Self, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, Field, model_validator

from despatch.errors import UsageError
from despatch.frozen import Frozen

Every = Literal["immediate", "hourly", "daily", "weekly"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Per = Literal["hour", "day", "week"]

WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)

_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_LIMIT = re.compile(r"(\d{1,6}) ?(?:/|per|a|an) ?(hour|day|week)")


def _whole_minute(at: time) -> time:
    if at.tzinfo is not None or at.second or at.microsecond:
        raise ValueError("a time of day has hours and minutes alone; its zone stands beside it")
    return at


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(_no_zone(name)) from None
    return name


TimeOfDay = Annotated[time, AfterValidator(_whole_minute)]
Zone = Annotated[str, AfterValidator(_known_zone)]
"""A time zone by its name in the IANA database, such as `Europe/London`."""


class Frequency(Frozen):
    """How often a subscription tells: at once, or in digests at a local time."""

    every: Every = "immediate"
    at: TimeOfDay | None = None
    """Local time of a daily or weekly digest."""
    on: Weekday | None = None
    """Day of a weekly one."""
    zone: Zone = "UTC"

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.at is not None) != (self.every in {"daily", "weekly"}):
            raise ValueError("daily and weekly need a time of day, and only they have one")
        if (self.on is not None) != (self.every == "weekly"):
            raise ValueError("weekly needs a day of the week, and only weekly has one")
        if self.at is None and self.zone != "UTC":
            raise ValueError(f"{self.every} has no time zone")
        return self

    def __str__(self) -> str:
        if self.at is None:
            return self.every
        day = f" {self.on}" if self.on else ""
        return f"{self.every}{day} {self.at:%H:%M} {self.zone}"


class Quiet(Frozen):
    """Hours of every day in which nothing is sent; past midnight where `until` is earlier."""

    since: TimeOfDay
    until: TimeOfDay
    zone: Zone = "UTC"

    @model_validator(mode="after")
    def _some_hours(self) -> Self:
        if self.since == self.until:
            raise ValueError("quiet hours end at another time than they begin")
        return self

    def __str__(self) -> str:
        return f"{self.since:%H:%M}-{self.until:%H:%M} {self.zone}"


class Limit(Frozen):
    """How many alerts at most are sent at once; what is more waits for a digest."""

    count: int = Field(ge=1, le=100_000)
    per: Per

    def __str__(self) -> str:
        return f"{self.count}/{self.per}"


IMMEDIATE = Frequency()
HOURLY = Frequency(every="hourly")


def frequency(text: str) -> Frequency:
    """Return the frequency that a text means, its words in any order; without a zone in UTC.

    `immediate`, `hourly`, `daily 08:30 Europe/London`, `weekly saturday 08:30`. Raises UsageError
    with the way out.
    """
    given = _Given(text.split())
    every = given.take(dict.fromkeys(get_args(Every)) | {"immediately": None}, "kind")
    day = given.take({**dict.fromkeys(WEEKDAYS), **{name[:3]: None for name in WEEKDAYS}}, "day")
    at = given.time()
    if every is None:
        raise UsageError(_how_often(text, given.no_kind()))
    full = next((name for name in WEEKDAYS if day and name.startswith(day)), None)
    if every == "weekly" and full is None:
        raise UsageError(_how_often(text, "it needs a day of the week"))
    zone = given.zone()
    every = "immediate" if every == "immediately" else every
    if every in {"daily", "weekly"} and at is None:
        raise UsageError(_how_often(text, "it needs a time of day"))
    if every != "weekly" and full is not None:
        raise UsageError(_how_often(text, f"{every} has no day of the week"))
    if every in {"immediate", "hourly"} and (at is not None or zone is not None):
        raise UsageError(_how_often(text, f"{every} has no time of day and no zone"))
    return Frequency.model_validate({"every": every, "at": at, "on": full, "zone": zone or "UTC"})


def quiet(text: str, zone: str = "UTC") -> Quiet:
    """Return the quiet hours that a text means, such as `22:00-07:00 Europe/London`.

    `zone` counts where the text names none. Raises UsageError with the way out.
    """
    hours, _space, named = text.strip().partition(" ")
    since, dash, until = hours.replace("–", "-").partition("-")
    begin, end = _time(since), _time(until)
    if not dash or begin is None or end is None or begin == end:
        raise UsageError(f"{text!r} are no quiet hours; write 22:00-07:00 Europe/London")
    if named.strip():
        zone = _zone(named.strip())
    return Quiet(since=begin, until=end, zone=zone)


def limit(text: str) -> Limit:
    """Return the limit that a text means, such as `20/day`. Raises UsageError with the way out."""
    found = _LIMIT.fullmatch(text.strip().lower())
    if found is None or not 1 <= int(found[1]) <= 100_000:
        raise UsageError(f"{text!r} is no limit; write 20/day, or 5/hour, or 100/week")
    return Limit.model_validate({"count": int(found[1]), "per": found[2]})


class _Given:
    """The words of a frequency, taken away as they are understood."""

    def __init__(self, parts: list[str]) -> None:
        self._whole = " ".join(parts)
        self._parts = parts

    def take(self, known: Mapping[str, None], what: str) -> str | None:
        found = [part for part in self._parts if part.lower() in known]
        if len(found) > 1:
            raise UsageError(_how_often(self._whole, f"it names more than one {what}"))
        for part in found:
            self._parts.remove(part)
        return found[0].lower() if found else None

    def time(self) -> time | None:
        found = [part for part in self._parts if _time(part) is not None]
        if len(found) > 1:
            raise UsageError(_how_often(self._whole, "it names more than one time"))
        for part in found:
            self._parts.remove(part)
        return _time(found[0]) if found else None

    def no_kind(self) -> str:
        """Return what is wrong with words none of which says how often."""
        kinds = get_args(Every)
        for part in self._parts:
            if near := get_close_matches(part.lower(), kinds, n=1, cutoff=0.7):
                return f"did you mean {near[0]}?"
        return f"it does not say {', '.join(kinds[:-1])} or {kinds[-1]}"

    def zone(self) -> str | None:
        """Return the zone, which is all that is left."""
        if not self._parts:
            return None
        if len(self._parts) > 1:
            left = " ".join(self._parts)
            raise UsageError(_how_often(self._whole, f"{left!r} was not understood"))
        if self._parts[0][0].isdigit():
            raise UsageError(
                _how_often(self._whole, f"{self._parts[0]!r} is no time from 00:00 to 23:59")
            )
        return _zone(self._parts[0])


def _how_often(text: str, why: str) -> str:
    ways = "immediate, hourly, daily 08:30 Europe/London or weekly saturday 08:30 Europe/London"
    then = " Write" if why.endswith("?") else "; write"
    return f"{text!r} is no frequency: {why}{then} {ways}"


def _time(text: str) -> time | None:
    found = _TIME.fullmatch(text)
    return None if found is None else time(int(found[1]), int(found[2]))


def _zone(name: str) -> str:
    known = {each.lower(): each for each in _zones()}
    try:
        return known[name.lower()]
    except KeyError:
        raise UsageError(_no_zone(name)) from None


def _no_zone(name: str) -> str:
    cities = {each.rpartition("/")[2].lower(): each for each in sorted(_zones())}
    wanted = name.strip().rpartition("/")[2].lower().replace(" ", "_")
    near = [cities[one] for one in get_close_matches(wanted, cities, n=1, cutoff=0.7)]
    meant = f"; did you mean {near[0]}?" if near else "; write one such as Europe/London"
    return f"there is no time zone {name!r}{meant}"


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones() - {"localtime"})
