"""Where the words of a text stand, told of all its characters at once. Pure.

The same words and sentences as processors/words.py finds (a property test holds the two together),
without an object for each word, in half the time. What is rare and twisted (joiners inside words,
letters beyond U+2FFF, `U.S's`) is left to that.
"""

import re
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from processors.numbers import MISSING, Keys, Numbers, Table
from processors.words import (
    BREAKS,
    INSIDE,
    LEAD_CHARS,
    MAX_BREAK_CHARS,
    MAX_WORD_CHARS,
    Words,
    goes_on,
)

Places = NDArray[np.int64]
Codes = NDArray[np.uint16] | NDArray[np.uint32]

_UTF_16, _UTF_32 = (f"utf-{bits}-{sys.byteorder[0]}e" for bits in (16, 32))
"""Codes as the machine orders their bytes."""
_KNOWN = 0x3000
_LETTER, _MARK, _APOSTROPHE, _ODD = 1, 2, 3, 4
_POINT = ord(".")
_S = (ord("s"), ord("S"))
_ACRONYM = re.compile(r"\w(?:\.[A-Za-z])+\b\.?")

AT_A_TIME = 50_000
"""A longer text gets its keys in parts, and lists of nothing: what is made for it stays small."""
_BASE = 0x9E3779B97F4A7C15
_POWERS = np.cumprod(np.full(AT_A_TIME + MAX_WORD_CHARS, _BASE, np.uint64))
_ROOTS = np.cumprod(np.full(len(_POWERS), pow(_BASE, -1, 1 << 64), np.uint64))


def _classes() -> NDArray[np.uint8]:
    """Return of what kind each character is; all beyond `_KNOWN` are odd."""
    classes = np.full(1 << 16, _ODD, np.uint8)
    known = "".join(map(chr, range(_KNOWN)))
    classes[:_KNOWN] = 0
    for kind, pattern in ((_LETTER, r"\w"), (_MARK, r"[.!?…•\n]"), (_APOSTROPHE, "['’]")):
        classes[[ord(one) for one in re.findall(pattern, known)]] = kind
    classes[[ord(one) for one in re.findall(f"[{INSIDE}]", known)]] = _ODD
    return classes


_CLASSES = _classes()


@dataclass(frozen=True)
class Cut:
    """A text, and where its words begin and end: `text[starts[i]:ends[i]]` is one."""

    text: str
    starts: Places
    ends: Places
    breaks: list[int]
    """The words that begin a sentence, but for the first of the text."""
    keys: Keys
    """A number for each word by its letters: equal words have equal keys, and hardly others have.

    0 for a word of more than `MAX_WORD_CHARS` characters.
    """

    def __len__(self) -> int:
        return len(self.starts)

    @cached_property
    def words(self) -> list[str]:
        """The words as they are written; a long text says most of them again and again."""
        text, places = self.text, zip(*self.places, strict=True)
        if not self._is_long:
            return [text[start:end] for start, end in places]
        same: dict[str, str] = {}
        return [same.setdefault(word, word) for word in (text[start:end] for start, end in places)]

    @cached_property
    def places(self) -> tuple[Sequence[int], Sequence[int]]:
        """Where words begin and where they end, for who asks for one after the other."""
        return self._one_by_one(self.starts), self._one_by_one(self.ends)

    @cached_property
    def sentence(self) -> Sequence[int]:
        """The number of the sentence that each word stands in, from 0."""
        begins = np.zeros(len(self.starts), np.int64)
        begins[self.breaks] = 1
        return self._one_by_one(np.cumsum(begins))

    @property
    def _is_long(self) -> bool:
        return len(self.text) > AT_A_TIME

    def _one_by_one(self, numbers: Places) -> Sequence[int]:
        """Return numbers as what gives them out one by one.

        A list is fastest, and takes five times the memory: for a long text, more than all else.
        """
        return numbers.data if self._is_long else numbers.tolist()

    def sentence_of(self, word: int) -> int:
        """Return the number of a word's sentence, from 0."""
        return bisect_right(self.breaks, word)

    def lead(self, begin: int = 0) -> int:
        """Return the first word behind the lead of what begins at a place in the text."""
        first, last = self.starts.searchsorted((begin, begin + LEAD_CHARS)).tolist()
        if first == last:
            return int(first)
        after = bisect_left(self.breaks, last)
        return self.breaks[after] if after < len(self.breaks) else len(self.starts)

    def between(self, start: int, end: int) -> range:
        """Return the words that begin in `text[start:end]`."""
        return range(*self.starts.searchsorted((start, end)).tolist())

    def look_up(self, table: Table, learn: Callable[[str, int], int]) -> Numbers:
        """Return what a table has for each word; what it lacks is asked for by word and key."""
        numbers = table.of(self.keys)
        missing = np.flatnonzero(numbers == MISSING)
        if missing.size:
            starts, ends = self.starts[missing].tolist(), self.ends[missing].tolist()
            words = [self.text[start:end] for start, end in zip(starts, ends, strict=True)]
            numbers[missing] = list(map(learn, words, self.keys[missing].tolist()))
        return numbers

    def touching(self, start: int, end: int) -> range:
        """Return the words of which a part stands in `text[start:end]`."""
        return range(
            int(self.ends.searchsorted(start, "right")), int(self.starts.searchsorted(end))
        )

    def first(self, count: int, text: str) -> "Cut":
        """Return the text that this one begins with, which has so many words."""
        breaks = self.breaks[: bisect_left(self.breaks, count)]
        return Cut(text, self.starts[:count], self.ends[:count], breaks, self.keys[:count])

    def last(self, count: int, text: str) -> "Cut":
        """Return the text that this one ends with, behind so many words."""
        off = len(self.text) - len(text)
        breaks = [at - count for at in self.breaks[bisect_right(self.breaks, count) :]]
        starts, ends = self.starts[count:] - off, self.ends[count:] - off
        return Cut(text, starts, ends, breaks, self.keys[count:])


