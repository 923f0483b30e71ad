"""Silence is judged by a source's own history: nights, weekends and holidays are none."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.silence import LEAST_TIMES, Rhythm, rhythm_of

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)

Times = Sequence[datetime]


def office_hours(weeks: int, a_day: int = 4) -> list[datetime]:
    """Return the times of a press office: Mondays to Fridays from nine to five."""
    return [
        MONDAY + week * WEEK + day * DAY + 9 * HOUR + n * 8 * HOUR / a_day
        for week in range(weeks)
        for day in range(5)
        for n in range(a_day)
    ]


def rhythm(times: Times) -> Rhythm:
    found = rhythm_of(times)
    assert found is not None
    return found


@pytest.mark.parametrize("a_day", [1, 4, 40])
def test_neither_a_night_nor_a_weekend_nor_a_long_weekend_is_silence(a_day: int) -> None:
    """From the Thursday before Easter to the Tuesday after it."""
    times = office_hours(8, a_day)
    thursday = [at for at in times if at < MONDAY + 7 * WEEK + 4 * DAY]

    found = rhythm(thursday)

    assert found.silent_from > MONDAY + 8 * WEEK + DAY + 17 * HOUR
    assert found.silent_from < MONDAY + 9 * WEEK + 3 * DAY


def test_a_source_that_never_rests_is_silent_within_the_week() -> None:
    times = [MONDAY + n * HOUR for n in range(4 * 168)]

    found = rhythm(times)

    assert 3 * DAY < found.silent_from - found.last < WEEK
    assert found.a_week == pytest.approx(168, rel=0.01)


def test_a_slow_source_is_given_the_time_that_it_takes() -> None:
    times = [MONDAY + n * 2 * WEEK for n in range(12)]

    found = rhythm(times)

    assert 4 * WEEK < found.silent_from - found.last < 8 * WEEK


def test_a_source_that_rested_for_a_holiday_before_is_given_more_time() -> None:
    whole = office_hours(20)
    rested = [at for at in whole if not MONDAY + 10 * WEEK <= at < MONDAY + 10 * WEEK + 3 * DAY]

    assert rhythm(rested).silent_from > rhythm(whole).silent_from


def test_a_silence_of_the_past_is_no_measure_for_the_next_one() -> None:
    times = office_hours(12)
    again = [at + 26 * WEEK for at in office_hours(12)]

    found = rhythm([*times, *again])

    assert found.silent_from - found.last < 2 * WEEK
    assert found.a_week == pytest.approx(20, rel=0.1)


def test_a_few_times_or_a_few_days_make_no_habit() -> None:
    assert rhythm_of([]) is None
    assert rhythm_of([MONDAY + n * WEEK for n in range(LEAST_TIMES - 1)]) is None
    assert rhythm_of([MONDAY + n * HOUR for n in range(400)]) is None
    assert rhythm_of([MONDAY] * 50 + [MONDAY + 9 * WEEK]) is None


times_of = st.lists(
    st.integers(0, 60 * 24 * 200).map(lambda minutes: MONDAY + timedelta(minutes=minutes)),
    min_size=2,
    max_size=60,
)


@given(times=times_of)
def test_a_source_is_never_silent_before_its_last_release_nor_for_ever(times: Times) -> None:
    found = rhythm_of(times)

    if found is not None:
        assert found.last == max(times)
        assert found.last < found.silent_from < found.last + timedelta(days=2_000)


@given(times=times_of, weeks=st.integers(-50, 50), order=st.randoms())
def test_only_the_times_within_the_week_count_neither_their_order_nor_the_date(
    times: list[datetime], weeks: int, order: object
) -> None:
    found = rhythm_of(times)
    moved = [at + weeks * WEEK for at in times]
    order.shuffle(moved)  # type: ignore[attr-defined]
    later = rhythm_of(moved)

    assert (found is None) == (later is None)
    if found is not None and later is not None:
        difference = later.silent_from - found.silent_from - weeks * WEEK
        assert abs(difference) < timedelta(seconds=1)


@given(times=times_of)
def test_a_release_puts_the_alarm_off(times: Times) -> None:
    """Whoever publishes shortly before the alarm has at least as long again as the least habit."""
    found = rhythm_of(times)

    if found is not None:
        just_before = found.last + (found.silent_from - found.last) * 0.9
        again = rhythm_of([*times, just_before])
        assert again is not None
        assert again.silent_from > found.silent_from
