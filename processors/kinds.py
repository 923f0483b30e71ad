"""What the words of a text, and its pairs of neighbours, can be in any of many phrases. Pure.

All words that can be the same are of one kind, and for each two kinds it is known what it means
that one comes behind the other: which phrases are there for sure, and which may go on. Most pairs
of neighbours mean nothing. Kinds and pairs are numbers, so that all words of a text, and then all
its pairs, are looked up at once (processors/phrasebook.py).
"""

from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Generic, TypeVar

from processors.marks import UNSURE

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

    @property
    def further(self) -> Steps:
        """The steps that need not stand next to the first."""
        return self.rest if self.rest and self.rest[0][0] else self.rest[1:]


@dataclass(frozen=True, slots=True, eq=False)
class Ahead(Generic[T]):
    """Phrases that begin alike and whose next word stands somewhere in the next few."""

    rules: tuple[Rule[T], ...]
    reach: int
    """It stands within so many words."""
    fertile: set[int]
    """The kinds that it can be: where none of them stands, none of the phrases does."""
    marks: int
    """Of all that it can be (processors/marks.py)."""
    going_on: dict[int, tuple[Rule[T], ...]] = field(default_factory=dict)
    """Which of the phrases go on so where the word is of a kind: learnt as it is met."""

    def learn(self, kind: "Kind[T]") -> tuple[Rule[T], ...]:
        """Return the phrases that may go on with a kind as their second word, and keep them."""
        going_on = (one for one in self.rules if not one.rest[0][1].isdisjoint(kind.may_be))
        return self.going_on.setdefault(kind.number, tuple(going_on))


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

    @property
    def marks(self) -> int:
        """Of what may go on with it: 0 where nothing may, as with most pairs."""
        aheads = [one.marks for one in (self.near, self.far) if one]
        return reduce(or_, aheads, UNSURE if self.unsure else 0)

    @property
    def reach(self) -> int:
        """What goes on with it begins within so many words."""
        return max(self.near.reach + 1 if self.near else 1, self.far.reach if self.far else 1)


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
