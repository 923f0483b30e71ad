"""How long is waited before another try, whoever says so."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from despatch.errors import ServerAway
from despatch.retry import PAUSES, parse_retry_after, pause_after

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
MOST = timedelta(days=2)


def test_pauses_grow_to_the_longest_and_stay_there() -> None:
    waits = [pause_after(ServerAway("away"), tries) for tries in range(1, 12)]

    assert waits[: len(PAUSES)] == sorted(waits[: len(PAUSES)]) == list(PAUSES)
    assert set(waits[len(PAUSES) :]) == {PAUSES[-1]}


def test_what_the_other_side_asks_for_counts_more() -> None:
    asked = ServerAway("busy", retry_after=timedelta(minutes=3))

    assert pause_after(asked, 1) == timedelta(minutes=3)


@pytest.mark.parametrize(
    "value,expected",
    [
        ("120", timedelta(minutes=2)),
        (" 0 ", timedelta(0)),
        ("Mon, 02 Mar 2026 12:10:00 GMT", timedelta(minutes=10)),
        ("Mon, 02 Mar 2026 11:00:00 GMT", timedelta(0)),
        ("999999999999", MOST),
        ("Fri, 31 Dec 9999 23:59:59 GMT", MOST),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_retry_after_is_read_in_both_forms(value: str, expected: timedelta | None) -> None:
    assert parse_retry_after(value, NOW, most=MOST) == expected


@given(st.text())
def test_no_header_makes_it_fail(value: str) -> None:
    wait = parse_retry_after(value, NOW, most=MOST)

    assert wait is None or timedelta(0) <= wait <= MOST
