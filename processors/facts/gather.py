"""Facts of one kind as they are found: the first of a name stays, its evidence grows. Pure.

What is found are plain rows, `{"evidence": [span, …], "name": "Home Office"}`: a model costs ten
times as much, and nine of ten findings say again what is known.
"""

from collections.abc import Hashable
from typing import Literal, TypedDict

from despatch.facts import MAX_OF_A_KIND, MAX_SPANS

Field = Literal["title", "text"]
Row = dict[str, object]
"""The fields of a fact, by the names that despatch.facts gives them."""


class SpanRow(TypedDict):
    """The fields of a despatch.facts.Span."""

    field: Field
    start: int
    end: int
    text: str


class Gathered:
    """What was found, by what tells it apart, with its first spans; the caps are kept."""

    def __init__(self) -> None:
        self._spans: dict[Hashable, list[SpanRow]] = {}
        self._rows: dict[Hashable, Row] = {}

    def wants(self, key: Hashable) -> bool:
        """Tell whether one more finding of a key would be kept."""
        spans = self._spans.get(key)
        return len(spans) < MAX_SPANS if spans is not None else len(self._rows) < MAX_OF_A_KIND

    def add(self, key: Hashable, row: Row, span: SpanRow) -> None:
        """Add one finding; beyond the cap, what is new is left out."""
        spans = self._spans.get(key)
        if spans is None:
            if len(self._rows) < MAX_OF_A_KIND:
                self._spans[key], self._rows[key] = [span], row
        elif len(spans) < MAX_SPANS and span not in spans:
            spans.append(span)

    def rows(self) -> list[Row]:
        """Return each fact with its evidence, by where it was first found."""
        return [{"evidence": self._spans[key]} | row for key, row in self._rows.items()]
