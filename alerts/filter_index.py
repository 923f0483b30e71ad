"""Many filters against one release, by index: the answers of `alerts.evaluate`. Pure.

Each facet is one of the index's. What needs more than its values as they are:
- a theme with a minimum score is a value of its own, `migration 0.8`; a release offers it for every
  minimum that is in use and that it reaches. ` 0.8` is any theme with that score.
- a phrase is its words with a mark on both sides of each, one mark for exact words and another for
  stems, and before it a letter for where it must stand.
"""

from collections.abc import Callable, Iterator, Set
from itertools import chain
from typing import Any, TypeVar

from alerts.facets import Facets
from alerts.index import Id, Index, Needs
from alerts.phrases import Phrases, Submit
from despatch.filter import Choice, Filter, Phrase
from despatch.wording import name_key

T = TypeVar("T")

_ANY_THEME = ""
_EXACT, _STEM = " ", "\n"
"""Marks around words; no folded word holds one."""
_TITLE, _ANYWHERE = "T", "A"


class FilterIndex:
    """Filters by id. One thread's own."""

    def __init__(self, submit: Submit | None = None) -> None:
        self._phrases = Phrases(_written, submit)
        self._index = Index({"phrases": self._phrases.add})
        self._minima: set[float] = set()
        """Every minimum score that any filter ever had."""

    def __len__(self) -> int:
        return len(self._index)

    def __contains__(self, id_: Id) -> bool:
        return id_ in self._index

    @property
    def gone(self) -> int:
        """How many places belong to filters that were replaced or removed."""
        return self._index.gone

    def add(self, id_: Id, filter_: Filter) -> None:
        """Add a filter; one with this id is replaced. After the last of many: `settle`."""
        if filter_.minimum_score is not None:
            self._minima.add(filter_.minimum_score)
        self._index.add(id_, tuple(_needs(filter_)), tuple(_bars(filter_)))

    def remove(self, id_: Id) -> None:
        """Take a filter out; nothing if it is not there."""
        self._index.remove(id_)

    def settle(self) -> None:
        """Put new phrases where they are searched for fastest."""
        self._phrases.settle()

    def match(self, facets: Facets) -> Iterator[Id]:
        """Yield the ids of the filters that match a release, in the order of adding."""
        offers: dict[str, Set[str]] = {
            "themes": frozenset(chain(facets.themes, self._reached(facets))),
            "countries": facets.countries.keys(),
            "organisations": facets.organisations.keys(),
            "people": facets.people.keys(),
            "document_types": facets.document_types,
            "sources": facets.sources,
            "phrases": self._found(facets),
        }
        return self._index.ids(self._index.match(offers))

    def _reached(self, facets: Facets) -> Iterator[str]:
        for theme, score in facets.themes.items():
            for least in self._minima:
                if score >= least:
                    yield _scoring(theme, least)
                    yield _scoring(_ANY_THEME, least)

    def _found(self, facets: Facets) -> Set[str]:
        if not self._phrases:
            return frozenset()
        in_text = self._phrases.find(_marked(facets, "text"))
        anywhere = {found for found in in_text if found.startswith(_ANYWHERE)}
        return anywhere | self._phrases.find(_marked(facets, "title"))


def _needs(filter_: Filter) -> Needs:
    least, themes = filter_.minimum_score, filter_.themes
    for facet, value in _VALUES.items():
        if facet != "themes":
            yield from _each(facet, getattr(filter_, facet), value)
        elif themes.any or themes.all:
            yield from _each("themes", themes, lambda theme: _scoring(theme, least))
        elif least is not None:
            yield "themes", (_scoring(_ANY_THEME, least),)


def _bars(filter_: Filter) -> Needs:
    for facet, value in _VALUES.items():
        barred: Choice[Any] = getattr(filter_, facet)
        if barred.none:
            yield facet, map(value, barred.none)


def _each(facet: str, wanted: Choice[T], value: Callable[[T], str]) -> Needs:
    if wanted.any:
        yield facet, map(value, wanted.any)
    for one in wanted.all:
        yield facet, (value(one),)


def _scoring(theme: str, least: float | None) -> str:
    return theme if least is None else f"{theme} {least + 0.0!r}"  # -0.0 is 0.0


def _value(phrase: Phrase) -> str:
    mark = _EXACT if phrase.exact else _STEM
    where = _TITLE if phrase.where == "title" else _ANYWHERE
    return f"{where}{mark}{mark.join(phrase.words())}{mark}"


def _written(value: str) -> str:
    return value[1:]


def _marked(facets: Facets, field: str) -> str:
    exact, stems = facets.exact[field], facets.stems[field]
    return f"{_EXACT}{_EXACT.join(exact)}{_EXACT}{_STEM}{_STEM.join(stems)}{_STEM}"


_VALUES: dict[str, Callable[[Any], str]] = {
    "themes": str,
    "countries": str,
    "organisations": name_key,
    "people": name_key,
    "document_types": str,
    "sources": str,
    "phrases": _value,
}
"""How a facet's values are written in the index."""
