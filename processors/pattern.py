"""The language of a theme's patterns: words, not regular expressions. Pure.

    migrant*                    a word that begins so; at least three letters before the star
    illegal|irregular migration one of several words, then another
    taskforce|task_force        one of them is of two words
    free? trade agreement       a word that may be absent
    return* ~4 countr*          up to four other words in between
    @country                    a word of a list in lexicon.toml
    UK, Border Force            capitals in a pattern ask for capitals in the text

Letters' case, accents, possessives and hyphens don't count otherwise. A match never crosses the
end of a sentence. Nothing can backtrack without end: a pattern has at most twelve words and two
gaps of at most twelve words, so one place in the text costs at most 169 looks, whatever it says.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import product
from math import prod
from types import MappingProxyType

from processors.words import fold

MAX_WORDS = 12
MAX_GAPS = 2
MAX_GAP = 12
MIN_STEM = 3
MAX_PHRASES = 64

_CHOICE = re.compile(r"@[a-z_]+|[^\W_]+\*?")

Lists = Mapping[str, Sequence[str]]
"""Words by the name of their list: `{"country": ["France", "Saudi Arabia"]}`."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One word of a pattern: `Minister*` is `Choice("minister", stem=True, capitals=1)`."""

    word: str
    """Folded and lower-case; `@country` for a word of a list."""
    stem: bool = False
    capitals: int = 0
    """0: any case; 1: begins with a capital; 2: capitals throughout."""

    def fits(self, folded: str) -> bool:
        """Tell whether a word that begins so, or is so, has the capitals asked for."""
        if self.capitals == 2:  # of a stem's words the ending is free: AHTUs
            return (folded[: len(self.word)] if self.stem else folded).isupper()
        return not self.capitals or folded[:1].isupper()


@dataclass(frozen=True, slots=True)
class Step:
    """One place of a pattern: what may stand there, after how many other words at most."""

    choices: tuple[Choice, ...]
    gap: int = 0


Phrase = tuple[Step, ...]


def parse(pattern: str, lists: Lists = MappingProxyType({})) -> tuple[Phrase, ...]:
    """Return the phrases that a pattern stands for: several if words may be absent.

    Raises ValueError that says what is wrong with it and what to write instead.
    """
    places: list[list[Phrase]] = []
    gap = gaps = 0
    for item in pattern.replace("-", " ").replace("’", "").replace("'", "").split():
        if item.startswith("~"):
            gap, gaps = _gap(item, pattern), gaps + 1
            if not places:
                raise ValueError(f"{pattern!r} begins with a gap: begin with a word")
            continue
        ways = _ways(item.removesuffix("?"), gap, pattern, lists)
        places.append([*ways, ()] if item.endswith("?") else ways)
        gap = 0
    if gap:
        raise ValueError(f"{pattern!r} ends with a gap: end with a word")
    phrases = [tuple(step for way in ways for step in way) for ways in _product(places, pattern)]
    _check(pattern, phrases, gaps)
    return tuple(dict.fromkeys(_first_without_gap(phrase) for phrase in phrases))


def _ways(item: str, gap: int, pattern: str, lists: Lists) -> list[Phrase]:
    """Return what may stand at one place: its single words together, each longer one apart."""
    parts = item.split("|")
    single = tuple(_choice(part, pattern, lists) for part in parts if not _is_long(part))
    ways: list[Phrase] = [(Step(single, gap),)] if single else []
    for part in filter(_is_long, parts):
        choices = [_choice(word, pattern, lists) for word in part.split("_")]
        ways.append(tuple(Step((one,), 0 if n else gap) for n, one in enumerate(choices)))
    return ways


def _is_long(part: str) -> bool:
    return "_" in part and not part.startswith("@")


def _product(places: list[list[Phrase]], pattern: str) -> Iterable[tuple[Phrase, ...]]:
    if prod(map(len, places)) > MAX_PHRASES:
        raise ValueError(
            f"{pattern!r} stands for more than {MAX_PHRASES} phrases: make two patterns of it"
        )
    return product(*places)


def _first_without_gap(phrase: Phrase) -> Phrase:
    return (replace(phrase[0], gap=0), *phrase[1:])


def choice(word: str) -> Choice:
    """Return what a single word of a pattern or a list asks for."""
    stem = word.endswith("*")
    word = fold(word.removesuffix("*"))
    capitals = 0
    if word != word.lower():
        capitals = 2 if len(word) > 1 and word.isupper() else 1
    return Choice(word.casefold(), stem, capitals)


def name_words(name: str) -> str:
    """Return a name of a list as patterns and texts spell it: `"peoples republic of china"`."""
    return " ".join(choice(word).word for word in name.replace("-", " ").replace("'", "").split())


def _choice(part: str, pattern: str, lists: Lists) -> Choice:
    if not _CHOICE.fullmatch(part):
        raise ValueError(
            f"{pattern!r} has {part!r}: patterns are words, not regular expressions; write "
            "word, word*, one|other, two_words|other, word?, ~3 or @list"
        )
    if part.startswith("@"):
        if part[1:] not in lists:
            near = get_close_matches(part[1:], lists, 1) or sorted(lists) or ["…"]
            known = ", ".join("@" + name for name in near)
            raise ValueError(f"{pattern!r} names {part}, which is no list: did you mean {known}?")
        return Choice(part)
    if part.endswith("*") and len(part) <= MIN_STEM:
        raise ValueError(f"{pattern!r} has {part!r}: write {MIN_STEM} letters or more before *")
    return choice(part)


def _gap(item: str, pattern: str) -> int:
    if not (item[1:].isascii() and item[1:].isdigit() and 1 <= int(item[1:]) <= MAX_GAP):
        raise ValueError(f"{pattern!r} has {item!r}: a gap is ~1 to ~{MAX_GAP} words")
    return int(item[1:])


def _check(pattern: str, phrases: list[Phrase], gaps: int) -> None:
    if not phrases or not phrases[0]:
        raise ValueError("a pattern is empty: write at least one word")
    if not all(phrases):
        raise ValueError(f"in {pattern!r} every word may be absent: leave a ? out")
    if max(map(len, phrases)) > MAX_WORDS or gaps > MAX_GAPS:
        raise ValueError(f"{pattern!r} is too long: at most {MAX_WORDS} words and {MAX_GAPS} gaps")
