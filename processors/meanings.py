"""What phrases stand for in themes: terms, exclusions and contexts, and their worth. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import or_

from processors.kinds import Pair
from processors.themes.terms import PLACES, Place, Term

Slot = int
"""The number of a place of a term of a theme."""
Context = tuple[int, str]
"""A theme's number, and the name of a context of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Worth:
    """What a term adds at one of its places, each time, and how many times at most."""

    place: Place
    weight: float
    most: int


@dataclass(frozen=True, slots=True, eq=False)
class Meaning:
    """A term of a theme, or an exclusion (without a term), that a phrase stands for."""

    theme: int
    bit: int
    """Of the theme, in a mask."""
    term: Term | None = None
    order: int = 0
    """Where the term stands in its theme."""
    near: Context | None = None
    unless: Context | None = None
    asks: bool = False
    """Whether it asks for a context, or shuns one."""
    rank: int = 0
    """Exclusions' is 0, that of terms written by hand 1, of found ones 2: the lower wins."""
    worths: Mapping[Place, Worth | None] = field(
        default_factory=lambda: dict.fromkeys(PLACES, None)
    )
    """What it is worth by place, if anything."""
    quoted: bool = False
    """Whether it has a weight of its own in what somebody says."""


@dataclass(slots=True, eq=False)
class Meanings:
    """All that a phrase stands for, in every theme that has it."""

    terms: list[Meaning] = field(default_factory=list)
    contexts: set[Context] = field(default_factory=set)
    mask: int = 0
    """Of the themes that have it as a term or an exclusion, a bit for each."""
    title: list[Slot] = field(default_factory=list)
    """What it may speak for in a title …"""
    lead: list[Slot] = field(default_factory=list)
    body: list[Slot] = field(default_factory=list)


class Said:
    """What the phrases that a pair of words completes stand for, all together."""

    __slots__ = ("body", "contexts", "lead", "mask", "terms", "title")

    def __init__(self, pair: Pair[Meanings]) -> None:
        whats = [what for what, _words in pair.whole]
        self.mask = reduce(or_, (what.mask for what in whats), 0)
        self.terms = tuple(
            (one.theme, words, one.asks, one) for what, words in pair.whole for one in what.terms
        )
        """Each behind whose it is, of how many words, and whether it asks for a context."""
        self.contexts = frozenset(one for what in whats for one in what.contexts)
        self.title = tuple(slot for what in whats for slot in what.title)
        self.lead = tuple(slot for what in whats for slot in what.lead)
        self.body = tuple(slot for what in whats for slot in what.body)
