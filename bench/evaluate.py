"""How right the fitted themes are: `python -m bench.evaluate [FOLDER]`.

Fits each theme anew, five times without a fifth of the labelled releases, and judges what was left
out: no release is judged by what was learnt of it or of one that says nearly the same. A part of
the releases is kept from every fitting, and judged by the theme as it is in the repository. Prints
precision, recall and F1 with intervals, for all and for some parts; the same for two baselines in
the same run; how far scores are from frequencies; the worst mistakes with their evidence; how far
two readers agree.

Exits with 1 when a figure on the open labels is below its floor, or there or on all that was left
out below a baseline's, when scores are no frequencies, or when the theme's fitted file is not what
fitting gives; with 2 without the texts:
FOLDER holds `labelled.jsonl` and `releases.jsonl.gz`, which are not part of the repository.
"""

import argparse
import math
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.baselines import by_counted_words, by_words
from bench.decisions import Flags, Numbers, calibration_error, calibration_table, figures, shown
from bench.machine import made_once, now
from processors.classify import Judgement, judge
from processors.extent import Short
from processors.fitting.fit import Fitting
from processors.fitting.labels import kappa, read_labels
from processors.fitting.parts import Part
from processors.fitting.releases import LabelledRelease, labelled_releases
from processors.themes import HERE, load_themes
from processors.themes.fitted import SUFFIX, written

ROOT = Path(__file__).parents[1]

FLOORS = {"migration": 0.93, "partnerships": 0.88}
"""F1 on the open labels, left out of fitting, below which this fails."""

MAX_CALIBRATION_ERROR = 0.05
FEWEST_FOR_CALIBRATION = 1_000
WORST = 20
SPANS = 6

PACKAGES = ("numpy", "scipy", "scikit-learn")


@dataclass(frozen=True, slots=True)
class Judged:
    """A theme's labelled releases, and what is said of each by us and by the baselines."""

    theme: str
    releases: Sequence[LabelledRelease]
    belongs: Flags
    seen: Flags
    scores: Numbers
    ours: Flags
    words: Flags
    counted: Flags
    shown: Sequence[Part]
    """What feeds show of releases that were not sought …"""
    threshold: float
    """… and the log-odds from which on it belongs."""
    short: Short
    """What is added there."""
    is_current: bool
    """Fitting gives the file that is in the repository."""

    def parts(self) -> Iterator[tuple[str, Flags]]:
        """Yield each part of the releases that has its own line."""
        ours = np.array([one.ours for one in self.releases])
        at_random = np.array([one.at_random for one in self.releases])
        level = np.array([one.level for one in self.releases])
        yield "all", self.seen
        yield "the open labels", self.seen & ~ours
        yield "our own labels", self.seen & ours
        yield "sampled at random", self.seen & at_random
        yield "title only", self.seen & (level == "title only")
        yield "feed teasers", self.seen & (level == "feed teaser")
        yield "kept from fitting", ~self.seen
        yield "kept, at random", ~self.seen & at_random


