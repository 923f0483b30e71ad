"""What is printed is what was measured."""

import json
from pathlib import Path

import pytest

from bench.__main__ import BENCHMARKS, PAGE
from bench.measure import Cost
from bench.report import (
    Contest,
    Limit,
    Limits,
    Report,
    Values,
    as_json,
    markdown,
    number,
    plain,
    replaced,
)

CONTEST = Contest(
    "Carry stones",
    "stones",
    {
        "ours": [Cost(100, 1.0, 0.5), Cost(100, 2.0, 0.5), Cost(100, 4.0, 1.0)],
        "theirs": [Cost(100, 2.0, 0.25), Cost(100, 2.0, 0.25), Cost(100, 2.0, 0.25)],
    },
    ["theirs", "absent"],
)


def test_a_contest_shows_rates_cpu_and_ratios_to_the_peers_that_ran() -> None:
    assert CONTEST.table() == [
        ["", "stones a second", "CPU s for 1,000", "speed / theirs", "CPU / theirs"],
        [
            "ours",
            "50.0 (25.0 to 100)",
            "5.00 (5.00 to 10.0)",
            "1.00 (0.5 to 2.00)",
            "2.00 (2.00 to 4.00)",
        ],
        ["theirs", "50.0 (50.0 to 50.0)", "2.50 (2.50 to 2.50)", "1", "1"],
    ]


def test_json_holds_every_run() -> None:
    found = json.loads(json.dumps(as_json(Report("stones", [CONTEST], ["no mason"]))))
    ours = found["findings"][0]["contenders"]["ours"]
    assert ours["a_second"] == [100, 50, 25]
    assert ours["speed_ratio"] == {"theirs": [2, 1, 0.5]}
    assert found["missing"] == ["no mason"]


def test_markdown_says_where_and_when_beside_the_figures() -> None:
    values = Values("Wait", "seconds", {"half come within": [0.25, 0.5, 0.125]})
    assert markdown(Report("wait", [values], ["no mason"]), "Today, here.") == (
        "Today, here.\n\nNot measured: no mason.\n\n**Wait**\n\n"
        "|  | seconds |\n|---|---|\n| half come within | 0.25 (0.125 to 0.5) |"
    )


def test_plain_text_has_straight_columns() -> None:
    lines = plain(Report("stones", [CONTEST])).splitlines()
    assert lines[3].index("stones a second") == lines[4].index("50.0") == lines[5].index("50.0")


def test_only_what_stands_between_its_marks_is_replaced() -> None:
    page = "a\n<!-- bench x -->old<!-- end x -->\nb\n<!-- bench y -->kept<!-- end y -->\n"
    assert replaced(page, "x", "new") == (
        "a\n<!-- bench x -->\n\nnew\n\n<!-- end x -->\nb\n<!-- bench y -->kept<!-- end y -->\n"
    )


def test_a_page_without_the_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="<!-- bench x -->"):
        replaced("<!-- bench y --><!-- end y -->", "x", "new")


@pytest.mark.parametrize(
    "value,expected",
    [(12345.6, "12,346"), (123.4, "123"), (12.34, "12.3"), (1.234, "1.23"), (0.01234, "0.0123")],
)
def test_numbers_have_about_three_digits(value: float, expected: str) -> None:
    assert number(value) == expected


@pytest.mark.parametrize("name", BENCHMARKS)
def test_the_page_has_a_place_for_every_benchmark(name: str) -> None:
    assert replaced(PAGE.read_text(encoding="utf-8"), name, "here") != ""


@pytest.mark.parametrize("module", BENCHMARKS.values())
def test_every_benchmark_is_a_module_that_is_there(module: str) -> None:
    assert Path(PAGE.parents[1], *module.split(".")).with_suffix(".py").is_file()


def test_a_broken_limit_is_named_and_is_the_reports() -> None:
    kept = Limits("Carry", {"a stone": Limit("s", 2, [1.0, 2.0, 9.0])})
    broken = Limits("Carry", {"a rock": Limit("s", 2, [1.0, 2.5, 9.0])})
    assert kept.table() == [
        ["", "limit", "measured"],
        ["a stone", "2.00 s", "2.00 (1.00 to 9.00) s"],
    ]
    assert broken.table()[1][0] == "a rock: BROKEN"
    assert json.loads(json.dumps(broken.figures()))["limits"]["a rock"]["kept"] is False
    assert Report("stones", [CONTEST, kept]).kept
    assert not Report("stones", [CONTEST, kept, broken]).kept
