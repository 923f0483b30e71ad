"""Decisions against labels: precision, recall and F1 with intervals, and calibration. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Flags = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
Numbers = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

RESAMPLES = 2_000
BINS = 10

_SEED = 20_230_809


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure, and the interval that holds 95% of resamples of the releases."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Figures:
    """How decisions stand to the labels."""

    releases: int
    belong: int
    precision: Figure
    recall: Figure
    f1: Figure


def figures(belongs: Flags, said: Flags) -> Figures:
    """Return the figures of decisions, the same at every run."""
    kinds = np.array(
        [
            (belongs & said).sum(),
            (~belongs & said).sum(),
            (belongs & ~said).sum(),
            (~belongs & ~said).sum(),
        ],
        np.float64,
    )
    chance = np.random.default_rng(_SEED)
    resampled = chance.multinomial(len(belongs), kinds / max(1, len(belongs)), RESAMPLES)
    values, spread = _figures(kinds[None, :]), _figures(resampled.astype(np.float64))
    precision, recall, f1 = (
        Figure(float(value[0]), *(float(q) for q in np.percentile(many, (2.5, 97.5))))
        for value, many in zip(values, spread, strict=True)
    )
    return Figures(len(belongs), int(belongs.sum()), precision, recall, f1)


def calibration_error(belongs: Flags, scores: Numbers) -> float:
    """Return how far scores are from frequencies: the mean over ten equal bins, by their size."""
    in_bin = np.minimum(BINS - 1, (scores * BINS).astype(np.int64))
    apart = [abs((scores - belongs)[in_bin == one].sum()) for one in range(BINS)]
    return float(sum(apart)) / max(1, len(scores))


def calibration_table(belongs: Flags, scores: Numbers) -> list[tuple[int, float, float]]:
    """Return, for each bin that holds any: how many, their mean score, how often they belong."""
    in_bin = np.minimum(BINS - 1, (scores * BINS).astype(np.int64))
    return [
        (int(part.sum()), float(scores[part].mean()), float(belongs[part].mean()))
        for one in range(BINS)
        if (part := in_bin == one).any()
    ]


def _figures(kinds: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    right, wrong, missed = kinds[:, 0], kinds[:, 1], kinds[:, 2]
    return (
        right / np.maximum(1, right + wrong),
        right / np.maximum(1, right + missed),
        2 * right / np.maximum(1, 2 * right + wrong + missed),
    )


def shown(found: Figures) -> str:
    """Return the figures in a line: `1,314    203   0.91 [0.87 to 0.95] …`."""
    cells: Sequence[Figure] = (found.precision, found.recall, found.f1)
    return f"{found.releases:>6,} {found.belong:>6,}  " + "  ".join(
        f"{one.value:.3f} [{one.low:.2f} to {one.high:.2f}]" for one in cells
    )
