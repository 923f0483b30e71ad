import random
import tracemalloc

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from processors.numbers import MISSING, Column, Table, runs

KEYS = st.one_of(
    st.integers(1, 300), st.integers(1, (1 << 64) - 1), st.integers(1, 9).map(lambda n: n << 60)
)


def looked_up(table: Table, keys: list[int]) -> list[int]:
    numbers: list[int] = table.of(np.array(keys, np.uint64)).tolist()
    return numbers


@given(st.lists(st.tuples(KEYS, st.integers(0, 1000))), st.lists(KEYS))
def test_a_table_has_what_was_put_into_it_last_and_nothing_else(
    put: list[tuple[int, int]], asked: list[int]
) -> None:
    table, expected = Table(), dict(put)
    for key, number in put:
        table.put(key, number)
    keys = [*expected, *asked]
    assert looked_up(table, keys) == [expected.get(key, MISSING) for key in keys]
    assert [table.get(key) for key in keys] == looked_up(table, keys)
    assert len(table) == len(expected)


def test_a_table_keeps_all_as_it_grows_and_nothing_once_cleared() -> None:
    table = Table()
    chance = random.Random(7)
    keys = [chance.getrandbits(64) for _ in range(50_000)]
    for number, key in enumerate(keys):
        table.put(key, number)
    assert looked_up(table, keys) == list(range(50_000))
    table.clear()
    assert set(looked_up(table, keys)) == {MISSING}


def test_a_table_takes_six_places_a_key_at_most() -> None:
    """A place is twelve bytes."""
    tracemalloc.start()
    try:
        table = Table()
        for key in range(1, 30_001):
            table.put(key, key)
        size = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert len(table) == 30_000
    assert size < 6 * 12 * 30_000


def test_of_the_key_0_nothing_is_kept() -> None:
    table = Table()
    table.put(0, 3)
    for key in range(1, 2_000):
        table.put(key, key)
    assert looked_up(table, [0]) == [table.get(0)] == [MISSING]


@given(st.lists(st.lists(st.integers(0, 9))))
def test_a_column_holds_what_was_added_in_order(parts: list[list[int]]) -> None:
    column = Column(np.int64)
    for part in parts:
        column.add(*part)
    assert column.all.tolist() == [one for part in parts for one in part]
    assert len(column) == len(column.all)


@given(st.lists(st.integers(0, 9)))
def test_runs_say_where_each_number_begins_and_how_often_it_is_there(numbers: list[int]) -> None:
    ordered = np.sort(np.array(numbers, np.int64))
    begins, times = runs(ordered)
    assert ordered[begins].tolist() == sorted(set(numbers))
    assert times.tolist() == [numbers.count(one) for one in sorted(set(numbers))]
