"""Which themes a release belongs to, and the words that make it so. Pure.

The score is the logistic function of the theme's bias plus the weights of its evidence, and of
nothing else: whoever adds up what is shown gets the decision.
"""

import math
from bisect import bisect_right
from collections import Counter, OrderedDict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from despatch.boilerplate import Range, boilerplate
from despatch.errors import SettingsError
from despatch.model import Evidence, Release, ThemeId, ThemeScore
from processors.language import language_of_release
from processors.lexicon import LISTS
from processors.pattern import parse
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


@dataclass(frozen=True, slots=True, eq=False)
class _Meaning:
    """What a phrase stands for in a theme: a term, a context, or an exclusion (neither)."""

    theme: int
    term: Term | None = None
    context: str | None = None


@dataclass(frozen=True, slots=True)
class _Match:
    """A term, or an exclusion, at a place in a field."""

    term: Term | None
    field: Literal["title", "text"]
    place: Place
    start: int
    end: int
    weight: float


class Classifier:
    """Themes made ready to judge many texts in one pass each. Not shared between threads."""

    def __init__(self, themes: Sequence[Theme]) -> None:
        ids = [theme.id for theme in themes]
        if len(set(ids)) < len(ids):
            twice = next(id_ for id_ in ids if ids.count(id_) > 1)
            raise SettingsError(f"two themes are called {twice!r}: name each once")
        self.themes = tuple(themes)
        self._scanner: Scanner[_Meaning] = Scanner(
            (
                (phrase, meaning)
                for number, theme in enumerate(themes)
                for pattern, meaning in _meanings(number, theme)
                for phrase in parse(pattern, LISTS)
            ),
            LISTS,
        )

    def classify(self, title: str, text: str, language: str = "") -> tuple[ThemeScore, ...]:
        """Return the themes that a text belongs to, in order, with their evidence.

        To a theme that does not read the language no text belongs.
        """
        if not any(theme.reads(language) for theme in self.themes):
            return ()
        return tuple(
            ThemeScore(
                theme=judged.theme,
                version=judged.version,
                score=judged.score,
                evidence=judged.evidence,
                experimental=theme.experimental,
            )
            for theme, judged in zip(self.themes, self.judge(title, text), strict=True)
            if judged.belongs and theme.reads(language)
        )

    def judge(self, title: str, text: str) -> tuple[Judgement, ...]:
        """Return what every theme makes of a text, in order."""
        matches: list[list[_Match]] = [[] for _ in self.themes]
        self._read("title", title, matches)
        self._read("text", text, matches)
        fields = {"title": title, "text": text}
        return tuple(
            _judgement(theme, fields, _counted(found))
            for theme, found in zip(self.themes, matches, strict=True)
        )

    def _read(
        self, field: Literal["title", "text"], text: str, matches: list[list[_Match]]
    ) -> None:
        """Add what stands in a field to the matches of each theme."""
        words, found = self._scanner.scan(text)
        if found and field == "text":
            found = _outside(boilerplate(text), words, found)
        if not found:
            return
        lead = words.lead() if field == "text" else 0
        contexts = {
            (one.what.theme, one.what.context, words.sentence[one.first])
            for one in found
            if one.what.context is not None
        }
        by_theme: dict[int, list[_Match]] = {}
        for one in found:
            if one.what.context is None and _holds(one.what, words.sentence[one.first], contexts):
                place: Place = (
                    "title" if field == "title" else "lead" if one.first < lead else "body"
                )
                by_theme.setdefault(one.what.theme, []).append(_match(one, words, field, place))
        for theme, all_matches in by_theme.items():
            matches[theme].extend(_apart(all_matches))


def _outside(
    hidden: Sequence[Range], words: Words, found: list[Found[_Meaning]]
) -> list[Found[_Meaning]]:
    """Return what stands in no contact, footer or notice: those are not what a release is about."""
    if not hidden:
        return found
    starts = [one.start for one in hidden]
    ends = [0, *(one.end for one in hidden)]
    at = [words.starts[one.first] for one in found]
    return [
        one
        for one, place in zip(found, at, strict=True)
        if place >= ends[bisect_right(starts, place)]
    ]


def _meanings(number: int, theme: Theme) -> Iterable[tuple[str, _Meaning]]:
    for term in theme.terms:
        meaning = _Meaning(number, term=term)
        yield from ((pattern, meaning) for pattern in term.patterns)
    for pattern in theme.exclusions:
        yield pattern, _Meaning(number)
    for name, patterns in theme.context.items():
        yield from ((pattern, _Meaning(number, context=name)) for pattern in patterns)


def _holds(meaning: _Meaning, sentence: int, contexts: Collection[tuple[int, str, int]]) -> bool:
    """Tell whether the contexts that a term asks for, or shuns, are as it wants them."""
    term = meaning.term
    if term is None:
        return True
    if term.near is not None and (meaning.theme, term.near, sentence) not in contexts:
        return False
    return term.unless is None or (meaning.theme, term.unless, sentence) not in contexts


def _match(
    one: Found[_Meaning], words: Words, field: Literal["title", "text"], place: Place
) -> _Match:
    term = one.what.term
    weight = getattr(term.weights, place) if term else 0.0
    return _Match(term, field, place, words.starts[one.first], words.ends[one.last - 1], weight)


def _apart(matches: list[_Match]) -> list[_Match]:
    """Return the terms that stay where matches overlap: exclusions win, then the longest."""
    if len(matches) > 1:
        matches.sort(key=lambda m: (m.term is not None, m.start - m.end, -abs(m.weight), m.start))
    taken: set[int] = set()
    kept = []
    for match in matches:
        if match.end - match.start > MAX_SPAN_CHARS:
            continue
        span = range(match.start, match.end)
        if not taken.isdisjoint(span):
            continue
        taken.update(span)
        if match.term is not None:
            kept.append(match)
    kept.sort(key=lambda m: m.start)
    return kept


def _counted(matches: list[_Match]) -> list[_Match]:
    """Return the matches that add something: with a weight, and not beyond their term's most."""
    seen: Counter[tuple[str, Place]] = Counter()
    counted = []
    for match in matches:
        if match.term is None or not match.weight:
            continue
        key = (match.term.name, match.place)
        seen[key] += 1
        if seen[key] <= getattr(match.term.most, match.place):
            counted.append(match)
    if len(counted) > MAX_EVIDENCE:
        heaviest = sorted(range(len(counted)), key=lambda at: -abs(counted[at].weight))
        counted = [counted[at] for at in sorted(heaviest[:MAX_EVIDENCE])]
    return counted


def _judgement(theme: Theme, fields: dict[str, str], counted: list[_Match]) -> Judgement:
    log_odds = math.fsum((theme.bias, *(match.weight for match in counted)))
    return Judgement(
        theme=theme.id,
        version=theme.stamp,
        log_odds=log_odds,
        score=logistic(log_odds),
        belongs=log_odds >= theme.log_odds_threshold,
        evidence=tuple(
            Evidence(
                field=match.field,
                start=match.start,
                end=match.end,
                text=fields[match.field][match.start : match.end],
                weight=match.weight,
            )
            for match in counted
        ),
        terms=tuple(match.term.name for match in counted if match.term),
    )


def logistic(log_odds: float) -> float:
    """Return the probability of log-odds, without overflow at either end."""
    if log_odds >= 0:
        return 1 / (1 + math.exp(-log_odds))
    odds = math.exp(log_odds)
    return odds / (1 + odds)
