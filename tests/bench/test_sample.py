"""What is chosen to be read, on releases of our own making."""

import csv
import json
from pathlib import Path

import pytest

from bench.sample import main
from tests.despatch.test_cli_fit import HAND
from tests.processors.fitting.test_fit import releases


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A theme, 60 labelled releases of it, and 180 more without a label."""
    (tmp_path / "boats.toml").write_text(HAND)
    made = releases()
    rows = [
        {"id": one.id, "title": f"{one.title} {one.id}", "text": f"{one.id} {one.text}"}
        for one in made
    ]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    labels = "id,theme,label\n" + "".join(
        f"{one.id},boats,{int(one.labels['boats'])}\n" for one in made[:60]
    )
    (tmp_path / "boats.csv").write_text(labels)
    return tmp_path


def sample(folder: Path, *more: str) -> list[dict[str, str]]:
    into = folder / "into"
    where = ["--releases", str(folder / "rows.jsonl"), "--labels", str(folder)]
    assert main(["boats", *where, "--themes", str(folder), "--into", str(into), *more]) == 0
    with (into / "boats.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_nothing_that_is_labelled_is_chosen(folder: Path) -> None:
    chosen = sample(folder)
    assert chosen
    assert not {row["id"] for row in chosen} & {str(number) for number in range(60)}


def test_a_line_says_why_it_was_chosen_and_is_empty_otherwise(folder: Path) -> None:
    chosen = sample(folder, "--random", "3", "--uncertain", "4", "--disagreement", "0")
    assert sorted(row["sampling"] for row in chosen) == ["random"] * 3 + ["uncertain"] * 4
    assert {row["label"] for row in chosen} == {""}


def test_texts_stand_beside_the_labels_in_their_order(folder: Path) -> None:
    chosen = sample(folder, "--random", "5", "--uncertain", "0", "--disagreement", "0")
    texts = [(folder / "into" / "texts" / f"{n}.txt").read_text() for n in range(1, 6)]
    assert [text.split("\n", 1)[0] for text in texts] == [row["id"] for row in chosen]


def test_the_same_input_chooses_the_same(folder: Path) -> None:
    assert sample(folder) == sample(folder)
