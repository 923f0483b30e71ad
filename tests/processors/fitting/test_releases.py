import gzip
import json
from pathlib import Path

import pytest

from despatch.errors import UsageError
from processors.fitting.labels import COLUMNS, SHOWN_CHARS
from processors.fitting.releases import labelled_releases


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one label of our own, the texts of two releases, and an open labelled one."""
    header = ",".join(COLUMNS)
    (tmp_path / "housing.csv").write_text(f"{header}\na,housing,1,homes,random,1,1,\n")
    rows = [
        {"id": "a", "title": "Homes", "text": "x" * 2 * SHOWN_CHARS, "set": "north"},
        {"id": "b", "title": "Roads", "text": "…"},
    ]
    with gzip.open(tmp_path / "releases.jsonl.gz", "wt") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    open_ = {"id": "z", "title": "Tax", "text": "y" * 9_000, "housing": 0, "sampling": "sought"}
    (tmp_path / "labelled.jsonl").write_text(json.dumps(open_) + "\n")
    return tmp_path


def test_labels_meet_their_texts_by_id(folder: Path) -> None:
    a, z = labelled_releases(
        ("housing",), [folder / "releases.jsonl.gz"], [folder / "labelled.jsonl"], folder
    )
    assert (a.id, a.labels, a.ours, a.at_random) == ("a", {"housing": True}, True, True)
    assert (z.id, z.labels, z.ours, z.at_random) == ("z", {"housing": False}, False, False)


def test_of_our_own_no_more_is_read_than_the_readers_saw(folder: Path) -> None:
    a, z = labelled_releases(
        ("housing",), [folder / "releases.jsonl.gz"], [folder / "labelled.jsonl"], folder
    )
    assert len(a.text) == SHOWN_CHARS
    assert len(z.text) == 9_000


def test_an_open_label_is_never_kept_from_fitting(folder: Path) -> None:
    rows = [{"id": str(n), "title": f"N{n}", "text": f"{n}", "housing": 0} for n in range(200)]
    path = folder / "more.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = labelled_releases(("housing",), [folder / "releases.jsonl.gz"], [path], folder)
    assert not any(one.kept for one in found if not one.ours)


def test_a_label_without_a_text_is_told_with_the_way_out(folder: Path) -> None:
    with pytest.raises(UsageError, match="1 labelled releases have no text, such as a: name"):
        labelled_releases(("housing",), [], [], folder)


def test_a_line_that_is_no_release_is_told_with_its_number(folder: Path) -> None:
    (folder / "bad.jsonl").write_text('{"id": "a"}\n')
    with pytest.raises(UsageError, match=r"bad\.jsonl:1: not an object with id, title and text"):
        labelled_releases(("housing",), [folder / "bad.jsonl"], [], folder)
