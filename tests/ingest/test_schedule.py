"""When a source is next due, and why."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.hints import MOMENTS, Hints
from ingest.schedule import (
    LONGEST,
    LONGEST_ASKED,
    QUIETEST,
    SHORTEST,
    next_due,
    spread_of,
    words,
)

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
QUARTER = 15 * MINUTE

waits = st.timedeltas(timedelta(0), timedelta(days=400))
moments = st.timedeltas(-9_000 * DAY, DAY).map(lambda off: NOW + off)
hints = st.builds(
    Hints,
    lifetime=st.none() | waits,
    lifetime_from=st.sampled_from(["Cache-Control", "Expires"]),
    age=waits,
    ttl=st.none() | waits,
    period=st.none() | waits,
    skip_hours=st.sets(st.integers(0, 23)).map(lambda some: tuple(sorted(some))),
    skip_days=st.sets(st.integers(0, 6)).map(lambda some: tuple(sorted(some))),
    moments=st.lists(moments, max_size=MOMENTS).map(lambda some: tuple(sorted(some))),
)
spreads = st.floats(0, 1, exclude_max=True)
pauses = st.timedeltas(SHORTEST, timedelta(days=30))


def published_every(gap: timedelta, *, until: datetime = NOW) -> Hints:
    """Return what is known of a source that publishes so often."""
    return Hints(moments=tuple(until - gap * n for n in range(MOMENTS, 0, -1)))


@pytest.mark.parametrize(
    "failures,wait",
    [
        (0, QUARTER),
        (1, QUARTER * 2),
        (3, QUARTER * 8),
        (6, QUARTER * 64),
        (7, LONGEST),
        (30, LONGEST),
        (10_000, LONGEST),
    ],
)
def test_failures_double_the_wait_up_to_a_day(failures: int, wait: timedelta) -> None:
    assert next_due(NOW, QUARTER, failures=failures).at == NOW + wait


def test_a_source_that_is_asked_for_less_than_once_a_day_stays_so() -> None:
    week = timedelta(days=7)

    assert next_due(NOW, week, failures=3, fixed=True).at == NOW + week


@pytest.mark.parametrize(
    "asked,wait,why",
    [
        (Hints(), QUARTER, "every 15 min, as all sources"),
        (Hints(lifetime=20 * MINUTE, lifetime_from="Cache-Control"), 20 * MINUTE,
         "the server asked for 20 min (Cache-Control)"),
        (Hints(lifetime=HOUR, lifetime_from="Expires", age=10 * MINUTE), 50 * MINUTE,
         "the server asked for 50 min (Expires)"),
        (Hints(lifetime=5 * MINUTE, lifetime_from="Cache-Control"), QUARTER,
         "every 15 min, as all sources"),
        (Hints(lifetime=HOUR, lifetime_from="Cache-Control", age=2 * HOUR), QUARTER,
         "every 15 min, as all sources"),
        (Hints(lifetime=365 * DAY, lifetime_from="Cache-Control"), LONGEST,
         "the server asked for 365 days (Cache-Control)"),
        (Hints(ttl=HOUR), HOUR, "the feed asks for 1 h (ttl)"),
        (Hints(period=DAY / 2), DAY / 2, "the feed asks for 12 h (sy:updatePeriod)"),
        (Hints(ttl=HOUR, period=2 * HOUR, lifetime=90 * MINUTE, lifetime_from="Expires"), 2 * HOUR,
         "the feed asks for 2 h (sy:updatePeriod)"),
        (Hints(skip_hours=(12, 13)), 2 * HOUR,
         "the feed asks not to be read before then (skipHours)"),
        (Hints(skip_hours=(11, 13)), QUARTER, "every 15 min, as all sources"),
        (Hints(skip_days=(0,)), DAY / 2, "the feed asks not to be read before then (skipDays)"),
        (Hints(skip_days=(0,), skip_hours=(0, 1)), DAY / 2 + 2 * HOUR,
         "the feed asks not to be read before then (skipHours)"),
        (Hints(skip_days=(0, 1, 2, 3, 4, 5)), LONGEST_ASKED,
         "the feed asks not to be read before then (skipDays)"),
        (Hints(skip_days=tuple(range(7)), skip_hours=tuple(range(24))), QUARTER,
         "every 15 min, as all sources"),
        (published_every(HOUR), 6 * MINUTE, "every 6 min: it publishes about every 1 h"),
        (published_every(MINUTE), SHORTEST, "every 5 min: it publishes about every 1 min"),
        (published_every(3 * HOUR), 18 * MINUTE, "every 18 min: it publishes about every 3 h"),
        (published_every(30 * DAY), HOUR, "every 1 h: it publishes about every 30 days"),
        (published_every(MINUTE)._replace(ttl=HOUR), HOUR, "the feed asks for 1 h (ttl)"),
        (Hints(moments=(NOW - DAY, NOW)), QUARTER, "every 15 min, as all sources"),
    ],
)  # fmt: skip
def test_the_longest_of_what_is_asked_counts_and_is_named(
    asked: Hints, wait: timedelta, why: str
) -> None:
    due = next_due(NOW, QUARTER, asked)

    assert (due.at - NOW, due.why, due.held_until) == (wait, why, None)


def test_a_source_s_own_setting_is_not_adapted() -> None:
    due = next_due(NOW, 6 * HOUR, published_every(MINUTE), fixed=True)

    assert (due.at - NOW, due.why) == (6 * HOUR, "every 6 h, as set")


def test_a_source_that_falls_silent_is_asked_more_rarely_and_one_that_wakes_up_more_often() -> None:
    busy = published_every(30 * MINUTE)
    pauses = [next_due(NOW + n * HOUR, QUARTER, busy).at - NOW - n * HOUR for n in (0, 9, 60, 600)]

    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (SHORTEST, QUARTER * QUIETEST)
    awake = busy._replace(moments=(*busy.moments[3:], *[NOW + 600 * HOUR] * 3))
    assert next_due(NOW + 600 * HOUR, QUARTER, awake).at <= NOW + 601 * HOUR


def test_failures_say_so() -> None:
    assert next_due(NOW, QUARTER, failures=1).why == "it failed once: waits 30 min"
    assert next_due(NOW, QUARTER, failures=4).why == "it failed 4 times in a row: waits 4 h"


def test_what_the_server_asks_for_is_the_least() -> None:
    asked = next_due(NOW, QUARTER, failures=1, retry_after=HOUR)
    short = next_due(NOW, QUARTER, failures=1, retry_after=MINUTE)

    assert (asked.at, asked.held_until) == (NOW + HOUR, NOW + HOUR)
    assert asked.why == "the server asked for 1 h (Retry-After)"
    assert (short.at, short.held_until) == (NOW + 30 * MINUTE, NOW + MINUTE)
    assert next_due(NOW, QUARTER, retry_after=90 * DAY).at == NOW + LONGEST_ASKED


def test_hours_to_be_skipped_hold_after_a_failure_too() -> None:
    assert next_due(NOW, QUARTER, Hints(skip_hours=(12,)), failures=1).at == NOW + HOUR


@given(pauses, hints, st.booleans(), st.integers(0, 100), st.none() | waits, spreads)
def test_every_wait_lies_between_five_minutes_and_what_is_the_most(
    every: timedelta,
    asked: Hints,
    fixed: bool,
    failures: int,
    retry_after: timedelta | None,
    spread: float,
) -> None:
    due = next_due(
        NOW, every, asked, fixed=fixed, failures=failures, retry_after=retry_after, spread=spread
    )

    skips = bool(asked.skip_hours or asked.skip_days or retry_after)
    assert due.at - NOW >= SHORTEST
    assert due.at - NOW <= max(LONGEST_ASKED * 1.1 if skips else LONGEST, every)
    assert due.why
    assert due.held_until is None or NOW <= due.held_until <= due.at


@given(pauses, hints, waits, spreads)
def test_nobody_who_asks_for_more_is_asked_sooner(
    every: timedelta, asked: Hints, more: timedelta, spread: float
) -> None:
    asked = asked._replace(skip_hours=(), skip_days=())
    usual = next_due(NOW, every, asked, spread=spread).at

    for strict in (
        asked._replace(ttl=(asked.ttl or timedelta(0)) + more),
        asked._replace(period=(asked.period or timedelta(0)) + more),
        asked._replace(lifetime=(asked.lifetime or timedelta(0)) + more),
    ):
        assert next_due(NOW, every, strict, spread=spread).at >= usual
    assert next_due(NOW, every, asked, spread=spread, failures=1).at >= usual
    assert next_due(NOW, every, asked, spread=spread, retry_after=more).at >= usual


@given(hints, spreads, st.timedeltas(timedelta(0), 400 * DAY).map(lambda off: NOW + off))
def test_no_source_is_read_in_an_hour_or_on_a_day_that_it_asks_to_skip(
    asked: Hints, spread: float, now: datetime
) -> None:
    due = next_due(now, QUARTER, asked, spread=spread)

    if due.at - now < LONGEST_ASKED:
        assert due.at.hour not in asked.skip_hours or len(asked.skip_hours) == 24
        assert due.at.weekday() not in asked.skip_days or len(asked.skip_days) == 7


@given(st.text(), st.datetimes(timezones=st.just(UTC)))
def test_sources_spread_over_a_tenth_of_their_pause(source: str, at: datetime) -> None:
    spread = spread_of(source, at)

    assert 0 <= spread < 1
    assert spread == spread_of(source, at)
    assert NOW + QUARTER <= next_due(NOW, QUARTER, spread=spread).at < NOW + QUARTER * 1.1


def test_two_sources_polled_together_drift_apart() -> None:
    assert spread_of("a", NOW) != spread_of("b", NOW)


@pytest.mark.parametrize(
    "time,said",
    [
        (timedelta(0), "0 s"),
        (timedelta(seconds=45), "45 s"),
        (20 * MINUTE, "20 min"),
        (HOUR, "1 h"),
        (90 * MINUTE, "1 h 30 min"),
        (DAY, "24 h"),
        (2 * DAY, "2 days"),
        (365 * DAY, "365 days"),
    ],
)
def test_times_are_said_as_people_say_them(time: timedelta, said: str) -> None:
    assert words(time) == said
