"""The pieces of a query, with the place where each stands. Pure."""

import re
from dataclasses import dataclass
from typing import Literal, NoReturn

from despatch.errors import UsageError

FIELDS = {
    "theme": "themes",
    "country": "countries",
    "org": "organisations",
    "person": "people",
    "type": "document_types",
    "source": "sources",
    "score": "minimum_score",
    "title": "title",
    "exact": "exact",
}
"""What stands before a colon, and the field of a filter that it fills; `title` and `exact` say
where and how words are looked for."""

_ALIASES = {
    "themes": "theme",
    "countries": "country",
    "organisation": "org",
    "organisations": "org",
    "organization": "org",
    "people": "person",
    "document_type": "type",
    "sources": "source",
}
_NAMES = ", ".join(f"{name}:" for name in FIELDS)
_FIELD = re.compile(r"([A-Za-z][A-Za-z_]*):")
_BARE = re.compile(r'[^\s,"“”()]+')
_QUOTES = {'"': re.compile(r'[^"]*"'), "“": re.compile(r'[^"”]*["”]')}
_SPACE = re.compile(r"\s*")


@dataclass(frozen=True, slots=True)
class Value:
    """One value, and where it stands in the query."""

    text: str
    start: int
    end: int
    quoted: bool


@dataclass(frozen=True, slots=True)
class Item:
    """A field with its values; or words, whose fields are `title`, `exact`, both or none."""

    fields: tuple[str, ...]
    values: tuple[Value, ...]
    without: bool
    """What it names is excluded."""
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Joint:
    """`OR` between two items."""

    start: int
    end: int


class Query:
    """A query being read; `refuse` raises with the place pointed at."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._at = 0

    def refuse(self, why: str, start: int, end: int) -> NoReturn:
        """Raise UsageError that shows the place between `>>` and `<<`."""
        text = self.text
        end = max(end, min(start + 1, len(text)))
        before, after = text[max(0, start - 60) : start], text[end : end + 60]
        ended = why if why.endswith("?") else f"{why}."
        raise UsageError(f"query: {ended} Here: {before}>>{text[start:end]}<<{after}".strip())

    def pieces(self) -> list[Item | Joint]:
        """Return the items and joints, in order. Raises UsageError."""
        found: list[Item | Joint] = []
        without: tuple[int, int] | None = None
        while self._skip() < len(self.text):
            start = self._at
            word = self._word()
            if word in {"AND", "NOT", "OR"}:
                self._at += len(word)
                if word == "OR":
                    found.append(Joint(start, self._at))
                elif word == "NOT":
                    without = (start, self._at)
                continue
            found.append(self._item(not_=without is not None))
            without = None
        if without is not None:
            self.refuse("nothing follows NOT", *without)
        return found

    def _item(self, *, not_: bool) -> Item:
        start = self._at
        without = self.text.startswith("-", start)
        self._at += without
        fields = []
        while (field := self._field()) is not None:
            fields.append(field)
        values = [self._value(after=start)]
        while self._comma():
            values.append(self._value(after=self._at - 1))
        return Item(tuple(fields), tuple(values), without or not_, start, self._at)

    def _field(self) -> str | None:
        found = _FIELD.match(self.text, self._at)
        if found is None:
            return None
        name = _ALIASES.get(found[1].lower(), found[1].lower())
        if name not in FIELDS:
            self.refuse(
                f"there is no field {found[1]!r}; there are {_NAMES} "
                "and what is to be found as it stands goes into quotes",
                found.start(),
                found.end() - 1,
            )
        self._at = found.end()
        return name

    def _value(self, *, after: int) -> Value:
        self._skip()
        start = self._at
        opening = self.text[start : start + 1]
        if opening in _QUOTES and opening:
            found = _QUOTES[opening].match(self.text, start + 1)
            if found is None:
                self.refuse("a quotation mark is not closed", start, start + 1)
            self._at = found.end()
            return Value(found[0][:-1], start, self._at, quoted=True)
        bare = _BARE.match(self.text, start)
        if bare is None:
            if opening in {"(", ")"} and opening:
                self.refuse(
                    "there are no parentheses; a comma or OR stands between values any of which "
                    "will do, a space between what must all be met",
                    start,
                    start + 1,
                )
            self.refuse("a value is missing", after, start + 1)
        self._at = bare.end()
        return Value(bare[0], start, self._at, quoted=False)

    def _comma(self) -> bool:
        """Take the comma that stands right behind a value."""
        there = self.text.startswith(",", self._at)
        self._at += there
        return there

    def _skip(self) -> int:
        found = _SPACE.match(self.text, self._at)
        self._at = found.end() if found else self._at
        return self._at

    def _word(self) -> Literal["AND", "NOT", "OR"] | None:
        for word in ("AND", "NOT", "OR"):
            end = self._at + len(word)
            if self.text.startswith(word, self._at) and not self.text[end : end + 1].strip():
                return word
        return None
