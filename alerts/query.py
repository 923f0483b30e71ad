"""The query language for people: read into a filter, and a filter written as a query. Pure.

`theme:migration country:TR,AL -"small boats" "visa fee"` asks for a theme, any of two countries,
none of one phrase, and another phrase. A comma or `OR` stands between values any of which will do,
a space between what must all be met, `-` before what must not be there. docs/reference/query.md
has it whole. `parse(show(f)) == f` for every filter.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from alerts.query_pieces import FIELDS, Item, Joint, Query, Value
from despatch.errors import UsageError
from despatch.filter import Choice, Filter, Phrase
from despatch.wording import name_key

EVERYTHING = "*"
"""The query that asks for nothing: every release matches."""

_BARE = re.compile(r"\w[\w./&+'’-]*")
_JOINTS = frozenset({"or", "and", "not"})
_SCORE = re.compile(r"(>=?|≥)?(\d+(?:\.\d*)?(?:[eE]-?\d+)?|\.\d+)(%?)")
_SHORT = {field: name for name, field in FIELDS.items()}


@dataclass(frozen=True, slots=True)
class Known:
    """What there is to ask for; what is empty is not checked."""

    themes: Collection[str] = ()
    countries: Mapping[str, str] = field(default_factory=dict)
    """The code of each country's name, folded by `despatch.wording.name_key`."""
    country_named: Callable[[str], str | None] = lambda _name: None
    """Return the code of a country by any name it has, such as Turkey or Holland."""


def parse(text: str, known: Known | None = None) -> Filter:
    """Return the filter that a query means, or that its JSON says if it begins with `{`.

    Raises UsageError that points at the place and says the way out.
    """
    if text.lstrip().startswith("{"):
        return _from_json(text, known or Known())
    query = Query(text)
    pieces = query.pieces()
    if not pieces:
        raise UsageError(f"query: it asks for nothing; write {EVERYTHING} for every release")
    return _Reading(query, known or Known()).read(pieces)


def show(filter_: Filter) -> str:
    """Return the query that means a filter: `theme:migration country:AL,TR -"small boats"`."""
    return " ".join(_shown(filter_)) or EVERYTHING


def _shown(filter_: Filter) -> Iterator[str]:
    for name in ("themes", "countries", "organisations", "people", "document_types", "sources"):
        choice: Choice[str] = getattr(filter_, name)
        short = _SHORT[name]
        yield from (f"{short}:{_quoted(value)}" for value in choice.all)
        if choice.any:
            yield f"{short}:{','.join(map(_quoted, choice.any))}"
        if choice.none:
            yield f"-{short}:{','.join(map(_quoted, choice.none))}"
    yield from map(_phrase, filter_.phrases.all)
    if filter_.phrases.any:
        yield " OR ".join(map(_phrase, filter_.phrases.any))
    yield from (f"-{_phrase(phrase)}" for phrase in filter_.phrases.none)
    if filter_.minimum_score is not None:
        yield f"score:>={filter_.minimum_score!r}"


def _phrase(phrase: Phrase) -> str:
    where = "title:" if phrase.where == "title" else ""
    return f"{where}{'exact:' if phrase.exact else ''}{_quoted(phrase.text)}"


def _quoted(value: str) -> str:
    plain = _BARE.fullmatch(value) and value.lower() not in _JOINTS
    return value if plain else f'"{value}"'


