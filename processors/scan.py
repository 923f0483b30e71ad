"""Finding many phrases in a text at once. Pure.

All words of a text are looked up together, and then all pairs of neighbours that can be something
(processors/phrasebook.py): that says which phrases are there, and where one may go on behind a gap,
a name or a third word. A text takes time in proportion to its length, and little more for many
phrases than for few.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter, itemgetter
from typing import Generic, TypeVar

import numpy as np

from processors.cut import Cut, Places, cut
from processors.kinds import Ahead, Choices, Kind, Name, Pair, Steps
from processors.marks import going_on
from processors.numbers import Numbers
from processors.pattern import Lists, Phrase
from processors.phrasebook import KEPT_WORDS, Phrasebook

T = TypeVar("T")
Found = tuple[T, int, int]
"""A phrase in a text: what it was given with, and the words `[first, last)` that it is."""

_FIRST = itemgetter(1)
_NUMBER = attrgetter("number")


@dataclass(frozen=True, slots=True)
class Scan(Generic[T]):
    """A text, and every phrase in it."""

    words: Cut
    places: Places
    """The words at which phrases begin that need no looking further, in order …"""
    pairs: Numbers
    """… and at each of them which, as the numbers of pairs."""
    others: list[Found[T]]
    """All other phrases, by where they begin."""


class Scanner(Generic[T]):
    """Finds phrases, each given with what it stands for."""

    def __init__(
        self,
        phrases: Iterable[tuple[Phrase, T]],
        lists: Lists,
        *,
        kept_words: int = KEPT_WORDS,
    ) -> None:
        self._book: Phrasebook[T] = Phrasebook(phrases, lists, kept_words=kept_words)
        self.pairs = self._book.pairs
        """What pairs mean, by their numbers: more of them as texts are read."""

    def scan(self, text: str) -> tuple[Cut, list[Found[T]]]:
        """Return the text's words, and every phrase in it by where it begins."""
        read = self.read(text)
        found = [
            (what, at, at + length)
            for at, pair in zip(read.places.tolist(), read.pairs.tolist(), strict=True)
            for what, length in self.pairs[pair].whole
        ]
        return read.words, sorted(found + read.others, key=_FIRST)

    def read(self, text: str) -> Scan[T]:
        """Return a text with every phrase in it, as cheaply as can be."""
        words = cut(text)
        kinds = self._book.kinds_of(words)
        pairs = self._book.pairs_of(kinds, words.breaks)
        places = np.flatnonzero(pairs)
        pairs = pairs[places]
        book = self._book
        ahead, levels = book.ahead.all[pairs], book.levels.all[pairs]
        open_ = going_on(book.marks.all[kinds], places, ahead, levels)
        others: list[Found[T]] = []
        if open_.size:
            text_ = _Text(self._book, kinds.tolist(), words)
            text_.look(places[open_].tolist(), pairs[open_].tolist(), others)
        return Scan(words, places, pairs, others)


@dataclass(frozen=True, slots=True)
class _Text(Generic[T]):
    """The words of a text as kinds, in which phrases are followed word by word."""

    book: Phrasebook[T]
    kinds: list[int]
    words: Cut

    def look(self, places: list[int], pairs: list[int], found: list[Found[T]]) -> None:
        """Add the phrases that go on with pairs; most that may do not."""
        kinds, known = self.kinds, self.book.pairs
        for at, number in zip(places, pairs, strict=True):
            pair = known[number]
            near, far = pair.near, pair.far
            if (
                (far and not far.fertile.isdisjoint(kinds[at + 1 : at + 1 + far.reach]))
                or pair.unsure
                or (near and not near.fertile.isdisjoint(kinds[at + 2 : at + 2 + near.reach]))
            ):
                self.look_further(pair, at, at + 1, self.words.end_of_sentence(at), found)

    def look_further(
        self, pair: Pair[T], at: int, after: int, end: int, found: list[Found[T]]
    ) -> None:
        """Add the phrases whose first step is the words `[at, after)`, and that go on to `end`."""
        if pair.near is not None:
            for rule in pair.near.rules:
                last = self._last(rule.rest, 0, after, end)
                if last:
                    found.append((rule.what, at, last))
        if pair.far is not None:
            self._far(pair.far, at, after, end, found)
        if pair.named:
            self._named(at, end, found)

    def _far(self, far: Ahead[T], at: int, after: int, end: int, found: list[Found[T]]) -> None:
        """Add the phrases whose second word stands somewhere in the words behind `after`."""
        fertile, going_on = far.fertile, far.going_on
        ends: dict[int, Found[T]] = {}
        for place in range(after, min(after + far.reach, end)):
            number = self.kinds[place]
            if number in fertile:
                kind = self.book.kinds[number]
                for rule in going_on.get(number) or far.learn(kind):
                    if place - after <= rule.rest[0][0] and rule.number not in ends:
                        if len(rule.rest) == 1 and not kind.names:  # most that is found
                            ends[rule.number] = rule.what, at, place + 1
                        elif last := self._last(rule.rest, 0, place, end):
                            ends[rule.number] = rule.what, at, last
        found += ends.values() if len(ends) < 2 else [ends[number] for number in sorted(ends)]

    def _named(self, at: int, end: int, found: list[Found[T]]) -> None:
        """Add the phrases that begin with a name of several words."""
        name = self._name(self._kind(at), at, end)
        if name is None:
            return
        after = at + 1 + len(name.rest)
        pair = self.book.pair(name.kind, self.kinds[after] if after < end else None)
        found += [(what, at, after + length - 1) for what, length in pair.whole]
        self.look_further(pair, at, after, end, found)

    def _kind(self, at: int) -> Kind[T]:
        return self.book.kinds[self.kinds[at]]

    def _name(self, kind: Kind[T], at: int, end: int) -> Name[T] | None:
        """Return the longest name that begins at `at`: `United` of `United Kingdom`."""
        for name in kind.names:
            last = at + len(name.rest)
            after = self.kinds[at + 1 : last + 1]
            if tuple([self.book.kinds[one].inside for one in after]) == name.rest:
                return name if last < end else None
        return None

    def _follow(self, rest: Steps, step: int, at: int, end: int) -> int:
        """Return where a phrase ends whose next step is to stand at `at`, or 0 if it does not."""
        gap, choices = rest[step]
        for place in range(at, min(at + gap + 1, end)):
            if not choices.isdisjoint(self._kind(place).may_be):
                last = self._last(rest, step, place, end)
                if last:
                    return last
        return 0

    def _last(self, rest: Steps, step: int, at: int, end: int) -> int:
        """Return where a phrase ends one of whose steps stands at `at`, or 0 if it does not."""
        for after in self._ends(self._kind(at), rest[step][1], at, end):
            if step + 1 == len(rest):
                return after
            last = self._follow(rest, step + 1, after, end)
            if last:
                return last
        return 0

    def _ends(self, kind: Kind[T], choices: Choices, at: int, end: int) -> tuple[int, ...]:
        """Return behind which words a step can end that begins at `at`: a name's, the word's."""
        alone = not choices.isdisjoint(kind.choices)
        if kind.names:
            name = self._name(kind, at, end)
            if name is not None and not choices.isdisjoint(name.choices):
                after = at + 1 + len(name.rest)
                return (after, at + 1) if alone else (after,)
        return (at + 1,) if alone else ()
