"""A theme that is not measured yet works, and is marked wherever it is met."""

import json
from pathlib import Path
from typing import Any

import pytest

from despatch.cli import run

HOUSING = """
title = "Housing"
description = "Homes."
version = "1"
experimental = true
bias = -3.0
[[terms]]
name = "homes"
patterns = ["affordable homes"]
weights = { title = 3.5 }
"""

RELEASE = {
    "id": "homes-1",
    "title": "Affordable homes for refugees",
    "text": "Refugees who were granted asylum will move in.",
}

Installation = tuple[Path, Path]


@pytest.fixture
def made(tmp_path: Path) -> Installation:
    """An installation with an experimental theme of its own, and a saved release about it."""
    themes, home = tmp_path / "themes", tmp_path / "home"
    themes.mkdir()
    home.mkdir()
    (themes / "housing.toml").write_text(HOUSING)
    (home / "despatch.toml").write_text(f"themes_dir = {json.dumps(str(themes))}\n")
    saved = tmp_path / "saved.jsonl"
    saved.write_text(json.dumps(RELEASE) + "\n")
    return home, saved


def said(capfd: pytest.CaptureFixture[str], made: Installation, *arguments: str) -> str:
    assert run(["--home", str(made[0]), *arguments]) == 0
    return capfd.readouterr().out


def themes(
    capfd: pytest.CaptureFixture[str], made: Installation, *options: str
) -> list[dict[str, Any]]:
    out = said(capfd, made, "classify", str(made[1]), *options)
    found: list[dict[str, Any]] = json.loads(out)["themes"]
    return found


def test_documents_are_not_judged_by_it_unless_asked(
    made: Installation, capfd: pytest.CaptureFixture[str]
) -> None:
    (one,) = themes(capfd, made)
    assert list(one) == ["theme", "score", "evidence"]
    assert one["theme"] == "migration"


def test_asked_for_by_name_it_judges_and_is_marked(
    made: Installation, capfd: pytest.CaptureFixture[str]
) -> None:
    (one,) = themes(capfd, made, "--theme", "housing")
    assert (one["theme"], one["experimental"]) == ("housing", True)


def test_asked_for_with_all_of_its_kind_it_comes_after_the_measured_ones(
    made: Installation, capfd: pytest.CaptureFixture[str]
) -> None:
    found = themes(capfd, made, "--experimental")
    assert [one["theme"] for one in found if "experimental" not in one] == ["migration"]
    assert "housing" in [one["theme"] for one in found if one.get("experimental")]
    found = themes(capfd, made, "--theme", "partnerships", "--experimental")
    assert "migration" not in [one["theme"] for one in found]


def test_whoever_subscribes_to_it_is_told_of_releases_and_that_it_is_experimental(
    made: Installation, capfd: pytest.CaptureFixture[str]
) -> None:
    ask = ("subscribe", "--theme", "housing", "--theme", "migration", "--to", "console://")
    assert "Experimental, so not measured on independent labels yet: housing." in said(
        capfd, made, *ask
    )
    assert json.loads(said(capfd, made, *ask, "--json"))["experimental"] == ["housing"]
    (heard,) = map(json.loads, said(capfd, made, "replay", str(made[1]), "--json").splitlines()[:1])
    assert heard["matches"][0]["outcome"] == "told"
    assert "theme housing (experimental), 62% sure" in heard["matches"][0]["reason"]
    assert "theme migration, 99% sure" in heard["matches"][0]["reason"]
    assert "housing (experimental), 62% sure" in said(capfd, made, "replay", str(made[1]))


def test_whoever_subscribes_to_measured_themes_reads_nothing_of_it(
    made: Installation, capfd: pytest.CaptureFixture[str]
) -> None:
    shown = said(capfd, made, "subscribe", "--theme", "migration", "--to", "console://")
    assert "xperimental" not in shown


def test_the_doctor_marks_it(made: Installation, capfd: pytest.CaptureFixture[str]) -> None:
    run(["--home", str(made[0]), "doctor"])
    assert "housing (experimental)" in capfd.readouterr().out
