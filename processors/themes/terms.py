"""Terms: what a theme looks for, and what it is worth by where it stands."""

from typing import Annotated, Literal, Self, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    StringConstraints,
    model_serializer,
    model_validator,
)

from processors.lexicon import LISTS
from processors.pattern import parse

T = TypeVar("T")

Place = Literal["title", "lead", "body", "quote"]
"""Where a term stands; what somebody says is a quote for terms that have a weight for it."""
PLACES: tuple[Place, ...] = get_args(Place)

Sentence = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Weight = Annotated[float, Field(strict=True, ge=-20, le=20, allow_inf_nan=False)]
Count = Annotated[int, Field(strict=True, ge=1, le=20)]


def _parses(pattern: str) -> str:
    parse(pattern, LISTS)
    return pattern


Pattern = Annotated[str, AfterValidator(_parses)]
"""Words as processors/pattern.py reads them."""


class Part(BaseModel):
    """A part of a theme's file: what is misspelt in it is a fault."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Weights(Part):
    """Log-odds that one match adds, by where it stands; 0 where it says nothing."""

    title: Weight = 0.0
    lead: Weight = 0.0
    body: Weight = 0.0
    quote: Weight | None = None
    """In what somebody says; where nothing is said of it, that weighs what the rest there does."""

    @model_serializer(mode="wrap")
    def _as_before(self, write: SerializerFunctionWrapHandler) -> dict[str, float]:
        return _without_quote(write(self))


class Most(Part):
    """How many matches count, by where they stand; further ones add nothing."""

    title: Count = 1
    lead: Count = 1
    body: Count = 1
    quote: Count | None = None
    """1 where nothing is said."""

    @model_serializer(mode="wrap")
    def _as_before(self, write: SerializerFunctionWrapHandler) -> dict[str, int]:
        return _without_quote(write(self))


def _without_quote(fields: dict[str, T]) -> dict[str, T]:
    """Leave out what is not set: a theme that says nothing of quotes keeps its stamp."""
    return {name: value for name, value in fields.items() if value is not None}


class Term(Part):
    """Patterns that say the same thing, and what it is worth that they are said."""

    name: Sentence
    """What it means, for people: shown when a decision is explained."""
    patterns: tuple[Pattern, ...] = Field(min_length=1)
    weights: Weights
    most: Most = Most()
    near: str | None = None
    """It counts only in a sentence in which this context stands too."""
    unless: str | None = None
    """It doesn't count in a sentence in which this context stands."""
    hand_set: bool = False
    """No fitting moves its weights."""
    found: bool = False
    """Found by fitting: it counts only where no term of the theme's own file stands."""

    @model_validator(mode="after")
    def _quotes_weigh(self) -> Self:
        if self.most.quote is not None and self.weights.quote is None:
            raise ValueError(
                f"the term {self.name!r} says how often it counts in a quote, and not what it "
                "weighs there: add quote to its weights, or take it out of most"
            )
        return self

    def places(self) -> tuple[Place, ...]:
        """Return the places that it has a weight for."""
        return PLACES if self.weights.quote is not None else PLACES[:-1]

    def weight(self, place: Place) -> float:
        """Return the log-odds that one match adds at one of its places."""
        return float(getattr(self.weights, place) or 0.0)

    def most_at(self, place: Place) -> int:
        """Return how many matches count at a place."""
        return getattr(self.most, place) or 1
