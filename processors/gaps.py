"""Where phrases may go on further ahead, told of all places of a text at once. Pure.

A third of all words begin a phrase of some theme whose next word may stand a few words on, and
hardly any goes on. First a Bloom filter says so: each word that stands behind some gap, or is the
third of some phrase, has a bit, and shares it with a few others; where none of the next few words
has a bit of what is to come, nothing comes. What stands behind gaps is then looked up.
"""

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import or_
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from processors.cut import Places
from processors.kinds import Ahead, Choices, Kind, Pair, Steps
from processors.numbers import MISSING, Column, Keys, Numbers, Table
from processors.pattern import MAX_GAP

T = TypeVar("T")

_NEAR_BITS, _FAR_BITS = 28, 35
_UNSURE = 1 << _NEAR_BITS
"""The bit of what only the words themselves can tell."""
_FAR = _NEAR_BITS + 1
"""From this one on the bits are those of words behind gaps."""
_UNSURE_64, _NEAR_64, _FAR_64 = np.uint64(_UNSURE), np.uint64((1 << _FAR) - 1), np.uint64(_FAR)
_LEVELS = MAX_GAP.bit_length() + 1
_HIGH = np.uint64(32)
AT_A_TIME = 10_000
"""So many words of a long text are looked at together: what is made for it stays small."""


class Crossing(NamedTuple, Generic[T]):
    """A phrase that goes on behind a gap with words of some kind."""

    number: int
    """The phrase's."""
    what: T
    gap: int
    """At most so many words are between."""
    rest: Steps | None
    """Its steps from there on; None where the word alone ends it, as with most."""


class Crossed(NamedTuple):
    """Places where phrases may go on behind gaps, in order: a list of each."""

    begins: list[int]
    words: list[int]
    """At which they go on."""
    crossings: list[int]
    """Which, by number."""

    def add(self, others: "Crossed", words: int) -> None:
        """Put others behind these, found so many words further on than they say."""
        self.begins.extend(one + words for one in others.begins)
        self.words.extend(one + words for one in others.words)
        self.crossings.extend(others.crossings)


