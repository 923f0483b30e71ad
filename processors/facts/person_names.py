"""Names of people as a passage writes them: `Dr. S. Jaishankar`, `Jean-Yves Le Drian`. Pure."""

import re

from processors.facts.lexicon import grammar, word_set
from processors.facts.passage import Passage, is_possessive
from processors.facts.table import FOLDED

_MAX_NAME_WORDS = 5
_PORTFOLIOS = word_set("portfolios")
_OFFICES = frozenset(word.capitalize() for word in word_set("offices") if " " not in word)
_WORDS = grammar("people")
_HONORIFICS = _WORDS["honorifics"]
_TITLES = _WORDS["titles"]
PARTICLES = _WORDS["particles"]
"""Small words of a name: `Jean-Yves Le Drian`, `Ursula von der Leyen`."""
_HONOURS = _WORDS["honours"]
_GIVEN = frozenset({"Bill"})
_GLUED = re.compile(r"(?<!Fitz)[a-z]{3}[A-Z]")
_HYPHENS = frozenset({"-", "‑"})
SUFFIXES = frozenset({"Jr", "Sr", "II", "III", "IV"}) | _HONOURS
"""What may stand behind a name."""
NO_NAMES = _WORDS["no_name"] | word_set("bodies_after")
"""Words with a capital that are in no name of a person."""


def name_at(passage: Passage, at: int, here: int) -> tuple[int, int] | None:
    """Return the words of the name that begins at `at`, honorifics left out, or None."""
    if passage.in_sentence(at + 1, here) and passage.words[at] in {"the", "The"}:
        at += FOLDED[passage.words[at + 1]][1] in _HONORIFICS
    while passage.in_sentence(at, here) and (
        FOLDED[passage.words[at]][1] in _HONORIFICS or passage.words[at] in {"H", "E", "H.E."}
    ):
        at += 1
    start, end, count = at, at, 0
    while passage.in_sentence(at, here) and count < _MAX_NAME_WORDS:
        word = passage.words[at]
        gap = passage.between(at - 1) if at > start else ""
        suffix = word.rstrip(".") in SUFFIXES and at > start
        if (
            gap.strip(" \xa0.")
            and not (suffix and gap.strip() == ",")
            and gap not in {"'", "’", "-", "‑"}
        ):
            break
        if word in PARTICLES or (word == "of" and passage.words[start] in _TITLES and at > start):
            at += 1
            count += 1
            continue
        if not _can_be_a_name(passage, at, start) and gap not in _HYPHENS:
            break
        at += 1
        end = at
        count += 1
        if is_possessive(word):
            break
    if end > start and passage.words[end - 1] in _TITLES:
        return None
    if end > start and passage.in_sentence(end, here) and is_glued(passage.words[end]):
        return None  # the crawl ran the rest of the name into what follows
    while end - start > 2 and passage.words[end - 1] in _HONOURS:
        end -= 1
    return (start, end) if end > start and _has_a_name(passage, start, end) else None


def is_glued(word: str) -> bool:
    """Tell whether a crawl has run two words together: `ComeyAssistant`."""
    return not word.istitle() and not word.islower() and _GLUED.search(word) is not None


def name_before(passage: Passage, comma: int, here: int) -> int | None:
    """Return where the name of at least two words begins that ends before a comma, or None."""
    at = comma
    while passage.in_sentence(at - 1, here) and comma - at < _MAX_NAME_WORDS:
        if (
            at < comma
            and passage.between(at - 1).strip(" \xa0.")
            and passage.between(at - 1) not in {"'", "’", "-"}
        ):
            break
        word = passage.words[at - 1]
        if not (word in PARTICLES or _can_be_a_name(passage, at - 1, None)):
            break
        if (
            FOLDED[word][1] in _HONORIFICS
            or FOLDED[word][1] in _OFFICES
            or (FOLDED[word][1] in _PORTFOLIOS and at < comma)  # Tony West, …
        ):
            break
        at -= 1
    while at < comma and passage.words[at] in PARTICLES:
        at += 1
    enough = comma - at >= 2 and _has_a_name(passage, at, comma)
    return at if enough and len(passage.words[comma - 1]) > 1 else None


def _can_be_a_name(passage: Passage, at: int, start: int | None) -> bool:
    word = passage.words[at]
    if not passage.is_capital(at) or word[:1].isdigit() or (len(word) > 3 and word.isupper()):
        return False
    end = passage.ends[at]
    initial = len(word.rstrip(".")) == 1 and "." in passage.text[end - 1 : end + 1]
    if is_glued(word):
        return False
    no_name = FOLDED[word][1] in NO_NAMES and not _is_given(passage, at, start)
    if not initial and (no_name or FOLDED[word][1] in _OFFICES):
        return False
    marked = passage.covered.get(at)
    if marked is not None and (start is None or at == start or marked.last > marked.first + 1):
        return False
    return not (marked is not None and marked.mark.kind == "organisation")


def _is_given(passage: Passage, at: int, start: int | None) -> bool:
    """Tell whether a word that may be another is a first name: Bill Nelson, but not Bill 7."""
    if passage.words[at] not in _GIVEN or not (start is None or at == start):
        return False
    behind = at + 1
    return (
        passage.in_sentence(behind, passage.sentence[at])
        and passage.is_capital(behind)
        and passage.between(at) == " "
        and FOLDED[passage.words[behind]][1] not in NO_NAMES
    )


def _has_a_name(passage: Passage, first: int, last: int) -> bool:
    return any(
        FOLDED[word][1] not in _PORTFOLIOS
        and len(word.rstrip(".")) > 1
        and not word.isupper()
        and word not in _TITLES
        for word in passage.words[first:last]
    )
