"""The names and words that facts are found by, read from the files beside this one."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from despatch.fingerprint import digest
from processors.facts.table import Table
from processors.words import fold

Kind = Literal["country", "place", "organisation", "office", "body", "instrument", "month", "when"]
_NAMES = frozenset({"country", "place", "organisation"})

_FOLDER = Path(__file__).parent
_FILES = ("countries.toml", "organisations.toml", "words.toml", "grammar.toml")
_TEXTS = {name: (_FOLDER / name).read_text("utf-8") for name in _FILES}

FACTS_VERSION = digest("3", *_TEXTS.values())
"""Another version may read other facts from the same text."""

_COUNTRIES: dict[str, dict[str, Any]] = tomllib.loads(_TEXTS["countries.toml"])
_WORDS: dict[str, Any] = tomllib.loads(_TEXTS["words.toml"])

COUNTRY_NAMES: dict[str, str] = {code: row["name"] for code, row in _COUNTRIES.items()}
"""The short name in English of each code."""

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_SHORT_MONTHS = {"Sept": 9} | {name[:3]: at for at, name in enumerate(MONTHS, 1) if name != "May"}

_OF_STATES = ("european_union", "international")

_KOREA, _CONGO = "korea", "congo"
UNDECIDED = {_KOREA: ("KR", "KP"), _CONGO: ("CD", "CG")}
"""Names of two countries: the rest of the text says which; if it does not, the first."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What a phrase is known as: `Mark("country", "TR")`, `Mark("month", "8")`."""

    kind: Kind
    value: str
    adjective: bool = False
    """For a country: its adjective or its people, not its name."""
    international: bool = False
    """For an organisation: one of states, which agrees as a state does."""
    is_name: bool = field(init=False)
    """Nothing that is no name begins inside it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_name", self.kind in _NAMES)


def word_set(name: str) -> frozenset[str]:
    """Return a list of words.toml, folded: `word_set("portfolios")`."""
    return frozenset(fold(word) for word in _WORDS[name])


def grammar(module: str) -> dict[str, frozenset[str]]:
    """Return the sets of small words that a module reads facts by: `grammar("dates")["ends"]`."""
    sets: dict[str, str] = tomllib.loads(_TEXTS["grammar.toml"])[module]
    return {name: frozenset(words.split()) for name, words in sets.items()}


def as_written(words: Iterable[str]) -> frozenset[str]:
    """Return small words as a text may write them: `people`, `People`, `PEOPLE`."""
    return frozenset(way for word in words for way in (word, word.capitalize(), word.upper()))


@cache
def known_names() -> Table[Mark]:
    """Return the table of all that is known; made once, for the one thread that classifies."""
    marked: dict[tuple[str, Kind], Mark] = {}
    for name, mark in _names():
        marked.setdefault((_as_words(name), mark.kind), mark)
    return Table((words, mark) for (words, _), mark in marked.items())


def _names() -> Iterator[tuple[str, Mark]]:
    for code, row in _COUNTRIES.items():
        yield from ((name, Mark("country", code)) for name in (row["name"], *row.get("names", ())))
        for adjective in row.get("adjectives", ()):
            yield adjective, Mark("country", code, adjective=True)
            yield adjective + "s", Mark("country", code, adjective=True)
    for name, code, adjective in (
        *(("Korea", _KOREA, False), ("Korean", _KOREA, True), ("Koreans", _KOREA, True)),
        *(("Congo", _CONGO, False), ("Congolese", _CONGO, True)),
    ):
        yield name, Mark("country", code, adjective)
    yield from ((name, Mark("place", name)) for name in _WORDS["places"])
    for group, bodies in tomllib.loads(_TEXTS["organisations.toml"]).items():
        for name, others in bodies.items():
            mark = Mark("organisation", name, international=group in _OF_STATES)
            yield from ((way, mark) for written in (name, *others) for way in _ways(written))
    yield from ((name, Mark("office", name)) for name in _WORDS["offices"])
    before, after = set(_WORDS["bodies_of"]), set(_WORDS["bodies_after"])
    for name in sorted(before | after):
        either = name in before and name in after
        yield name, Mark("body", "either" if either else "of" if name in before else "after")
    for instrument, names in _WORDS["instruments"].items():
        yield from ((name, Mark("instrument", instrument)) for name in names)
    for at, name in enumerate(MONTHS, 1):
        yield name, Mark("month", str(at))
    yield from ((name, Mark("month", str(at))) for name, at in _SHORT_MONTHS.items())
    yield from ((word, Mark("when", word)) for word in _WORDS["when"])


def _ways(name: str) -> Iterator[str]:
    """Yield a name as it may be written: with `&` for `and`, and by either spelling."""
    yield name
    for ours, theirs in ((" and ", " "), ("Organization", "Organisation"), ("gramme", "gram")):
        if ours in name:
            yield name.replace(ours, theirs)


def _as_words(name: str) -> str:
    """Return a name as a pattern: words alone, without possessives."""
    return " ".join(re.findall(r"[^\W_]+", re.sub(r"['’]s\b", "", name.replace("U.S.", "US"))))
