"""Finding many phrases in a text at once. Pure.

All words of a text are looked up together, and then all pairs of neighbours that can be something
(processors/phrasebook.py): that says which phrases are there, and where one may go on behind a gap,
a name or a third word. A text takes time in proportion to its length, and little more for many
phrases than for few.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Generic, TypeVar

import numpy as np

from processors.cut import Cut, Places, cut
from processors.gaps import Crossed
from processors.kinds import Kind, Name, Pair, Steps
from processors.numbers import Numbers
from processors.pattern import Lists, Phrase
from processors.phrasebook import KEPT_WORDS, Phrasebook

T = TypeVar("T")
Found = tuple[T, int, int]
"""A phrase in a text: what it was given with, and the words `[first, last)` that it is."""

_FIRST = itemgetter(1)


@dataclass(frozen=True, slots=True)
class Scan(Generic[T]):
    """A text, and every phrase in it."""

    words: Cut
    places: Places
    """The words at which phrases begin that need no looking further, in order …"""
    pairs: Numbers
    """… and at each of them which, as the numbers of pairs."""
    others: list[Found[T]]
    """All other phrases, in no order."""


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
        text_ = _Text(self._book, kinds.data, [*words.breaks, len(words)], [])
        near, crossed = self._book.gaps.find(kinds, places, pairs)
        text_.look(places[near].tolist(), pairs[near].tolist())
        text_.cross(crossed)
        return Scan(words, places, pairs, text_.found)


@dataclass(frozen=True, slots=True)
class _Text(Generic[T]):
    """The words of a text as kinds, in which phrases are followed word by word."""

    book: Phrasebook[T]
    kinds: Sequence[int]
    ends: list[int]
    """The words behind each sentence's last."""
    found: list[Found[T]]

    def look(self, places: list[int], pairs: list[int]) -> None:
        """Find the phrases that go on with pairs behind no gap."""
        for at, number in zip(places, pairs, strict=True):
            pair, end = self.book.pairs[number], self.ends[bisect_right(self.ends, at)]
            self._near(pair, at, at + 1, end)
            if pair.named:
                self._named(at, end)

    def cross(self, crossed: Crossed, more: int = 0) -> None:
        """Find the phrases that go on behind gaps; their first step is so many words `more`."""
        crossings, ends, before, end = self.book.gaps.crossings, self.ends, -1, 0
        ended: set[int] = set()
        for at, place, number in zip(*crossed, strict=True):
            if at != before:
                before, end = at, ends[bisect_right(ends, at)]
                ended.clear()
            if place < end:
                for phrase, what, gap, rest in crossings[number]:
                    if place - at <= gap + 1 and phrase not in ended:
                        last = place + 1 if rest is None else self._last(rest, 0, place, end)
                        if last:
                            ended.add(phrase)
                            self.found.append((what, at - more, last))

    def _near(self, pair: Pair[T], at: int, after: int, end: int) -> None:
        """Find the phrases whose first step is the words `[at, after)`, and that go on there."""
        plain = not self._kind(after).names if after < end else False
        for rule in pair.near.rules if pair.near else ():
            if plain and rule.rest[1:]:  # the word is known to be the second step
                last = self._follow(rule.rest, 1, after + 1, end)
            else:
                last = self._last(rule.rest, 0, after, end)
            if last:
                self.found.append((rule.what, at, last))

    def _named(self, at: int, end: int) -> None:
        """Find the phrases that begin with a name of several words."""
        name = self._name(self._kind(at), at, end)
        if name is None:
            return
        after = at + 1 + len(name.rest)
        pair = self.book.pair(name.kind, self.kinds[after] if after < end else None)
        self.found.extend((what, at, after + length - 1) for what, length in pair.whole)
        self._near(pair, at, after, end)
        if pair.far:
            window = enumerate(self.kinds[after : after + pair.far.reach], after)
            self.cross(self.book.gaps.behind(pair.far, after - 1, window), after - 1 - at)

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
        kinds = self.book.kinds
        for place, number in enumerate(self.kinds[at : min(at + gap + 1, end)], at):
            if not choices.isdisjoint(kinds[number].may_be):
                last = self._last(rest, step, place, end)
                if last:
                    return last
        return 0

    def _last(self, rest: Steps, step: int, at: int, end: int) -> int:
        """Return where a phrase ends one of whose steps stands at `at`, or 0 if it does not."""
        choices, kind = rest[step][1], self.book.kinds[self.kinds[at]]
        if kind.names and (last := self._last_of_name(kind, rest, step, at, end)):
            return last
        if choices.isdisjoint(kind.choices):
            return 0
        return at + 1 if step + 1 == len(rest) else self._follow(rest, step + 1, at + 1, end)

    def _last_of_name(self, kind: Kind[T], rest: Steps, step: int, at: int, end: int) -> int:
        """Return the same for a step that is a name of several words."""
        name = self._name(kind, at, end)
        if name is None or rest[step][1].isdisjoint(name.choices):
            return 0
        after = at + 1 + len(name.rest)
        return after if step + 1 == len(rest) else self._follow(rest, step + 1, after, end)
