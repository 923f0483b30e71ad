"""Offices as a passage writes them: `Minister for Culture, Media and Sport`. Pure."""

from processors.facts.lexicon import word_set
from processors.facts.passage import Marked, Passage, is_possessive
from processors.facts.person_names import NO_NAMES, is_glued
from processors.facts.table import FOLDED

_MAX_BEFORE = 6
_MAX_OF = 14
_SUBJECTS = word_set("portfolios")
_PORTFOLIOS = _SUBJECTS | word_set("us_states")
_HONORIFICS = frozenset(
    {"Shri", "Sri", "Smt", "Shrimati", "Dr", "Mr", "Mrs", "Ms", "Sir", "Honorable", "Honourable"}
)
_MAX_UNKNOWN = 3
_DASHES = frozenset({" - ", " – ", " — "})
_RANKS = frozenset(
    {"Acting", "Assistant", "Associate", "Attorney", "Deputy", "Principal", "Special", "Trial"}
)
"""What an office begins with: behind `and` it is another one than that of who is named before."""
JOINS = frozenset({"of", "for", "to", "the", "and", "in", "at"})
"""Small words inside an office: `Minister for Health and Social Care`."""
_STARTS = NO_NAMES | {"Mr", "Mrs", "Ms", "Dr", "Sir", "Shri", "So", "Like", "Then", "Now", "Let"}


def office_begins(passage: Passage, head: int, title_case: bool) -> int:
    """Return where an office begins: at `Deputy` of `Deputy Assistant Secretary`."""
    at, begin, words = head, passage.sentence_end(passage.sentence[head] - 1), passage.words
    small_head = not passage.is_capital(head)
    while at > begin and head - at < _MAX_BEFORE:
        word, gap = words[at - 1], passage.between(at - 1)
        if gap != " " and (gap.strip(" \xa0-–*_") or gap in _DASHES):
            break
        if is_possessive(word) or is_glued(word):
            break
        if FOLDED[word][1] in _HONORIFICS:
            break  # `the Honorable U.S. District Judge`
        small = small_head and word.capitalize() in _PORTFOLIOS
        name = passage.covered.get(at - 1)
        if name is not None and name.first < at - 1 and passage.is_capital(name.first):
            at = name.first
            continue
        known = FOLDED[word][1] in _PORTFOLIOS or name is not None
        joins = (
            word == "and"
            and at > 1
            and at not in passage.covered
            and FOLDED[passage.words[at - 2]][1] in _SUBJECTS
            and passage.words[at] not in _RANKS
        )
        capital = passage.is_capital(at - 1) and FOLDED[word][1] not in _STARTS and not title_case
        if not (joins or small or (known and passage.is_capital(at - 1)) or capital):
            break
        at -= 1
    return at


def office_ends(passage: Passage, marked: Marked, *, names_follow: bool) -> int:
    """Return where an office ends: behind `Sport` of `Minister for Culture, Media and Sport`.

    Where a name is to follow, only known words belong to the office.
    """
    here, at, end = passage.sentence[marked.first], marked.last, marked.last
    while passage.in_sentence(at, here) and at - marked.last < _MAX_OF:
        word, gap = passage.words[at], passage.between(at - 1).strip(" \xa0\n–-&/")
        name = passage.covered.get(at)
        known = name is not None or FOLDED[word][1] in _PORTFOLIOS
        if gap and not (gap == "," and end > marked.last and known and name is None):
            break
        if FOLDED[word][1] in _HONORIFICS:
            break
        if word in JOINS:
            if at == marked.last and word in {"and", "the"}:
                break
        elif at == marked.last or not passage.is_capital(at):
            break
        elif known:
            end = name.last if name is not None else at + 1
            at = max(at, end - 1)
        elif FOLDED[word][1] in NO_NAMES or (
            names_follow and not _before_an_honorific(passage, at, here)
        ):
            break
        else:
            end = at + 1
        at += 1
    return end


def _before_an_honorific(passage: Passage, at: int, here: int) -> bool:
    """Tell whether a name begins a little later with `Shri` or `Dr`, so that this is none of it."""
    for place in range(at + 1, at + 1 + _MAX_UNKNOWN):
        if not passage.in_sentence(place, here) or not passage.is_capital(place):
            return False
        if FOLDED[passage.words[place]][1] in _HONORIFICS:
            return True
    return False


def past_brackets(passage: Passage, at: int, here: int) -> int:
    """Return the word behind `(Independent Charge)`, if that is what stands at `at`."""
    if not passage.in_sentence(at, here) or passage.between(at - 1).strip() != "(":
        return at
    for end in range(at + 1, at + 5):
        if passage.in_sentence(end, here) and passage.between(end - 1).strip() in {")", "),"}:
            return end
    return at
