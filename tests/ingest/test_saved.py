"""Saved documents: what is read of files and lines, and what is skipped with a reason."""

import asyncio
import gzip
import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from despatch.errors import PermanentError, UsageError
from despatch.testing import FakeFetcher
from ingest.document import decode_text, entry_of_line, entry_of_text
from ingest.entry import Entry
from ingest.feedparse import ParsedFeed
from ingest.saved import files_of
from ingest.source import Page, Tools
from ingest.sources.seed import SeedSource

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


async def no_feed(_body: bytes, _type: str, _address: str) -> ParsedFeed:
    raise AssertionError("saved documents are no feeds")


def read(
    path: Path,
    cursor: Mapping[str, Any] | None = None,
    *,
    pages: int | None = None,
    **settings: Any,
) -> list[Page]:
    """Return the first so many pages of a source, or all."""

    async def work() -> list[Page]:
        found: list[Page] = []
        reading = SeedSource(path=path, **settings).read(
            Tools(FakeFetcher(), no_feed), cursor or {}, NOW
        )
        async for page in reading:
            found.append(page)
            if len(found) == pages:
                break
        await reading.aclose()  # type: ignore[attr-defined]
        return found

    return asyncio.run(work())


def entries_of(pages: list[Page]) -> list[Entry]:
    return [entry for page in pages for part in page.parts for entry in part.entries]


def skipped_of(pages: list[Page]) -> list[str]:
    return [reason for page in pages for reason in page.skipped]


def line(**fields: object) -> bytes:
    return json.dumps(fields, ensure_ascii=False).encode()


def test_a_line_gives_all_it_holds() -> None:
    row = {
        "id": "r1",
        "url": "http://example.gov/a/",
        "title": "Visas &amp; fees\n",
        "text": "One.\r\n\r\n\r\nTwo. ",
        "date": "22 March 2011",
        "updated": "2011-03-23",
        "language": "en",
        "status": "withdrawn",
        "text_level": "Teaser",
        "government": "X",
        "hard": False,
    }

    entry = entry_of_line(line(**row))

    assert (entry.id, entry.key) == ("r1", "r1")
    assert entry.address == "https://example.gov/a"
    assert (entry.title, entry.text) == ("Visas &amp; fees", "One.\n\nTwo.")
    assert (entry.published_at, entry.updated_at) == (
        datetime(2011, 3, 22, tzinfo=UTC),
        datetime(2011, 3, 23, tzinfo=UTC),
    )
    assert (entry.text_kind, entry.text_from, entry.status) == ("summary", "file", "withdrawn")


def test_a_title_alone_is_a_release_too() -> None:
    entry = entry_of_line(line(title="Visas: new rules", text=""))

    assert (entry.title, entry.text) == ("Visas: new rules", "")


def test_a_text_alone_is_a_release() -> None:
    entry = entry_of_line(line(text="The rules change. More follows."))

    assert entry.title == "The rules change"
    assert entry.key.startswith("content ")
    assert (entry.address, entry.published_at, entry.text_kind) == (None, None, "full")


def test_a_number_is_an_id_and_an_unreadable_date_is_none() -> None:
    entry = entry_of_line(line(id=7, text="x", date="in spring"))

    assert (entry.id, entry.published_at) == ("7", None)


