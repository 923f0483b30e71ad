"""What readers said of releases: `processors/labels/<theme>.csv`. The texts are not in it."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from despatch.errors import UsageError

HERE = Path(__file__).parents[1] / "labels"

COLUMNS = ("id", "theme", "label", "reason", "sampling", "round", "first", "second")

SHOWN_CHARS = 6_500
"""Of a longer text the readers saw no more; nor does the fitting."""


@dataclass(frozen=True, slots=True)
class Label:
    """Whether a release belongs to a theme, and how that was found."""

    id: str
    belongs: bool
    reason: str
    """A reader's own words; "hard:" and "adjudicated:" stand before them where they fit."""
    sampling: str
    """Why it was read: `random`, `uncertain`, `disagreement` or `likely`."""
    first: bool
    second: bool | None
    """What the second, independent reading said, if there was one."""


def read_labels(theme: str, folder: Path = HERE) -> tuple[Label, ...]:
    """Return a theme's labels by id. Raises UsageError that names file and line."""
    path = folder / f"{theme}.csv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as exc:
        raise UsageError(f"{path} can't be read: {exc}") from exc
    labels = [_label(row, theme, f"{path}:{number}") for number, row in enumerate(rows, start=2)]
    if len({label.id for label in labels}) < len(labels):
        raise UsageError(f"{path} labels a release twice: keep one line of each id")
    return tuple(sorted(labels, key=lambda label: label.id))


def kappa(pairs: Sequence[tuple[bool, bool]]) -> float:
    """Return Cohen's kappa of two readings: 1 is full agreement, 0 what chance would give."""
    if not pairs:
        raise ValueError("no release was read twice")
    first = sum(one for one, _ in pairs) / len(pairs)
    second = sum(other for _, other in pairs) / len(pairs)
    agreed = sum(one == other for one, other in pairs) / len(pairs)
    by_chance = first * second + (1 - first) * (1 - second)
    return 1.0 if by_chance == 1 else (agreed - by_chance) / (1 - by_chance)


def _label(row: dict[str, str], theme: str, where: str) -> Label:
    if not set(row) <= set(COLUMNS) or not {"id", "theme", "label"} <= set(row):
        raise UsageError(f"{where}: the columns are {', '.join(COLUMNS)}")
    if row["theme"] != theme:
        raise UsageError(f"{where}: it is of the theme {row['theme']!r}: put it in its own file")
    belongs = _said(row["label"], "label", where)
    second = row.get("second") or ""
    return Label(
        id=row["id"],
        belongs=belongs,
        reason=row.get("reason") or "",
        sampling=row.get("sampling") or "",
        first=_said(row.get("first") or row["label"], "first", where),
        second=_said(second, "second", where) if second else None,
    )


def _said(value: str, column: str, where: str) -> bool:
    if value not in ("0", "1"):
        raise UsageError(f"{where}: {column} is {value!r}: write 1 if it belongs, else 0")
    return value == "1"
