"""Which themes a release belongs to, and the words that make it so. Pure.

The score is the logistic function of the theme's bias plus the weights of its evidence, and of
nothing else: whoever adds up what is shown gets the decision.
"""

import math
from bisect import bisect_right
from collections import OrderedDict, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from operator import attrgetter
from typing import Literal, NamedTuple, get_args

from despatch.boilerplate import Range, boilerplate
from despatch.errors import SettingsError
from despatch.model import Evidence, Release, ThemeId, ThemeScore
from processors.language import language_of_release
from processors.lexicon import LISTS
from processors.pattern import Phrase, parse
from processors.scan import Found, Scanner
from processors.themes import Place, Term, Theme
from processors.words import Words

MAX_EVIDENCE = 60
"""Spans a theme; of more, the heaviest count and the rest does not."""

MAX_SPAN_CHARS = 200
"""A longer match is none: evidence has to fit into a message."""

_KEPT_CLASSIFIERS = 8


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one theme makes of one text, whether it belongs or not."""

    theme: ThemeId
    version: str
    log_odds: float
    score: float
    belongs: bool
    evidence: tuple[Evidence, ...]
    """By place; its weights and the theme's bias add up to `log_odds`."""
    terms: tuple[str, ...]
    """The name of the term behind each piece of evidence."""


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

PLACES: tuple[Place, ...] = get_args(Place)

_START = attrgetter("start")

_Context = tuple[int, str]
"""A theme's number, and the name of a context of it."""


@dataclass(frozen=True, slots=True, eq=False)
class _Meaning:
    """A term of a theme, or an exclusion (without a term), that a phrase stands for."""

    theme: int
    term: Term | None = None
    near: _Context | None = None
    unless: _Context | None = None
    asks: bool = False
    """Whether it asks for a context, or shuns one."""
    weights: Mapping[Place, float] = field(default_factory=lambda: dict.fromkeys(PLACES, 0.0))
    most: Mapping[Place, int] = field(default_factory=lambda: dict.fromkeys(PLACES, 0))
    order: int = 0
    """Where the term stands in its theme."""


@dataclass(frozen=True, slots=True, eq=False)
class _Meanings:
    """All that a phrase stands for, in every theme that has it."""

    terms: list[_Meaning] = field(default_factory=list)
    contexts: set[_Context] = field(default_factory=set)


class Match(NamedTuple):
    """A term, or an exclusion, at a place in a field."""

    term: Term | None
    field: Literal["title", "text"]
    place: Place
    start: int
    end: int
    weight: float
    order: int