@pytest.mark.parametrize(
    "bad,reason",
    [
        (b"{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"text": "caf\xe9"}', "not UTF-8 at byte 14: save the file as UTF-8"),
        (b'{"id": x}', "not JSON: Expecting value at column 8"),
        (b"null", "a JSON object is needed, this is nothing"),
        (b"[1]", "a JSON object is needed, this is a list"),
        (b"{}", "it has neither title nor text"),
        (b'{"text": "\\u200b", "title": " "}', "it has neither title nor text"),
        (b'{"text": ["x"]}', "text: text is needed, this is a list"),
        (b'{"text": "x", "title": true}', "title: text is needed, this is true or false"),
    ],
)
def test_a_bad_line_says_what_is_wrong(bad: bytes, reason: str) -> None:
    with pytest.raises(PermanentError) as caught:
        entry_of_line(bad)

    assert str(caught.value).startswith(reason)


def test_a_text_file_begins_with_its_date() -> None:
    entry = entry_of_text(b" date 2023-08-09 The rules change.\n\nMore.", "a.txt")

    assert entry.published_at == datetime(2023, 8, 9, tzinfo=UTC)
    assert (entry.title, entry.text) == ("The rules change", "The rules change.\n\nMore.")
    assert (entry.id, entry.text_kind, entry.text_from) == ("a.txt", "full", "file")


@pytest.mark.parametrize(
    "body", [b"dated 2023-08-09 x", b"date 2023-8-9 x", b"A date 2023-08-09 x", b"date 2023-08-091"]
)
def test_what_only_looks_like_the_prefix_stays(body: bytes) -> None:
    entry = entry_of_text(body, "a.txt")

    assert entry.published_at is None
    assert entry.text == body.decode()


def test_a_file_that_is_no_text_is_refused() -> None:
    """A picture, an archive or a program would be a release of nonsense."""
    with pytest.raises(PermanentError, match="it is no text"):
        entry_of_text(b"PK\x03\x04\x00\x00words\x00", "documents.zip")
    assert entry_of_text("words".encode("utf-16"), "a.txt").text == "words"


def test_json_that_is_no_lines_is_refused_with_the_way_out(tmp_path: Path) -> None:
    """Read as a text, its braces would be a release."""
    (tmp_path / "all.json").write_text('[{"text": "a"}]')
    with pytest.raises(UsageError, match=r"a line each.*jq.*all.jsonl"):
        files_of(tmp_path / "all.json")


def test_a_file_without_words_is_refused() -> None:
    with pytest.raises(PermanentError, match="no words"):
        entry_of_text(b" \n", "a.txt")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_files_encoding_is_found(encoding: str) -> None:
    assert decode_text("Türkiye “quoted”".encode(encoding)) == "Türkiye “quoted”"


def test_no_bytes_make_a_file_unreadable() -> None:
    assert decode_text(b"a \x81\x8d b").startswith("a ")


def test_a_single_file_is_one_release(tmp_path: Path) -> None:
    (tmp_path / "note.md").write_text("The rules change.")

    pages = read(tmp_path / "note.md")

    (entry,) = entries_of(pages)
    (part,) = pages[0].parts
    assert entry.id == "note.md"
    assert (part.fetched.address, part.body) == ("note.md", b"The rules change.")
    assert part.fetched.at == NOW


def test_a_folder_is_read_in_the_order_of_names(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "b.txt").write_text("B.")
    (tmp_path / "sub" / "c.txt").write_text("C.")
    (tmp_path / "a.jsonl").write_bytes(
        line(id="1", text="A1.") + b"\n\n" + line(id="2", text="A2.")
    )
    (tmp_path / "z.jsonl.gz").write_bytes(gzip.compress(line(id="3", text="Z.")))
    (tmp_path / "README.md").write_text("Not a document.")

    pages = read(tmp_path)

    assert [entry.id for entry in entries_of(pages)] == ["1", "2", "b.txt", "sub/c.txt", "3"]
    assert [part.fetched.address for part in pages[0].parts] == [
        "a.jsonl lines 1-3",
        "b.txt",
        "sub/c.txt",
        "z.jsonl.gz lines 1-1",
    ]


def test_a_big_file_comes_in_pages_and_each_leads_to_its_lines(tmp_path: Path) -> None:
    rows = [line(id=str(n), text=f"Document {n}.") + b"\n" for n in range(450)]
    (tmp_path / "big.jsonl").write_bytes(b"".join(rows))

    pages = read(tmp_path / "big.jsonl")

    assert [len(entries_of([page])) for page in pages] == [200, 200, 50, 0]
    assert [page.cursor["done"] for page in pages] == [False, False, False, True]
    assert pages[1].parts[0].body == b"".join(rows[200:400])
    assert pages[1].parts[0].fetched.address == "big.jsonl lines 201-400"


@pytest.mark.parametrize("stop_after", [1, 2, 3])
def test_reading_goes_on_where_it_was_saved(tmp_path: Path, stop_after: int) -> None:
    rows = [line(id=str(n), text=f"Document {n}.") for n in range(300)]
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(b"\n".join(rows)))
    for n in range(250):
        (tmp_path / f"t{n:03}.txt").write_text(f"Text {n}.")

    before = read(tmp_path, pages=stop_after)
    after = read(tmp_path, before[-1].cursor)

    ids = [entry.id for entry in entries_of(before) + entries_of(after)]
    assert ids == [str(n) for n in range(300)] + [f"t{n:03}.txt" for n in range(250)]


