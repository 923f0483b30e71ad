from pathlib import Path

import pytest

from despatch.errors import UsageError
from processors.fitting.labels import COLUMNS, kappa, read_labels

THEMES = ("migration", "partnerships")


def write(folder: Path, *lines: str) -> Path:
    text = "\n".join([",".join(COLUMNS), *lines]) + "\n"
    (folder / "housing.csv").write_text(text, "utf-8")
    return folder


def test_a_label_says_what_both_readings_said(tmp_path: Path) -> None:
    folder = write(tmp_path, "b,housing,1,new homes,random,1,0,1", "a,housing,0,bridge,likely,1,0,")
    a, b = read_labels("housing", folder)
    assert (a.id, a.belongs, a.second) == ("a", False, None)
    assert (b.id, b.belongs, b.first, b.second, b.reason) == ("b", True, False, True, "new homes")


@pytest.mark.parametrize(
    "line,said",
    [
        ("a,housing,yes,,random,1,0,", "label is 'yes'"),
        ("a,health,1,,random,1,1,", "of the theme 'health'"),
        ("a,housing,1,,random,1,1,maybe", "second is 'maybe'"),
    ],
)
def test_a_wrong_line_is_told_with_file_and_line(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(UsageError, match=rf"housing\.csv:2: .*{said}"):
        read_labels("housing", write(tmp_path, line))


def test_a_release_is_labelled_once(tmp_path: Path) -> None:
    folder = write(tmp_path, "a,housing,1,,random,1,1,", "a,housing,0,,random,1,0,")
    with pytest.raises(UsageError, match="twice"):
        read_labels("housing", folder)


def test_kappa_is_agreement_beyond_chance() -> None:
    # 20 yes-yes, 15 no-no, 5 and 10 apart: the example in Cohen (1960), as often retold.
    pairs = [(True, True)] * 20 + [(True, False)] * 5 + [(False, True)] * 10
    assert kappa([*pairs, *[(False, False)] * 15]) == pytest.approx(0.4)
    assert kappa([(True, True)] * 3) == 1.0


@pytest.mark.parametrize("theme", THEMES)
def test_of_our_own_labels_a_fifth_were_read_twice_and_the_readings_agree(theme: str) -> None:
    labels = read_labels(theme)
    pairs = [(one.first, one.second) for one in labels if one.second is not None]
    assert len(labels) >= 1_200
    assert len(pairs) >= len(labels) // 5
    assert kappa(pairs) > 0.9


@pytest.mark.parametrize("theme", THEMES)
def test_labels_hold_reasons_and_no_texts(theme: str) -> None:
    assert max(len(one.reason) for one in read_labels(theme)) < 200
    assert all(one.reason for one in read_labels(theme))
