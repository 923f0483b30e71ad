"""The benchmarks' own arithmetic. Nothing here takes time, nor looks at how long it took."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.measure import Cost, alternate, percentile, ratios, spread

VALUES = st.lists(st.floats(0.001, 1e6), min_size=1, max_size=30)


def test_contenders_take_turns_and_warm_ups_are_not_kept() -> None:
    turns: list[str] = []

    def turn(name: str) -> int:
        turns.append(name)
        return len(turns)

    kept = alternate({"a": lambda: turn("a"), "b": lambda: turn("b")}, 2, warm_ups=1)
    assert turns == ["a", "b"] * 3
    assert kept == {"a": [3, 5], "b": [4, 6]}


def test_a_ratio_is_that_of_one_round() -> None:
    assert ratios([10, 40], [5, 10]) == [2, 4]


def test_rounds_that_do_not_pair_up_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratios([1, 2], [1])


def test_a_spread_is_median_least_and_most() -> None:
    found = spread([3, 1, 10])
    assert (found.median, found.least, found.most) == (3, 1, 10)


def test_a_rate_is_by_the_clock_on_the_wall() -> None:
    assert Cost(count=100, wall_s=4, cpu_s=2).rate == 25


@pytest.mark.parametrize(
    "percent,expected", [(50, 10), (95, 19), (100, 20), (1, 1), (5, 1), (6, 2)]
)
def test_a_percentile_is_the_nearest_rank(percent: float, expected: int) -> None:
    assert percentile(range(20, 0, -1), percent) == expected


@given(VALUES, st.integers(1, 100))
def test_at_least_so_many_percent_don_t_exceed_a_percentile(
    values: list[float], percent: int
) -> None:
    found = percentile(values, percent)
    assert found in values
    assert sum(value <= found for value in values) * 100 >= percent * len(values)
    assert sum(value < found for value in values) * 100 < percent * len(values)
