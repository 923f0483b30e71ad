"""Which releases to label next: `python -m bench.sample THEME --releases FILE --into FOLDER`.

Some at random, which show what the stream is like; those that the theme is least sure of; those on
which the theme and TF-IDF with logistic regression, learnt from the labels so far, disagree. None
is labelled already, nor says nearly the same as one that is or as one that is chosen.

Writes FOLDER/THEME.csv, with empty labels, and FOLDER/texts/NUMBER.txt: texts belong outside the
repository. Read, write 1 or 0 and a reason into the file; then add it to the labels.
"""

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.baselines import learn
from bench.decisions import Numbers
from processors.classify import classifier
from processors.fitting.groups import groups
from processors.fitting.labels import COLUMNS, HERE, SHOWN_CHARS
from processors.fitting.releases import LabelledRelease, labelled_releases, unlabelled
from processors.themes import Theme, load_themes

SEED = 20_230_809


def main(arguments: Sequence[str] | None = None) -> int:
    """Write what to read; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("theme")
    parser.add_argument("--releases", type=Path, action="append", required=True)
    parser.add_argument("--labelled", type=Path, action="append", default=[])
    parser.add_argument("--labels", type=Path, default=HERE)
    parser.add_argument("--themes", type=Path, help="folder of the theme, if it is your own")
    parser.add_argument("--into", type=Path, required=True)
    parser.add_argument("--random", type=int, default=100)
    parser.add_argument("--uncertain", type=int, default=100)
    parser.add_argument("--disagreement", type=int, default=100)
    args = parser.parse_args(arguments)
    [theme] = load_themes(args.themes, only=(args.theme,))
    labelled = labelled_releases((args.theme,), args.releases, args.labelled, args.labels)
    pool = _new(unlabelled(args.releases, {one.id for one in labelled}), labelled)
    chosen = _choose(
        pool,
        certainty=_certainty(theme, pool),
        other=_other(args.theme, labelled, pool),
        counts=(args.random, args.uncertain, args.disagreement),
    )
    _write(args.into, args.theme, chosen)
    sys.stdout.write(f"{len(chosen)} of {len(pool)} releases to read: {args.into}\n")
    return 0


def _new(
    pool: Sequence[LabelledRelease], labelled: Sequence[LabelledRelease]
) -> list[LabelledRelease]:
    """Return one of each group that has no labelled release, in an order of chance."""
    texts = [(one.title, one.text) for one in (*labelled, *pool)]
    group = groups(texts)
    alone = [
        one for at, one in enumerate(pool, start=len(labelled)) if group[at] == at
    ]  # a group is named by its first: one that a labelled release began is left out
    order = np.random.default_rng(SEED).permutation(len(alone))
    return [alone[at] for at in order]


def _certainty(theme: Theme, pool: Sequence[LabelledRelease]) -> Numbers:
    """Return log-odds counted from the threshold: 0 where the theme can't tell."""
    ready = classifier((theme,))
    judged = [ready.judge(one.title, one.text)[0].log_odds for one in pool]
    return np.array(judged, np.float64) - theme.log_odds_threshold


def _other(
    theme: str, labelled: Sequence[LabelledRelease], pool: Sequence[LabelledRelease]
) -> "Numbers | None":
    """Return what the peer says of each, above 0 for yes; None without labels of both kinds."""
    belongs = np.array([one.labels[theme] for one in labelled], np.bool_)
    if not belongs.any() or belongs.all():
        return None
    return learn(labelled, belongs, pool)


def _choose(
    pool: Sequence[LabelledRelease],
    certainty: Numbers,
    other: "Numbers | None",
    counts: tuple[int, int, int],
) -> list[tuple[LabelledRelease, str]]:
    at_random, uncertain, disagreement = counts
    why = dict.fromkeys(range(min(at_random, len(pool))), "random")
    for at in np.argsort(np.abs(certainty), kind="stable").tolist():
        if uncertain and at not in why:
            why[at] = "uncertain"
            uncertain -= 1
    apart = [] if other is None else np.flatnonzero((certainty > 0) != (other > 0)).tolist()
    for at in apart:
        if disagreement and at not in why:
            why[at] = "disagreement"
            disagreement -= 1
    return [(pool[at], why[at]) for at in sorted(why)]


def _write(folder: Path, theme: str, chosen: Sequence[tuple[LabelledRelease, str]]) -> None:
    texts = folder / "texts"
    texts.mkdir(parents=True, exist_ok=True)
    with (folder / f"{theme}.csv").open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(COLUMNS)
        for number, (one, why) in enumerate(chosen, start=1):
            lines.writerow((one.id, theme, "", "", why, "", "", ""))
            text = f"{one.id}\n\n{one.title}\n\n{one.text[:SHOWN_CHARS]}\n"
            (texts / f"{number}.txt").write_text(text, "utf-8")


if __name__ == "__main__":
    sys.exit(main())
