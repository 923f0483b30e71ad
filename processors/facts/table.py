"""Finding thousands of fixed names in a text at once. Pure.

The scanner of themes knows stems, gaps and choices; names have none of them, so looking them up
costs a third. All words of a text are looked up together in a table of first words; only where one
stands is the word behind it looked up in a table of next words, and so on. What was looked up is
kept by the word as it is written, and a word that is met for the first time is folded only if a
name could begin with it.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from processors import numbers
from processors.cut import Cut
from processors.pattern import choice
from processors.words import MAX_WORD_CHARS, fold

_KEPT_WORDS = 200_000
_KEPT_NEXT = 5_000
_DIGITS = frozenset("0123456789")
_OTHER_SCRIPTS = (("\u0370", "\u1cff"), ("\u2e80", "\uf8ff"))
"""Letters that are no Latin ones in any spelling: no name begins with one."""

T = TypeVar("T")
_Word = tuple[str, int]
"""A word of a name: folded without case, and the capitals it asks for."""
_Longer = tuple[tuple[_Word, ...], T]
"""The rest of a name of several words, and what it was given with."""
_Begin = tuple[int, _Longer[T]]
"""The capitals that a name's first word asks for, and the name."""


class Folded(dict[str, tuple[str, str, bool]]):
    """A word as written to itself folded, without and with its letters' case; learnt as met.

    The third says whether it begins with a capital letter.
    """

    def __missing__(self, word: str) -> tuple[str, str, bool]:
        if len(word) > MAX_WORD_CHARS:
            return "", "", False
        if len(self) >= _KEPT_WORDS:
            self.clear()
        folded = word if _is_plain(word) else fold(word)
        self[word] = folded.casefold(), folded, folded[:1].isupper()
        return self[word]


FOLDED = Folded()


class _Step(NamedTuple, Generic[T]):
    """What a word may be in names that have come so far: their last, or one before others."""

    whole: tuple[T, ...]
    further: "_Next[T] | None"


class _Next(dict[str, _Step[T]], Generic[T]):
    """The names that have come so far, by their next word as written; learnt as met.

    Ways to write a word that fit the same names lead to the same step, so that what is kept is
    bounded by the names.
    """

    def __init__(self, names: Iterable[_Longer[T]]) -> None:
        super().__init__()
        self._names: dict[str, list[_Longer[T]]] = defaultdict(list)
        for rest, what in names:
            self._names[rest[0][0]].append((rest, what))
        self._steps: dict[tuple[str, tuple[int, ...]], _Step[T]] = {}

    def __missing__(self, word: str) -> _Step[T]:
        key, folded, _ = FOLDED[word]
        names = self._names.get(key, ())
        fitting = tuple(at for at, (rest, _) in enumerate(names) if _fits(rest[0][1], folded))
        step = self._steps.get((key, fitting)) if fitting else _Step[T]((), None)
        if step is None:
            step = self._steps[key, fitting] = _step([names[at] for at in fitting])
        if len(word) <= MAX_WORD_CHARS:
            if len(self) >= _KEPT_NEXT:
                self.clear()
            self[word] = step
        return step


def _step(names: Sequence[_Longer[T]]) -> _Step[T]:
    """Return the step behind the next word of some names."""
    further = [(rest[1:], what) for rest, what in names if len(rest) > 1]
    whole = tuple(what for rest, what in names if len(rest) == 1)
    return _Step(whole, _Next(further) if further else None)


class _Begun(NamedTuple, Generic[T]):
    """The names that begin with a word: it alone, and longer ones by their second word."""

    alone: tuple[T, ...]
    longer: _Next[T] | None


class Found(NamedTuple, Generic[T]):
    """What stands in a text: names as words `[first, last)`, and words that begin with a digit."""

    names: list[tuple[int, int, T]]
    """By place; of several that begin at one word, the longest comes first."""
    digits: Sequence[int]


_NONE, _DIGIT, _FIRST = range(3)
"""The numbers of words that no name begins with, of those that begin with a digit; the others."""


class Table(Generic[T]):
    """Finds names; a table from words as they are written to the names that may begin there.

    It is learnt as words are met, and begun anew when it has grown large. Capitals in a name ask
    for capitals in the text; accents, possessives and points don't count.
    """

    def __init__(self, names: Iterable[tuple[str, T]]) -> None:
        self._numbers = numbers.Table()
        self._begun: list[_Begun[T]] = [_Begun((), None)] * _FIRST
        """What begins with a word, by its number."""
        self._known: dict[tuple[str, tuple[int, ...]], int] = {}
        """The same numbers, by the word folded and which of the names it can begin."""
        self._firsts: dict[str, list[_Begin[T]]] = defaultdict(list)
        for name, what in names:
            first, *rest = [choice(word) for word in name.split()]
            longer = tuple((word.word, word.capitals) for word in rest)
            self._firsts[first.word].append((first.capitals, (longer, what)))
        for known in self._firsts.values():
            known.sort(key=lambda name: -len(name[1][0]))

    def __len__(self) -> int:
        """Return how many words are kept, as they are written."""
        return len(self._numbers)

    def find(self, words: Cut) -> Found[T]:
        """Return every name that stands in a text, within a sentence."""
        written, size = words.words, len(words)
        kinds = words.look_up(self._numbers, self._learn)
        places = np.flatnonzero(kinds)
        sentence = words.sentence
        begun = self._begun
        found: list[tuple[int, int, T]] = []
        digits: list[int] = []
        add = found.append
        for at, number in zip(places.tolist(), kinds[places].tolist(), strict=True):
            if number == _DIGIT:
                digits.append(at)
                continue
            alone, further = begun[number]
            if further is not None:
                here, last = sentence[at], at + 1
                ends: list[tuple[int, tuple[T, ...]]] = []
                while further is not None and last < size and sentence[last] == here:
                    whole, further = further[written[last]]
                    last += 1
                    if whole:
                        ends.append((last, whole))
                if ends:
                    for last, whole in reversed(ends):
                        for what in whole:
                            add((at, last, what))
            for what in alone:
                add((at, at + 1, what))
        return Found(found, digits)

    def _learn(self, word: str, key: int) -> int:
        """Return the number of what begins with a word, and keep it."""
        number = _DIGIT if word[0] in _DIGITS else _NONE
        if len(word) > MAX_WORD_CHARS:
            return number
        if len(self._numbers) >= _KEPT_WORDS:
            self._numbers.clear()
        number = number or self._look_up(word)
        self._numbers.put(key, number)
        return number

    def _look_up(self, word: str) -> int:
        if any(first <= word[0] <= last for first, last in _OTHER_SCRIPTS):
            return _NONE
        if _is_plain(word) and word.lower() not in self._firsts:
            return _NONE
        key, folded, _ = FOLDED[word]
        names = self._firsts.get(key, ())
        fitting = tuple(at for at, (capitals, _) in enumerate(names) if _fits(capitals, folded))
        if not fitting:
            return _NONE
        if (key, fitting) not in self._known:
            begun = [names[at][1] for at in fitting]
            alone = tuple(what for rest, what in begun if not rest)
            longer = [name for name in begun if name[0]]
            self._known[key, fitting] = len(self._begun)
            self._begun.append(_Begun(alone, _Next(longer) if longer else None))
        return self._known[key, fitting]


def _is_plain(word: str) -> bool:
    """Tell whether a word is folded as it is: letters of ASCII, a capital at most in front."""
    return word.isascii() and word.isalpha() and (word[1:].islower() or len(word) == 1)


def _fits(capitals: int, folded: str) -> bool:
    return not capitals or (folded.isupper() if capitals == 2 else folded[:1].isupper())
