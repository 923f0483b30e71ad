"""A release as it was read: its title and its text. Pure."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from processors.cut import Places
from processors.layout import Layout
from processors.meanings import Meanings
from processors.scan import Scan

Field = Literal["title", "text"]


@dataclass(frozen=True)
class Read:
    """A title and a text, read as one, and all that stands there."""

    scan: Scan[Meanings]
    text_at: int
    """Where the text begins, in characters …"""
    title: int
    """… and as a word: so many words are the title's."""
    lead: int
    """The first word behind the lead."""
    layout: Layout
    """The text's."""

    def places(self, words: Places) -> Places:
        """Return where words stand, quotes apart, as numbers in `PLACES`: title, lead or body."""
        return np.add(words >= self.title, words >= self.lead, dtype=np.int64)

    @cached_property
    def hidden(self) -> NDArray[np.bool_] | None:
        """Whether a word stands in contacts, footers, notices: a release is not about those."""
        if not self.layout.boilerplate:
            return None
        hidden = np.zeros(len(self.scan.words), np.bool_)
        for one in self.layout.boilerplate:
            words = self.scan.words.between(one.start + self.text_at, one.end + self.text_at)
            hidden[words.start : words.stop] = True
        return hidden

    def is_quoted(self, word: int) -> bool:
        """Tell whether a word stands in what somebody says."""
        at = int(self.scan.words.starts[word]) - self.text_at
        return word >= self.title and self.layout.quote_at(at) is not None

    def field(self, word: int) -> Field:
        """Return what a word stands in."""
        return "title" if word < self.title else "text"
