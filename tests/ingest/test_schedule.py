"""When a source is next due."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.schedule import LONGEST, LONGEST_ASKED, next_due, spread_of

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


@pytest.mark.parametrize(
    "failures,wait",
    [
        (0, QUARTER),
        (1, QUARTER * 2),
        (3, QUARTER * 8),
        (6, QUARTER * 64),
        (7, LONGEST),
        (10_000, LONGEST),
    ],
)
def test_failures_double_the_wait_up_to_a_day(failures: int, wait: timedelta) -> None:
    assert next_due(NOW, QUARTER, failures=failures) == NOW + wait


def test_a_source_that_is_asked_for_less_than_once_a_day_stays_so() -> None:
    assert next_due(NOW, timedelta(days=7), failures=3) == NOW + timedelta(days=7)


def test_what_the_server_asks_for_is_the_least() -> None:
    hour = timedelta(hours=1)

    assert next_due(NOW, QUARTER, retry_after=hour) == NOW + hour
    assert next_due(NOW, QUARTER, retry_after=timedelta(seconds=1)) == NOW + QUARTER
    assert next_due(NOW, QUARTER, retry_after=timedelta(days=90)) == NOW + LONGEST_ASKED


@given(st.text(), st.datetimes(timezones=st.just(UTC)))
def test_sources_spread_over_a_tenth_of_their_pause(source: str, at: datetime) -> None:
    spread = spread_of(source, at)

    assert 0 <= spread < 1
    assert spread == spread_of(source, at)
    assert NOW + QUARTER <= next_due(NOW, QUARTER, spread=spread) < NOW + QUARTER * 1.1


def test_two_sources_polled_together_drift_apart() -> None:
    assert spread_of("a", NOW) != spread_of("b", NOW)