def main() -> int:
    """Print the figures; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--worst", type=int, default=WORST, help="how many mistakes to show")
    args = parser.parse_args()
    paths = [args.folder / "releases.jsonl.gz", args.folder / "labelled.jsonl"]
    missing = [str(path) for path in paths if not path.is_file()]
    if missing:
        sys.stderr.write(f"{missing[0]} is not there: name the folder that holds it\n")
        return 2
    began, clock = now(), time.monotonic()
    releases = labelled_releases(tuple(FLOORS), paths[:1], paths[1:])
    failed: list[str] = []
    for theme in FLOORS:
        judged = _judged(theme, releases)
        sys.stdout.writelines(f"{line}\n" for line in _report(judged, args.worst))
        sys.stdout.flush()
        failed += _failed(judged)
    sys.stdout.write(f"\n{made_once(began, *PACKAGES)} It took {time.monotonic() - clock:.0f} s.\n")
    sys.stdout.writelines(f"FAILED {line}\n" for line in failed)
    return 1 if failed else 0


def _judged(theme: str, releases: Sequence[LabelledRelease]) -> Judged:
    fitting = Fitting(load_themes(only=(theme,), as_set=True)[0], releases)
    own = fitting.releases
    seen = np.array([not one.kept for one in own])
    found = fitting.fit(np.flatnonzero(seen).tolist())
    log_odds, threshold = np.zeros(len(own)), np.full(len(own), found.fitted.threshold)
    log_odds[seen], threshold[seen] = found.log_odds, found.thresholds
    log_odds[~seen] = fitting.log_odds(found.fitted, np.flatnonzero(~seen))
    scores = 1 / (1 + np.exp(-log_odds))
    file = HERE / f"{theme}{SUFFIX}"
    text = written(found.fitted, f"despatch themes fit {theme}")
    return Judged(
        theme=theme,
        releases=own,
        belongs=np.array([one.labels[theme] for one in own]),
        seen=seen,
        scores=scores,
        ours=scores >= threshold,
        words=by_words(theme, own),
        counted=by_counted_words(theme, own, seen),
        shown=found.parts,
        short=found.fitted.short,
        threshold=math.log(found.fitted.threshold / (1 - found.fitted.threshold)),
        is_current=file.is_file() and file.read_text("utf-8") == text,
    )


def _report(judged: Judged, worst: int) -> Iterator[str]:
    pairs = [(one.first, one.second) for one in read_labels(judged.theme) if one.second is not None]
    agreed = f"{kappa(pairs):.3f} of {len(pairs)} read twice" if pairs else "none read twice"
    yield f"\n{judged.theme}: {len(judged.releases):,} labelled releases; Cohen's kappa {agreed}"
    yield f"{'':<42}  of these belong  precision              recall                 F1"
    for name, part in judged.parts():
        if part.any():
            yield f"  {name}"
            for rule, said in (
                ("fitted theme", judged.ours),
                ("ten words", judged.words),
                ("TF-IDF + logistic regression", judged.counted),
            ):
                yield f"    {rule:<36}" + shown(figures(judged.belongs[part], said[part]))
    yield from _shown_by_feeds(judged)
    yield from _calibration(judged)
    yield from _mistakes(judged, worst)


def _shown_by_feeds(judged: Judged) -> Iterator[str]:
    """Yield how right it is where a feed shows no more than a title, or a title and a teaser.

    The label is that of the whole release: what its title keeps to itself counts as missed.
    """
    yield "  as feeds would show those that were not sought"
    for part in judged.shown:
        name = {"title": "titles alone", "teaser": "titles with a teaser"}[part.extent]
        added = judged.short.added(part.extent)
        for log_odds, what in ((part.log_odds, name), (part.log_odds - added, "  nothing added")):
            said = log_odds >= judged.threshold
            yield f"    {what:<36}" + shown(figures(part.belongs > 0, said))


def _calibration(judged: Judged) -> Iterator[str]:
    for name, part in (("left out of fitting", judged.seen), ("kept", ~judged.seen)):
        belongs, scores = judged.belongs[part], judged.scores[part]
        error = calibration_error(belongs, scores)
        yield f"  calibration error {error:.3f} of {len(scores):,} {name} (ten bins)"
    yield "    score → how often: " + "  ".join(
        f"{mean:.2f} → {often:.2f} ({count})"
        for count, mean, often in calibration_table(
            judged.belongs[judged.seen], judged.scores[judged.seen]
        )
    )


def _mistakes(judged: Judged, worst: int) -> Iterator[str]:
    """Yield the mistakes in which the theme was surest; never one of those kept."""
    wrong = np.flatnonzero(judged.seen & (judged.ours != judged.belongs))
    sure = np.abs(judged.scores - judged.belongs)
    wrong = wrong[np.argsort(-sure[wrong], kind="stable")]
    [theme] = load_themes(only=(judged.theme,))
    yield f"  {len(wrong)} mistakes left out of fitting; the worst {min(worst, len(wrong))}:"
    for at in wrong[:worst]:
        one = judged.releases[at]
        kind = "belongs, missed" if judged.belongs[at] else "found, does not belong"
        yield f"    {kind} at {judged.scores[at]:.2f}: {' '.join(one.title.split())[:90]}"
        yield "      " + _evidence(judge(one.title, one.text, theme))


def _evidence(judged: Judgement) -> str:
    heaviest = sorted(judged.evidence, key=lambda one: -abs(one.weight))[:SPANS]
    return "; ".join(f"{' '.join(one.text.split())[:40]} {one.weight:+.1f}" for one in heaviest)


def _failed(judged: Judged) -> Iterator[str]:
    open_ = judged.seen & ~np.array([one.ours for one in judged.releases])
    for name, part, floor in (
        ("the open labels", open_, FLOORS[judged.theme]),
        ("all left out of fitting", judged.seen, 0.0),
    ):
        f1, words, counted = (
            figures(judged.belongs[part], said[part]).f1.value
            for said in (judged.ours, judged.words, judged.counted)
        )
        least = max(floor, words, counted)
        if f1 < least:
            yield f"{judged.theme}: F1 on {name} is {f1:.3f}, below {least:.3f}"
    error = calibration_error(judged.belongs[judged.seen], judged.scores[judged.seen])
    if error >= MAX_CALIBRATION_ERROR or judged.seen.sum() < FEWEST_FOR_CALIBRATION:
        yield (
            f"{judged.theme}: calibration error {error:.3f} of {judged.seen.sum()} releases; "
            f"under {MAX_CALIBRATION_ERROR} of {FEWEST_FOR_CALIBRATION} is asked"
        )
    if not judged.is_current:
        yield f"{judged.theme}: its fitted file is another: run despatch themes fit {judged.theme}"


if __name__ == "__main__":
    sys.exit(main())
