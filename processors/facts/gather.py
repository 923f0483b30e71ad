"""Facts of one kind as they are found: the first of a name stays, its evidence grows. Pure."""

from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

from despatch.facts import MAX_OF_A_KIND, MAX_SPANS, Span

T = TypeVar("T")


class Gathered(Generic[T]):
    """What was found, by what tells it apart, with its first spans; the caps are kept."""

    def __init__(self) -> None:
        self._spans: dict[Hashable, list[Span]] = {}
        self._facts: dict[Hashable, T] = {}

    def add(self, key: Hashable, fact: T, span: Span) -> None:
        """Add one finding; beyond the cap, what is new is left out."""
        if key in self._facts:
            spans = self._spans[key]
            if len(spans) < MAX_SPANS and span not in spans:
                spans.append(span)
        elif len(self._facts) < MAX_OF_A_KIND:
            self._facts[key] = fact
            self._spans[key] = [span]

    def __iter__(self) -> Iterator[tuple[T, tuple[Span, ...]]]:
        """Yield each fact with its evidence, by where it was first found."""
        return ((fact, tuple(self._spans[key])) for key, fact in self._facts.items())
