"""Marks of words: they tell of all places of a text at once where no phrase can go on. Pure.

A Bloom filter: each word that some phrase has behind a gap, or as its third, has one of 63 bits,
and shares it with a few others. Where none of the next few words has a bit of what is to come,
nothing comes; elsewhere the words themselves are asked.
"""

from collections.abc import Iterable, Mapping

import numpy as np

from processors.cut import Places
from processors.numbers import Keys
from processors.pattern import MAX_GAP

UNSURE = 1 << 63
"""The mark of what only the words themselves can tell."""
_UNSURE = np.uint64(UNSURE)
_BITS = 63
_LEVELS = MAX_GAP.bit_length() + 1


class Marks:
    """The bits of some choices."""

    def __init__(self, choices: Iterable[int]) -> None:
        self._bits: Mapping[int, int] = {
            choice: 1 << number % _BITS for number, choice in enumerate(dict.fromkeys(choices))
        }

    def of(self, choices: Iterable[int]) -> int:
        """Return the bits of all these choices; those without one add nothing."""
        marks = 0
        for choice in choices:
            marks |= self._bits.get(choice, 0)
        return marks


def level_of(reach: int) -> int:
    """Return how often one has to be doubled to be no less than so many words."""
    return (reach - 1).bit_length()


def going_on(marks: Keys, places: Places, wanted: Keys, levels: Places) -> Places:
    """Return which of some places a phrase may go on from.

    Of the words are given their marks, and of the places those of what may go on from them, and
    within how many words (`level_of`).
    """
    ahead: Keys = np.empty((_LEVELS, len(marks)), np.uint64)
    ahead[0, :-1] = marks[1:]
    ahead[0, -1:] = 0
    for level in range(1, _LEVELS):
        half, words = ahead[level - 1], 1 << level - 1
        np.bitwise_or(half[:-words], half[words:], out=ahead[level, :-words])
        ahead[level, -words:] = half[-words:]
    there = ahead.ravel().take(levels * len(marks) + places)
    return np.flatnonzero((there | _UNSURE) & wanted)
