"""How right the experimental themes are: `python -m bench.evaluate_experimental [FOLDER]`.

Releases were drawn from `releases.jsonl.gz` of FOLDER by what the theme said of them, and read:
`processors/labels/<theme>.csv` keeps each reading, its round, and the stratum that it was drawn
from with the stratum's size. Each counts for as many releases as it stands for. Two pairs of
figures come out, each with the interval that holds 95% of resamples:

- "fresh": of the version that the last round was drawn with, which no reading had yet mended;
- "now": of the theme as it is, on everything that was read. It was mended by reading these, so
  that this is the most that can be hoped for.

Exits with 2 without the releases, with 1 if a label's release is not among them.
"""

import argparse
import csv
import gzip
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from processors.classify import classifier
from processors.themes import Theme, load_themes

ROOT = Path(__file__).parents[1]
LABELS = ROOT / "processors" / "labels"
RESAMPLES = 1_000
STRATUM = re.compile(r"(?P<name>(?:taken|left) [\d.-]+) of (?P<size>\d+)")


@dataclass(frozen=True, slots=True)
class Reading:
    """One release as it was drawn and read."""

    id: str
    belongs: bool
    stratum: str
    size: int
    """Releases in the stratum."""
    round: int

    @property
    def taken(self) -> bool:
        """Whether the theme took it when it was drawn."""
        return self.stratum.startswith("taken")


Counted = tuple[bool, bool, float]
"""What the reader said, what the theme said, and how many releases it stands for."""


def main() -> int:
    """Print the figures; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT.parent / "shared" / "data")
    path = parser.parse_args().folder / "releases.jsonl.gz"
    if not path.is_file():
        sys.stderr.write(f"{path} is not there: name the folder that holds it\n")
        return 2
    themes = [theme for theme in load_themes() if theme.experimental]
    readings = {theme.id: read_readings(LABELS / f"{theme.id}.csv") for theme in themes}
    wanted = {one.id for each in readings.values() for one in each}
    texts = _texts(path, wanted)
    if missing := sorted(wanted - set(texts)):
        sys.stderr.write(f"{path} lacks {missing[0]} and {len(missing) - 1} others with a label\n")
        return 1
    sys.stdout.write(f"{'':16}{'read':>5}{'fresh: precision, recall':>36}{'now: same':>30}\n")
    for theme in themes:
        own = readings[theme.id]
        sys.stdout.write(
            f"{theme.id:<16}{len(own):>5}   {shown(list(fresh(own)))}   "
            f"{shown(list(_now(theme, own, texts)))}\n"
        )
    return 0


def read_readings(path: Path) -> list[Reading]:
    """Return the readings of a theme, in the file's order."""
    with path.open(encoding="utf-8", newline="") as file:
        return [_reading(row) for row in csv.DictReader(file, strict=True)]


def fresh(readings: Sequence[Reading]) -> Iterator[Counted]:
    """Yield the last round as it was drawn: what the theme then said is in the stratum."""
    last = max(one.round for one in readings)
    for one, weight in _weighted(one for one in readings if one.round == last):
        yield one.belongs, one.taken, weight


def shown(counted: Sequence[Counted]) -> str:
    """Return precision and recall with their intervals: `0.91 [0.80 to 0.98]  0.85 […]`."""
    chance = random.Random(20_261_126)  # noqa: S311  # the same figures in every run
    resampled = [figures(chance.choices(counted, k=len(counted))) for _ in range(RESAMPLES)]
    parts = []
    for at, figure in enumerate(figures(counted)):
        ordered = sorted(one[at] for one in resampled)
        low, high = ordered[RESAMPLES // 40], ordered[-RESAMPLES // 40]
        parts.append(f"{figure:.2f} [{low:.2f} to {high:.2f}]")
    return "  ".join(parts)


def figures(counted: Iterable[Counted]) -> tuple[float, float]:
    """Return precision and recall; 0 where there is nothing to judge by."""
    right = said = true = 0.0
    for belongs, taken, weight in counted:
        right += weight * (belongs and taken)
        said += weight * taken
        true += weight * belongs
    return right / said if said else 0.0, right / true if true else 0.0


def _now(
    theme: Theme, readings: Sequence[Reading], texts: dict[str, tuple[str, str]]
) -> Iterator[Counted]:
    ready = classifier((theme,))
    for one, weight in _weighted(readings):
        yield one.belongs, ready.judge(*texts[one.id])[0].belongs, weight


def _weighted(readings: Iterable[Reading]) -> Iterator[tuple[Reading, float]]:
    """Yield each reading with the releases that it stands for in its stratum and round."""
    own = list(readings)
    drawn = Counter((one.round, one.stratum) for one in own)
    for one in own:
        yield one, one.size / drawn[one.round, one.stratum]


def _reading(row: dict[str, str]) -> Reading:
    stratum = STRATUM.fullmatch(row["sampling"])
    if stratum is None or row["label"] not in {"0", "1"}:
        raise ValueError(f"no reading: {row}")
    return Reading(
        row["id"], row["label"] == "1", stratum["name"], int(stratum["size"]), int(row["round"])
    )


def _texts(path: Path, wanted: set[str]) -> dict[str, tuple[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = (json.loads(line) for line in lines)
        return {row["id"]: (row["title"], row["text"]) for row in rows if row["id"] in wanted}


if __name__ == "__main__":
    sys.exit(main())
