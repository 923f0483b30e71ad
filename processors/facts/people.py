"""Who is named with an office: `Immigration Minister Robert Jenrick`. Pure.

Somebody who is named with an office once and by surname later is one person.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from despatch.facts import MAX_NAME_CHARS, MAX_PHRASE_CHARS
from processors.facts.gather import Gathered, Row
from processors.facts.offices import JOINS, office_begins, office_ends, past_brackets
from processors.facts.passage import Marked, Passage, is_possessive
from processors.facts.person_names import PARTICLES, SUFFIXES, name_at, name_before
from processors.facts.table import FOLDED

_KEPT_NAMES = 4_096
_LEAD_ON = JOINS | PARTICLES
_MAX_BACK = 24
"""An office has at most six words before its last, one of which may be a name of many."""


class _Named(NamedTuple):
    """A name with an office in a passage: words `[first, last)` hold both."""

    name: str
    office: str
    first: int
    last: int


def find_people(passages: Sequence[Passage]) -> list[Row]:
    """Return the people that the passages name with an office, in order."""
    all_named = [(one, passage) for passage in passages for one in _named(passage)]
    full = _full_names([one for one, _ in all_named])
    found = Gathered()
    for one, passage in all_named:
        name, office = full.get(_surname(one.name), (one.name, one.office))
        if " " in one.name and _key(one.name) != _key(name):
            name, office = one.name, one.office
        row: Row = {"name": name, "office": office}
        found.add(_key(name), row, passage.span(one.first, one.last))
    return found.rows()


def _full_names(named: Sequence[_Named]) -> dict[str, tuple[str, str]]:
    """Return the first full name and its office by surname."""
    full: dict[str, tuple[str, str]] = {}
    whole = [one for one in named if " " in one.name]
    for one in whole:
        name, office = full.get(_surname(one.name), (one.name, one.office))
        longer = _key(name) == _key(one.name) and one.office.startswith(office)
        full[_surname(one.name)] = name, one.office if longer else office
    for one in whole:  # where the family's name comes first: Motegi Toshimitsu
        full.setdefault(FOLDED[one.name.split()[0]][0], (one.name, one.office))
    return full


@lru_cache(_KEPT_NAMES)
def _surname(name: str) -> str:
    words = [word for word in name.replace(",", " ").split() if word.rstrip(".") not in SUFFIXES]
    return FOLDED[(words or [name])[-1]][0]


@lru_cache(_KEPT_NAMES)
def _key(name: str) -> str:
    """Return what tells people apart: first and last of the words of a name."""
    words = name.split()
    return f"{FOLDED[words[0]][0]} {_surname(name)}" if len(words) > 1 else _surname(name)


def _named(passage: Passage) -> Iterator[_Named]:
    title_case = passage.in_title_case
    free = 0
    for marked in passage.of_kind("office"):
        if marked.first < free:
            continue
        found = _office_then_name(passage, marked, title_case)
        if (found is None or " " not in found.name) and _may_follow_a_name(passage, marked.first):
            found = _name_then_office(passage, marked, title_case) or found
        if found and len(found.name) <= MAX_NAME_CHARS and len(found.office) <= MAX_PHRASE_CHARS:
            free = found.last
            yield found


def _may_follow_a_name(passage: Passage, head: int) -> bool:
    """Tell whether a comma stands as near before an office as one behind a name does.

    Most offices are named alone, and finding where they begin costs the most.
    """
    back = max(0, head - _MAX_BACK)
    return passage.text.find(",", passage.starts[back], passage.starts[head]) >= 0


def _office_then_name(passage: Passage, marked: Marked, title_case: bool) -> _Named | None:
    if not passage.is_capital(marked.first) or not _may_lead_on(passage, marked.last):
        return None
    behind = office_ends(passage, marked, names_follow=True)
    here = passage.sentence[marked.first]
    end = past_brackets(passage, behind, here)
    if not passage.in_sentence(end, here) or passage.between(end - 1).strip(" \xa0\n*_)") not in {
        "",
        ",",
    }:
        return None
    if is_possessive(passage.words[end - 1]):
        return None
    name = name_at(passage, end, here)
    if name is None:
        return None
    start, last = name
    if last - start == 1 and not _may_stand_alone(passage, start, end, title_case):
        return None
    first = office_begins(passage, marked.first, title_case)
    return _Named(passage.written(start, last), passage.written(first, behind), first, last)


def _may_lead_on(passage: Passage, at: int) -> bool:
    """Tell whether the word behind an office may begin its subject or a name.

    Most offices are named alone: `the President said`.
    """
    if at >= len(passage.words):
        return False
    word = passage.words[at]
    return not word.islower() or word in _LEAD_ON or passage.between(at - 1).strip() == "("


def _may_stand_alone(passage: Passage, at: int, end: int, title_case: bool) -> bool:
    """Tell whether a single word after an office is a surname: not in `Prime Minister Visits`."""
    word = passage.words[at]
    if len(word) <= 2 or passage.between(end - 1).strip() == ",":
        return False
    return not title_case or is_possessive(word)


def _may_lead(passage: Passage, at: int) -> bool:
    """Tell whether a word may stand between a name's comma and an office: `the`, `Peru’s`."""
    return passage.words[at].islower() or at in passage.covered


def _name_then_office(passage: Passage, marked: Marked, title_case: bool) -> _Named | None:
    """Find `Liz Forgan, Chairman of Arts Council England` and `Ann Lee, the director of …`."""
    first = office_begins(passage, marked.first, title_case)
    here = passage.sentence[marked.first]
    comma = first
    while comma > 0 and first - comma < 3 and _may_lead(passage, comma - 1):
        if "," in passage.between(comma - 1):
            break
        comma -= 1
    if (
        not passage.in_sentence(comma - 1, here)
        or passage.between(comma - 1).strip(" \xa0\n*_.") != ","
    ):
        return None
    start = name_before(passage, comma, here)
    if start is None:
        return None
    end = office_ends(passage, marked, names_follow=False)
    return _Named(passage.written(start, comma), passage.written(first, end), start, end)
