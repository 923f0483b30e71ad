"""Which themes a release belongs to, and the words that make it so. Pure.

The score is the logistic function of the theme's bias plus the weights of its evidence, and of
nothing else: whoever adds up what is shown gets the decision.
"""

import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from despatch.characters import storable
from despatch.errors import SettingsError
from despatch.model import Evidence, Release, ThemeId, ThemeScore
from processors.cut import remember
from processors.extent import Extent, extent_of
from processors.fields import Read
from processors.hits import Hits
from processors.language import language_of_release
from processors.layout import Layout
from processors.lexicon import LISTS
from processors.lookout import Lookout
from processors.matches import NOTHING, Match, Shown, Standing, counted, matches, shown, standing
from processors.meanings import Meanings
from processors.sayings import Sayings
from processors.scan import Scanner
from processors.themes import Theme
from processors.worths import Worths

_KEPT_CLASSIFIERS = 16
_ROUNDING = 1e-6
_APART = "\n\n"
"""Between a title and a text, which are read together: no phrase goes across."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one theme makes of one text, whether it belongs or not."""

    theme: ThemeId
    version: str
    bias: float
    """The theme's, and what it adds where only a title or a teaser is there."""
    log_odds: float
    score: float
    belongs: bool
    evidence: tuple[Evidence, ...]
    """By place; its weights and the bias add up to `log_odds`."""
    terms: tuple[str, ...]
    """The name of the term behind each piece of evidence."""


class Belongs(NamedTuple):
    """A theme that a text belongs to."""

    theme: Theme
    score: float
    evidence: slice
    """Which of what is shown for all of them makes it so, by place."""


def classify(release: Release, themes: Sequence[Theme]) -> tuple[ThemeScore, ...]:
    """Return the themes that a release belongs to, in the order asked, with their evidence."""
    language = language_of_release(release.title, release.text, release.language)
    return classifier(themes).classify(release.title, release.text, language)


def judge(title: str, text: str, theme: Theme) -> Judgement:
    """Return what a theme makes of a text, even if it does not belong to it."""
    return classifier((theme,)).judge(title, text)[0]


def classifier(themes: Sequence[Theme]) -> "Classifier":
    """Return the classifier of these themes; the last few are kept."""
    key = tuple((theme.id, theme.stamp, theme.experimental) for theme in themes)
    if key not in _classifiers:
        _classifiers[key] = Classifier(themes)
        if len(_classifiers) > _KEPT_CLASSIFIERS:
            _classifiers.popitem(last=False)
    return _classifiers[key]


_classifiers: OrderedDict[tuple[tuple[str, str, bool], ...], "Classifier"] = OrderedDict()


