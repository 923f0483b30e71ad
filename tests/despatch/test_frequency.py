from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from despatch.errors import UsageError
from despatch.frequency import WEEKDAYS, Frequency, Limit, Quiet, frequency, limit, quiet


@pytest.mark.parametrize(
    "said, meant",
    [
        ("immediate", Frequency()),
        ("Immediately", Frequency()),
        ("hourly", Frequency(every="hourly")),
        (
            "daily 08:30 Europe/London",
            Frequency(every="daily", at=time(8, 30), zone="Europe/London"),
        ),
        (
            "08:30 daily europe/london",
            Frequency(every="daily", at=time(8, 30), zone="Europe/London"),
        ),
        ("daily 8:30", Frequency(every="daily", at=time(8, 30))),
        ("weekly sat 07:00", Frequency(every="weekly", on="saturday", at=time(7, 0))),
        ("weekly Saturday 07:00 UTC", Frequency(every="weekly", on="saturday", at=time(7, 0))),
    ],
)
def test_a_frequency_is_read_as_people_write_it(said: str, meant: Frequency) -> None:
    assert frequency(said) == meant


@pytest.mark.parametrize(
    "said, way_out",
    [
        ("", "immediate, hourly, daily or weekly"),
        ("fortnightly", "does not say immediate, hourly, daily or weekly; write"),
        ("dayly 08:30", "'dayly 08:30' is no frequency: did you mean daily"),
        ("weekly someday 08:30", "needs a day of the week"),
        ("daily", "needs a time of day"),
        ("daily 25:00", "'25:00' is no time from 00:00 to 23:59"),
        ("daily monday 08:30", "daily has no day of the week"),
        ("weekly 08:30", "needs a day of the week"),
        ("weekly mon tue 08:30", "more than one day"),
        ("hourly daily 08:30", "more than one kind"),
        ("hourly 08:30", "hourly has no time of day"),
        ("daily 08:30 09:30", "more than one time"),
        ("daily 08:30 Europe/Londn", "did you mean Europe/London"),
        ("daily 08:30 London", "did you mean Europe/London"),
        ("daily 08:30 New York", "'New York' was not understood"),
    ],
)
def test_a_wrong_frequency_says_the_way_out(said: str, way_out: str) -> None:
    with pytest.raises(UsageError, match=way_out):
        frequency(said)


@given(
    st.builds(
        Frequency,
        every=st.just("weekly"),
        on=st.sampled_from(WEEKDAYS),
        at=st.builds(time, st.integers(0, 23), st.integers(0, 59)),
        zone=st.sampled_from(["UTC", "Europe/London", "America/Argentina/Buenos_Aires"]),
    )
)
def test_a_frequency_is_read_back_as_it_is_shown(one: Frequency) -> None:
    assert frequency(str(one)) == one


def test_quiet_hours_are_read_with_the_zone_that_is_given_beside_them() -> None:
    night = Quiet(since=time(22, 0), until=time(7, 0), zone="Europe/London")
    assert quiet("22:00-07:00", "Europe/London") == night
    assert quiet("22:00–07:00 europe/london") == night
    assert quiet(str(night)) == night


@pytest.mark.parametrize("said", ["", "22:00", "22:00-22:00", "22-7", "7pm-8pm"])
def test_wrong_quiet_hours_say_the_way_out(said: str) -> None:
    with pytest.raises(UsageError, match="22:00-07:00 Europe/London"):
        quiet(said)


@pytest.mark.parametrize("said", ["20/day", "20 per day", "20 a day", "20 / day"])
def test_a_limit_is_read_as_people_write_it(said: str) -> None:
    assert limit(said) == Limit(count=20, per="day")
    assert str(limit(said)) == "20/day"


@pytest.mark.parametrize("said", ["", "0/day", "20", "20/year", "-1/day", "9999999/day"])
def test_a_wrong_limit_says_the_way_out(said: str) -> None:
    with pytest.raises(UsageError, match="20/day"):
        limit(said)
