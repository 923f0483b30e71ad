"""How right the themes are, on releases that people labelled: `python bench/evaluate.py [FOLDER]`.

Prints, for each theme: precision, recall and F1 with bootstrap intervals, over all rows and over
those that were sampled at random; the same for a rule of ten words in the same run; how far the
scores are from true frequencies; the worst mistakes with their evidence; documents a second.
Exits with 1 when an F1 is below its floor or does not beat the ten words, with 2 without labels.

The rows are `labelled.jsonl` of FOLDER: JSON lines with `title`, `text`, `sampling` and, by each
theme's id, 0 or 1. They are not part of the repository.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from processors.classify import Judgement, classifier  # noqa: E402
from processors.themes import load_themes  # noqa: E402

FLOORS = {"migration": 0.90, "partnerships": 0.85}
"""F1 on the open labels below which this fails."""

WORDS = {
    "migration": "migra immigra asylum refugee visa border deport smuggl citizenship traffick",
    "partnerships": "partnership agreement memorandum treaty bilateral cooperation joint summit "
    "dialogue alliance",
}
"""The rule to beat: any of these in the title or the first 600 characters."""

RESAMPLES = 2_000
WORST = 10

Decisions = Sequence[tuple[bool, bool]]
"""For each row, what people said and what the rule said."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Precision, recall and F1 of decisions."""

    precision: float
    recall: float
    f1: float


def main() -> int:
    """Print the figures; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--worst", type=int, default=WORST, help="how many mistakes to show")
    args = parser.parse_args()
    path = args.folder / "labelled.jsonl"
    if not path.is_file():
        sys.stderr.write(f"{path} is not there: name the folder that holds labelled.jsonl\n")
        return 2
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    themes = load_themes(only=tuple(FLOORS))
    seconds = []
    for _ in ("cold", "warm"):
        began = time.perf_counter()
        judged = [classifier(themes).judge(row["title"], row["text"]) for row in rows]
        seconds.append(time.perf_counter() - began)
    lines = [
        f"{len(rows)} labelled releases; rules and weights were set by hand while reading them"
    ]
    failed = []
    for number, theme in enumerate(themes):
        own = [judgements[number] for judgements in judged]
        lines += _theme(theme.id, rows, own, args.worst)
        ours = _figures(_decided(rows, theme.id, [one.belongs for one in own])).f1
        words = _figures(_decided(rows, theme.id, _by_words(rows, theme.id))).f1
        if ours < max(FLOORS[theme.id], words):
            failed.append(f"{theme.id}: F1 {ours:.3f} is below {max(FLOORS[theme.id], words):.3f}")
    size = sum(len(row["text"]) for row in rows) / len(rows)
    cold, warm = (len(rows) / took for took in seconds)
    lines.append(
        f"\n{cold:.0f} documents/s begun cold, {warm:.0f} with the words learnt "
        f"({size:.0f} characters each, one core, {len(themes)} themes with evidence)"
    )
    sys.stdout.write("\n".join([*lines, *failed]) + "\n")
    return 1 if failed else 0


def _theme(
    theme: str, rows: Sequence[dict[str, Any]], judged: Sequence[Judgement], worst: int
) -> Iterator[str]:
    ours = _decided(rows, theme, [one.belongs for one in judged])
    words = _decided(rows, theme, _by_words(rows, theme))
    at_random = [at for at, row in enumerate(rows) if row["sampling"].startswith("random")]
    yield f"\n{theme}" + " " * (30 - len(theme)) + "precision            recall               F1"
    for name, decisions in (("rules", ours), ("ten words", words)):
        yield f"  {name:<26}" + _shown(decisions)
        part = [decisions[at] for at in at_random]
        yield f"  {name + f', {len(part)} at random':<26}" + _shown(part)
    yield f"  calibration error {_calibration_error(rows, theme, judged):.3f} (ten bins)"
    wrong = [at for at, (truth, said) in enumerate(ours) if truth != said]
    wrong.sort(key=lambda at: -abs(judged[at].log_odds))
    yield f"  {len(wrong)} mistakes; the worst {min(worst, len(wrong))}:"
    for at in wrong[:worst]:
        yield from _mistake(rows[at], judged[at])


def _mistake(row: dict[str, Any], judged: Judgement) -> Iterator[str]:
    kind = "belongs, missed" if not judged.belongs else "found, does not belong"
    yield f"    {kind} at {judged.score:.2f}: {row['title'][:90]}"
    heaviest = sorted(judged.evidence, key=lambda one: -abs(one.weight))[:6]
    yield "      " + "; ".join(f"{' '.join(e.text.split())[:40]} {e.weight:+.1f}" for e in heaviest)


def _by_words(rows: Sequence[dict[str, Any]], theme: str) -> list[bool]:
    words = WORDS[theme].split()
    texts = (f"{row['title']} {row['text'][:600]}".lower() for row in rows)
    return [any(word in text for word in words) for text in texts]


def _decided(
    rows: Sequence[dict[str, Any]], theme: str, said: Sequence[bool]
) -> list[tuple[bool, bool]]:
    return [(bool(row[theme]), one) for row, one in zip(rows, said, strict=True)]


def _figures(decisions: Decisions) -> Figures:
    right = sum(truth and said for truth, said in decisions)
    said = sum(said for _, said in decisions)
    true = sum(truth for truth, _ in decisions)
    return Figures(
        right / said if said else 0.0,
        right / true if true else 0.0,
        2 * right / (said + true) if said + true else 0.0,
    )


def _shown(decisions: Decisions) -> str:
    """Return the figures, each with the interval that holds 95% of resamples."""
    chance = random.Random(20_230_809)  # noqa: S311  # the same figures in every run
    resampled = [_figures(chance.choices(decisions, k=len(decisions))) for _ in range(RESAMPLES)]
    figures = _figures(decisions)
    return "".join(
        f"{of(figures):.3f} [{low:.2f} to {high:.2f}]  "
        for of, (low, high) in ((of, _interval(resampled, of)) for of in _EACH)
    )


_EACH: tuple[Callable[[Figures], float], ...] = (
    lambda figures: figures.precision,
    lambda figures: figures.recall,
    lambda figures: figures.f1,
)


def _interval(resampled: Sequence[Figures], of: Callable[[Figures], float]) -> tuple[float, float]:
    ordered = sorted(map(of, resampled))
    return ordered[len(ordered) // 40], ordered[-len(ordered) // 40]


def _calibration_error(
    rows: Sequence[dict[str, Any]], theme: str, judged: Sequence[Judgement]
) -> float:
    """Return how far scores are from frequencies: mean over ten equal bins, by their size."""
    bins: list[list[tuple[float, int]]] = [[] for _ in range(10)]
    for row, one in zip(rows, judged, strict=True):
        bins[min(9, int(one.score * 10))].append((one.score, row[theme]))
    return sum(
        abs(sum(score for score, _ in part) - sum(truth for _, truth in part)) for part in bins
    ) / len(rows)


if __name__ == "__main__":
    sys.exit(main())
