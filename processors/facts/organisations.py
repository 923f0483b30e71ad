"""Which departments, agencies and international organisations a release names. Pure.

Those of organisations.toml are known by every name they have; others are found by the shape of
their names: `Ministry of …`, `Turkish National Police`. They are named as written.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from despatch.facts import MAX_NAME_CHARS
from processors.facts.gather import Gathered, Row
from processors.facts.lexicon import grammar, word_set
from processors.facts.passage import Marked, Passage
from processors.facts.table import FOLDED

_MAX_WORDS = 9
_MAX_BEFORE = 5
_KEPT_NAMES = 4_096
_PORTFOLIOS = word_set("portfolios")
_WORDS = grammar("organisations")
_OFFICES = frozenset(word.capitalize() for word in word_set("offices") if " " not in word)
_LAST_WORDS = word_set("bodies_after")
_JOINS = _WORDS["joins"]
_SMALL = _WORDS["small"]
_STARTS = _WORDS["starts"]


def find_organisations(passages: Sequence[Passage]) -> list[Row]:
    """Return the organisations that the passages name, in order."""
    found = Gathered()
    for passage in passages:
        for first, last, name in sorted(named_organisations(passage)):
            key = fold_name(name)
            if found.wants(key):
                found.add(key, {"name": name}, passage.span(first, last))
    return found.rows()


@lru_cache(_KEPT_NAMES)
def fold_name(name: str) -> str:
    """Return a name without its case, accents and article: what tells organisations apart."""
    return " ".join(FOLDED[word][0] for word in name.removeprefix("the ").split())


def named_organisations(passage: Passage) -> Iterator[tuple[int, int, str]]:
    """Yield the words `[first, last)` of each body that is named, and the name that facts give."""
    for marked in passage.of_kind("organisation"):
        yield marked.first, marked.last, marked.mark.value
    free = 0
    title_case = passage.in_title_case
    for marked in passage.of_kind("body"):
        if marked.first < free or not passage.is_capital(marked.first):
            continue
        found = _shaped(passage, marked, title_case)
        if found and not _goes_on(passage, found[1]):
            free = found[1]
            name = passage.written(*found)
            if len(name) <= MAX_NAME_CHARS:
                yield *found, name


def _goes_on(passage: Passage, at: int) -> bool:
    """Tell whether a longer name stands here: `Foreign Service` of `Foreign Service Institute`."""
    return (
        passage.in_sentence(at, passage.sentence[at - 1])
        and passage.between(at - 1) == " "
        and passage.words[at] in _LAST_WORDS
    )


def _shaped(passage: Passage, marked: Marked, title_case: bool) -> tuple[int, int] | None:
    """Return the words of a name that has the shape of a body's, or None."""
    if marked.mark.value != "after":
        last = _after(passage, marked)
        if last:
            return _named_before(passage, marked.first), last
    if marked.mark.value == "of" or title_case:
        return None
    first = _from(passage, marked.first)
    first, last = _trimmed(passage, first, marked.first), marked.last
    return (first, last) if first < marked.first else None


def _named_before(passage: Passage, head: int) -> int:
    """Return where a name begins that goes on behind `head`.

    At `Turkish` of `Turkish Ministry of …`, at `District` of `District Court for …`.
    """
    first = _from(passage, head)
    name = passage.covered.get(first)
    of_a_country = name is not None and name.mark.kind == "country"
    return first if of_a_country or passage.words[head] == "Court" else head


def _after(passage: Passage, marked: Marked) -> int:
    """Return where `Ministry of Foreign Affairs` ends, or 0 if nothing that is named follows."""
    here, at, end = passage.sentence[marked.first], marked.last, 0
    if not (passage.in_sentence(at, here) and passage.words[at] in _JOINS):
        return 0
    while passage.in_sentence(at, here) and at - marked.first < _MAX_WORDS:
        word, gap = passage.words[at], passage.between(at - 1)
        portfolio = FOLDED[word][1] in _PORTFOLIOS and word not in _LAST_WORDS
        if gap.strip(" \xa0\n-–&") and not (gap.strip() == "," and end and portfolio):
            break
        if passage.is_capital(at):
            known = portfolio or at in passage.covered
            if FOLDED[word][1] in _OFFICES or (passage.words[at - 1] == "and" and not known):
                break
            end = at + 1
            country = passage.covered.get(at)
            if country is not None and country.last == end and end > marked.last + 2:
                break  # `Ministry of Defence of Ghana`
            if FOLDED[word][1] != word.rstrip("."):  # a possessive ends a name
                break
        elif word not in _SMALL or (end and word == "the"):
            break
        at += 1
    name = passage.covered.get(end - 1)
    bare = name is not None and passage.words[end - 2] == "the" and passage.words[end - 1].isupper()
    return 0 if bare or passage.words[end - 1] == "U.S." else end


def _from(passage: Passage, head: int) -> int:
    """Return where the capitals before the last word of a name begin."""
    here, at = passage.sentence[head], head
    while at > 0 and head - at < _MAX_BEFORE and passage.in_sentence(at - 1, here):
        gap, word = passage.between(at - 1), passage.words[at - 1]
        if gap.strip(" \xa0\n-&") or word.endswith(("'s", "’s")):
            break
        marked = passage.covered.get(at - 1)
        if marked is not None and marked.mark.kind == "organisation":
            return marked.first if at < head else at  # Coast Guard Investigative Service
        named = passage.is_capital(at - 1) and word not in _STARTS
        if not named and not (word == "and" and at < head and _joins(passage, at - 1)):
            break
        at -= 1
    while at < head and passage.words[at] in _SMALL:
        at += 1
    return at


def _joins(passage: Passage, at: int) -> bool:
    """Tell whether `and` is part of a name: not between two bodies."""
    before = at - 1
    return before >= 0 and passage.is_capital(before) and passage.words[before] not in _LAST_WORDS


def _trimmed(passage: Passage, first: int, head: int) -> int:
    """Return where a name begins: a country alone before the last word makes no name."""
    marked = passage.covered.get(first)
    alone = marked is not None and marked.mark.kind == "country" and marked.last >= head
    return (
        head if alone and FOLDED[passage.words[head]][1] not in {"Government", "Embassy"} else first
    )
