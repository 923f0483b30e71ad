"""Finding thousands of fixed names in a text at once. Pure.

The scanner of themes knows stems, gaps and choices; names have none of them, so looking them up
costs a third. Each word of a text is looked up once in a table of first words; only where one
stands are the words behind it compared.
"""

from collections import defaultdict
from collections.abc import Iterable
from itertools import compress
from typing import Generic, NamedTuple, TypeVar

from processors.pattern import choice
from processors.words import MAX_WORD_CHARS, Words, fold

_KEPT_WORDS = 200_000
_DIGITS = frozenset("0123456789")

T = TypeVar("T")
_Word = tuple[str, int]
"""A word of a name: folded without case, and the capitals it asks for."""
_Longer = tuple[tuple[_Word, ...], T]
"""The rest of a name of several words, and what it was given with."""


class _Begun(NamedTuple, Generic[T]):
    """The names that begin with a word: it alone, and longer ones by their second word."""

    alone: tuple[T, ...]
    longer: dict[str, list[_Longer[T]]]


class Folded(dict[str, tuple[str, str]]):
    """A word as written to itself folded, without and with its letters' case; learnt as met."""

    def __missing__(self, word: str) -> tuple[str, str]:
        if len(self) >= _KEPT_WORDS:
            self.clear()
        folded = "" if len(word) > MAX_WORD_CHARS else fold(word)
        self[word] = folded.casefold(), folded
        return self[word]


FOLDED = Folded()


class Table(dict[str, "_Begun[T] | None"], Generic[T]):
    """Finds names; a table from words as they are written to the names that may begin there.

    It is learnt as words are met, and begun anew when it has grown large. Capitals in a name ask
    for capitals in the text; accents, possessives and points don't count.
    """

    def __init__(self, names: Iterable[tuple[str, T]], *, digits: T) -> None:
        """Take the names, and what words are known as that begin with a digit."""
        super().__init__()
        self._digits = _Begun((digits,), {})
        self._firsts: dict[str, list[tuple[int, _Longer[T]]]] = defaultdict(list)
        for name, what in names:
            first, *rest = [choice(word) for word in name.split()]
            longer = tuple((word.word, word.capitals) for word in rest)
            self._firsts[first.word].append((first.capitals, (longer, what)))
        for known in self._firsts.values():
            known.sort(key=lambda name: -len(name[1][0]))

    def __missing__(self, word: str) -> "_Begun[T] | None":
        if len(self) >= _KEPT_WORDS:
            self.clear()
        begun = self[word] = self._look_up(word)
        return begun

    def find(self, words: Words) -> list[tuple[int, int, T]]:
        """Return every name as the words `[first, last)` and what it was given with, by place.

        Of several that begin at one word, the longest comes first.
        """
        written, sentence = words.words, words.sentence
        cells = list(map(self.__getitem__, written))
        found: list[tuple[int, int, T]] = []
        for at in compress(range(len(cells)), cells):
            begun = cells[at]
            if begun is None:
                continue
            if begun.longer and at + 1 < len(written):
                for rest, what in begun.longer.get(FOLDED[written[at + 1]][0], ()):
                    last = at + 1 + len(rest)
                    inside = last <= len(written) and sentence[last - 1] == sentence[at]
                    if inside and _follow(rest, written, at + 1):
                        found.append((at, last, what))
            found += [(at, at + 1, what) for what in begun.alone]
        return found

    def _look_up(self, word: str) -> "_Begun[T] | None":
        if word[0] in _DIGITS:
            return self._digits
        key, folded = FOLDED[word]
        begun = [name for capitals, name in self._firsts.get(key, ()) if _fits(capitals, folded)]
        if not begun:
            return None
        longer: dict[str, list[_Longer[T]]] = defaultdict(list)
        for rest, what in begun:
            if rest:
                longer[rest[0][0]].append((rest, what))
        return _Begun(tuple(what for rest, what in begun if not rest), dict(longer))


def _follow(rest: tuple[_Word, ...], written: list[str], at: int) -> bool:
    for place, (key, capitals) in enumerate(rest, at):
        is_, folded = FOLDED[written[place]]
        if is_ != key or not _fits(capitals, folded):
            return False
    return True


def _fits(capitals: int, folded: str) -> bool:
    return not capitals or (folded.isupper() if capitals == 2 else folded[:1].isupper())
