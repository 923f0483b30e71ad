"""Dates: the forms that releases write them in."""

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.dates import parse_date


@pytest.mark.parametrize(
    "given_,expected",
    [
        ("2023-08-09", "2023-08-09T00:00:00"),
        ("20190712", "2019-07-12T00:00:00"),
        ("2023-08-09T10:11:12Z", "2023-08-09T10:11:12"),
        ("2023-08-09T10:11:12.345+01:00", "2023-08-09T09:11:12"),
        ("2023-08-09T10:11:12-0400", "2023-08-09T14:11:12"),
        ("2023-08-09 10:11", "2023-08-09T10:11:00"),
        ("2023-08-09 10:11:12 UTC", "2023-08-09T10:11:12"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00"),
        ("2023-08-09T24:00:00Z", "2023-08-10T00:00:00"),
        ("Tue, 01 Jun 2021 12:12:47 +0000", "2021-06-01T12:12:47"),
        ("Tue, 1 Jun 2021 12:12:47 GMT", "2021-06-01T12:12:47"),
        ("Tue, 01 Jun 2021 12:12:47 BST", "2021-06-01T11:12:47"),
        ("Fri, 06 Aug 21 14:38:54 EST", "2021-08-06T19:38:54"),
        ("22 March 2011", "2011-03-22T00:00:00"),
        ("9 May 2011", "2011-05-09T00:00:00"),
        ("Wednesday, 9th of August 2023 at 9.30am", "2023-08-09T09:30:00"),
        ("2 Sept. 2010", "2010-09-02T00:00:00"),
        ("06 APR 2026 3:16PM", "2026-04-06T15:16:00"),
        ("23 MAR 2026 11:56AM", "2026-03-23T11:56:00"),
        ("27 MAR 2026 12:13PM", "2026-03-27T12:13:00"),
        ("27 MAR 2026 12:13 a.m.", "2026-03-27T00:13:00"),
        ("March 19, 2026", "2026-03-19T00:00:00"),
        ("Thursday, March 19th, 2026", "2026-03-19T00:00:00"),
        ("  2023-08-09 \n", "2023-08-09T00:00:00"),
    ],
)
def test_a_date_is_read_and_becomes_utc(given_: str, expected: str) -> None:
    assert parse_date(given_) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "given_",
    [
        "",
        "soon",
        "0000-00-00",
        "31 February 2020",
        "12/13/2020",
        "2023-08-09T25:00:00Z",
        "2023-08-09T10:61:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
        "1677-01-01",
        "2023-08-09 and then some",
        "32 March 2011",
        "22 Marching 2011",
        "9" * 5_000,
    ],
)
def test_what_is_no_date_or_an_absurd_one_is_none(given_: str) -> None:
    assert parse_date(given_) is None


@given(st.text(max_size=60) | st.from_regex(r"\d{1,4}[- /]\w{1,9}[- /]\d{1,4}.{0,12}"))
def test_no_text_makes_it_fail_and_whatever_comes_is_utc(given_: str) -> None:
    found = parse_date(given_)

    assert found is None or found.tzinfo is UTC


@given(
    st.datetimes(
        min_value=datetime(1901, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
        max_value=datetime(2199, 1, 1),  # noqa: DTZ001
        timezones=st.timezones(),
    )
)
def test_what_the_standards_write_is_read_back(at: datetime) -> None:
    offset = at.utcoffset()
    if offset is None or offset.total_seconds() % 60:
        return  # neither standard can write it
    whole = at.replace(microsecond=0)

    assert parse_date(whole.isoformat()) == whole.astimezone(UTC)
    assert parse_date(format_datetime(whole)) == whole.astimezone(UTC)
