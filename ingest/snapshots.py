"""A feed's saved history: its document as successive polls saw it, a file each, dated by name."""

import re
import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from despatch.errors import UsageError
from ingest.saved import MAX_PIECE_BYTES, Window

ENDINGS = (".xml", ".rss", ".atom", ".rdf")
"""What a snapshot's name ends in."""

ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2")
"""What an archive of snapshots ends in."""

_TIME = re.compile(
    r"(?=(?<!\d)(\d{4})-?(\d{2})-?(\d{2})(?:[T_ -]?(\d{2})[:-]?(\d{2})(?:[:-]?(\d{2}))?)?)"
)
_LINK = re.compile(rb"<(?:\w+:)?link\b[^>]*>", re.IGNORECASE)
_SELF = re.compile(rb"""\brel\s*=\s*["']self["']""", re.IGNORECASE)
_HREF = re.compile(rb"""\bhref\s*=\s*["']\s*(https?://[^"'>\s]+)""", re.IGNORECASE)
_HEAD_BYTES = 20_000


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one poll saw."""

    name: str
    at: datetime
    file: Path

    def body(self) -> bytes:
        """Return the document. Raises UsageError if it can't be read."""
        try:
            return self.file.read_bytes()
        except OSError as exc:
            raise UsageError(f"{self.name} can't be read: {exc.strerror or exc}") from exc


@dataclass(frozen=True, slots=True)
class History:
    """Snapshots in the order of their times."""

    snapshots: Sequence[Snapshot]
    skipped: tuple[str, ...] = ()
    """Files that are left out, a sentence each."""


def is_history(path: Path) -> bool:
    """Return whether this is an archive, or a folder that holds a dated feed document."""
    if path.is_dir():
        return any(_is_snapshot(file.name) for file in path.rglob("*"))
    return path.name.endswith(ARCHIVES)


@contextmanager
def opened(path: Path, window: Window) -> Iterator[History]:
    """Yield the snapshots of a history that were taken within a window.

    An archive is unpacked into a temporary folder for the length of the block; nothing of it is
    written under a name of its own. Raises UsageError if there are none.
    """
    with TemporaryDirectory(prefix="despatch-history-") as folder:
        try:
            found = _in_folder(path) if path.is_dir() else _in_archive(path, Path(folder))
        except (OSError, tarfile.TarError, EOFError) as exc:
            raise UsageError(f"{path} can't be read: {exc}") from exc
        dated = [one for one in found if isinstance(one, Snapshot)]
        wanted = [
            one
            for one in dated
            if (window.since is None or one.at >= window.since)
            and (window.until is None or one.at < window.until)
        ]
        if not wanted:
            raise UsageError(
                f"{path} holds no snapshot of a feed"
                + (" from that time" if dated else ": files such as 2021-05-23T151029.xml")
            )
        skipped = tuple(reason for reason in found if isinstance(reason, str))
        yield History(sorted(wanted, key=lambda one: (one.at, one.name)), skipped)


def time_in(name: str) -> datetime | None:
    """Return the time that a file's name holds, in UTC: `00001_2021-05-23T151029.xml`.

    Also `20210523151029`, `2021-05-23_15-10`, or a day alone; the first that can be one.
    """
    for found in _TIME.finditer(name):
        try:
            at = datetime(*(int(part or 0) for part in found.groups()), tzinfo=UTC)  # type: ignore[arg-type, misc]
        except ValueError:
            continue
        if 1990 <= at.year <= 2200:
            return at
    return None


def own_address(body: bytes) -> str:
    """Return where a feed says that it is, so that its links can be resolved; empty if nowhere."""
    for link in _LINK.findall(body[:_HEAD_BYTES]):
        if _SELF.search(link) and (href := _HREF.search(link)):
            return unescape(href[1].decode("utf-8", "replace"))
    return ""


def _is_snapshot(name: str) -> bool:
    return name.lower().endswith(ENDINGS) and time_in(name) is not None


def _in_folder(path: Path) -> list[Snapshot | str]:
    files = sorted(file for file in path.rglob("*") if file.is_file())
    return [_snapshot(file.relative_to(path).as_posix(), file) for file in files]


def _in_archive(path: Path, folder: Path) -> list[Snapshot | str]:
    found: list[Snapshot | str] = []
    with tarfile.open(path, "r|*") as archive:
        for number, member in enumerate(archive):
            if member.isdir():
                continue
            content = archive.extractfile(member) if member.isfile() else None
            if content is None:
                found.append(f"{member.name}: not a plain file")
            elif member.size > MAX_PIECE_BYTES:
                found.append(f"{member.name}: over {MAX_PIECE_BYTES >> 20} MiB")
            else:
                found.append(_snapshot(member.name, _unpacked(content, folder / str(number))))
    return found


def _unpacked(content: "IO[bytes] | Any", file: Path) -> Path:
    file.write_bytes(content.read())
    return file


def _snapshot(name: str, file: Path) -> Snapshot | str:
    plain = name.rsplit("/", 1)[-1]
    at = time_in(plain)
    if not plain.lower().endswith(ENDINGS):
        return f"{name}: not a feed by its name ({', '.join(ENDINGS)})"
    return Snapshot(name, at, file) if at is not None else f"{name}: no time in its name"
