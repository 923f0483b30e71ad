"""Saved documents: a text file, JSON lines, or a folder of both. Replay is polling this."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from itertools import groupby, islice
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from despatch.errors import PermanentError
from despatch.fingerprint import digest
from despatch.model import Fetched, Frozen, Instant
from ingest.document import entry_of_line, entry_of_text
from ingest.entry import Entry, tell_apart
from ingest.saved import Piece, Window, files_of, pieces_of
from ingest.source import Page, Part, Source, Tools

PAGE_ENTRIES = 200


class SeedSource(Frozen):
    """Reads saved documents in pages; the cursor says how far, and what the files were."""

    kind: Literal["seed"] = "seed"
    path: Path = Field(description="A text file, a .jsonl or .jsonl.gz file, or a folder of them.")
    since: Instant | None = Field(None, description="Only documents dated then or later.")
    until: Instant | None = Field(None, description="Only documents dated before.")
    every: timedelta | None = Field(None, description="Pause between two looks at the files.")

    @property
    def in_full(self) -> None:
        """A saved document is all there is."""

    async def read(
        self, tools: Tools, cursor: Mapping[str, Any], now: datetime
    ) -> AsyncIterator[Page]:
        """Yield pages of 200 documents, files in the order of their names.

        Goes on where the cursor says if the files are still the same, and yields one page
        `unchanged` if all was read; otherwise begins again: what is known makes no news.
        """
        files = await asyncio.to_thread(files_of, self.path)
        stamp = digest(*(f"{f.name} {f.size} {f.mtime_ns}" for f in files), length=32)
        same = cursor.get("stamp") == stamp
        if same and cursor.get("done"):
            yield Page(cursor=cursor, outcome="unchanged")
            return
        at = (str(cursor["file"]), int(cursor["read"])) if same else ("", 0)
        window = Window(self.since, self.until)
        with closing(pieces_of(files, *at)) as pieces:
            while taken := await asyncio.to_thread(_take, pieces):
                at = (taken[-1].file, taken[-1].number)
                yield _page(taken, _cursor(stamp, *at, done=False), window, now)
        yield Page(cursor=_cursor(stamp, *at, done=True))


def _take(pieces: Iterator[Piece]) -> Sequence[Piece]:
    return tuple(islice(pieces, PAGE_ENTRIES))


def _cursor(stamp: str, file: str, read: int, *, done: bool) -> Mapping[str, Any]:
    """What is kept: all files before `file` are read, and so many pieces of it."""
    return {"stamp": stamp, "file": file, "read": read, "done": done}


def _page(taken: Sequence[Piece], cursor: Mapping[str, Any], window: Window, now: datetime) -> Page:
    """Make a page: a part for each text file, and one for the lines that a JSON file gives it."""
    parts: list[Part] = []
    skipped: list[str] = []
    left_out = 0
    for _file, together in groupby(taken, key=lambda piece: piece.file):
        pieces = list(together)
        entries = [entry for piece in pieces if (entry := _entry(piece, skipped)) is not None]
        wanted = [entry for entry in entries if window.holds(entry)]
        left_out += len(entries) - len(wanted)
        if wanted:
            parts.append(_part(pieces, wanted, now))
    return Page(cursor, tuple(parts), "fetched", tuple(skipped), left_out)


def _entry(piece: Piece, skipped: list[str]) -> Entry | None:
    """Return a piece's entry; or None, and the reason is added to `skipped`."""
    problem = piece.problem
    if not problem:
        try:
            return (
                entry_of_text(piece.body, piece.file) if piece.whole else entry_of_line(piece.body)
            )
        except PermanentError as exc:
            problem = str(exc)
    skipped.append(f"{piece.name}: {problem}")
    return None


def _part(pieces: Sequence[Piece], entries: list[Entry], now: datetime) -> Part:
    body = b"".join(piece.body for piece in pieces)
    name = pieces[0].file
    if not pieces[0].whole:
        name += f" lines {pieces[0].number}-{pieces[-1].number}"
    sha256 = hashlib.sha256(body).hexdigest()
    return Part(Fetched(address=name, at=now, body_sha256=sha256), body, tuple(tell_apart(entries)))


SOURCE: type[Source] = SeedSource
