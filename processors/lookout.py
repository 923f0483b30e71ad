"""All that some themes look for, and the most that what was found can speak for each. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from processors.fields import Read
from processors.lexicon import LISTS
from processors.meanings import Meaning, Meanings, Slot, Worth
from processors.pattern import Phrase, parse
from processors.sayings import Sayings
from processors.themes import Theme
from processors.themes.terms import PLACES, Place, Term


class _Speaks(NamedTuple):
    """A term at a place that speaks for its theme."""

    theme: int
    weight: float
    most: int


class Lookout:
    """The phrases of some themes, and what each of them means."""

    def __init__(self, themes: Sequence[Theme]) -> None:
        self.phrases: dict[Phrase, Meanings] = defaultdict(Meanings)
        self.sayings = Sayings(len(themes))
        self._speaks: list[_Speaks] = []
        self._themes = len(themes)
        for number, theme in enumerate(themes):
            self._add(number, theme)
        self._themes_of = np.array([one.theme for one in self._speaks], np.int64)
        self._weights = np.array([one.weight for one in self._speaks], np.float64)
        self._at_most = np.array([one.most for one in self._speaks], np.int64)

    def most_for(self, title: Read, text: Read) -> NDArray[np.float64]:
        """Return for each theme the most that what was found can add to its log-odds.

        What speaks for each is added up as if nothing spoke against it, lay over it, or was asked
        for beside it. Most releases belong to no theme, and this is all that they cost.
        """
        ahead, lead = text.scan.before(text.lead), text.lead
        pairs = text.scan.pairs
        found = self.sayings.slots(title.scan.pairs, pairs[:ahead], pairs[ahead:])
        others = [
            *(what.title for what, _first, _last in title.scan.others),
            *(what.lead if at < lead else what.body for what, at, _last in text.scan.others),
        ]
        more = list(chain.from_iterable(others))
        if more:
            found = np.concatenate((found, more))
        times = np.bincount(found, minlength=len(self._themes_of))
        slots = np.flatnonzero(times)
        worth = self._weights[slots] * np.minimum(times[slots], self._at_most[slots])
        return np.asarray(np.bincount(self._themes_of[slots], worth, self._themes), np.float64)

    def _add(self, number: int, theme: Theme) -> None:
        """Put all that a theme looks for under its phrases."""
        for order, term in enumerate(theme.terms):
            near, unless = ((number, name) if name else None for name in (term.near, term.unless))
            meaning = Meaning(
                theme=number,
                bit=1 << number,
                term=term,
                order=order,
                near=near,
                unless=unless,
                asks=bool(near or unless),
                quoted="quote" in term.places(),
                rank=2 if term.found else 1,
                worths={place: _worth(term, place) for place in PLACES},
            )
            slots = {place: self._slot(number, term, place) for place in PLACES[:-1]}
            for phrase in _phrases(term.patterns):
                self._put(phrase, meaning)
                for place, slot in slots.items():
                    getattr(self.phrases[phrase], place).extend(slot)
        for phrase in _phrases(theme.exclusions):
            self._put(phrase, Meaning(number, 1 << number))
        for name, patterns in theme.context.items():
            for phrase in _phrases(patterns):
                self.phrases[phrase].contexts.add((number, name))

    def _put(self, phrase: Phrase, meaning: Meaning) -> None:
        self.phrases[phrase].terms.append(meaning)
        self.phrases[phrase].mask |= meaning.bit

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


def _worth(term: Term, place: Place) -> Worth | None:
    weight = term.weight(place)
    return Worth(place, weight, term.most_at(place)) if weight else None


def _phrases(patterns: Iterable[str]) -> Iterable[Phrase]:
    return (phrase for pattern in patterns for phrase in parse(pattern, LISTS))
