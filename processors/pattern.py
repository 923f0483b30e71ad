"""The language of a theme's patterns: words, not regular expressions. Pure.

    migrant*                    a word that begins so; at least three letters before the star
    illegal|irregular migration one of several words, then another
    free? trade agreement       a word that may be absent
    return* ~4 countr*          up to four other words in between
    @country                    a word of a list in lexicon.toml
    UK, Border Force            capitals in a pattern ask for capitals in the text

Letters' case, accents, possessives and hyphens don't count otherwise. A match never crosses the
end of a sentence. Nothing can backtrack without end: a pattern has at most twelve words and two
gaps of at most twelve words, so one place in the text costs at most 169 looks, whatever it says.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import product

from processors.words import fold

MAX_WORDS = 12
MAX_GAPS = 2
MAX_GAP = 12
MIN_STEM = 3
MAX_OPTIONAL = 3

_CHOICE = re.compile(r"@[a-z_]+|\w+\*?")


@dataclass(frozen=True, slots=True)
class Choice:
    """One word of a pattern: `Minister*` is `Choice("minister", stem=True, capitals=1)`."""

    word: str
    """Folded and lower-case; `@country` for a word of a list."""
    stem: bool = False
    capitals: int = 0
    """0: any case; 1: begins with a capital; 2: capitals throughout."""


@dataclass(frozen=True, slots=True)
class Step:
    """One place of a pattern: what may stand there, after how many other words at most."""

    choices: tuple[Choice, ...]
    gap: int = 0


Phrase = tuple[Step, ...]


def parse(pattern: str, lists: Collection[str] = ()) -> tuple[Phrase, ...]:
    """Return the phrases that a pattern stands for: one, or more if words may be absent.

    Raises ValueError that says what is wrong with it and what to write instead.
    """
    places: list[list[Step | None]] = []
    gap = gaps = 0
    for item in pattern.replace("-", " ").replace("’", "").replace("'", "").split():
        if item.startswith("~"):
            gap, gaps = _gap(item, pattern), gaps + 1
            if not places:
                raise ValueError(f"{pattern!r} begins with a gap: begin with a word")
            continue
        optional = item.endswith("?")
        step = Step(_choices(item.removesuffix("?"), pattern, lists), gap)
        places.append([step, None] if optional else [step])
        gap = 0
    _check(pattern, places, gap, gaps)
    phrases = [_first_without_gap(tuple(filter(None, way))) for way in product(*places)]
    return tuple(dict.fromkeys(phrases))


def _first_without_gap(steps: Phrase) -> Phrase:
    return (replace(steps[0], gap=0), *steps[1:])


def choice(word: str) -> Choice:
    """Return what a single word of a pattern or a list asks for."""
    stem = word.endswith("*")
    word = fold(word.removesuffix("*"))
    capitals = 0
    if word != word.lower():
        capitals = 2 if len(word) > 1 and word.isupper() else 1
    return Choice(word.casefold(), stem, capitals)


def _choices(item: str, pattern: str, lists: Collection[str]) -> tuple[Choice, ...]:
    return tuple(_choice(part, pattern, lists) for part in item.split("|"))


def _choice(part: str, pattern: str, lists: Collection[str]) -> Choice:
    if not _CHOICE.fullmatch(part):
        raise ValueError(
            f"{pattern!r} has {part!r}: patterns are words, not regular expressions; write "
            "word, word*, one|other, word?, ~3 or @list"
        )
    if part.startswith("@"):
        if part[1:] not in lists:
            near = get_close_matches(part[1:], lists, 1) or sorted(lists)
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


def _check(pattern: str, places: list[list[Step | None]], gap: int, gaps: int) -> None:
    optional = sum(len(place) > 1 for place in places)
    if not places:
        raise ValueError("a pattern is empty: write at least one word")
    if gap:
        raise ValueError(f"{pattern!r} ends with a gap: end with a word")
    if optional == len(places):
        raise ValueError(f"in {pattern!r} every word may be absent: leave a ? out")
    if len(places) > MAX_WORDS or gaps > MAX_GAPS or optional > MAX_OPTIONAL:
        raise ValueError(
            f"{pattern!r} is too long: at most {MAX_WORDS} words, {MAX_GAPS} gaps and "
            f"{MAX_OPTIONAL} words that may be absent"
        )
