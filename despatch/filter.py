"""What a subscription asks of a release: themes, countries, words, each any, all or none of some.

A filter matches a release if every facet that it asks about does, and it has the minimum score. A
facet that is not asked about stands for everything, values that nobody knows yet included.
`alerts.evaluate` says what a filter makes of a release; docs/reference/query.md has the form that
people write.
"""

import re
from typing import Annotated, Any, Generic, Literal, Self, TypeVar

from pydantic import AfterValidator, Field, StringConstraints, field_validator, model_validator

from despatch.frozen import Frozen
from despatch.wording import name_key, stem, words

MAX_VALUES = 500
"""Values that a list of a filter may have."""

MAX_VALUE_CHARS = 200

FACETS = (
    "themes",
    "countries",
    "organisations",
    "people",
    "document_types",
    "sources",
    "phrases",
)
"""The fields of a filter that hold a `Choice`, in the order in which they are shown."""

Where = Literal["anywhere", "title"]


def _plain(value: str) -> str:
    """Return a value on one line, without what would end it in a query."""
    return " ".join(value.replace('"', " ").split())


def _name(value: str) -> str:
    if not name_key(value):
        raise ValueError(f"{value!r} has no letter or digit")
    return value


def _document_type(value: str) -> str:
    return re.sub(r"[\s-]+", "_", value.lower())


_Text = Annotated[
    str, StringConstraints(max_length=MAX_VALUE_CHARS), AfterValidator(_plain), Field(min_length=1)
]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2}$", to_upper=True)]
"""A country: ISO 3166-1 alpha-2."""
Id = Annotated[str, StringConstraints(pattern=r'^[^\s"]+$', max_length=MAX_VALUE_CHARS)]
"""A theme's or a source's id."""
Name = Annotated[_Text, AfterValidator(_name)]
"""An organisation's or a person's name; `despatch.wording.name_key` says which are the same."""
DocumentType = Annotated[_Text, AfterValidator(_document_type)]
"""A publisher's own word for what it is, such as `press_release`."""


class Phrase(Frozen):
    """A word, or several that stand one after the other: `Phrase(text="visa fee")`."""

    text: _Text
    exact: bool = False
    """The very words; otherwise any with the same stems, such as `visa fees`."""
    where: Where = "anywhere"

    @field_validator("text")
    @classmethod
    def _has_words(cls, text: str) -> str:
        if not words(text):
            raise ValueError(f"{text!r} has no letter or digit to look for")
        return text

    def words(self) -> tuple[str, ...]:
        """Return the words to look for, one after the other: folded, and stemmed unless exact."""
        found = words(self.text)
        return tuple(found if self.exact else map(stem, found))

    def __str__(self) -> str:
        return f"“{self.text}”"


T = TypeVar("T")


class Choice(Frozen, Generic[T]):
    """Any, all and none of some values; empty: anything goes.

    It has one form only: each list is sorted and has no value twice, a single value of `any` moves
    to `all`, and an `any` that `all` fulfils is dropped. Two choices that ask the same are equal.
    """

    any: Annotated[tuple[T, ...], Field(max_length=MAX_VALUES)] = ()
    all: Annotated[tuple[T, ...], Field(max_length=MAX_VALUES)] = ()
    none: Annotated[tuple[T, ...], Field(max_length=MAX_VALUES)] = ()

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if not self:  # most facets of most filters
            return self
        some, every, without = self._once(self.any), self._once(self.all), self._once(self.none)
        if len(some) == 1:
            every = some | every
        if some.keys() & every.keys():
            some = {}
        both = (some.keys() | every.keys()) & without.keys()
        if both:
            shown = ", ".join(sorted(str(without[key]) for key in both))
            raise ValueError(f"{shown} is both asked for and excluded: nothing can match")
        for name, kept in (("any", some), ("all", every), ("none", without)):
            object.__setattr__(self, name, tuple(kept[key] for key in sorted(kept)))
        return self

    @staticmethod
    def _same(value: Any) -> Any:
        """Return what two spellings of a value share."""
        return value

    def _once(self, values: tuple[T, ...]) -> dict[Any, T]:
        """Return values by what makes them the same, the first spelling of each."""
        found: dict[Any, T] = {}
        for value in values:
            found.setdefault(self._same(value), value)
        return found

    def __bool__(self) -> bool:
        """Tell whether it asks for anything."""
        return bool(self.any or self.all or self.none)


class Names(Choice[Name]):
    """Organisations or people: `The Home Office` and `home office` are one."""

    @staticmethod
    def _same(value: str) -> str:
        return name_key(value)


class Phrases(Choice[Phrase]):
    """Phrases: two that look for the same words in the same place are one."""

    @staticmethod
    def _same(value: Phrase) -> tuple[tuple[str, ...], str, bool]:
        return value.words(), value.where, value.exact


class Filter(Frozen):
    """What is asked of a release; empty: every release matches."""

    themes: Choice[Id] = Choice()
    countries: Choice[Code] = Choice()
    """Named in the release, as a party or in passing."""
    organisations: Names = Names()
    """Named in the release, or publishers of it."""
    people: Names = Names()
    document_types: Choice[DocumentType] = Choice()
    sources: Choice[Id] = Choice()
    phrases: Phrases = Phrases()
    minimum_score: float | None = Field(default=None, ge=0, le=1)
    """A theme that scores less is not there for `any` and `all`; where neither asks for a theme,
    the release must have some theme with this score. `none` excludes a theme at any score."""

    def __bool__(self) -> bool:
        """Tell whether it asks for anything."""
        return self != Filter()


def of_themes(*themes: str) -> Filter:
    """Return the filter that asks for any of these themes."""
    return Filter(themes=Choice(any=themes))
