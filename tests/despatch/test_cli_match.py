"""`despatch match`: a line a release, a summary, and bad lines named."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from despatch.cli import run

SUBSCRIPTIONS = (
    '{"id": "boats", "themes": ["migration"], "keywords": ["small boats", "dinghy"]}\n'
    '{"id": "not-fees", "not_keywords": ["fee"]}\n'
    '{"id": 7, "countries": ["AL", "TR"], "organisations": []}\n'
)
RELEASES = (
    '{"id": "a", "themes": ["migration"], "countries": ["TR"], "text": "Small\\nBoats"}\n'
    "\n"
    '{"id": "b", "themes": ["migration"], "text": "a fee", "title": "is not looked at"}\n'
)


def matched(
    capfd: pytest.CaptureFixture[str], *arguments: object, code: int = 0
) -> tuple[list[dict[str, Any]], str]:
    assert run(["match", *map(str, arguments)]) == code
    said = capfd.readouterr()
    return [json.loads(line) for line in said.out.splitlines()], said.err


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    files = tmp_path / "subscriptions.jsonl", tmp_path / "releases.jsonl.gz"
    files[0].write_text(SUBSCRIPTIONS)
    files[1].write_bytes(gzip.compress(RELEASES.encode()))
    return files


def test_each_release_gets_a_line_and_the_last_is_the_summary(
    files: tuple[Path, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    (*lines, summary), said = matched(capfd, *files)
    assert lines == [{"id": "a", "matched": 3}, {"id": "b", "matched": 0}]
    assert list(summary) == ["subscriptions", "build_s", "ms_per_release", "peak_rss_mib"]
    assert summary["subscriptions"] == 3
    assert summary["build_s"] > 0
    assert summary["ms_per_release"] > 0
    assert summary["peak_rss_mib"] > 1
    assert said == ""


def test_ids_are_listed_when_asked_for_as_they_were_given(
    files: tuple[Path, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    lines, _said = matched(capfd, "--ids", *files)
    assert lines[0] == {"id": "a", "matched": 3, "ids": ["boats", "not-fees", 7]}


@pytest.mark.parametrize(
    "line, fault",
    [
        ('{"id": "x", "keyword": ["visa"]}', 'did you mean "keywords"?'),
        ('{"themes": ["visa"]}', '"id" is missing'),
        ('{"id": true}', '"id" is true or false'),
        ('{"id": "x", "themes": "migration"}', 'is needed, as ["migration"]'),
        ('{"id": "x", "themes": [1]}', 'value 1 of "themes" is the number 1'),
        ('{"id": "x", "keywords": ["visa", " "]}', "empty"),
        ('{"id": "boats"}', "another line's"),
        ('["x"]', "it is a list: an object is needed"),
        ("{", "it breaks off"),
        ('{"id": "\xff"}', "not UTF-8 from byte 9 on"),
    ],
)
def test_a_bad_line_is_named_and_the_rest_goes_on(
    line: str, fault: str, files: tuple[Path, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    files[0].write_bytes(SUBSCRIPTIONS.encode() + b"\n" + line.encode("latin-1") + b"\n")
    lines, said = matched(capfd, *files, code=65)
    assert len(said.splitlines()) == 1
    assert f"{files[0]} line 5: " in said
    assert fault in said
    assert lines[-1]["subscriptions"] == 3


def test_a_bad_release_is_named_and_the_rest_goes_on(
    files: tuple[Path, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    files[1].write_text('\ufeff{"id": "a", "text": 5}\n{"id": "b"}\n')
    (*lines, _summary), said = matched(capfd, *files, code=65)
    assert f"{files[1]} line 1: " in said
    assert lines == [{"id": "b", "matched": 1}]


def test_without_releases_there_is_no_time_for_one(
    files: tuple[Path, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    files[1].write_text("")
    lines, _said = matched(capfd, *files)
    assert [line["ms_per_release"] for line in lines] == [None]


def test_a_file_that_is_not_there_is_named(
    files: tuple[Path, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    _lines, said = matched(capfd, files[0], "nowhere.jsonl", code=2)
    assert "nowhere.jsonl" in said
    _lines, said = matched(capfd, "-", "-", code=2)
    assert "standard input" in said


def test_a_release_that_is_nested_too_deeply_is_named_and_the_rest_goes_on(
    files: tuple[Path, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    deep = "[" * 200_000 + "]" * 200_000
    files[1].write_bytes(gzip.compress(f'{{"id": "a", "x": {deep}}}\n{{"id": "b"}}\n'.encode()))
    (*lines, _summary), said = matched(capfd, *files, code=65)
    assert f"{files[1]} line 1: it is nested too deeply" in said
    assert [line["id"] for line in lines] == ["b"]


def test_half_a_character_is_a_character_that_is_not_known(
    files: tuple[Path, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    """JSON may hold one, and Python writes it; Unicode has none."""
    line = '{"id": "\\udc00", "themes": ["migration", "\\ud800"], "text": "\\ud800 a dinghy"}\n'
    files[1].write_bytes(gzip.compress(line.encode()))
    (only, _summary), said = matched(capfd, "--ids", *files)
    assert only == {"id": "\ufffd", "matched": 2, "ids": ["boats", "not-fees"]}
    assert said == ""
