"""What feeds show of labelled releases, and how much is to be added to a theme's bias there. Pure.

A release that was sought because a theme was unsure of it says little about a stream of titles:
only those that chance chose, and those that came labelled, take part.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from despatch.model import ThemeId
from processors.classify import Classifier
from processors.extent import Extent, extent_of
from processors.fitting.regression import Array, shift
from processors.fitting.releases import LabelledRelease, shortened

PARTS: tuple[Extent, ...] = ("title", "teaser")

Indices = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class Part:
    """Titles alone, or teasers, with what a fitting that had not seen them makes of them."""

    extent: Extent
    views: Sequence[LabelledRelease]
    fold_of: Indices
    belongs: Array
    log_odds: Array

    def judge(self, fold: int, ready: Classifier) -> None:
        """Note what the theme that was fitted without a fold makes of that fold."""
        out = np.flatnonzero(self.fold_of == fold)
        self.log_odds[out] = log_odds_of(ready, [self.views[at] for at in out.tolist()])

    def unjudged(self) -> "Part":
        """Return the same views as they are before anything is made of them."""
        return replace(self, log_odds=np.zeros(len(self.views)))

    def without(self, fold: int) -> "Part":
        """Return what there is outside of a fold."""
        kept = np.flatnonzero(self.fold_of != fold)
        views = [self.views[at] for at in kept.tolist()]
        return Part(self.extent, views, self.fold_of[kept], self.belongs[kept], self.log_odds[kept])

    def added(self, slope: float, moved: float) -> float:
        """Return what makes scores of this part frequencies, as a theme's file writes it."""
        return round(shift(slope * self.log_odds + moved, self.belongs), 3)


def part_of(theme: ThemeId, extent: Extent, views: Iterable[tuple[LabelledRelease, int]]) -> Part:
    """Return the views of an extent, each given with its release's fold, not judged yet."""
    those = [(view, fold) for view, fold in views if extent_of(view.text) == extent]
    return Part(
        extent,
        [view for view, _fold in those],
        np.array([fold for _view, fold in those], np.int64),
        np.array([float(view.labels[theme]) for view, _fold in those]),
        np.zeros(len(those)),
    )


def views_of(one: LabelledRelease) -> Iterator[LabelledRelease]:
    """Yield a release as it is, and as feeds would show it."""
    yield one
    if one.level == "full text":
        yield from shortened(one)


def log_odds_of(ready: Classifier, releases: Sequence[LabelledRelease]) -> Array:
    """Return what a theme makes of releases, as `despatch classify` would."""
    return np.array([ready.judge(one.title, one.text)[0].log_odds for one in releases])
