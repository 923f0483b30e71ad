"""Who is behind `with` where it is no state: a town, a county, a court, an agency. Pure.

`an agreement with the Village of Midlothian`, `an agreement has been reached with officials of the
Colorado Judicial Department`. They are known by the shape of their names, so only `with` close
behind an instrument makes one a party.
"""

from processors.facts.lexicon import grammar
from processors.facts.organisations import named_organisations
from processors.facts.parties import Party
from processors.facts.passage import Passage

_MAX_BEFORE = 4
_MAX_WORDS = 4
_MAX_LEAD = 4
_WORDS = grammar("local")
_BEFORE = _WORDS["before"]
_AFTER = _WORDS["after"]
_OFFICIALS = _WORDS["officials"]


def partner_of(passage: Passage, at: int, end: int) -> Party | None:
    """Return the town, county or body that `with` leads to, a few words behind `at`, or None."""
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
            return _body(passage, lead + 1, end)
    return None


def _body(passage: Passage, first: int, end: int) -> Party | None:
    """Return the body whose name begins here, behind no more than an article and its officials."""
    near = range(first, min(end, first + _MAX_LEAD))
    named = min((one for one in named_organisations(passage) if one[0] in near), default=None)
    if named is None:
        return None
    start, last, name = named
    if any(word.lower() not in _OFFICIALS for word in passage.words[first:start]):
        return None
    return Party(name, None, start, last, local=True)


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
