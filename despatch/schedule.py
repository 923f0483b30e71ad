"""When a subscriber is told: moments of a frequency, and the end of quiet hours. Pure.

A digest has one moment a local day, whatever the clocks do: a time that is skipped when they go
forward comes as much later as they skip, and one that comes twice when they go back is the first.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from despatch.frequency import WEEKDAYS, Frequency, Quiet

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


def next_at(frequency: Frequency, now: datetime) -> datetime:
    """Return the first moment after `now`, in UTC; `now` itself for `immediate`.

    `hourly` is the full hour.
    """
    now = now.astimezone(UTC)
    if frequency.every == "immediate":
        return now
    if frequency.every == "hourly":
        return _full_hour(now) + _HOUR
    return next(at for at in _moments(frequency, now, _DAY) if at > now)


def last_at(frequency: Frequency, now: datetime) -> datetime:
    """Return the last moment at or before `now`, in UTC; `now` itself for `immediate`.

    From one moment to the next is the period of a digest: `last_at(f, next_at(f, now) - ε)` and
    `next_at(f, now)`.
    """
    now = now.astimezone(UTC)
    if frequency.every == "immediate":
        return now
    if frequency.every == "hourly":
        return _full_hour(now)
    return next(at for at in _moments(frequency, now, -_DAY) if at <= now)


def quiet_until(quiet: Quiet, now: datetime) -> datetime | None:
    """Return when the quiet hours that `now` is in end, in UTC; None outside of them."""
    within = quiet_span(quiet, now)
    return None if within is None else within[1]


def quiet_span(quiet: Quiet, now: datetime) -> tuple[datetime, datetime] | None:
    """Return begin and end of the quiet hours that `now` is in, in UTC; None outside of them."""
    now = now.astimezone(UTC)
    zone = ZoneInfo(quiet.zone)
    today = now.astimezone(zone).date()
    over_night = _DAY if quiet.until < quiet.since else timedelta()
    for day in (today - _DAY, today):
        since = _moment(day, quiet.since, zone)
        until = _moment(day + over_night, quiet.until, zone)
        if since <= now < until:
            return since, until
    return None


def _moments(frequency: Frequency, now: datetime, step: timedelta) -> Iterator[datetime]:
    """Yield the moments of a daily or weekly frequency, day by day from around now."""
    assert frequency.at is not None  # noqa: S101 - the model sees to it
    zone = ZoneInfo(frequency.zone)
    day = now.astimezone(zone).date() - 2 * step
    while True:
        if frequency.on is None or WEEKDAYS[day.weekday()] == frequency.on:
            yield _moment(day, frequency.at, zone)
        day += step


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)


def _full_hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)
