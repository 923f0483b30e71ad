import numpy as np
import pytest

from bench.decisions import calibration_error, calibration_table, figures, shown


def test_precision_recall_and_f1_are_of_those_that_belong() -> None:
    belongs = np.array([True, True, True, False, False])
    found = figures(belongs, np.array([True, True, False, True, False]))
    assert (found.releases, found.belong) == (5, 3)
    assert found.precision.value == pytest.approx(2 / 3)
    assert found.recall.value == pytest.approx(2 / 3)
    assert found.f1.value == pytest.approx(2 / 3)


def test_an_interval_holds_its_figure_and_narrows_with_more_releases() -> None:
    belongs = np.array([True, True, True, False] * 10)
    said = np.array([True, True, False, False] * 10)
    few, many = figures(belongs, said), figures(np.tile(belongs, 25), np.tile(said, 25))
    assert few.f1.low < few.f1.value < few.f1.high
    assert many.f1.high - many.f1.low < (few.f1.high - few.f1.low) / 2


def test_figures_are_the_same_at_every_run() -> None:
    belongs = np.array([True, False] * 50)
    assert shown(figures(belongs, ~belongs)) == shown(figures(belongs, ~belongs))


def test_nothing_said_is_a_zero_and_no_fault() -> None:
    found = figures(np.array([False]), np.array([False]))
    assert (found.precision.value, found.recall.value, found.f1.value) == (0, 0, 0)


def test_scores_that_are_frequencies_have_no_calibration_error() -> None:
    belongs = np.array([True] * 7 + [False] * 3)
    assert calibration_error(belongs, np.full(10, 0.7)) == pytest.approx(0)
    assert calibration_error(belongs, np.full(10, 0.9)) == pytest.approx(0.2)
    [(count, mean, often)] = calibration_table(belongs, np.full(10, 0.7))
    assert count == 10
    assert mean == pytest.approx(0.7)
    assert often == pytest.approx(0.7)
