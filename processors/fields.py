"""A field of a release as it was read: title or text. Pure."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from processors.layout import Layout
from processors.meanings import Meanings
from processors.scan import Scan
from processors.themes.terms import Place

Field = Literal["title", "text"]


@dataclass(frozen=True)
class Read:
    """A field, and all that stands in it."""

    field: Field
    scan: Scan[Meanings]
    lead: int
    """How many of its words are the lead."""
    layout: Layout

    @property
    def places(self) -> tuple[Place, Place]:
        """The places that its words stand in: those of the lead, and the rest."""
        return ("title", "title") if self.field == "title" else ("lead", "body")

    @cached_property
    def hidden(self) -> set[int]:
        """The words in contacts, footers, notices: a release is not about those."""
        hidden: set[int] = set()
        for one in () if self.field == "title" else self.layout.boilerplate:
            hidden.update(self.scan.words.between(one.start, one.end))
        return hidden

    def is_quoted(self, word: int) -> bool:
        """Tell whether a word stands in what somebody says."""
        if self.field == "title":
            return False
        return self.layout.quote_at(int(self.scan.words.starts[word])) is not None
