"""When a source that usually publishes has fallen silent: judged by its own history. Pure.

A pause is measured in publications that would have been usual in its hours, not in days: a night
or a weekend in which the source never published is worth nothing. A source is silent once its pause
is twice as long as its longest one so far, and long enough for holidays.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate, pairwise

HISTORY = timedelta(days=730)
"""So far back a source's publications count."""

LEAST_TIMES = 10
LEAST_SPAN = timedelta(weeks=3)
"""Fewer times, or over less time, make no habit: nothing is said of such a source."""

LONGEST_TIMES = 2
"""So many times its longest pause a source may rest."""

OF_A_WEEK = 0.8
"""And that share of a usual week, four working days: a long weekend is not an end."""

LEAST_USUAL = 3
"""And until so many publications would have been usual."""

_HOUR = timedelta(hours=1)
_WEEK_HOURS = 168
_MONDAY = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How a source publishes."""

    last: datetime
    """Its newest publication."""
    a_week: float
    """Publications in a usual week."""
    silent_from: datetime
    """If it has published nothing by then, it has fallen silent."""


def rhythm_of(times: Sequence[datetime]) -> Rhythm | None:
    """Return how a source publishes, and from when on its silence would be an alarm.

    `times` are its publications in any order, repeats among them. None if they are too few to be
    a habit.
    """
    ordered = sorted(times)
    if len(set(ordered)) < LEAST_TIMES or ordered[-1] - ordered[0] < LEAST_SPAN:
        return None
    usual = _Usual(ordered, ordered[-1] - ordered[0])
    allowed, silent = _allowed(ordered, usual)
    if silent:  # what is usual is measured without them
        usual = _Usual(ordered, ordered[-1] - ordered[0] - silent)
        allowed, _silent = _allowed(ordered, usual)
    return Rhythm(ordered[-1], usual.a_week, usual.after(ordered[-1], allowed))


def _allowed(times: Sequence[datetime], usual: "_Usual") -> tuple[float, timedelta]:
    """Return how long a pause may be, in usual publications; and how long it was silent so far.

    A pause that was a silence itself is no measure for the next one.
    """
    pauses = sorted((usual.between(begin, end), end - begin) for begin, end in pairwise(times))
    allowed = max(OF_A_WEEK * usual.a_week, LEAST_USUAL)
    silent = timedelta(0)
    for worth, length in pauses:
        if worth > allowed:
            silent += length
        else:
            allowed = max(allowed, LONGEST_TIMES * worth)
    return allowed, silent


class _Usual:
    """How many publications are usual in each hour of the week, in UTC.

    An hour lends a quarter to each of its neighbours: clocks change twice a year. The fewer
    publications there are, the less their hours mean, and the more even the week is taken to be.
    """

    def __init__(self, times: Sequence[datetime], span: timedelta) -> None:
        weeks = max(span, LEAST_SPAN) / timedelta(weeks=1)
        self.a_week = len(times) / weeks
        counts = [0] * _WEEK_HOURS
        for at in times:
            counts[_hour(at)] += 1
        trust = len(times) / (len(times) + _WEEK_HOURS)
        even = self.a_week / _WEEK_HOURS
        self._of_hour = [
            trust * (counts[h - 1] + 2 * counts[h] + counts[(h + 1) % _WEEK_HOURS]) / (4 * weeks)
            + (1 - trust) * even
            for h in range(_WEEK_HOURS)
        ]
        self._before = [0.0, *accumulate(self._of_hour)]

    def between(self, begin: datetime, end: datetime) -> float:
        """Return how many publications are usual from one time to another."""
        return self._until(end) - self._until(begin)

    def after(self, begin: datetime, usual: float) -> datetime:
        """Return when so many would have been usual since a time."""
        weeks = int(usual // self.a_week)
        at, left = begin + weeks * timedelta(weeks=1), usual - weeks * self.a_week
        while left > 0:
            next_hour = _MONDAY + ((at - _MONDAY) // _HOUR + 1) * _HOUR
            rest = self.between(at, next_hour)
            if rest >= left:
                return at + (next_hour - at) * (left / rest)
            at, left = next_hour, left - rest
        return at

    def _until(self, at: datetime) -> float:
        whole, rest = divmod(at - _MONDAY, _HOUR)
        weeks, hour = divmod(whole, _WEEK_HOURS)
        return weeks * self.a_week + self._before[hour] + (rest / _HOUR) * self._of_hour[hour]


def _hour(at: datetime) -> int:
    return ((at - _MONDAY) // _HOUR) % _WEEK_HOURS
