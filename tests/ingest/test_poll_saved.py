"""Saved documents polled page by page: replayed once, stopped between pages, within a message."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from despatch.topics import encode

QUARTER = timedelta(minutes=15)


def save_documents(folder: Path, count: int) -> Path:
    """Write a file of so many documents; return its path."""
    rows = [json.dumps({"id": f"{n:04}", "text": f"Document {n:04}."}) for n in range(count)]
    (folder / "saved.jsonl").write_text("\n".join(rows))
    return folder / "saved.jsonl"


def test_a_replay_is_told_and_the_second_one_brings_nothing(here: Any, tmp_path: Path) -> None:
    source = here.add(kind="seed", path=str(save_documents(tmp_path, 450)))
    pages: list[int] = []

    first = here.poll(source, backlog=False, on_page=lambda so_far: pages.append(so_far.new))
    second = here.poll(source, backlog=False)

    assert (first.new, pages) == (450, [200, 400, 450, 450])
    assert (second.outcome, second.new, second.ignored) == ("unchanged", 0, 0)
    assert not any(revision.backlog for revision in here.published())


def test_changed_files_are_read_again_and_only_the_change_is_told(
    here: Any, tmp_path: Path
) -> None:
    path = save_documents(tmp_path, 250)
    source = here.add(kind="seed", path=str(path))
    here.poll(source)
    path.write_text(path.read_text().replace("Document 0007.", "Document 7, corrected."))

    report = here.poll(source)

    assert (report.new, report.revised, report.ignored) == (0, 1, 249)


def test_told_to_stop_it_finishes_the_page_and_the_next_one_goes_on(
    here: Any, tmp_path: Path
) -> None:
    source = here.add(kind="seed", path=str(save_documents(tmp_path, 450)))

    async def stopped() -> Any:
        stop = asyncio.Event()
        poller = here.poller()
        return await poller.poll(here.lease(source), stop=stop, on_page=lambda _: stop.set())

    first = asyncio.run(stopped())
    with here.store.transaction() as tx:
        (due,) = tx.lease_due("somebody else", here.clock.now(), QUARTER, 10)
    second = asyncio.run(here.poller().poll(due))

    assert (first.outcome, first.new) == ("stopped", 200)
    assert (second.outcome, second.new) == ("fetched", 250)
    assert len(here.published()) == 450
    assert all(revision.backlog for revision in here.published()), "first contact is all of it"


@pytest.mark.parametrize("unit", ["😀", '"', "\\", "\x01 \\n", "é\n", "<b>", "&amp;"], ids=ascii)
def test_the_worst_text_fits_a_message_with_room_for_evidence(
    here: Any, tmp_path: Path, unit: str
) -> None:
    row = {"id": unit * 9_000, "title": unit * 9_000, "text": unit * (900_000 // len(unit)) + "x"}
    (tmp_path / "worst.jsonl").write_text(json.dumps(row))
    source = here.add(kind="seed", path=str(tmp_path / "worst.jsonl"))

    report = here.poll(source)

    (revision,) = here.published()
    assert (report.new, revision.release.truncated) == (1, True)
    assert len(encode(revision)) < 600_000


def test_skipped_lines_are_in_the_report(here: Any, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "x"}\n{oops\n')
    source = here.add(kind="seed", path=str(tmp_path / "a.jsonl"))

    report = here.poll(source)

    assert (report.new, report.skips) == (1, 1)
    assert report.skipped[0].startswith("a.jsonl:2: not JSON")
    assert json.loads(json.dumps(report.as_dict()))["new"] == 1