def test_what_was_read_is_not_read_again_until_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("Before.")
    done = read(tmp_path)[-1].cursor

    assert [page.outcome for page in read(tmp_path, done)] == ["unchanged"]

    file.write_text("After.")
    os.utime(file, ns=(1, 1))
    assert [entry.text for entry in entries_of(read(tmp_path, done))] == ["After."]


def test_a_cursor_is_json(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("A.")

    for page in read(tmp_path):
        assert json.loads(json.dumps(dict(page.cursor))) == page.cursor


def test_a_bad_line_names_itself_and_the_rest_goes_on(tmp_path: Path) -> None:
    body = b"\n".join([line(text="One."), b"{oops", b"", line(id="no text"), line(text="Two.")])
    (tmp_path / "a.jsonl").write_bytes(body)
    (tmp_path / "b.txt").write_text(" ")
    (tmp_path / "c.txt").write_text("Three.")

    pages = read(tmp_path)

    assert [entry.text for entry in entries_of(pages)] == ["One.", "Two.", "Three."]
    reasons = skipped_of(pages)
    assert [reason.split(": ")[0] for reason in reasons] == ["a.jsonl:2", "a.jsonl:4", "b.txt"]


@pytest.mark.parametrize(
    "broken",
    [b"no gzip", gzip.compress(line(text="One.") * 999)[:-9]],
    ids=["no gzip", "cut short"],  # gzip holds the time: workers must name a test alike
)
def test_a_file_that_breaks_off_is_named_and_the_next_one_read(
    tmp_path: Path, broken: bytes
) -> None:
    (tmp_path / "a.jsonl.gz").write_bytes(broken)
    (tmp_path / "b.txt").write_text("Two.")

    pages = read(tmp_path)

    assert [entry.text for entry in entries_of(pages)][-1] == "Two."
    assert skipped_of(pages)[0].startswith("a.jsonl.gz:1: can't be read from here on")


def test_a_giant_line_and_a_giant_file_are_skipped(tmp_path: Path) -> None:
    giant = b"x" * (15 * 1024 * 1024 + 1)
    (tmp_path / "a.jsonl").write_bytes(giant + b"\n" + line(text="One."))
    (tmp_path / "b.txt").write_bytes(giant)

    pages = read(tmp_path)

    assert [entry.text for entry in entries_of(pages)] == ["One."]
    assert skipped_of(pages) == ["a.jsonl:1: over 15 MiB", "b.txt: over 15 MiB"]


def test_only_what_is_dated_within_the_window_is_read(tmp_path: Path) -> None:
    dates = ["2026-01-01", "2026-02-01", "2026-03-01", ""]
    rows = [line(id=at, text="x", date=at) for at in dates]
    (tmp_path / "a.jsonl").write_bytes(b"\n".join(rows))

    inside = read(tmp_path, since="2026-02-01T00:00:00Z", until="2026-03-01T00:00:00Z")
    later = read(tmp_path, since="2026-02-01T00:00:00Z")

    assert [entry.id for entry in entries_of(inside)] == ["2026-02-01"]
    assert sum(page.left_out for page in inside) == 3
    assert [entry.id for entry in entries_of(later)] == ["2026-02-01", "2026-03-01"]


def test_a_path_with_nothing_to_read_is_the_users_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no file"):
        read(tmp_path)
    with pytest.raises(UsageError, match="No such file"):
        read(tmp_path / "missing.txt")