def cut(text: str) -> Cut:
    """Return a text's words."""
    try:
        codes: Codes = np.frombuffer(text.encode(_UTF_16), np.uint16)
    except UnicodeEncodeError:  # half of a surrogate pair
        return _oddly(text)
    classes = _CLASSES.take(codes)
    if classes.max(initial=0) == _ODD:
        return _oddly(text)
    # One at the left and three at the right are no letters: nobody has to ask whether a text ends.
    letters = np.zeros(len(codes) + 4, np.bool_)
    np.equal(classes, _LETTER, out=letters[1:-3])
    marks = np.flatnonzero(classes == _MARK)
    if not _join_possessives(codes, classes, letters):
        return _oddly(text)
    if not _join_acronyms(text, codes, marks, letters):
        return _oddly(text)
    edges = np.flatnonzero(letters[1:] != letters[:-1])
    starts, ends = edges[0::2], edges[1::2]
    breaks = _breaks(text, starts, ends, marks)
    return Cut(text, starts, ends, breaks, _keys(codes, starts, ends))


_last: list[Cut] = []
"""A release's title and text, as they were read last: themes and facts read the same words …"""
_together: list[tuple[str, str, Cut]] = []
"""… or as they were read as one, before anybody asked for either."""


def remember(title: str, text: str, both: Cut) -> None:
    """Keep what was cut as one, for who asks for the words of the same texts next."""
    _together[:] = [(title, text, both)]
    _last.clear()


def words_of(text: str) -> Cut:
    """Return a text's words, to be read only."""
    if _together and (_together[0][0] is text or _together[0][1] is text):
        title, behind, both = _together.pop()
        count = int(both.starts.searchsorted(len(title)))
        _last[:] = both.first(count, title), both.last(count, behind)
    return next((one for one in _last if one.text is text), None) or cut(text)


def _oddly(text: str) -> Cut:
    """Do the same word by word."""
    words = Words(text)
    starts, ends = (np.array(places, np.int64) for places in (words.starts, words.ends))
    starts = starts[: len(words.words)]
    codes = np.frombuffer(text.encode(_UTF_32, "surrogatepass"), np.uint32)
    return Cut(text, starts, ends, words.breaks, _keys(codes, starts, ends))


def _join_possessives(codes: Codes, classes: NDArray[np.uint8], letters: NDArray[np.bool_]) -> bool:
    """Make letters of the apostrophes of `Turkey's`; tell whether that is all there is to it."""
    at = np.flatnonzero(classes == _APOSTROPHE)
    if at.size:
        at = at[letters[at] & letters[at + 2] & ~letters[at + 3]]
        after = codes[at + 1]
        at = at[(after == _S[0]) | (after == _S[1])]
        letters[at + 1] = True
    return at.size < 2 or int(np.diff(at).min()) > 2


def _join_acronyms(text: str, codes: Codes, marks: Places, letters: NDArray[np.bool_]) -> bool:
    """Make letters of the points of `U.S.`; tell whether that is all there is to it."""
    at = marks[letters[marks] & letters[marks + 2]]
    at = at[(codes[at] == _POINT) & ~letters[at - 1]]
    done = 0
    for point in at.tolist():
        if point < done:
            continue
        found = _ACRONYM.match(text, point - 1)
        if found:
            done = found.end()
            if letters[done + 1]:
                return False
            letters[point : done + 1] = True
    return True


def _breaks(text: str, starts: Places, ends: Places, marks: Places) -> list[int]:
    """Return the words that begin a sentence: looked for where a mark or a new line stands."""
    behind = starts.searchsorted(marks)
    maybe = behind[np.flatnonzero(np.diff(behind, prepend=0))]
    if maybe.size and maybe[-1] == len(starts):
        maybe = maybe[:-1]
    far = np.flatnonzero(starts[1:] - ends[:-1] > MAX_BREAK_CHARS) + 1
    if far.size:
        maybe = np.union1d(maybe, far)
    before = maybe - 1
    breaks = []
    for at, word, end, start in zip(
        maybe.tolist(),
        starts[before].tolist(),
        ends[before].tolist(),
        starts[maybe].tolist(),
        strict=True,
    ):
        between = text[end:start]
        if BREAKS[between] and not (
            "." in between and "\n" not in between and goes_on(text[word:end])
        ):
            breaks.append(at)
    long = np.flatnonzero(ends - starts > MAX_WORD_CHARS)
    return sorted({*breaks, *long.tolist()} - {0}) if long.size else breaks


def _keys(codes: Codes, starts: Places, ends: Places) -> Keys:
    """Return a number for each word by its characters, in order: a polynomial of them."""
    long = ends - starts > MAX_WORD_CHARS
    if long.any():
        ends = np.where(long, starts, ends)  # no characters: the key is 0
    if len(codes) <= AT_A_TIME:
        return _keys_of(codes, starts, ends)
    keys = np.zeros(len(starts), np.uint64)
    for begin in range(0, len(codes), AT_A_TIME):
        first, last = starts.searchsorted((begin, begin + AT_A_TIME)).tolist()
        those = codes[begin : begin + AT_A_TIME + MAX_WORD_CHARS]
        keys[first:last] = _keys_of(those, starts[first:last] - begin, ends[first:last] - begin)
    return keys


def _keys_of(codes: Codes, starts: Places, ends: Places) -> Keys:
    sums: Keys = np.zeros(len(codes) + 1, np.uint64)
    np.cumsum(codes * _POWERS[: len(codes)], out=sums[1:])
    return np.asarray((sums[ends] - sums[starts]) * _ROOTS[starts], np.uint64)
