"""Which terms of a theme stand in a release, and which of them count. Pure.

What is boilerplate does not count, what asks for a context counts only beside it, of matches that
overlap one counts, and of a term no more than its most.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter
from typing import Literal, NamedTuple

from processors.layout import Layout
from processors.meanings import Context, Meaning, Meanings
from processors.scan import Scan
from processors.themes import Place, Term

MAX_EVIDENCE = 60
"""Spans a theme; of more, the heaviest count and the rest does not."""

MAX_SPAN_CHARS = 200
"""A longer match is none: evidence has to fit into a message."""

Field = Literal["title", "text"]

_START = attrgetter("start")


class Match(NamedTuple):
    """A term, or an exclusion, at a place in a field."""

    term: Term | None
    field: Field
    place: Place
    start: int
    end: int
    weight: float
    order: int
    """Where the term stands in its theme."""
    most: int
    """So many of the term count at this place."""


@dataclass(frozen=True, slots=True)
class Read:
    """A field, and all that stands in it."""

    field: Field
    scan: Scan[Meanings]
    lead: int
    """How many of its words are the lead."""
    layout: Layout

    def place(self, word: int) -> Place:
        """Return where a word stands."""
        if self.field == "title":
            return "title"
        return "lead" if word < self.lead else "body"

    def is_quoted(self, at: int) -> bool:
        """Tell whether a character stands in what somebody says."""
        return self.field == "text" and self.layout.quote_at(at) is not None


def matches_of(fields: Iterable[Read], wanted: int) -> dict[int, list[Match]]:
    """Return by a theme's number what it finds by place, none over another.

    Of the themes of the mask `wanted`; who finds nothing is absent.
    """
    matches: dict[int, list[Match]] = defaultdict(list)
    for one in fields:
        for theme, those in _in_field(one, wanted).items():
            matches[theme] += _apart(those)
    return matches


def counted(matches: Sequence[Match]) -> list[Match]:
    """Return the matches that add something: with a weight, and not beyond their term's most."""
    seen: dict[tuple[int, Place], int] = {}
    kept = []
    for match in matches:
        if match.term is None or not match.weight:
            continue
        key = (match.order, match.place)
        seen[key] = times = seen.get(key, 0) + 1
        if times <= match.most:
            kept.append(match)
    if len(kept) > MAX_EVIDENCE:
        heaviest = sorted(range(len(kept)), key=lambda at: -abs(kept[at].weight))
        kept = [kept[at] for at in sorted(heaviest[:MAX_EVIDENCE])]
    return kept


def _in_field(read: Read, wanted: int) -> dict[int, list[Match]]:
    """Return by theme what stands in a field; some of it may stand over others."""
    matches: dict[int, list[Match]] = defaultdict(list)
    scan = read.scan
    found = [one for one in scan.others if one[0].mask & wanted]
    found += [
        (what, at, at + length)
        for at, pair in zip(scan.places, scan.pairs, strict=True)
        for what, length in pair.whole
        if what.mask & wanted
    ]
    if not found:
        return matches
    words = scan.words
    starts, ends = words.starts, words.ends
    if hidden := _hidden(read):
        found = [one for one in found if one[1] not in hidden]
    contexts: dict[int, set[Context]] = {}
    for what, first, last in found:
        start, end = starts[first], ends[last - 1]
        if end - start > MAX_SPAN_CHARS:
            continue
        stands = read.place(first)
        for meaning in what.terms:
            if not wanted >> meaning.theme & 1:
                continue
            if meaning.asks:
                here = words.sentence[first]
                if here not in contexts:
                    contexts[here] = _contexts(scan, first, hidden)
                if not _allow(meaning, contexts[here]):
                    continue
            place: Place = "quote" if meaning.quoted and read.is_quoted(start) else stands
            weight = meaning.weights[place]
            most = meaning.most[place]
            matches[meaning.theme].append(
                Match(meaning.term, read.field, place, start, end, weight, meaning.order, most)
            )
    return matches


def _hidden(read: Read) -> set[int]:
    """Return the words that stand in contacts, footers, notices: a release is not about those."""
    if read.field == "title":
        return set()
    starts = read.scan.words.starts
    hidden: set[int] = set()
    for one in read.layout.boilerplate:
        hidden.update(range(bisect_left(starts, one.start), bisect_left(starts, one.end)))
    return hidden


def _contexts(scan: Scan[Meanings], word: int, hidden: Container[int]) -> set[Context]:
    """Return the contexts that stand in a word's sentence."""
    first, last = scan.words.around(word)
    contexts: set[Context] = set()
    for what, at in scan.between(first, last):
        if what.contexts and at not in hidden:
            contexts |= what.contexts
    return contexts


def _allow(meaning: Meaning, contexts: Container[Context]) -> bool:
    """Tell whether the contexts that a term asks for, or shuns, are as it wants them."""
    if meaning.near is not None and meaning.near not in contexts:
        return False
    return meaning.unless is None or meaning.unless not in contexts


def _apart(matches: list[Match]) -> list[Match]:
    """Return what stays where matches overlap.

    Exclusions win, then what was written by hand, then the longest, then what the theme has first.
    """
    if len(matches) == 1:
        return matches
    matches.sort(key=_START)
    if all(one.end <= other.start for one, other in pairwise(matches)):
        return matches
    matches.sort(key=_precedence)
    taken: set[int] = set()
    kept = []
    for match in matches:
        span = range(match.start, match.end)
        if not taken.isdisjoint(span):
            continue
        taken.update(span)
        kept.append(match)
    kept.sort(key=_START)
    return kept


def _precedence(match: Match) -> tuple[int, int, int, int]:
    """Weights have no say in it, or a fitting would change what it counts."""
    rank = 0 if match.term is None else 2 if match.term.found else 1
    return rank, match.start - match.end, match.order, match.start
