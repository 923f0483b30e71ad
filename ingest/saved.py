"""Saved files, read piece by piece."""

import gzip
import zlib
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, cast

from despatch.errors import UsageError
from ingest.entry import Entry

MAX_PIECE_BYTES = 15 * 1024 * 1024
"""A longer line, and a longer text file, is a piece with a problem."""

_ENDINGS = (".txt", ".jsonl", ".jsonl.gz")
_LINES = (".jsonl", ".jsonl.gz")


@dataclass(frozen=True, slots=True)
class SavedFile:
    """One file, as it was when the reading began."""

    path: Path
    name: str
    """Relative to the folder that was asked for, with `/`; a single file's own name."""
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Piece:
    """A whole text file, or one line of a JSON lines file."""

    file: str
    number: int
    """1 for a text file, else the line's, from 1."""
    body: bytes
    whole: bool
    problem: str = ""
    """Why it could not be read; what else there is comes after it."""

    @property
    def name(self) -> str:
        """`notes.txt`, or `saved.jsonl:12`."""
        return self.file if self.whole else f"{self.file}:{self.number}"


@dataclass(frozen=True, slots=True)
class Window:
    """Which documents are wanted, by their date: from `since` up to, without, `until`."""

    since: datetime | None = None
    until: datetime | None = None

    def holds(self, entry: Entry) -> bool:
        """Return whether an entry is wanted; one without a date is, only if there is no limit."""
        at = entry.published_at or entry.updated_at
        if at is None:
            return self.since is None and self.until is None
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)


def files_of(path: Path) -> list[SavedFile]:
    """Return the files at a path in the order of their names; a folder's recursively.

    Raises UsageError if there is nothing to read, or no permission.
    """
    try:
        if path.is_dir():
            found = [p for p in path.rglob("*") if p.name.endswith(_ENDINGS) and p.is_file()]
            if not found:
                raise UsageError(f"{path} holds no file that ends in {', '.join(_ENDINGS)}")
            return sorted(
                (_saved(p, p.relative_to(path).as_posix()) for p in found), key=lambda f: f.name
            )
        with path.open("rb"):
            pass
        if path.suffix == ".json":
            raise UsageError(
                f"{path} is one piece of JSON; give its documents a line each, such as by "
                f"jq -c '.[]' {path.name} > {path.stem}.jsonl"
            )
        return [_saved(path, path.name)]
    except OSError as exc:
        raise UsageError(f"{path} can't be read: {exc.strerror or exc}") from exc


def pieces_of(
    files: Sequence[SavedFile], file: str = "", number: int = 0
) -> Generator[Piece, None, None]:
    """Yield the pieces of files, from behind the one that `file` and `number` name.

    Never raises for what a file holds: a file that breaks off yields a piece that says so, and
    the next file follows.
    """
    for saved in files:
        if saved.name >= file:
            skip = number if saved.name == file else 0
            yield from _lines(saved, skip) if saved.name.endswith(_LINES) else _whole(saved, skip)


def _saved(path: Path, name: str) -> SavedFile:
    stat = path.stat()
    return SavedFile(path, name, stat.st_size, stat.st_mtime_ns)


def _whole(saved: SavedFile, skip: int) -> Iterator[Piece]:
    if skip:
        return
    try:
        with saved.path.open("rb") as file:
            body = file.read(MAX_PIECE_BYTES + 1)
    except OSError as exc:
        yield Piece(saved.name, 1, b"", True, f"can't be read: {exc.strerror or exc}")
        return
    too_long = f"over {MAX_PIECE_BYTES >> 20} MiB" if len(body) > MAX_PIECE_BYTES else ""
    yield Piece(saved.name, 1, b"" if too_long else body, True, too_long)


def _lines(saved: SavedFile, skip: int) -> Iterator[Piece]:
    number = 0
    try:
        with closing(_open(saved.path)) as lines:
            while line := lines.readline(MAX_PIECE_BYTES):
                number += 1
                too_long = len(line) == MAX_PIECE_BYTES and not line.endswith(b"\n")
                if too_long:
                    _to_line_end(lines)
                if number <= skip or not line.strip():
                    continue
                problem = f"over {MAX_PIECE_BYTES >> 20} MiB" if too_long else ""
                yield Piece(saved.name, number, b"" if too_long else line, False, problem)
    except (OSError, EOFError, zlib.error) as exc:
        yield Piece(saved.name, number + 1, b"", False, f"can't be read from here on: {exc}")


def _to_line_end(lines: BinaryIO) -> None:
    while (rest := lines.readline(MAX_PIECE_BYTES)) and not rest.endswith(b"\n"):
        pass


def _open(path: Path) -> BinaryIO:
    if path.name.endswith(".gz"):
        return cast(BinaryIO, gzip.open(path, "rb"))
    return path.open("rb")