class Classifier:
    """Themes made ready to judge many texts in one pass each. Not shared between threads."""

    def __init__(self, themes: Sequence[Theme]) -> None:
        ids = [theme.id for theme in themes]
        if len(set(ids)) < len(ids):
            twice = next(id_ for id_ in ids if ids.count(id_) > 1)
            raise SettingsError(f"two themes are called {twice!r}: name each once")
        self.themes = tuple(themes)
        phrases: dict[Phrase, _Meanings] = defaultdict(_Meanings)
        for number, theme in enumerate(themes):
            _add(phrases, number, theme)
        self._scanner: Scanner[_Meanings] = Scanner(phrases.items(), LISTS)
        self._empty = tuple(_judgement(theme, {}, []) for theme in themes)
        """What each theme makes of a text in which it finds nothing."""
        rounding = 1e-6
        self._needed = [one.log_odds_threshold - one.bias - rounding for one in themes]
        self._at_once = [n for n, judged in enumerate(self._empty) if judged.belongs]

    def classify(self, title: str, text: str, language: str = "") -> tuple[ThemeScore, ...]:
        """Return the themes that a text belongs to, in order, with their evidence.

        To a theme that does not read the language no text belongs.
        """
        if not any(theme.reads(language) for theme in self.themes):
            return ()
        read = self._read(title, text)
        hopeful = {*self._hopeful(read), *self._at_once}
        if not hopeful:
            return ()
        found = _found(read, hopeful)
        fields = {"title": title, "text": text}
        scores = []
        for number in sorted(hopeful):
            theme = self.themes[number]
            counted = _counted(found.get(number, []))
            log_odds = _log_odds(theme, counted)
            if log_odds >= theme.log_odds_threshold and theme.reads(language):
                scores.append(
                    ThemeScore(
                        theme=theme.id,
                        version=theme.stamp,
                        score=logistic(log_odds),
                        evidence=_evidence(counted, fields),
                        experimental=theme.experimental,
                    )
                )
        return tuple(scores)

    def judge(self, title: str, text: str) -> tuple[Judgement, ...]:
        """Return what every theme makes of a text, in order."""
        judged = list(self._empty)
        fields = {"title": title, "text": text}
        for number, found in self.matches(title, text).items():
            judged[number] = _judgement(self.themes[number], fields, _counted(found))
        return tuple(judged)

    def matches(self, title: str, text: str) -> Mapping[int, list[Match]]:
        """Return by a theme's number what it finds in a text, by place, none over another.

        Themes that find nothing are absent; exclusions, and terms without a weight, are not.
        """
        return _found(self._read(title, text))

    def _read(self, title: str, text: str) -> "tuple[_Read, _Read]":
        words, found = self._scanner.scan(text)
        read = _Read("text", text, words, found, words.lead() if found else 0)
        return _Read("title", title, *self._scanner.scan(title), 0), read

    def _hopeful(self, read: "Iterable[_Read]") -> list[int]:
        """Return the themes that it may belong to: all others are spared the rest.

        What speaks for each is added up as if nothing spoke against it, lay over it, or was asked
        for beside it. Most releases belong to no theme, and end here.
        """
        times: dict[tuple[_Meaning, Place], int] = defaultdict(int)
        most_for = [0.0] * len(self.themes)
        for one in read:
            for what, first, _last in one.found:
                for meaning in what.terms:
                    place = one.place(first)
                    weight = meaning.weights[place]
                    if weight > 0:
                        times[meaning, place] = so_far = times[meaning, place] + 1
                        if so_far <= meaning.most[place]:
                            most_for[meaning.theme] += weight
        needed = zip(most_for, self._needed, strict=True)
        return [number for number, (most, enough) in enumerate(needed) if most >= enough]


@dataclass(frozen=True, slots=True)
class _Read:
    """A field, and all that stands in it."""

    field: Literal["title", "text"]
    text: str
    words: Words
    found: list[Found[_Meanings]]
    lead: int
    """How many of its words are the lead."""

    def place(self, word: int) -> Place:
        if self.field == "title":
            return "title"
        return "lead" if word < self.lead else "body"


def _found(read: Iterable[_Read], only: Container[int] | None = None) -> dict[int, list[Match]]:
    """Return by a theme's number what it finds, of `only` these themes."""
    matches: dict[int, list[Match]] = defaultdict(list)
    for one in read:
        for theme, those in _in_field(one, only).items():
            matches[theme] += _apart(those)
    return matches


def _in_field(read: _Read, only: Container[int] | None) -> dict[int, list[Match]]:
    """Return by theme what stands in a field; some of it may stand over others."""
    words, found = read.words, read.found
    if found and read.field == "text":
        found = _outside(boilerplate(read.text), words, found)
    matches: dict[int, list[Match]] = defaultdict(list)
    contexts: dict[int, set[_Context]] = {}
    for at, (what, first, last) in enumerate(found):
        for meaning in what.terms:
            if only is not None and meaning.theme not in only:
                continue
            start, end = words.starts[first], words.ends[last - 1]
            if end - start > MAX_SPAN_CHARS:
                break
            if meaning.asks:
                here = words.sentence[first]
                if here not in contexts:
                    contexts[here] = _contexts(found, at, words.sentence)
                if not _holds(meaning, contexts[here]):
                    continue
            place = read.place(first)
            weight = meaning.weights[place]
            match = Match(meaning.term, read.field, place, start, end, weight, meaning.order)
            matches[meaning.theme].append(match)
    return matches


def _outside(
    hidden: Sequence[Range], words: Words, found: list[Found[_Meanings]]
) -> list[Found[_Meanings]]:
    """Return what stands in no contact, footer or notice: those are not what a release is about."""
    if not hidden:
        return found
    starts = [one.start for one in hidden]
    ends = [0, *(one.end for one in hidden)]
    at = [words.starts[first] for _what, first, _last in found]
    return [
        one
        for one, place in zip(found, at, strict=True)
        if place >= ends[bisect_right(starts, place)]
    ]


