"""Towns and counties as parties: `agreement with the Village of Midlothian`. Pure.

They are known by the shape of their names alone, so only `with` behind an instrument makes one a
party.
"""

from processors.facts.lexicon import grammar
from processors.facts.parties import Party
from processors.facts.passage import Passage

_MAX_BEFORE = 3
_MAX_WORDS = 4
_WORDS = grammar("local")
_BEFORE = _WORDS["before"]
_AFTER = _WORDS["after"]


def local_government(passage: Passage, at: int, end: int) -> Party | None:
    """Return the town or county that `with` leads to, at most three words behind `at`, or None."""
    words = passage.words
    for lead in range(at, min(at + _MAX_BEFORE, end)):
        if words[lead].lower() == "with":
            first = lead + 1
            if first < end and words[first].lower() == "the":
                first += 1
            last = _of(passage, first, end) or _county(passage, first, end)
            if last:
                name = passage.written(first, last)
                return Party(name[:1].upper() + name[1:], None, first, last, local=True)
            return None
    return None


def _of(passage: Passage, first: int, end: int) -> int:
    """Return where `Village of Midlothian` ends; 0 where none begins."""
    words = passage.words
    if first + 2 >= end or words[first].lower() not in _BEFORE or words[first + 1] != "of":
        return 0
    return _capitals(passage, first + 2, end)


def _county(passage: Passage, first: int, end: int) -> int:
    """Return where `Chaves County` ends; 0 where none begins."""
    last = _capitals(passage, first, end)
    for at in range(first + 1, last):
        if passage.words[at] in _AFTER:
            return at + 1
    return 0


def _capitals(passage: Passage, first: int, end: int) -> int:
    """Return where a run of capitals ends, within a sentence; 0 where none begins."""
    at = first
    while at < min(end, first + _MAX_WORDS) and passage.is_capital(at):
        at += 1
        if at < end and passage.between(at - 1).strip(" \xa0"):
            break
    return at if at > first else 0
