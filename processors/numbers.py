"""Numbers kept so that thousands are looked up at once. Pure.

A dictionary takes longest where it is large: each look waits for memory, one after the other. Here
the looks of a whole text are under way together.
"""

from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]
Numbers = NDArray[np.int32]

N = TypeVar("N", bound=np.generic)

_SHIFT = np.uint64(29)
_MIX = 0xBF58476D1CE4E5B9
_MIX_64 = np.uint64(_MIX)
_64_BITS = (1 << 64) - 1
_FIRST_BITS = 12
_FULL = 3
"""One place in so many is taken at most: then nearly every key stands in its first."""
_FEW = 8
"""So many are looked up one by one sooner than together."""

MISSING = -1


class Table:
    """From keys of 64 bits to numbers that are not negative; of the key 0 nothing is kept."""

    def __init__(self) -> None:
        self.clear()

    def __len__(self) -> int:
        return self._count

    def clear(self) -> None:
        """Forget all."""
        self._make(_FIRST_BITS)

    def of(self, keys: Keys) -> Numbers:
        """Return the numbers of many keys, in order; `MISSING` of those that are not there."""
        at = self._first(keys)
        there = self._keys.take(at)
        numbers = self._numbers.take(at)
        others = np.flatnonzero((there != keys) & (there != 0))
        while others.size > _FEW:
            at[others] = next_ = (at[others] + 1) & self._last
            numbers[others] = self._numbers.take(next_)
            there = self._keys.take(next_)
            others = others[(there != keys[others]) & (there != 0)]
        if others.size:
            numbers[others] = list(map(self.get, keys[others].tolist()))
        return numbers

    def get(self, key: int) -> int:
        """Return the number of one key, or `MISSING`."""
        return self._number_at[self._place(key)]

    def put(self, key: int, number: int) -> None:
        """Keep the number of a key, in place of the one it had."""
        if key == 0:
            return
        if (self._count + 1) * _FULL > len(self._keys):
            self._grow()
        at = self._place(key)
        if self._key_at[at] != key:
            self._key_at[at] = key
            self._count += 1
        self._number_at[at] = number

    def _first(self, keys: Keys) -> NDArray[np.int64]:
        """Return the first place in which each key may be."""
        return (((keys >> _SHIFT) ^ keys) * _MIX_64 >> self._drop).view(np.int64)

    def _place(self, key: int) -> int:
        """Return where a key is, or is to be."""
        at = (((key >> 29) ^ key) * _MIX & _64_BITS) >> self._drop_bits
        there = self._key_at[at]
        while there and there != key:
            at = (at + 1) & self._last
            there = self._key_at[at]
        return at

    def _make(self, bits: int) -> None:
        self._drop_bits = 64 - bits
        self._drop = np.uint64(self._drop_bits)
        self._last = (1 << bits) - 1
        self._keys = np.zeros(1 << bits, np.uint64)
        self._numbers = np.full(1 << bits, MISSING, np.int32)
        # The same, one at a time: numpy takes three times as long to give out a single number.
        self._key_at, self._number_at = self._keys.data, self._numbers.data
        self._count = 0

    def _grow(self) -> None:
        """Put all into a table of twice the room."""
        taken = np.flatnonzero(self._keys)
        keys, numbers = self._keys[taken], self._numbers[taken]
        self._make(len(self._keys).bit_length())
        self._count = len(keys)
        at = self._first(keys)
        left = np.arange(len(keys))
        while left.size:
            free = left[self._keys[at[left]] == 0]
            self._keys[at[free]] = keys[free]
            self._numbers[at[free]] = numbers[free]  # of two for one place, the same has both
            left = left[self._keys[at[left]] != keys[left]]
            at[left] = (at[left] + 1) & self._last


def runs(ordered: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where each number begins among numbers in order, and how often it is there."""
    edges = np.ones(len(ordered) + 1, np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=edges[1:-1])
    at = np.flatnonzero(edges) if len(ordered) else np.zeros(1, np.int64)
    return at[:-1], at[1:] - at[:-1]


class Column(Generic[N]):
    """An array that grows at its end."""

    def __init__(self, of: type[N]) -> None:
        self._room: NDArray[N] = np.zeros(64, of)
        self._size = 0

    def __len__(self) -> int:
        return self._size

    @property
    def all(self) -> NDArray[N]:
        """All that was added, in order: a look, not to be kept while more is added."""
        return self._room[: self._size]

    def add(self, *values: float) -> None:
        """Put values behind the others."""
        size = self._size + len(values)
        if size > len(self._room):
            self._room = np.concatenate((self._room, np.zeros(size, self._room.dtype)))
        self._room[self._size : size] = values
        self._size = size
