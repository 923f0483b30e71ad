"""What phrases stand for in themes: terms, exclusions and contexts. Pure."""

from dataclasses import dataclass, field

from processors.themes.terms import Term

Context = tuple[int, str]
"""A theme's number, and the name of a context of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Meaning:
    """A term of a theme, or its exclusions (without a term), that phrases stand for."""

    theme: int
    """The theme's number."""
    term: Term | None = None
    order: int = 0
    """Where the term stands in its theme."""
    near: Context | None = None
    unless: Context | None = None

    @property
    def rank(self) -> int:
        """Exclusions' is 0, that of terms written by hand 1, of found ones 2: the lower wins."""
        if self.term is None:
            return 0
        return 2 if self.term.found else 1


@dataclass(slots=True, eq=False)
class Meanings:
    """All that a phrase stands for, in every theme that has it."""

    numbers: list[int] = field(default_factory=list)
    """Terms and exclusions, as numbers of meanings."""
    contexts: set[Context] = field(default_factory=set)
