"""What phrases stand for in themes, and the most that what was found can speak for each. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from operator import attrgetter
from typing import NamedTuple

from processors.lexicon import LISTS
from processors.pattern import Phrase, parse
from processors.scan import Scan
from processors.themes import PLACES, Place, Term, Theme

Slot = int
"""The number of a place of a term of a theme."""
Context = tuple[int, str]
"""A theme's number, and the name of a context of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Meaning:
    """A term of a theme, or an exclusion (without a term), that a phrase stands for."""

    theme: int
    term: Term | None = None
    near: Context | None = None
    unless: Context | None = None
    asks: bool = False
    """Whether it asks for a context, or shuns one."""
    weights: Mapping[Place, float] = field(default_factory=lambda: dict.fromkeys(PLACES, 0.0))
    most: Mapping[Place, int] = field(default_factory=lambda: dict.fromkeys(PLACES, 0))
    quoted: bool = False
    """Whether it weighs something of its own in what somebody says."""
    order: int = 0
    """Where the term stands in its theme."""


@dataclass(slots=True, eq=False)
class Meanings:
    """All that a phrase stands for, in every theme that has it."""

    terms: list[Meaning] = field(default_factory=list)
    contexts: set[Context] = field(default_factory=set)
    mask: int = 0
    """Of the themes that have it as a term or an exclusion, a bit for each."""
    title: list[Slot] = field(default_factory=list)
    """What it may speak for in a title …"""
    lead: list[Slot] = field(default_factory=list)
    body: list[Slot] = field(default_factory=list)


_TITLE, _LEAD, _BODY = map(attrgetter, ("title", "lead", "body"))


class _Speaks(NamedTuple):
    """A term at a place that speaks for its theme."""

    theme: int
    weight: float
    most: int


class Lookout:
    """The phrases of some themes, and what each of them means."""

    def __init__(self, themes: Sequence[Theme]) -> None:
        self.phrases: dict[Phrase, Meanings] = defaultdict(Meanings)
        self._speaks: list[_Speaks] = []
        self._themes = len(themes)
        for number, theme in enumerate(themes):
            self._add(number, theme)

    def most_for(self, title: Scan[Meanings], text: Scan[Meanings], lead: int) -> list[float]:
        """Return for each theme the most that what was found can add to its log-odds.

        What speaks for each is added up as if nothing spoke against it, lay over it, or was asked
        for beside it. Most releases belong to no theme, and this is all that they cost.
        """
        ahead = text.before(lead)
        slots = [
            *map(_TITLE, title.whats()),
            *map(_LEAD, text.whats(0, ahead)),
            *map(_BODY, text.whats(ahead)),
            *(what.title for what, _first, _last in title.others),
            *(what.lead if first < lead else what.body for what, first, _last in text.others),
        ]
        times = Counter(chain.from_iterable(slots))
        most = [0.0] * self._themes
        speaks = self._speaks
        for slot, number in times.items():
            theme, weight, at_most = speaks[slot]
            most[theme] += weight * number if number < at_most else weight * at_most
        return most

    def _add(self, number: int, theme: Theme) -> None:
        """Put all that a theme looks for under its phrases."""
        for order, term in enumerate(theme.terms):
            near, unless = ((number, name) if name else None for name in (term.near, term.unless))
            meaning = Meaning(
                theme=number,
                term=term,
                near=near,
                unless=unless,
                asks=bool(near or unless),
                weights={place: term.weight(place) for place in PLACES},
                most={place: term.most_at(place) for place in PLACES},
                quoted="quote" in term.places(),
                order=order,
            )
            slots = {place: self._slot(number, term, place) for place in PLACES[:-1]}
            for phrase in _phrases(term.patterns):
                self._put(phrase, meaning)
                for place, slot in slots.items():
                    getattr(self.phrases[phrase], place).extend(slot)
        for phrase in _phrases(theme.exclusions):
            self._put(phrase, Meaning(number))
        for name, patterns in theme.context.items():
            for phrase in _phrases(patterns):
                self.phrases[phrase].contexts.add((number, name))

    def _put(self, phrase: Phrase, meaning: Meaning) -> None:
        self.phrases[phrase].terms.append(meaning)
        self.phrases[phrase].mask |= 1 << meaning.theme

    def _slot(self, theme: int, term: Term, place: Place) -> list[Slot]:
        """Return the number of a place at which a term speaks for its theme; else nothing.

        A quote stands in the lead or the body: it may be worth as much as what is worth more.
        """
        may_be = [place] if place == "title" else [place, *term.places()[3:]]
        weight = max(map(term.weight, may_be))
        if weight <= 0:
            return []
        self._speaks.append(_Speaks(theme, weight, sum(map(term.most_at, may_be))))
        return [len(self._speaks) - 1]


def _phrases(patterns: Iterable[str]) -> Iterable[Phrase]:
    return (phrase for pattern in patterns for phrase in parse(pattern, LISTS))
