"""What can be judged: releases of the archive, messages in the log, saved documents."""

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from despatch.app.wiring import App
from despatch.errors import PermanentError, ServerAway, UsageError
from despatch.model import Release, ReleaseId, Revision
from despatch.ports import Archived
from despatch.topics import RELEASES, decode

PAGE = 200
"""Releases of the archive that are read at a time: memory stays flat."""


@dataclass(frozen=True, slots=True)
class Document:
    """Something with a title and a text."""

    id: str
    """A release's id, or `saved.jsonl:12` for what is in no archive."""
    title: str
    text: str
    published_at: datetime | None = None
    themes: frozenset[str] | None = None
    """Those that the archive has for it; None if it was never judged."""
    language: str | None = None
    """As its source says."""


def archived(app: App, since: datetime | None = None) -> Iterator[Archived]:
    """Yield what the archive holds of releases observed from `since` on, oldest first."""
    after: tuple[datetime, ReleaseId] | None = None
    while True:
        with app.store.transaction() as tx:
            page = tx.archive_page(since, after, PAGE)
        yield from page
        if len(page) < PAGE:
            return
        after = (page[-1].observed_at, page[-1].release)


def of_archive(app: App, since: datetime | None = None) -> Iterator[Document]:
    """Yield the releases of the archive as documents."""
    for one in archived(app, since):
        scores = one.classified.themes
        themes = frozenset(str(score.theme) for score in scores)
        yield _document(one.classified.revision.release, themes)


def saved(path: Path, number: int | None = None) -> Iterator[Document]:
    """Yield the documents at a path, a text file, a folder or JSONL, as a replay would read them.

    With `number`, only that line of a file. Raises UsageError if there is nothing to read,
    PermanentError that names the piece that is no document.
    """
    from ingest.document import entry_of_line, entry_of_text
    from ingest.saved import files_of, pieces_of

    files = files_of(path)
    with closing(pieces_of(files)) as pieces:
        for piece in pieces:
            if number is not None and piece.number != number:
                continue
            if piece.problem:
                raise PermanentError(f"{piece.name}: {piece.problem}")
            whole, body = piece.whole, piece.body
            try:
                entry = entry_of_text(body, piece.name) if whole else entry_of_line(body)
            except PermanentError as exc:
                raise PermanentError(f"{piece.name}: {exc}") from exc
            name = piece.name if piece.whole else f"{piece.name} ({entry.id or entry.key})"
            yield Document(name, entry.title, entry.text, entry.published_at or entry.updated_at)
            if number is not None:
                return
    if number is not None:
        raise UsageError(f"{path} has no line {number} with a document")


def named(app: App, what: str) -> Iterator[Document]:
    """Yield what a file, `FILE:LINE`, or a release's id, address or entry names.

    A release is looked for in the archive, then among the messages that wait in the log. Raises
    UsageError if there is no such thing; ServerAway if it is in no archive and the log is away.
    """
    path, number = _path(what)
    if path is not None:
        yield from saved(path, number)
        return
    with app.store.transaction() as tx:
        found = tx.find_releases(what)
        kept = list(tx.archived(found[:1]).values())
    if len(found) > 1:
        raise UsageError(f"{len(found)} releases are named {what!r}; give more of the id")
    if kept:
        themes = frozenset(str(score.theme) for score in kept[0].classified.themes)
        yield _document(kept[0].classified.revision.release, themes)
        return
    try:
        yield _waiting(app, what)
    except ServerAway as exc:
        raise ServerAway(
            f"{what!r} is no file, and no release that is kept; the log, where it may wait, can't "
            f"be asked: {exc}"
        ) from exc


def _path(what: str) -> tuple[Path | None, int | None]:
    path = Path(what)
    if path.exists():
        return path, None
    line = re.fullmatch(r"(.+):(\d+)", what)
    if line and Path(line[1]).is_file():
        return Path(line[1]), int(line[2])
    return None, None


def _waiting(app: App, what: str) -> Document:
    """Return the newest message in the log that is of a release so named."""
    found: Release | None = None
    for message in app.bus.browse(RELEASES):
        if message.key.startswith(what):
            try:
                found = decode(Revision, message.value).release
            except PermanentError:
                continue
    if found is None:
        raise UsageError(
            f"{what!r} is no file, and no release that is kept: give a file, FILE:LINE, or a "
            "release's id (r-…), address or entry"
        )
    return _document(found, None)


def _document(release: Release, themes: frozenset[str] | None) -> Document:
    date = release.published_at or release.updated_at
    return Document(str(release.id), release.title, release.text, date, themes, release.language)
