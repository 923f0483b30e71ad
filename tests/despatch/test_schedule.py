"""Clock tests: one moment a local day, whatever the clocks do."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from despatch.frequency import WEEKDAYS, Frequency, Quiet, frequency, quiet
from despatch.schedule import last_at, next_at, quiet_until

ZONES = ("UTC", "Europe/London", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Africa/Cairo")
MOMENTS = st.datetimes(
    min_value=datetime(2011, 1, 1),  # noqa: DTZ001 - the strategy takes naive bounds
    max_value=datetime(2030, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@st.composite
def digests(draw: st.DrawFn) -> Frequency:
    every = draw(st.sampled_from(["hourly", "daily", "weekly"]))
    at = time(draw(st.integers(0, 23)), draw(st.integers(0, 59)))
    if every == "hourly":
        return Frequency(every="hourly")
    return Frequency.model_validate(
        {
            "every": every,
            "at": at,
            "on": draw(st.sampled_from(WEEKDAYS)) if every == "weekly" else None,
            "zone": draw(st.sampled_from(ZONES)),
        }
    )


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "said, now, then",
    [
        ("hourly", "2026-03-02 11:59", "2026-03-02 12:00"),
        ("hourly", "2026-03-02 12:00", "2026-03-02 13:00"),
        ("daily 08:30 Europe/London", "2026-01-05 08:29", "2026-01-05 08:30"),
        ("daily 08:30 Europe/London", "2026-01-05 08:30", "2026-01-06 08:30"),
        # Clocks go forward on 29 March 2026, back on 25 October.
        ("daily 08:30 Europe/London", "2026-03-28 09:00", "2026-03-29 07:30"),
        ("daily 08:30 Europe/London", "2026-10-24 09:00", "2026-10-25 08:30"),
        # 01:30 does not exist that night: it comes an hour later.
        ("daily 01:30 Europe/London", "2026-03-28 12:00", "2026-03-29 01:30"),
        ("daily 01:30 Europe/London", "2026-03-29 01:30", "2026-03-30 00:30"),
        # 01:30 comes twice: the first counts, and the second is not another.
        ("daily 01:30 Europe/London", "2026-10-24 12:00", "2026-10-25 00:30"),
        ("daily 01:30 Europe/London", "2026-10-25 00:30", "2026-10-26 01:30"),
        # Leap day.
        ("daily 08:30 UTC", "2028-02-28 09:00", "2028-02-29 08:30"),
        ("daily 08:30 UTC", "2028-02-29 09:00", "2028-03-01 08:30"),
        ("weekly tuesday 08:30 UTC", "2028-02-28 09:00", "2028-02-29 08:30"),
        ("weekly saturday 08:30 Europe/London", "2026-03-21 09:00", "2026-03-28 08:30"),
        ("weekly saturday 08:30 Europe/London", "2026-03-28 08:30", "2026-04-04 07:30"),
        # Samoa had no 30 December 2011: it moved over the date line.
        ("daily 08:30 Pacific/Apia", "2011-12-29 20:00", "2011-12-30 18:30"),
        ("daily 08:30 Pacific/Apia", "2011-12-30 18:30", "2011-12-31 18:30"),
        # Cairo gave up summer time in 2011 and took it up again in 2023.
        ("daily 08:30 Africa/Cairo", "2022-07-01 12:00", "2022-07-02 06:30"),
        ("daily 08:30 Africa/Cairo", "2023-07-01 12:00", "2023-07-02 05:30"),
    ],
)
def test_the_next_moment(said: str, now: str, then: str) -> None:
    assert next_at(frequency(said), utc(now)) == utc(then)


def test_immediate_is_now() -> None:
    now = utc("2026-03-02 11:59")
    assert next_at(Frequency(), now) == last_at(Frequency(), now) == now


def test_who_moves_to_another_zone_is_told_by_its_clocks_from_then_on() -> None:
    now = utc("2026-01-05 07:00")
    assert next_at(frequency("daily 08:30 Europe/London"), now) == utc("2026-01-05 08:30")
    assert next_at(frequency("daily 08:30 Europe/Istanbul"), now) == utc("2026-01-06 05:30")


@given(digests(), MOMENTS)
def test_no_moment_lies_between_the_last_and_the_next(every: Frequency, now: datetime) -> None:
    last, then = last_at(every, now), next_at(every, now)
    assert last <= now < then
    assert next_at(every, last) == then
    assert last_at(every, then) == then
    assert last_at(every, then - timedelta(microseconds=1)) == last


@given(digests(), MOMENTS)
def test_a_period_is_no_longer_than_it_says(every: Frequency, now: datetime) -> None:
    """A day of a zone has at most 25 hours, but for one that crosses the date line."""
    most = {"hourly": 1, "daily": 49, "weekly": 7 * 24 + 25}[every.every]
    assert next_at(every, now) - last_at(every, now) <= timedelta(hours=most)


@pytest.mark.parametrize(
    "hours, now, until",
    [
        ("22:00-07:00 Europe/London", "2026-01-05 21:59", None),
        ("22:00-07:00 Europe/London", "2026-01-05 22:00", "2026-01-06 07:00"),
        ("22:00-07:00 Europe/London", "2026-01-06 06:59", "2026-01-06 07:00"),
        ("22:00-07:00 Europe/London", "2026-01-06 07:00", None),
        ("12:00-14:00 Europe/London", "2026-07-06 11:00", "2026-07-06 13:00"),
        ("12:00-14:00 Europe/London", "2026-07-06 13:00", None),
        # The night in which clocks go forward has eight of the nine hours, the other ten.
        ("22:00-07:00 Europe/London", "2026-03-28 22:00", "2026-03-29 06:00"),
        ("22:00-07:00 Europe/London", "2026-10-24 21:00", "2026-10-25 07:00"),
        ("23:00-06:00 Asia/Kolkata", "2026-01-05 17:30", "2026-01-06 00:30"),
    ],
)
def test_quiet_hours_end(hours: str, now: str, until: str | None) -> None:
    assert quiet_until(quiet(hours), utc(now)) == (utc(until) if until else None)


@given(
    st.builds(
        Quiet,
        since=st.just(time(22, 0)),
        until=st.sampled_from([time(7, 0), time(23, 30), time(1, 30)]),
        zone=st.sampled_from(ZONES),
    ),
    MOMENTS,
)
def test_quiet_hours_that_end_are_over(hours: Quiet, now: datetime) -> None:
    until = quiet_until(hours, now)
    if until is not None:
        assert now < until <= now + timedelta(hours=11)
        assert quiet_until(hours, until) is None