class Classifier:
    """Themes made ready to judge many texts in one pass each. Not shared between threads."""

    def __init__(self, themes: Sequence[Theme]) -> None:
        ids = [theme.id for theme in themes]
        if len(set(ids)) < len(ids):
            twice = next(id_ for id_ in ids if ids.count(id_) > 1)
            raise SettingsError(f"two themes are called {twice!r}: name each once")
        self.themes = tuple(themes)
        lookout = Lookout(themes)
        self._worths = Worths(lookout.meanings, len(themes))
        self._scanner: Scanner[Meanings] = Scanner(lookout.phrases.items(), LISTS)
        self._sayings = Sayings()
        self._thresholds = [theme.log_odds_threshold for theme in themes]
        self._bias: Mapping[Extent, Sequence[float]] = {
            extent: [theme.bias_for(extent) for theme in themes] for extent in get_args(Extent)
        }
        self._needed = {
            extent: np.subtract(self._thresholds, bias) - _ROUNDING
            for extent, bias in self._bias.items()
        }

    def classify(self, title: str, text: str, language: str = "") -> tuple[ThemeScore, ...]:
        """Return the themes that a text belongs to, in order, with their evidence.

        To a theme that does not read the language no text belongs. Half a character is read as
        U+FFFD, and so shown.
        """
        title, text = storable(title), storable(text)
        belongs, found = self.belonging(title, text, language)
        return tuple(
            ThemeScore(
                theme=one.theme.id,
                version=one.theme.stamp,
                score=one.score,
                evidence=_evidence(found.part(one.evidence)),
                experimental=one.theme.experimental,
            )
            for one in belongs
        )

    def belonging(self, title: str, text: str, language: str = "") -> tuple[list[Belongs], Shown]:
        """Return the themes that a text belongs to, as `classify` does, before they are models."""
        if not any(theme.reads(language) for theme in self.themes):
            return [], NOTHING
        read, found = self._read(title, text)
        extent = extent_of(text)
        most = self._worths.most_for(found, read.places(found.firsts))
        hopeful = most >= self._needed[extent]  # all others are spared the rest
        numbers = np.flatnonzero(hopeful).tolist()
        if not numbers:
            return [], NOTHING
        kept = counted(self._standing(read, found, hopeful), self._worths)
        evidence, belongs = shown(kept, self._worths), []
        for number, those in zip(numbers, kept.by_theme(numbers), strict=True):
            theme = self.themes[number]
            log_odds = math.fsum((self._bias[extent][number], *evidence.weights[those]))
            if log_odds >= self._thresholds[number] and theme.reads(language):
                belongs.append(Belongs(theme, logistic(log_odds), those))
        return belongs, evidence

    def judge(self, title: str, text: str) -> tuple[Judgement, ...]:
        """Return what every theme makes of a text, in order."""
        title, text = storable(title), storable(text)
        kept = counted(self._all(title, text), self._worths)
        evidence, found = shown(kept, self._worths), matches(kept, self._worths)
        extent, by_theme = extent_of(text), kept.by_theme(range(len(self.themes)))
        return tuple(
            _judgement(theme, extent, evidence.part(those), found[those])
            for theme, those in zip(self.themes, by_theme, strict=True)
        )

    def matches(self, title: str, text: str) -> Mapping[int, list[Match]]:
        """Return by a theme's number what it finds in a text, by place, none over another.

        Themes that find nothing are absent; exclusions, and terms without a weight, are not.
        """
        all_ = self._all(title, text)
        found, by_theme = matches(all_, self._worths), all_.by_theme(range(len(self.themes)))
        return {number: found[those] for number, those in enumerate(by_theme) if found[those]}

    def _all(self, title: str, text: str) -> Standing:
        return self._standing(*self._read(title, text), np.ones(len(self.themes), np.bool_))

    def _standing(self, read: Read, found: Hits, wanted: NDArray[np.bool_]) -> Standing:
        return standing(read, found, self._sayings, self._worths, wanted)

    def _read(self, title: str, text: str) -> tuple[Read, Hits]:
        """Return a title and a text, and all that stands there for any theme."""
        scan = self._scanner.read(f"{title}{_APART}{text}")
        remember(title, text, scan.words)
        self._sayings.learn(self._scanner.pairs)
        at = len(title) + len(_APART)
        first = int(scan.words.starts.searchsorted(at))
        read = Read(scan, at, first, scan.words.lead(at), Layout(text))
        return read, self._sayings.hits(scan)


def _judgement(
    theme: Theme, extent: Extent, evidence: Shown, matches: Sequence[Match]
) -> Judgement:
    bias = theme.bias_for(extent)
    log_odds = math.fsum((bias, *evidence.weights))
    return Judgement(
        theme=theme.id,
        version=theme.stamp,
        bias=bias,
        log_odds=log_odds,
        score=logistic(log_odds),
        belongs=log_odds >= theme.log_odds_threshold,
        evidence=_evidence(evidence),
        terms=tuple(match.term.name for match in matches if match.term),
    )


def _evidence(shown: Shown) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(field=field, start=start, end=end, text=text, weight=weight)
        for field, start, end, text, weight in zip(*shown, strict=True)
    )


def logistic(log_odds: float) -> float:
    """Return the probability of log-odds, without overflow at either end."""
    if log_odds >= 0:
        return 1 / (1 + math.exp(-log_odds))
    odds = math.exp(log_odds)
    return odds / (1 + odds)
