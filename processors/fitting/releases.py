"""Labelled releases with their texts, which stand outside the repository."""

import gzip
import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from despatch.errors import UsageError
from processors.fitting.groups import Group, groups, is_kept
from processors.fitting.labels import HERE, SHOWN_CHARS, read_labels

TEASER_CHARS = 320


@dataclass(frozen=True, slots=True)
class LabelledRelease:
    """A release, and whether it belongs to each theme that it was read for."""

    id: str
    title: str
    text: str
    publisher: str
    labels: dict[str, bool]
    sampling: str
    """Why it was read: at `random`, or sought in some way."""
    level: Literal["full text", "feed teaser", "title only"] = "full text"
    ours: bool = True
    """Its label is in the repository, not in the file with its text."""
    group: Group = 0
    """What says nearly the same has the same group."""
    kept: bool = False
    """No fitting and no reading of mistakes sees it."""

    @property
    def at_random(self) -> bool:
        """Whether chance alone chose it."""
        return self.sampling.startswith("random")

    @property
    def sought(self) -> bool:
        """Whether it was read because something was unsure of it."""
        return self.ours and not self.at_random


def labelled_releases(
    themes: Sequence[str], releases: Sequence[Path], labelled: Sequence[Path], folder: Path = HERE
) -> tuple[LabelledRelease, ...]:
    """Return every labelled release that has a text, by id, with its group.

    `releases` are JSONL(.gz) files with id, title and text, whose labels stand in `folder`;
    `labelled` carry a field for each theme, 0 or 1, as well. Raises UsageError for a label without
    a text.
    """
    found = [*_ours(themes, releases, folder), *_theirs(themes, labelled)]
    found.sort(key=lambda one: one.id)
    of = groups([(one.title, one.text) for one in found])
    grouped = [replace(one, group=group) for one, group in zip(found, of, strict=True)]
    first: dict[Group, str] = {}
    for one in grouped:
        first.setdefault(one.group, one.id)
    open_ = {one.group for one in grouped if not one.ours}
    return tuple(
        replace(one, kept=one.group not in open_ and is_kept(first[one.group])) for one in grouped
    )


def shortened(one: LabelledRelease) -> tuple[LabelledRelease, LabelledRelease]:
    """Return a release as a feed would show it: its title alone, and with the first sentences."""
    teaser = one.text[:TEASER_CHARS]
    end = max(teaser.rfind(". "), teaser.rfind(".\n"), teaser.rfind("\n\n"))
    teaser = teaser[: end + 1] if end > TEASER_CHARS // 4 else teaser
    return (
        replace(one, text="", level="title only"),
        replace(one, text=teaser, level="feed teaser"),
    )


def unlabelled(releases: Sequence[Path], labelled: Collection[str]) -> list[LabelledRelease]:
    """Return the releases of files that have a text and no label yet."""
    return [
        LabelledRelease(
            id=str(row["id"]),
            title=str(row["title"]),
            text=str(row["text"])[:SHOWN_CHARS],
            publisher=str(row.get("set") or row.get("source") or ""),
            labels={},
            sampling="",
        )
        for row in _rows(releases)
        if str(row["id"]) not in labelled and str(row["text"]).strip()
    ]


def _ours(
    themes: Sequence[str], releases: Sequence[Path], folder: Path
) -> Iterator[LabelledRelease]:
    by_id: dict[str, dict[str, bool]] = {}
    sampling = {}
    for theme in themes:
        for label in read_labels(theme, folder) if (folder / f"{theme}.csv").is_file() else ():
            by_id.setdefault(label.id, {})[theme] = label.belongs
            sampling[label.id] = label.sampling
    missing = set(by_id)
    for row in _rows(releases):
        id_ = str(row.get("id"))
        if id_ in missing:
            missing.discard(id_)
            publisher = str(row.get("set") or row.get("source") or "")
            text = str(row["text"])[:SHOWN_CHARS]
            yield LabelledRelease(
                id_, str(row["title"]), text, publisher, by_id[id_], sampling[id_]
            )
    if missing:
        raise UsageError(
            f"{len(missing)} labelled releases have no text, such as {min(missing)}: "
            "name the file that holds them"
        )


def _theirs(themes: Sequence[str], labelled: Sequence[Path]) -> Iterator[LabelledRelease]:
    for row in _rows(labelled):
        yield LabelledRelease(
            id=str(row["id"]),
            title=str(row["title"]),
            text=str(row["text"]),
            publisher=str(row.get("source") or ""),
            labels={theme: bool(row[theme]) for theme in themes if theme in row},
            sampling=str(row.get("sampling") or ""),
            level=row.get("text_level") or "full text",
            ours=False,
        )


def _rows(paths: Iterable[Path]) -> Iterator[dict[str, Any]]:
    for path in paths:
        try:
            with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
                for number, line in enumerate(lines, start=1):
                    yield _row(line, f"{path}:{number}")
        except (OSError, EOFError) as exc:
            raise UsageError(f"{path} can't be read: {exc}") from exc


def _row(line: bytes, where: str) -> dict[str, Any]:
    try:
        row: Any = json.loads(line)
    except ValueError as exc:
        raise UsageError(f"{where}: not JSON: {exc}") from exc
    if not isinstance(row, dict) or not {"id", "title", "text"} <= set(row):
        raise UsageError(f"{where}: not an object with id, title and text")
    return row
