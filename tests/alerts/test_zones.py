"""Whoever is told when something comes is told by their own clock."""

from datetime import UTC, datetime

from alerts.rhythm import Later, said
from alerts.zones import moment, zone_named, zone_of
from despatch.frequency import Frequency, frequency, quiet
from despatch.testing.subscribers import a_channel, a_subscriber, a_subscription

LONDON = frequency("daily 08:30 Europe/London")
SUMMER = datetime(2026, 7, 1, 7, 30, tzinfo=UTC)
WINTER = datetime(2026, 12, 1, 8, 30, tzinfo=UTC)


def test_the_same_local_hour_is_said_in_summer_and_in_winter() -> None:
    assert moment(SUMMER, "Europe/London") == "2026-07-01 08:30 Europe/London"
    assert moment(WINTER, "Europe/London") == "2026-12-01 08:30 Europe/London"


def test_a_zone_is_read_from_what_makes_it_wait() -> None:
    assert zone_named("daily 08:30 Europe/London") == "Europe/London"
    assert zone_named("after quiet hours 22:00-07:00 Asia/Kolkata") == "Asia/Kolkata"
    assert zone_named("over the limit of 20/day") == "UTC"
    assert zone_named("Some/Where or Other/Place") == "UTC"


def test_what_waits_for_a_digest_says_when_by_its_subscriber_s_clock() -> None:
    later = Later((), "digest", str(LONDON), SUMMER, SUMMER)
    assert said(later) == (
        "waits for the digest of daily 08:30 Europe/London, due 2026-07-01 08:30 Europe/London"
    )


def test_a_subscriber_s_zone_is_that_of_the_first_thing_that_names_one() -> None:
    who = a_subscriber().model_copy(update={"quiet": quiet("22:00-07:00 Asia/Kolkata")})
    wish = a_subscription(a_channel(who), frequency=LONDON)
    assert zone_of(who, [wish]) == "Europe/London"
    assert zone_of(who, [a_subscription(a_channel(who), frequency=Frequency())]) == "Asia/Kolkata"
    assert zone_of(a_subscriber()) == "UTC"
