"""Fitting a theme: its terms' weights, words worth adding, bias and threshold. Pure.

Three steps, each the same at every run:

1. Every word in enough releases of several publishers gets a weight, the same in title, lead and
   body, beside the theme's own terms; those that tell most are kept.
2. Terms and kept words are weighed again, drawn towards the weights set by hand and to none.
3. What was left out of five such fittings says how far log-odds are from frequencies: they are
   scaled to be true, and the threshold is where that makes F1 best.
4. The titles alone, and the teasers, of what chance chose among it say how much is to be added
   where no more is there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from processors.classify import Classifier, classifier
from processors.extent import Short
from processors.fitting.columns import counts, most_telling, worth_trying
from processors.fitting.examples import Example, Examples, Key, examples, own_examples
from processors.fitting.parts import PARTS, Part, log_odds_of, part_of, views_of
from processors.fitting.regression import Array, Line, best_threshold, regress, rescale
from processors.fitting.releases import LabelledRelease
from processors.themes import Theme
from processors.themes.fitted import Fitted, FittedWeights, applied, rules_of

FOLDS = 5

TERM_STRENGTH = 6.0
WORD_STRENGTH = 20.0
"""How hard weights are drawn towards those set by hand, and to none: inverse variances."""

MOST_WEIGHT = 20.0
"""What a theme file allows."""

_FIXED = 1e9

Indices = np.ndarray[tuple[int, ...], np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class CrossValidated:
    """A fitting, and what the fittings without each fold made of what they had not seen."""

    fitted: Fitted
    """To all of the releases."""
    log_odds: Array
    """By release, calibrated without its fold."""
    thresholds: Array
    parts: tuple[Part, ...]
    """Titles alone and teasers of releases that were not sought, likewise."""


class Fitting:
    """A theme and its labelled releases, ready to be fitted to any of them."""

    def __init__(self, theme: Theme, releases: Sequence[LabelledRelease]) -> None:
        self.theme = theme
        """With the weights set by hand."""
        self.releases = tuple(one for one in releases if theme.id in one.labels)
        self._examples: tuple[Examples, ...] = examples(theme, self.releases)
        self._own = own_examples(theme)
        self._terms: list[Key] = [
            (place, term.name) for term in theme.terms for place in term.places()
        ]

    def fit(self, chosen: Sequence[int]) -> CrossValidated:
        """Return what the chosen releases, by their places, teach."""
        places = np.asarray(chosen, np.int64)
        fold_of = folds([self.releases[at].group for at in places])
        raw, left_out = [], np.zeros(len(places))
        parts = self._parts(places, fold_of)
        for fold in range(FOLDS):
            out = fold_of == fold
            raw.append(self._weigh(places[~out]))
            left_out[out] = self.log_odds(raw[fold], places[out])
            for part in parts:
                part.judge(fold, self._ready(raw[fold]))
        true, threshold = np.zeros(len(places)), np.zeros(len(places))
        shown = tuple(part.unjudged() for part in parts)
        for fold in range(FOLDS):
            out = fold_of == fold
            others = [part.without(fold) for part in parts]
            calibrated = self._calibrated(raw[fold], places[~out], left_out[~out], others)
            true[out] = self.log_odds(calibrated, places[out])
            threshold[out] = calibrated.threshold
            for part in shown:
                part.judge(fold, self._ready(calibrated))
        fitted = self._calibrated(self._weigh(places), places, left_out, parts)
        return CrossValidated(fitted, true, threshold, shown)

    def log_odds(self, fitted: Fitted, chosen: Sequence[int] | Indices) -> Array:
        """Return what the theme so fitted makes of releases, as `despatch classify` would."""
        return log_odds_of(self._ready(fitted), [self.releases[at] for at in chosen])

    def _ready(self, fitted: Fitted) -> Classifier:
        return classifier((applied(self.theme, fitted),))

    def _parts(self, places: Indices, fold_of: Indices) -> list[Part]:
        """Return what feeds show of the releases that were not sought: for each extent a part."""
        seen = [(at, fold) for at, fold in zip(places, fold_of, strict=True)]
        views = [
            (view, fold)
            for at, fold in seen
            if not self.releases[at].sought
            for view in views_of(self.releases[at])
        ]
        return [part_of(self.theme.id, extent, views) for extent in PARTS]

    def _weigh(self, chosen: Indices) -> Fitted:
        taught = list(self._views(chosen))
        tried = worth_trying(taught)
        line = self._regress(taught, tried)
        kept = most_telling(taught, tried, line.weights[len(self._terms) :])
        return self._fitted(taught, kept, self._regress(taught, kept))

    def _views(self, chosen: Indices) -> Iterator[Example]:
        for at in chosen:
            yield self._examples[at].whole
        for at in chosen:
            yield from self._examples[at].short
        yield from self._own

    def _regress(self, taught: Sequence[Example], words: Sequence[str]) -> Line:
        by_hand = [term.weight(place) for term in self.theme.terms for place in term.places()]
        drawn = [
            _FIXED if term.hand_set else TERM_STRENGTH
            for term in self.theme.terms
            for _ in term.places()
        ]
        return regress(
            counts(taught, self._terms, words),
            belongs=np.array([float(one.belongs) for one in taught]),
            strength=np.array(drawn + [WORD_STRENGTH] * len(words)),
            prior=np.array(by_hand + [0.0] * len(words)),
            importance=np.array([one.importance for one in taught]),
        )

    def _fitted(self, taught: Sequence[Example], words: Sequence[str], line: Line) -> Fitted:
        whole = [one for one in taught if one.whole]
        own = len(self._terms)
        return Fitted(
            id=self.theme.id,
            rules=rules_of(self.theme),
            labels=len(whole),
            belong=sum(one.belongs for one in whole),
            threshold=0.5,
            bias=line.bias,
            terms=_by_name(self._terms, line.weights[:own]),
            words={word: float(w) for word, w in zip(words, line.weights[own:], strict=True)},
        )

    def _calibrated(
        self, raw: Fitted, chosen: Indices, left_out: Array, parts: Sequence[Part]
    ) -> Fitted:
        """Return a fitting whose scores are frequencies, its numbers rounded."""
        belongs = np.array([float(self._examples[at].whole.belongs) for at in chosen])
        slope, moved = rescale(left_out, belongs)
        scores = 1 / (1 + np.exp(-(slope * left_out + moved)))
        words = {word: _rounded(slope * weight) for word, weight in raw.words.items()}
        fixed = {term.name: term.weights for term in self.theme.terms if term.hand_set}
        terms = {
            name: FittedWeights(**dict(fixed[name])) if name in fixed else _scaled(weights, slope)
            for name, weights in raw.terms.items()
        }
        return raw.model_copy(
            update={
                "bias": round(slope * raw.bias + moved, 3),
                "short": Short(**{part.extent: part.added(slope, moved) for part in parts}),
                "threshold": best_threshold(scores, belongs),
                "terms": terms,
                "words": {word: weight for word, weight in words.items() if weight},
            }
        )


def folds(groups: Sequence[int]) -> Indices:
    """Return the fold of each release: one group is in one fold, and folds are even."""
    order = {group: at for at, group in enumerate(dict.fromkeys(groups))}
    return np.array([order[group] % FOLDS for group in groups], np.int64)


def _by_name(keys: Sequence[Key], weights: Array) -> dict[str, FittedWeights]:
    found: dict[str, dict[str, float]] = {}
    for (place, name), weight in zip(keys, weights, strict=True):
        found.setdefault(name, {})[place] = float(weight)
    return {name: FittedWeights(**by_place) for name, by_place in found.items()}


def _scaled(weights: FittedWeights, slope: float) -> FittedWeights:
    return FittedWeights(
        **{place: _rounded(slope * number) for place, number in weights.numbers().items()}
    )


def _rounded(number: float) -> float:
    return round(max(-MOST_WEIGHT, min(MOST_WEIGHT, number)), 3)
