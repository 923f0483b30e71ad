"""What pairs of words say to some themes, by their numbers: for all pairs of a text at once. Pure.

Learnt as pairs are met: there are no more than phrases tell words apart.
"""

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import or_

import numpy as np
from numpy.typing import NDArray

from processors.kinds import Pair
from processors.meanings import Meanings, Said
from processors.numbers import Column, Numbers

_LANE = 64
"""So many themes go into a number of the machine."""
_TITLE, _LEAD, _BODY = range(3)

Slots = NDArray[np.int64]


class Sayings:
    """What pairs say, each in a column by the pair's number."""

    def __init__(self, themes: int) -> None:
        self._said: list[Said] = []
        self._about = [Column(np.uint64) for _ in range(0, themes, _LANE)]
        self._contexts = [Column(np.uint64) for _ in range(0, themes, _LANE)]
        """The themes of which it is a term or an exclusion, and those of which it is a context."""
        self._slots = Column(np.int64)
        self._begins, self._counts = Column(np.int64), Column(np.int64)
        """Which of the slots it speaks for: three times for each, in the title, lead, and body."""

    def learn(self, pairs: Sequence[Pair[Meanings]]) -> None:
        """Learn what pairs say that were not known before; the known ones are the first of them."""
        for pair in pairs[len(self._said) :]:
            said = Said(pair)
            self._said.append(said)
            contexts = reduce(or_, (1 << theme for theme, _name in said.contexts), 0)
            for lane, (about, beside) in enumerate(zip(self._about, self._contexts, strict=True)):
                about.add(_part(said.mask, lane))
                beside.add(_part(contexts, lane))
            for slots in (said.title, said.lead, said.body):
                self._begins.add(len(self._slots))
                self._counts.add(len(slots))
                self._slots.add(*slots)

    def about(self, places: Numbers, pairs: Numbers, mask: int) -> Iterable[tuple[int, Said]]:
        """Yield the places, and what is said there, at which any theme of a mask is spoken of."""
        return self._at(places, pairs, self._about, mask)

    def contexts(self, places: Numbers, pairs: Numbers, mask: int) -> Iterable[tuple[int, Said]]:
        """Yield the places, and what is said there, at which contexts of its themes stand."""
        return self._at(places, pairs, self._contexts, mask)

    def slots(self, title: Numbers, lead: Numbers, body: Numbers) -> Slots:
        """Return all slots that pairs of a title, a lead and a body may speak for, in no order."""
        rows = np.concatenate((title * 3 + _TITLE, lead * 3 + _LEAD, body * 3 + _BODY))
        counts = self._counts.all[rows]
        behind = np.cumsum(counts)
        # Where the slots of each row begin, less how many come before it, is told to all of them.
        shift = np.repeat(self._begins.all[rows] - behind + counts, counts)
        return self._slots.all[np.arange(len(shift)) + shift]

    def _at(
        self, places: Numbers, pairs: Numbers, lanes: Sequence[Column[np.uint64]], mask: int
    ) -> Iterable[tuple[int, Said]]:
        is_ = np.zeros(len(pairs), np.bool_)
        for lane, masks in enumerate(lanes):
            part = _part(mask, lane)
            if part:
                is_ |= (masks.all[pairs] & np.uint64(part)) != 0
        found = np.flatnonzero(is_)
        said = map(self._said.__getitem__, pairs[found].tolist())
        return zip(places[found].tolist(), said, strict=True)


def _part(mask: int, lane: int) -> int:
    return mask >> lane * _LANE & (1 << _LANE) - 1
