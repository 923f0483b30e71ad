"""Which rows name a value: short lists as arrays, long ones as compressed bitmaps.

A bitmap of its own costs a few hundred bytes, and most phrases are asked for by one or two
subscriptions: 179,000 of them fit into a few MiB this way.
"""

from array import array
from collections.abc import Callable, Iterable, Set

from pyroaring import BitMap

OnNew = Callable[[str], None]

_MANY = 16
"""A list longer than this becomes a bitmap when it is next read: bitmaps are united ten times as
fast as one is made of all their rows. What no release ever names stays as small as it is."""


class Postings:
    """Rows (numbers from 0) by value. Rows are added only: who is gone is left out by the index."""

    __slots__ = ("_few", "_many", "_on_new")

    def __init__(self, on_new: OnNew | None = None) -> None:
        """Begin empty; `on_new` is told each value when it is first named.

        It may be told one again, when rows are added to one that became a bitmap meanwhile.
        """
        self._on_new = on_new
        self._few: dict[str, int | array[int]] = {}
        """The one row itself, where there is one: an array costs three times as much."""
        self._many: dict[str, BitMap] = {}

    def add(self, values: Iterable[str], row: int) -> None:
        """Note that a row names some values."""
        few = self._few
        for value in values:
            rows = few.get(value)
            if rows is None:
                few[value] = row
                if self._on_new is not None:
                    self._on_new(value)
            elif isinstance(rows, int):
                few[value] = array("I", (rows, row))
            else:
                rows.append(row)

    def rows(self, values: Set[str]) -> BitMap:
        """Return the rows that name any of some values. The bitmap is the caller's own."""
        few: array[int] = array("I")
        for value in self._few.keys() & values:  # walks over the smaller of the two
            rows = self._few[value]
            if isinstance(rows, int):
                few.append(rows)
            elif len(rows) > _MANY:
                self._compress(value, rows)
            else:
                few.extend(rows)
        many = [self._many[value] for value in self._many.keys() & values]
        return BitMap.union(BitMap(few), *many)

    def _compress(self, value: str, few: "array[int]") -> None:
        del self._few[value]
        rows = BitMap(few)
        if value in self._many:
            self._many[value] |= rows
        else:
            self._many[value] = rows
