"""`despatch themes fit`: a file beside the theme, the same at every run."""

import json
from pathlib import Path
from typing import Any

import pytest

from despatch.cli import run
from tests.processors.fitting.test_fit import releases

HAND = """title = "Boats"
description = "Boats and ships."
version = "1"
bias = -1.0
[[terms]]
name = "boat"
patterns = ["boat*"]
weights = { title = 2.0, lead = 1.0 }
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A theme of one's own and releases that are labelled for it."""
    (tmp_path / "boats.toml").write_text(HAND)
    rows = [
        {"id": one.id, "title": one.title, "text": one.text, "source": one.publisher}
        | {"boats": int(one.labels["boats"]), "sampling": "random"}
        for one in releases()
    ]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    monkeypatch.setenv("DESPATCH_THEMES_DIR", str(tmp_path))
    monkeypatch.setenv("DESPATCH_HOME", str(tmp_path / "home"))
    return tmp_path


def fit(
    folder: Path, capfd: pytest.CaptureFixture[str], *more: str, code: int = 0
) -> tuple[list[dict[str, Any]], str]:
    labelled = str(folder / "rows.jsonl")
    assert run(["themes", "fit", "boats", "--labelled", labelled, "--json", *more]) == code
    said = capfd.readouterr()
    return [json.loads(line) for line in said.out.splitlines()], said.err


def test_a_fitting_is_written_once_and_then_nothing_changes(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    [first], _ = fit(folder, capfd)
    written = (folder / "boats.fitted.toml").read_bytes()
    [second], _ = fit(folder, capfd)
    assert (first["changed"], second["changed"]) == (True, False)
    assert first["theme"] == "boats"
    assert first["labels"] > first["belong"] > 0
    assert (folder / "boats.fitted.toml").read_bytes() == written


def test_check_writes_nothing_and_exits_with_1_if_it_would(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fit(folder, capfd, "--check", code=1)
    assert not (folder / "boats.fitted.toml").exists()
    fit(folder, capfd)
    fit(folder, capfd, "--check")


def test_classify_judges_by_what_was_fitted(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fit(folder, capfd)
    document = folder / "document.jsonl"
    document.write_text('{"id": "1", "title": "News", "text": "The harbour is full of boats."}\n')
    assert run(["classify", str(document), "--theme", "boats"]) == 0
    [theme] = json.loads(capfd.readouterr().out)["themes"]
    assert {"boats", "harbour"} & {one["text"].split()[-1] for one in theme["evidence"]}
    assert theme["score"] > 0.5


def test_too_few_labels_are_refused_with_how_many_are_needed(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rows = (folder / "rows.jsonl").read_text().splitlines(keepends=True)
    (folder / "rows.jsonl").write_text("".join(rows[:30]))
    _, said = fit(folder, capfd, code=2)
    assert "30 labelled releases, of which 5 belong to boats, are too few" in said
