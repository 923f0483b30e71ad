"""The figures of experimental themes: readings count for what they stand for."""

from pathlib import Path

import pytest

from bench.evaluate_experimental import LABELS, figures, fresh, read_readings
from processors.themes import load_themes

UNTRIED = [theme.id for theme in load_themes() if theme.experimental]

ROWS = """\
id,theme,label,reason,sampling,round
a,x,1,,taken 0.5-0.8 of 10,1
b,x,1,,taken 0.5-0.8 of 10,2
c,x,0,why,taken 0.5-0.8 of 10,2
d,x,1,why,left 0-0.15 of 100,2
e,x,0,,left 0-0.15 of 100,2
"""


def test_a_reading_counts_for_the_releases_of_its_stratum_and_only_the_last_round_is_fresh(
    tmp_path: Path,
) -> None:
    path = tmp_path / "x.csv"
    path.write_text(ROWS)
    counted = list(fresh(read_readings(path)))
    assert counted == [
        (True, True, 5.0),
        (False, True, 5.0),
        (True, False, 50.0),
        (False, False, 50.0),
    ]
    precision, recall = figures(counted)
    assert precision == 0.5
    assert recall == pytest.approx(5 / 55)


def test_figures_of_nothing_are_nothing() -> None:
    assert figures([]) == (0.0, 0.0)


def test_what_is_no_reading_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text(ROWS.replace("taken 0.5-0.8 of 10,1", "somehow,1"))
    with pytest.raises(ValueError, match="no reading"):
        read_readings(path)


@pytest.mark.parametrize("theme", UNTRIED)
def test_each_experimental_theme_was_read_and_each_correction_has_its_reason(theme: str) -> None:
    readings = read_readings(LABELS / f"{theme}.csv")
    assert len(readings) >= 100
    assert len({one.id for one in readings}) == len(readings)
    rows = (LABELS / f"{theme}.csv").read_text().splitlines()[1:]
    for one, row in zip(readings, rows, strict=True):
        if one.taken != one.belongs:
            assert f",{theme},{int(one.belongs)},," not in row, row
