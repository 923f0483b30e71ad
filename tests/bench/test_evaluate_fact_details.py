"""What counts as right when facts are held against those that were read."""

import pytest

from bench.evaluate_fact_details import PARTS, READ, counts, is_right, read_details, shown


@pytest.mark.parametrize(
    "kind,found,stated,right",
    [
        ("agreements", "treaty: Chile + Peru", "treaty: Chile + Peru", True),
        ("agreements", "treaty: Chile", "treaty: Chile + Peru", False),
        ("offices", "Ada Lind: Minister", "Ada Lind: Union Minister of Ports", True),
        ("offices", "Ada Lind: Minister Ports", "Ada Lind: Union Minister of Ports", False),
        ("offices", "Bo Ek: Minister", "Ada Lind: Minister", False),
        ("figures", "9 percent down: losses", "9 percent down: losses of the ports | 2020", True),
        ("figures", "9 percent down: ", "9 percent down: losses", True),
        ("figures", "9 percent: losses", "9 percent down: losses", False),
        ("figures", "9 percent down: losses | 2019", "9 percent down: losses | 2020", False),
        ("figures", "9 GBP: fines", "9 GBP: losses / fines of ports", True),
    ],
)
def test_words_are_right_that_stand_in_a_row_in_what_was_read(
    kind: str, found: str, stated: str, right: bool
) -> None:
    assert is_right(kind, found, stated) is right


def test_a_figure_found_in_two_wordings_is_one_that_is_right() -> None:
    stated = ["9 GBP: losses / fines"]
    assert counts("figures", stated, ["9 GBP: losses", "9 GBP: fines"]) == (1, 1, 1)


def test_what_is_wrong_counts_against_precision_and_what_is_missing_against_recall() -> None:
    line = shown([(1, 2, 4)])
    assert "precision 0.50" in line
    assert "recall 0.25" in line


def test_the_labels_name_known_kinds_and_each_release_is_in_one_half() -> None:
    stated, drawn = read_details(READ)
    assert {kind for kinds in stated.values() for kind in kinds} == {
        *("agreements", "statuses", "parties", "offices", "figures")
    }
    assert set(drawn.values()) == set(PARTS)
    assert len(drawn) >= 80
