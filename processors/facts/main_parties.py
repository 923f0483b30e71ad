"""Who a release's agreements are between where a sentence does not say it. Pure.

A title that joins two countries, the first sentences of a joint statement, or a list of partners.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from processors.facts.countries import Places
from processors.facts.lexicon import grammar
from processors.facts.parties import Chain, chains, joined_countries
from processors.facts.passage import Passage

JOINT = frozenset({"joint statement", "joint declaration", "exchange of letters"})
"""Instruments in which governments speak together."""
_FIRST_SENTENCES = 4
_FIRST_WORDS = 120
_SPEAKERS_APART = 16
"""Words between two who speak: an office and a name stand there."""
_TOLD = frozenset({"released", "issued", "made", "delivered"})
_NEAR = 4
_LEAST_LISTED = 3
_LISTED = grammar("agreements")["listed"]
_LISTING = grammar("agreements")["listing"]


@dataclass(frozen=True, slots=True)
class Parties:
    """Names of parties, and the codes of those that are countries."""

    parties: tuple[str, ...]
    codes: frozenset[str]
    listed: bool = False
    """They are the partners of what the title names."""


def main_parties(passages: Sequence[Passage], places: Places) -> Parties | None:
    """Return whom a release is about when it says `the two countries` or `the partners`."""
    return (
        _of_the_title(passages[0], places)
        or _of_the_beginning(passages, places)
        or _of_a_list(passages, places)
    )


def _of_the_title(title: Passage, places: Places) -> Parties | None:
    """Return the parties that a title joins: they are meant by `the two countries`."""
    joined = joined_countries(title, places)
    return None if joined is None else Parties(names_of(joined), codes_of(joined))


def _of_the_beginning(passages: Sequence[Passage], places: Places) -> Parties | None:
    """Return who speaks in a joint statement whose title does not say it."""
    title, text = passages
    if not any(marked.mark.value in JOINT for marked in title.of_kind("instrument")):
        return None
    end = min(text.sentence_end(_FIRST_SENTENCES - 1), _FIRST_WORDS)
    told_by = _told_by(text, end)
    last = end if told_by is None else min(end, text.sentence_end(text.sentence[told_by]))
    for chain in chains(text, told_by or 0, last, places, apart=_SPEAKERS_APART):
        if len(chain.parties) > 1:
            return Parties(names_of(chain), codes_of(chain))
    return None


def _told_by(text: Passage, end: int) -> int | None:
    """Return the `by` of `the statement was released by the Minister of …`."""
    for at in range(1, end):
        if text.words[at] == "by" and text.words[at - 1] in _TOLD:
            return at
    return None


def _of_a_list(passages: Sequence[Passage], places: Places) -> Parties | None:
    """Return the partners that a text lists, of what its title names: `partners include …`."""
    title, text = passages
    if not title.of_kind("instrument") or _LISTED.isdisjoint(text.words):
        return None
    for at, word in enumerate(text.words):
        if word in _LISTED:
            end = _sentence_end(text, at)
            for chain in chains(text, at, end, places)[:1]:
                lead = text.words[at + 1 : chain.first]
                listed = len(lead) <= _NEAR and not _LISTING.isdisjoint(lead)
                if listed and len(chain.parties) >= _LEAST_LISTED:
                    return Parties(names_of(chain), codes_of(chain), listed=True)
    return None


def _sentence_end(passage: Passage, at: int) -> int:
    return min(passage.sentence_end(passage.sentence[at]), at + _FIRST_WORDS)


def names_of(chain: Chain) -> tuple[str, ...]:
    """Return the names of joined parties, in order."""
    return tuple(party.name for party in chain.parties)


def codes_of(chain: Chain) -> frozenset[str]:
    """Return the codes of those that are countries."""
    return frozenset(party.code for party in chain.parties if party.code)
