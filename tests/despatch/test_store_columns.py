"""The store's column types keep values exactly, and their order."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, create_engine, insert, select
from sqlalchemy.exc import StatementError
from sqlalchemy.pool import StaticPool

from despatch.store.columns import Moment, Words

table = Table("kept", MetaData(), Column("n", Integer), Column("at", Moment), Column("said", Words))
zones = st.integers(-23 * 60, 23 * 60).map(lambda m: timezone(timedelta(minutes=m)))
moments = st.datetimes(datetime(1000, 1, 2), datetime(9999, 12, 30), timezones=zones)  # noqa: DTZ001
words = st.text(st.characters(codec=None) | st.sampled_from("\\\0\ud800\udfff"))


def kept(column: str, values: list[object]) -> list[object]:
    """Return the values after they were in SQLite, in its order."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    try:
        with engine.begin() as connection:
            table.create(connection)
            for number, value in enumerate(values):
                connection.execute(insert(table).values({"n": number, column: value}))
            chosen = table.c[column]
            order = chosen if column == "at" else table.c.n
            return list(connection.scalars(select(chosen).order_by(order)))
    finally:
        engine.dispose()


@given(st.lists(moments, min_size=1, max_size=8))
def test_times_sort_as_they_are_and_come_back_in_utc(times: list[datetime]) -> None:
    found = kept("at", list(times))
    assert found == sorted(times)
    assert {each.tzinfo for each in found if isinstance(each, datetime)} == {UTC}


@given(words)
def test_every_text_comes_back_as_it_was(text: str) -> None:
    assert kept("said", [text]) == [text]


def test_nothing_stays_nothing() -> None:
    assert kept("at", [None]) == [None]
    assert kept("said", [None]) == [None]


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(StatementError, match="no time zone"):
        kept("at", [datetime(2026, 3, 2)])  # noqa: DTZ001
