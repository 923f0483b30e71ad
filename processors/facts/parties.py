"""Who does something together: countries and bodies that a sentence joins. Pure.

`the UK and Türkiye`, `U.S.-Japan`, `between the UK and Turkish authorities`.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from processors.facts.countries import Places
from processors.facts.lexicon import COUNTRY_NAMES, grammar
from processors.facts.passage import Passage

_MAX_JOINED = 9
"""Words between two that are joined by `and`: the UK Home Secretary and the Turkish minister."""
_MAX_LISTED = 2

_WORDS = grammar("parties")
_ACTS = _WORDS["acts"]
_ABOUT = _WORDS["about"]
_STATES = _WORDS["states"]
_BYLINES = 4
_LEAST_WORDS = 8
"""Fewer words at the beginning are a byline: `Office of the Spokesperson`."""


class Party(NamedTuple):
    """A country or a body named at the words `[first, last)`."""

    name: str
    code: str | None
    first: int
    last: int
    local: bool = False
    """The government of a town or a county."""


class Chain(NamedTuple):
    """Parties that stand joined, each once."""

    parties: tuple[Party, ...]
    first: int
    last: int


def chains(
    passage: Passage,
    first: int,
    last: int,
    places: Places,
    *,
    bodies: bool = False,
    apart: int = _MAX_JOINED,
) -> list[Chain]:
    """Return the parties in the words `[first, last)`, those that are joined together.

    Departments and agencies count with `bodies`, organisations of states always. At most so many
    words as `apart` stand between two.
    """
    found = [
        party
        for party in _parties(passage, first, last, places)
        if bodies or party.code or passage.covered[party.first].mark.international
    ]
    if bodies:  # the `U.S.` of `U.S. Department of State` is no party beside it
        behind = {party.first for party in found if party.code is None}
        found = [party for party in found if not (party.code and party.last in behind)]
    groups: list[list[Party]] = [[party] for party in found[:1]]
    for before, after in pairwise(found):
        if _joined(passage, before, after, apart):
            groups[-1].append(after)
        else:
            groups.append([after])
    return [_chain(group) for group in groups]


def acting(passage: Passage, places: Places) -> frozenset[str]:
    """Return the codes of countries that meet, talk or work together in the first sentence.

    What the talks were about does not count: countries named behind `discussed` are not parties.
    """
    first, last = _first_sentence(passage)
    joined = joined_countries(passage, places) if passage.field == "title" else None
    together = {party.code for party in joined.parties if party.code} if joined else set()
    words = list(map(str.lower, passage.words[first:last]))
    if _ACTS.isdisjoint(words):
        return frozenset(together)
    acts = [
        at
        for at, word in enumerate(words, first)
        if word in _ACTS and not _is_of_a_name(passage, at)
    ]
    if not acts:
        return frozenset(together)
    about = (at for at, word in enumerate(words, first) if word in _ABOUT and at > acts[0])
    end = next(about, last)
    codes = {code for _, code in places.within(passage, first, end)}
    if first and len(codes) < 2:  # behind a byline, one alone is who speaks or is spoken of
        return frozenset(together)
    return frozenset(together | codes)


def _is_of_a_name(passage: Passage, at: int) -> bool:
    """Tell whether a word is of a name: the Organisation of Islamic Cooperation, its Minister."""
    return at in passage.covered or (
        at > 1 and passage.words[at - 1] == "of" and passage.is_capital(at - 2)
    )


def _first_sentence(passage: Passage) -> tuple[int, int]:
    """Return the words of the first sentence that is no byline on a line of its own."""
    first, last = 0, 0
    for sentence in range(_BYLINES):
        first, last = last, max(last, passage.sentence_end(sentence))
        alone = last < len(passage.words) and last > 0 and "\n" in passage.between(last - 1)
        if last - first >= _LEAST_WORDS or not alone:
            break
    return first, last


def joined_countries(title: Passage, places: Places) -> Chain | None:
    """Return the first countries that a title joins, or None: `UK and Ghana`, `U.S.-Japan`."""
    for chain in chains(title, 0, len(title.words), places):
        if len(chain.parties) > 1 and all(party.code for party in chain.parties):
            return chain
    return None


def _parties(passage: Passage, first: int, last: int, places: Places) -> Iterator[Party]:
    for marked in passage.names_in(first, last):
        if marked.mark.kind == "organisation":
            yield Party(marked.mark.value, None, marked.first, marked.last)
        else:
            code = places.code(passage, marked)
            if code:
                yield Party(COUNTRY_NAMES[code], code, marked.first, marked.last)


def _joined(passage: Passage, before: Party, after: Party, apart: int) -> bool:
    """Tell whether `and`, a comma or a hyphen joins two that stand close together."""
    if after.first - before.last > apart:
        return False
    between = [word.lower() for word in passage.words[before.last : after.first]]
    gap = passage.text[passage.ends[before.last - 1] : passage.starts[after.first]]
    if gap.strip(" \xa0") in {"-", "–", "‑", "/", "+"}:
        return True
    if {"and", "&"} & set(between) or "&" in gap:
        return not {"with", "to", "in", "on", "against", "for"} & set(between)
    own = [word for word in between if word not in _STATES]
    return gap.lstrip().startswith(",") and len(own) <= _MAX_LISTED


def _chain(group: Sequence[Party]) -> Chain:
    once = {party.name: party for party in reversed(group)}
    parties = tuple(sorted(once.values(), key=lambda party: party.first))
    return Chain(parties, group[0].first, group[-1].last)
