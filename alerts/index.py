"""An inverted index of subscriptions: what they need and bar, as bitmaps. Pure.

Each subscription has a row, and each facet knows the rows that name one of its values. A release
is matched by taking away, facet by facet, the rows that need something else than it has, then the
rows that bar something that it has. A row that needs nothing of a facet stands in none of the
facet's bitmaps: it is left alone there, at no cost.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Set

from pyroaring import BitMap

from alerts.postings import OnNew, Postings

Id = str | int

Needs = Iterable[tuple[str, Iterable[str]]]
"""Facet and values, of which any will do: `("countries", ["TR", "AL"])`. All of some values are as
many needs. Those of one facet follow one another."""

_NOTHING: Set[str] = frozenset()


class Index:
    """Subscriptions by what they need and bar. One thread's own."""

    def __init__(self, on_new: Mapping[str, OnNew] | None = None) -> None:
        """Begin empty; `on_new` has, by facet, who is told a value that was never named before."""
        self._row_of: dict[Id, int] = {}
        self._ids: list[Id] = []
        self._gone = BitMap()
        self._on_new = on_new or {}
        self._needs: dict[str, list[_Need]] = {}
        self._bars: dict[str, Postings] = {}

    def __len__(self) -> int:
        return len(self._row_of)

    def __contains__(self, id_: Id) -> bool:
        return id_ in self._row_of

    @property
    def gone(self) -> int:
        """How many rows belong to nobody any more: what a new index would save."""
        return len(self._gone)

    def add(self, id_: Id, needs: Needs, bars: Needs = ()) -> None:
        """Add a subscription; one with this id is replaced.

        It matches what offers any value of each need, and none that it bars.
        """
        row = len(self._ids)
        before = self._row_of.get(id_)
        if before is not None:
            self._gone.add(before)
        self._row_of[id_] = row
        self._ids.append(id_)
        all_needs = self._needs
        facet, place = "", 0
        for asked, values in needs:
            place = place + 1 if asked == facet else 0
            facet = asked
            try:
                need = all_needs[facet][place]
            except (KeyError, IndexError):
                need = self._new_need(facet)
            need.asking.append(row)
            need.by_value.add(values, row)
        for asked, values in bars:
            self._barred(asked).add(values, row)

    def remove(self, id_: Id) -> None:
        """Take a subscription out; nothing if it is not there."""
        row = self._row_of.pop(id_, None)
        if row is not None:
            self._gone.add(row)

    def match(self, offers: Mapping[str, Set[str]]) -> BitMap:
        """Return the rows that match what is offered: the values of each facet."""
        found = BitMap(range(len(self._ids)))
        found -= self._gone
        for facet, needs in self._needs.items():
            values = offers.get(facet, _NOTHING)
            for need in needs:
                found -= need.unmet(values)
        for facet, barred in self._bars.items():
            found -= barred.rows(offers.get(facet, _NOTHING))
        return found

    def ids(self, rows: Iterable[int]) -> Iterator[Id]:
        """Yield the ids of rows, in the order in which they were added."""
        return map(self._ids.__getitem__, rows)

    def _new_need(self, facet: str) -> "_Need":
        need = _Need(self._on_new.get(facet))
        self._needs.setdefault(facet, []).append(need)
        return need

    def _barred(self, facet: str) -> Postings:
        barred = self._bars.get(facet)
        if barred is None:
            barred = self._bars[facet] = Postings(self._on_new.get(facet))
        return barred


class _Need:
    """One need a row at most: the rows that have one, and those that name each value."""

    __slots__ = ("_asking", "asking", "by_value")

    def __init__(self, on_new: OnNew | None) -> None:
        self.by_value = Postings(on_new)
        self.asking: array[int] = array("I")
        """Rows that were added since it was last read."""
        self._asking = BitMap()

    def unmet(self, values: Set[str]) -> BitMap:
        """Return the rows that need something, and none of these values."""
        if self.asking:
            self._asking |= BitMap(self.asking)
            self.asking = array("I")
        return self._asking - self.by_value.rows(values)
