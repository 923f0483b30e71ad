"""What the meanings of some themes are worth, in columns by their numbers. Pure."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from processors.cut import Places
from processors.hits import Hits
from processors.meanings import Meaning
from processors.numbers import runs
from processors.themes.terms import PLACES, Place, Term

_PLACES = len(PLACES)
QUOTE = PLACES.index("quote")

Floats = NDArray[np.float64]


class Worths:
    """The worth of each meaning at each place, and what decides whether it counts."""

    def __init__(self, meanings: Sequence[Meaning], themes: int) -> None:
        self._number_of_themes = themes
        self.meanings = meanings
        self.themes = np.array([one.theme for one in meanings], np.int64)
        self.asks = np.array([bool(one.near or one.unless) for one in meanings], np.bool_)
        """Whether it asks for a context, or shuns one."""
        self.rank = np.array([one.rank for one in meanings], np.int64)
        self.order = np.array([one.order for one in meanings], np.int64)
        self.quoted = np.array([_is_quoted(one.term) for one in meanings], np.bool_)
        """Whether it has a weight of its own in what somebody says."""
        self.weights = np.array([_weights(one.term) for one in meanings], np.float64).ravel()
        """By worth: a meaning at a place."""
        self.most = np.array([_most(one.term) for one in meanings], np.int64).ravel()
        """How many of them count."""
        speaks = [[_speaks(one.term, place) for place in PLACES] for one in meanings]
        weights, most = np.array(speaks, np.float64).reshape(-1, 2).T
        self._speaks = np.nextafter(weights.astype(np.float32), np.float32(np.inf))
        """What each may add at most, rounded up: a small column is read sooner."""
        self._speaks_most = most.astype(np.int8)

    def of(self, meanings: Places, places: Places) -> Places:
        """Return the worths of meanings at places, by their numbers: in `PLACES`."""
        return meanings * _PLACES + places

    def most_for(self, hits: Hits, places: Places) -> Floats:
        """Return for each theme the most that what was found can add to its log-odds.

        What speaks for each is added up as if nothing spoke against it, lay over it, or was asked
        for beside it. Most releases belong to no theme, and this is all that they cost.
        """
        ordered = np.sort(self.of(hits.meanings, places))
        begins, times = runs(ordered)
        found = ordered.take(begins)
        most = np.minimum(times, self._speaks_most.take(found))
        worth = self._speaks.take(found) * most
        themes = self.themes.take(found // _PLACES)
        total = np.bincount(themes, worth, self._number_of_themes)
        return np.asarray(total, np.float64)


def _is_quoted(term: Term | None) -> bool:
    return term is not None and "quote" in term.places()


def _weights(term: Term | None) -> list[float]:
    return [term.weight(place) if term else 0.0 for place in PLACES]


def _most(term: Term | None) -> list[int]:
    """Return how many count at each place; where it has no weight, it is shown by itself."""
    return [term.most_at(place) if term and term.weight(place) else 1 for place in PLACES]


def _speaks(term: Term | None, place: Place) -> tuple[float, int]:
    """Return the most that one may add at a place, and how many may.

    A quote stands in the lead or the body: it may be worth as much as what is worth more.
    """
    if term is None:
        return 0.0, 0
    may_be = [place] if place == "title" else [place, *term.places()[QUOTE:]]
    return max(0.0, *map(term.weight, may_be)), sum(map(term.most_at, may_be))