class _Reading:
    """The pieces of one query, on their way into a filter."""

    def __init__(self, query: Query, known: Known) -> None:
        self._query = query
        self._known = known
        self._chosen: dict[str, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))
        self._score: float | None = None

    def read(self, pieces: list[Item | Joint]) -> Filter:
        for group in self._groups(pieces):
            self._take(group)
        fields: dict[str, Any] = {name: dict(lists) for name, lists in self._chosen.items()}
        try:
            return Filter.model_validate(fields | {"minimum_score": self._score})
        except ValidationError as exc:  # what is both asked for and excluded, or too much
            self._query.refuse(_fault(exc), 0, len(self._query.text))

    def _groups(self, pieces: list[Item | Joint]) -> Iterator[list[Item]]:
        """Yield the items that `OR` joins, together."""
        group: list[Item] = []
        joint: Joint | None = None
        for piece in pieces:
            if isinstance(piece, Joint):
                if joint is not None or not group:
                    self._query.refuse("OR stands between two values", piece.start, piece.end)
                joint = piece
                continue
            if group and joint is None:
                yield group
                group = []
            group.append(piece)
            joint = None
        if joint is not None:
            self._query.refuse("OR stands between two values", joint.start, joint.end)
        yield group

    def _take(self, group: list[Item]) -> None:
        first = group[0]
        kinds = {self._kind(item) for item in group}
        if len(kinds) > 1 or (len(group) > 1 and (first.without or kinds == {"minimum_score"})):
            self._query.refuse(
                "OR joins values of one field; for one field or another make two subscriptions",
                first.start,
                group[-1].end,
            )
        (kind,) = kinds
        if kind == "minimum_score":
            self._take_score(first)
            return
        if any(item.without for item in group[1:]):
            self._query.refuse("what is excluded can't be joined by OR", first.start, group[-1].end)
        values = [self._read(kind, item, value) for item in group for value in item.values]
        values = [value for value in values if value is not None]
        self._put(kind, values, group)

    def _put(self, kind: str, values: list[Any], group: list[Item]) -> None:
        chosen = self._chosen[kind]
        if group[0].without:
            chosen["none"] += values
        elif len(values) == 1:
            chosen["all"] += values
        elif values:
            if chosen["any"]:
                self._query.refuse(
                    "there is a group of alternatives for this field already; "
                    "for a second one make another subscription",
                    group[0].start,
                    group[-1].end,
                )
            chosen["any"] += values

    def _kind(self, item: Item) -> str:
        """Return which field of a filter an item fills."""
        named = [name for name in item.fields if name not in {"title", "exact"}]
        if len(named) > 1 or (named and len(item.fields) > 1):
            shown = ":".join(item.fields)
            self._query.refuse(f"{shown}: are two fields at once", item.start, item.end)
        return FIELDS[named[0]] if named else "phrases"

    def _read(self, kind: str, item: Item, value: Value) -> Any:
        if kind == "phrases":
            return self._phrase(item, value)
        if kind == "themes":
            self._check_theme(value)
        if kind == "countries":
            self._check_country(value)
        try:
            Filter.model_validate({kind: {"any": [value.text]}})
        except ValidationError as exc:
            self._query.refuse(_fault(exc), value.start, value.end)
        return value.text

    def _phrase(self, item: Item, value: Value) -> Phrase | None:
        if value.text == EVERYTHING and not value.quoted and not item.fields and not item.without:
            return None
        if value.text in _JOINTS and not value.quoted:
            self._query.refuse(
                f"write {value.text.upper()} in capitals, or the word in quotes",
                value.start,
                value.end,
            )
        try:
            return Phrase(
                text=value.text,
                exact="exact" in item.fields,
                where="title" if "title" in item.fields else "anywhere",
            )
        except ValidationError as exc:
            self._query.refuse(_fault(exc), value.start, value.end)

    def _check_theme(self, value: Value) -> None:
        wrong = unknown_theme(value.text, self._known)
        if wrong:
            self._query.refuse(wrong, value.start, value.end)

    def _check_country(self, value: Value) -> None:
        wrong = unknown_country(value.text, self._known)
        if wrong:
            self._query.refuse(wrong, value.start, value.end)

    def _take_score(self, item: Item) -> None:
        value = item.values[0]
        found = _SCORE.fullmatch(value.text)
        score = float(found[2]) / (100 if found[3] else 1) if found else 2.0
        if item.without or len(item.values) > 1 or self._score is not None or not 0 <= score <= 1:
            self._query.refuse(
                "a score is one number from 0 to 1: score:>0.8", item.start, item.end
            )
        self._score = score


def unknown_theme(theme: str, known: Known) -> str:
    """Return what is wrong with a theme's id and the way out; empty if it is known."""
    if not known.themes or theme in known.themes:
        return ""
    near = get_close_matches(theme.lower(), known.themes, n=1, cutoff=0.6)
    there = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(known.themes))}"
    return f"there is no theme {theme!r}; {there}"


def unknown_country(code: str, known: Known) -> str:
    """Return what is wrong with a country's code and the way out; empty if it is known."""
    codes = set(known.countries.values())
    if re.fullmatch("[A-Za-z]{2}", code) and (not codes or code.upper() in codes):
        return ""
    name = name_key(code)
    named = known.country_named
    right = known.countries.get(name) or named(code) or named(code.title()) or named(code.upper())
    if right:
        return f"a country is written by its two letters: {code!r} is {right}"
    near = get_close_matches(name, known.countries, n=1, cutoff=0.75)
    meant = f"did you mean {known.countries[near[0]]} ({near[0]})?" if near else "such as TR"
    return f"there is no country {code!r}; write the two letters of ISO 3166, {meant}"


def _from_json(text: str, known: Known) -> Filter:
    try:
        filter_ = Filter.model_validate_json(text)
    except ValidationError as exc:
        fault = exc.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in fault["loc"])
        words = fault["msg"].removeprefix("Invalid JSON: ")
        raise UsageError(f"query as JSON: {place + ': ' if place else ''}{words}") from None
    for choice, wrong in (
        (filter_.themes, unknown_theme),
        (filter_.countries, unknown_country),
    ):
        for value in (*choice.any, *choice.all, *choice.none):
            if why := wrong(value, known):
                raise UsageError(f"query as JSON: {why}")
    return filter_


def _fault(exc: ValidationError) -> str:
    return str(exc.errors(include_url=False, include_input=False)[0]["msg"]).removeprefix(
        "Value error, "
    )
