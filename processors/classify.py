"""Which themes a release belongs to, and the words that make it so. Pure.

The score is the logistic function of the theme's bias plus the weights of its evidence, and of
nothing else: whoever adds up what is shown gets the decision.
"""

import math
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, get_args

import numpy as np

from despatch.characters import storable
from despatch.errors import SettingsError
from despatch.model import Evidence, Release, ThemeId, ThemeScore
from processors.extent import Extent, extent_of
from processors.fields import Read
from processors.language import language_of_release
from processors.layout import Layout
from processors.lexicon import LISTS
from processors.lookout import Lookout
from processors.matches import Counted, Match, all_matches, as_match, counted, hits_of
from processors.meanings import Meanings
from processors.scan import Scanner
from processors.themes import Theme

_KEPT_CLASSIFIERS = 16
_ROUNDING = 1e-6


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
    """A theme that a text belongs to, and the matches that make it so, by place."""

    theme: Theme
    score: float
    matches: list[Match]


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
        self._lookout = Lookout(themes)
        self._sayings = self._lookout.sayings
        self._scanner: Scanner[Meanings] = Scanner(self._lookout.phrases.items(), LISTS)
        self._needed = {
            extent: np.array(
                [one.log_odds_threshold - one.bias_for(extent) - _ROUNDING for one in themes]
            )
            for extent in get_args(Extent)
        }

    def classify(self, title: str, text: str, language: str = "") -> tuple[ThemeScore, ...]:
        """Return the themes that a text belongs to, in order, with their evidence.

        To a theme that does not read the language no text belongs. Half a character is read as
        U+FFFD, and so shown.
        """
        title, text = storable(title), storable(text)
        fields = {"title": title, "text": text}
        return tuple(
            ThemeScore(
                theme=one.theme.id,
                version=one.theme.stamp,
                score=one.score,
                evidence=_evidence(one.matches, fields),
                experimental=one.theme.experimental,
            )
            for one in self.belonging(title, text, language)
        )

    def belonging(self, title: str, text: str, language: str = "") -> Iterator[Belongs]:
        """Yield the themes that a text belongs to, as `classify` does, before they are models."""
        if not any(theme.reads(language) for theme in self.themes):
            return
        read = self._read(title, text)
        extent = extent_of(text)
        hopeful = self._hopeful(*read, extent)
        if not hopeful:
            return
        for number, kept in self._counted(read, hopeful):
            theme = self.themes[number]
            log_odds = _log_odds(theme.bias_for(extent), kept)
            if log_odds >= theme.log_odds_threshold and theme.reads(language):
                yield Belongs(theme, logistic(log_odds), list(map(as_match, kept)))

    def judge(self, title: str, text: str) -> tuple[Judgement, ...]:
        """Return what every theme makes of a text, in order."""
        title, text = storable(title), storable(text)
        fields = {"title": title, "text": text}
        kept = self._counted(self._read(title, text), range(len(self.themes)))
        extent = extent_of(text)
        return tuple(
            _judgement(self.themes[number], extent, fields, those) for number, those in kept
        )

    def matches(self, title: str, text: str) -> Mapping[int, list[Match]]:
        """Return by a theme's number what it finds in a text, by place, none over another.

        Themes that find nothing are absent; exclusions, and terms without a weight, are not.
        """
        numbers = range(len(self.themes))
        read = self._read(title, text)
        hits = [hits_of(one, self._sayings, numbers, len(numbers)) for one in read]
        all_ = {
            n: list(all_matches(zip(read, those, strict=True)))
            for n, those in zip(numbers, zip(*hits, strict=True), strict=True)
        }
        return {number: matches for number, matches in all_.items() if matches}

    def _counted(
        self, read: tuple[Read, Read], wanted: Sequence[int]
    ) -> Iterator[tuple[int, list[Counted]]]:
        """Yield some themes by their numbers, with what counts for each."""
        title, text = read
        in_title = hits_of(title, self._sayings, wanted, len(self.themes))
        in_text = hits_of(text, self._sayings, wanted, len(self.themes))
        for number in wanted:
            yield number, counted(((title, in_title[number]), (text, in_text[number])))

    def _read(self, title: str, text: str) -> tuple[Read, Read]:
        in_title, in_text = self._scanner.read(title, text)
        self._sayings.learn(self._scanner.pairs)
        return (
            Read("title", in_title, 0, Layout(title)),
            Read("text", in_text, in_text.words.lead(), Layout(text)),
        )

    def _hopeful(self, title: Read, text: Read, extent: Extent) -> list[int]:
        """Return the themes that it may belong to: all others are spared the rest."""
        most = self._lookout.most_for(title, text)
        hopeful: list[int] = np.flatnonzero(most >= self._needed[extent]).tolist()
        return hopeful


def _log_odds(bias: float, kept: Iterable[Counted]) -> float:
    return math.fsum((bias, *[worth.weight for *_where, worth in kept]))


def _judgement(
    theme: Theme, extent: Extent, fields: Mapping[str, str], kept: Sequence[Counted]
) -> Judgement:
    bias = theme.bias_for(extent)
    log_odds = _log_odds(bias, kept)
    matches = list(map(as_match, kept))
    return Judgement(
        theme=theme.id,
        version=theme.stamp,
        bias=bias,
        log_odds=log_odds,
        score=logistic(log_odds),
        belongs=log_odds >= theme.log_odds_threshold,
        evidence=_evidence(matches, fields),
        terms=tuple(match.term.name for match in matches if match.term),
    )


def _evidence(matches: Sequence[Match], fields: Mapping[str, str]) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(
            field=match.field,
            start=match.start,
            end=match.end,
            text=fields[match.field][match.start : match.end],
            weight=match.weight,
        )
        for match in matches
    )


def logistic(log_odds: float) -> float:
    """Return the probability of log-odds, without overflow at either end."""
    if log_odds >= 0:
        return 1 / (1 + math.exp(-log_odds))
    odds = math.exp(log_odds)
    return odds / (1 + odds)