class Gaps(Generic[T]):
    """By the numbers of kinds and of pairs, what goes on further ahead."""

    def __init__(self, near: Iterable[int], far: Iterable[int]) -> None:
        self._near_bits = {one: 1 << n % _NEAR_BITS for n, one in enumerate(sorted(near))}
        self._far_bits = {one: 1 << _FAR + n % _FAR_BITS for n, one in enumerate(sorted(far))}
        self._bits = Column(np.uint64)
        """By a kind's number, those of what its words can be."""
        self._wanted, self._levels = Column(np.uint64), Column(np.int8)
        """By a pair's number, those of what may come, and within how many words: `2 ** level`."""
        self._aheads, self._reaches = Column(np.uint32), Column(np.int8)
        """By a pair's number, that of what goes on behind a gap, and within how many words."""
        self.crossings: list[tuple[Crossing[T], ...]] = []
        self._numbers: dict[object, int] = {}
        self._table = Table()
        """By the number of what goes on and that of a kind, how it goes on with that."""

    def add_kind(self, choices: Choices) -> None:
        """Learn what the words of the next kind can be."""
        self._bits.add(_or(self._near_bits, choices) | _or(self._far_bits, choices))

    def add_pair(self, pair: Pair[T]) -> None:
        """Learn what goes on with the next pair."""
        near, far = pair.near, pair.far
        wanted = _UNSURE if pair.unsure else 0
        wanted |= _or(self._near_bits, near.choices) if near else 0
        wanted |= _or(self._far_bits, far.choices) if far else 0
        reach = max(near.reach + 1 if near else 1, far.reach if far else 1)
        self._wanted.add(wanted)
        self._levels.add((reach - 1).bit_length())
        self._aheads.add(far.number if far else 0)
        self._reaches.add(far.reach if far else 0)

    def put(self, ahead: Ahead[T], kind: Kind[T]) -> None:
        """Learn how phrases go on behind a gap with words of a kind."""
        crossings = tuple(
            Crossing(
                rule.number, rule.what, gap, rule.rest if rule.rest[1:] or kind.names else None
            )
            for rule in ahead.rules
            for gap, choices in rule.rest[:1]
            if not choices.isdisjoint(kind.may_be)
        )
        same = tuple((one.number, one.rest is None) for one in crossings)
        number = self._numbers.setdefault(same, len(self.crossings))
        if number == len(self.crossings):
            self.crossings.append(crossings)
        self._table.put(ahead.number << 32 | kind.number, number)

    def behind(self, ahead: Ahead[T], begin: int, words: Iterable[tuple[int, int]]) -> Crossed:
        """Return what goes on behind a place with some words, given with their kinds."""
        looked_up = [(word, self._table.get(ahead.number << 32 | kind)) for word, kind in words]
        known = [one for one in looked_up if one[1] != MISSING]
        return Crossed([begin] * len(known), *([one[n] for one in known] for n in (0, 1)))

    def find(self, kinds: Numbers, places: Places, pairs: Numbers) -> tuple[Places, Crossed]:
        """Return which of the pairs may go on behind no gap, and what goes on behind one."""
        if len(kinds) <= AT_A_TIME:
            return self._find(kinds, places, pairs)
        near, crossed = [], Crossed([], [], [])
        for begin in range(0, len(kinds), AT_A_TIME):
            first, last = places.searchsorted((begin, begin + AT_A_TIME)).tolist()
            those = kinds[begin : begin + AT_A_TIME + MAX_GAP + 2]
            some, found = self._find(those, places[first:last] - begin, pairs[first:last])
            near.append(some + first)
            crossed.add(found, begin)
        return np.concatenate(near), crossed

    def _find(self, kinds: Numbers, places: Places, pairs: Numbers) -> tuple[Places, Crossed]:
        bits, levels = self._bits.all.take(kinds), self._levels.all.take(pairs)
        ahead = _ahead(bits).ravel().take(levels.astype(np.int64) * len(kinds) + places)
        open_ = (ahead | _UNSURE_64) & self._wanted.all.take(pairs)
        far = np.flatnonzero(open_ >> _FAR_64)
        crossed = self._cross(kinds, bits, places.take(far), pairs.take(far))
        return np.flatnonzero(open_ & _NEAR_64), crossed

    def _cross(self, kinds: Numbers, bits: Keys, places: Places, pairs: Numbers) -> Crossed:
        """Look at all words within reach of some pairs."""
        reaches = self._reaches.all.take(pairs)
        behind = np.arange(1, int(reaches.sum()) + 1)
        behind -= (reaches.cumsum() - reaches - places).repeat(reaches)
        wanted = (self._wanted.all.take(pairs) >> _FAR_64 << _FAR_64).repeat(reaches)
        maybe = np.flatnonzero(bits.take(behind, mode="clip") & wanted)
        words = behind.take(maybe)
        which = np.arange(len(pairs)).repeat(reaches).take(maybe)
        aheads = self._aheads.all.take(pairs.take(which)).astype(np.uint64) << _HIGH
        crossings = self._table.of(aheads | kinds.take(words, mode="clip").astype(np.uint64))
        known = np.flatnonzero(crossings != MISSING)
        begins = places.take(which.take(known))
        return Crossed(*(one.tolist() for one in (begins, words[known], crossings[known])))


def _or(bits: Mapping[int, int], choices: Iterable[int]) -> int:
    """Return the bits of all these choices; those that have none add nothing."""
    return reduce(or_, (bits.get(choice, 0) for choice in choices), 0)


def _ahead(bits: Keys) -> Keys:
    """Return the bits of the words behind each word: row `n` has those of the next `2 ** n`."""
    ahead: Keys = np.empty((_LEVELS, len(bits)), np.uint64)
    ahead[0, :-1] = bits[1:]
    ahead[0, -1:] = 0
    for level in range(1, _LEVELS):
        half, words = ahead[level - 1], 1 << level - 1
        np.bitwise_or(half[:-words], half[words:], out=ahead[level, :-words])
        ahead[level, -words:] = half[-words:]
    return ahead
