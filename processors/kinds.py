"""What the words of a text, and its pairs of neighbours, can be in any of many phrases. Pure.

All words that can be the same are of one kind, and for each two kinds it is known what it means
that one comes behind the other: which phrases are there for sure, and which may go on. Most pairs
of neighbours mean nothing. Kinds and pairs are numbers, so that all words of a text, and then all
its pairs, are looked up at once (processors/phrasebook.py).
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
Choices = frozenset[int]
Steps = tuple[tuple[int, Choices], ...]
"""The steps of a phrase after its first: gap and the numbers of its choices."""


@dataclass(frozen=True, slots=True, eq=False)
class Rule(Generic[T]):
    """A phrase by what follows its first step."""

    number: int
    what: T
    rest: Steps


@dataclass(frozen=True, slots=True, eq=False)
class Ahead(Generic[T]):
    """Phrases that begin alike and whose next word stands somewhere in the next few."""

    number: int
    rules: tuple[Rule[T], ...]
    reach: int
    """It stands within so many words."""
    choices: Choices
    """What it can be."""


@dataclass(frozen=True, slots=True, eq=False)
class Pair(Generic[T]):
    """What it means that a word of one kind stands before one of another."""

    whole: tuple[tuple[T, int], ...] = ()
    """Phrases that are there, and of how many words each is."""
    near: Ahead[T] | None = None
    """Phrases that go on with the second word, and may go on behind it."""
    far: Ahead[T] | None = None
    """Phrases whose second word may be the next or a later one."""
    named: bool = False
    """Whether a name of several words may begin with the first."""
    unsure: bool = False
    """Whether one may begin with either: only looking says how phrases go on."""


@dataclass(frozen=True, slots=True, eq=False)
class Name(Generic[T]):
    """A name of several words: `United Kingdom`."""

    rest: tuple[str, ...]
    """Its words after the first."""
    choices: Choices
    """What the whole of it can be."""
    kind: "Kind[T]"
    """The same as a kind, by which phrases go on behind it."""


@dataclass(frozen=True, slots=True, eq=False)
class Kind(Generic[T]):
    """What words can be in the phrases."""

    number: int
    choices: Choices
    may_be: Choices
    """By itself, or as the first word of a name."""
    rules: tuple[Rule[T], ...]
    """The phrases that begin with such a word by itself, in the order given."""
    names: tuple[Name[T], ...]
    """Those that may begin with it, longest first."""
    inside: str
    """Itself, folded, if some name goes on with it."""