def _add(phrases: Mapping[Phrase, _Meanings], number: int, theme: Theme) -> None:
    """Put all that a theme looks for under its phrases."""
    for order, term in enumerate(theme.terms):
        near, unless = ((number, name) if name else None for name in (term.near, term.unless))
        weights = {place: getattr(term.weights, place) for place in PLACES}
        most = {place: getattr(term.most, place) for place in PLACES}
        meaning = _Meaning(number, term, near, unless, bool(near or unless), weights, most, order)
        for phrase in _phrases(term.patterns):
            phrases[phrase].terms.append(meaning)
    for phrase in _phrases(theme.exclusions):
        phrases[phrase].terms.append(_Meaning(number))
    for name, patterns in theme.context.items():
        for phrase in _phrases(patterns):
            phrases[phrase].contexts.add((number, name))


def _phrases(patterns: Iterable[str]) -> Iterable[Phrase]:
    return (phrase for pattern in patterns for phrase in parse(pattern, LISTS))


def _contexts(found: Sequence[Found[_Meanings]], at: int, sentence: Sequence[int]) -> set[_Context]:
    """Return the contexts that stand in the sentence of what was found `at` there."""
    contexts: set[_Context] = set()
    here = sentence[found[at][1]]
    for side in (range(at, -1, -1), range(at + 1, len(found))):
        for other in side:
            what, first, _last = found[other]
            if sentence[first] != here:
                break
            contexts |= what.contexts
    return contexts


def _holds(meaning: _Meaning, contexts: set[_Context]) -> bool:
    """Tell whether the contexts that a term asks for, or shuns, are as it wants them."""
    if meaning.near is not None and meaning.near not in contexts:
        return False
    return meaning.unless is None or meaning.unless not in contexts


def _apart(matches: list[Match]) -> list[Match]:
    """Return what stays where matches overlap.

    Exclusions win, then what was written by hand, then the longest, then what the theme has first.
    """
    if len(matches) == 1:
        return matches
    matches.sort(key=_START)
    if all(one.end <= other.start for one, other in pairwise(matches)):
        return matches
    matches.sort(key=_precedence)
    taken: set[int] = set()
    kept = []
    for match in matches:
        span = range(match.start, match.end)
        if not taken.isdisjoint(span):
            continue
        taken.update(span)
        kept.append(match)
    kept.sort(key=_START)
    return kept


def _precedence(match: Match) -> tuple[int, int, int, int]:
    """Weights have no say in it, or a fitting would change what it counts."""
    rank = 0 if match.term is None else 2 if match.term.found else 1
    return rank, match.start - match.end, match.order, match.start


def _counted(matches: Sequence[Match]) -> list[Match]:
    """Return the matches that add something: with a weight, and not beyond their term's most."""
    seen: dict[tuple[str, Place], int] = {}
    counted = []
    for match in matches:
        if match.term is None or not match.weight:
            continue
        key = (match.term.name, match.place)
        seen[key] = times = seen.get(key, 0) + 1
        if times <= getattr(match.term.most, match.place):
            counted.append(match)
    if len(counted) > MAX_EVIDENCE:
        heaviest = sorted(range(len(counted)), key=lambda at: -abs(counted[at].weight))
        counted = [counted[at] for at in sorted(heaviest[:MAX_EVIDENCE])]
    return counted


def _log_odds(theme: Theme, counted: Sequence[Match]) -> float:
    return math.fsum((theme.bias, *(match.weight for match in counted)))


def _judgement(theme: Theme, fields: Mapping[str, str], counted: Sequence[Match]) -> Judgement:
    log_odds = _log_odds(theme, counted)
    return Judgement(
        theme=theme.id,
        version=theme.stamp,
        log_odds=log_odds,
        score=logistic(log_odds),
        belongs=log_odds >= theme.log_odds_threshold,
        evidence=_evidence(counted, fields),
        terms=tuple(match.term.name for match in counted if match.term),
    )


def _evidence(counted: Sequence[Match], fields: Mapping[str, str]) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(
            field=match.field,
            start=match.start,
            end=match.end,
            text=fields[match.field][match.start : match.end],
            weight=match.weight,
        )
        for match in counted
    )


def logistic(log_odds: float) -> float:
    """Return the probability of log-odds, without overflow at either end."""
    if log_odds >= 0:
        return 1 / (1 + math.exp(-log_odds))
    odds = math.exp(log_odds)
    return odds / (1 + odds)
