"""Which terms of a theme stand in a release, and which of them count. Pure.

What is boilerplate does not count, what asks for a context counts only beside it, of matches that
overlap one counts, and of a term no more than its most. All of it is told by words; where those
begin in the text is looked up for what is shown.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import chain
from operator import itemgetter
from typing import NamedTuple

from processors.cut import Cut
from processors.fields import Field, Read
from processors.meanings import Context, Meaning, Worth
from processors.sayings import Sayings
from processors.themes.terms import Place, Term

MAX_EVIDENCE = 60
"""Spans a theme; of more, the heaviest count and the rest does not."""

MAX_SPAN_CHARS = 200
"""A longer match is none: evidence has to fit into a message. No two neighbours are as long."""

Hit = tuple[int, int, Meaning]
"""The words `[first, last)`, and what they mean to a theme."""

Counted = tuple[Read, int, int, Meaning, Worth]
"""A field, its words `[first, last)`, what they mean, and what that adds."""

_FIRST = itemgetter(0)
_NONE: frozenset[Context] = frozenset()


class Match(NamedTuple):
    """A term, or an exclusion, at a place in a field."""

    term: Term | None
    field: Field
    place: Place
    start: int
    end: int
    weight: float
    most: int
    """So many of the term count at this place."""


def hits_of(
    read: Read, sayings: Sayings, wanted: Iterable[int], themes: int
) -> list[list[Hit] | None]:
    """Return what stands in a field by theme's number, by place and none over another.

    Of so many themes those `wanted`; None for the others.
    """
    found: list[list[Hit] | None] = [None] * themes
    mask = 0
    for theme in wanted:
        found[theme] = []
        mask |= 1 << theme
    contexts = _Contexts(read, sayings, mask)
    for at, said in sayings.about(read.scan.places, read.scan.pairs, mask):
        for theme, words, asks, meaning in said.terms:
            hits = found[theme]
            if hits is not None and not (asks and not contexts.allow(at, meaning)):
                hits.append((at, at + words, meaning))
    unordered = _add_others(read, found, mask, contexts)
    for theme in wanted:
        hits = found[theme]
        if hits:
            if read.hidden:
                hits = [hit for hit in hits if hit[0] not in read.hidden]
            if theme in unordered:
                hits.sort(key=_FIRST)
            found[theme] = _apart(hits, read.scan.words)
    return found


def counted(fields: Iterable[tuple[Read, list[Hit] | None]]) -> list[Counted]:
    """Return what adds something to a theme: with a weight, and not beyond its term's most."""
    kept: list[Counted] = []
    times: dict[Worth, int] = {}
    for read, hits in fields:
        for place, some in _by_place(read, hits or []):
            for first, last, meaning in some:
                worth = meaning.worths[place]
                if meaning.quoted and read.is_quoted(first):
                    worth = meaning.worths["quote"]
                if worth is not None:
                    before = times.get(worth, 0)
                    if before < worth.most:
                        times[worth] = before + 1
                        kept.append((read, first, last, meaning, worth))
    if len(kept) > MAX_EVIDENCE:
        heaviest = sorted(range(len(kept)), key=lambda at: -abs(kept[at][4].weight))
        kept = [kept[at] for at in sorted(heaviest[:MAX_EVIDENCE])]
    return kept


def _by_place(read: Read, hits: list[Hit]) -> Iterator[tuple[Place, list[Hit]]]:
    early, late = read.places
    leads = bisect_left(hits, read.lead, key=_FIRST)
    yield early, hits[:leads]
    yield late, hits[leads:]


def as_match(one: Counted) -> Match:
    """Return what counts with its place in the text."""
    read, first, last, meaning, worth = one
    start, end = read.scan.words.span(first, last)
    return Match(meaning.term, read.field, worth.place, start, end, worth.weight, worth.most)


def all_matches(fields: Iterable[tuple[Read, list[Hit] | None]]) -> Iterator[Match]:
    """Yield what counts and what does not: exclusions too, and what is beyond its term's most."""
    for read, hits in fields:
        early, late = read.places
        for first, last, meaning in hits or ():
            place: Place = early if first < read.lead else late
            if meaning.quoted and read.is_quoted(first):
                place = "quote"
            worth = meaning.worths[place] or Worth(place, 0.0, 1)
            yield as_match((read, first, last, meaning, worth))


def _add_others(
    read: Read, found: list[list[Hit] | None], mask: int, contexts: "_Contexts"
) -> set[int]:
    """Add the longer phrases of the themes in a mask; return whose they are.

    They stand in no order with the rest.
    """
    unordered = set()
    for what, first, last in read.scan.others:
        if not what.mask & mask or read.scan.words.chars(first, last) > MAX_SPAN_CHARS:
            continue
        for meaning in what.terms:
            hits = found[meaning.theme]
            if hits is not None and not (meaning.asks and not contexts.allow(first, meaning)):
                hits.append((first, last, meaning))
                unordered.add(meaning.theme)
    return unordered


class _Contexts:
    """The contexts that stand in a field, by sentence: read once some term asks for one."""

    def __init__(self, read: Read, sayings: Sayings, mask: int) -> None:
        self._read = read
        self._sayings = sayings
        self._mask = mask
        """Of the themes whose contexts are asked for."""

    def allow(self, word: int, meaning: Meaning) -> bool:
        """Tell whether the contexts that a term asks for, or shuns, are as it wants them."""
        known = self._by_sentence
        beside = known.get(self._read.scan.words.sentence_of(word), _NONE) if known else _NONE
        near, unless = meaning.near, meaning.unless
        return (near is None or near in beside) and (unless is None or unless not in beside)

    @cached_property
    def _by_sentence(self) -> dict[int, set[Context]]:
        read = self._read
        found: dict[int, set[Context]] = {}
        scan = read.scan
        said = self._sayings.contexts(scan.places, scan.pairs, self._mask)
        pairs = ((at, one.contexts) for at, one in said)
        others = ((first, what.contexts) for what, first, _last in scan.others)
        for at, contexts in chain(pairs, others):
            if contexts and at not in read.hidden:
                sentence = read.scan.words.sentence_of(at)
                found.setdefault(sentence, set()).update(contexts)
        return found


def _apart(hits: list[Hit], words: Cut) -> list[Hit]:
    """Return what stays where hits overlap; mostly none do."""
    kept: list[Hit] = []
    beside: list[Hit] = []
    end = 0
    for hit in hits:
        if hit[0] < end:
            if not beside:
                beside.append(kept.pop())
            beside.append(hit)
        else:
            if beside:
                kept += _best(beside, words)
                beside = []
            kept.append(hit)
        if hit[1] > end:
            end = hit[1]
    return kept + _best(beside, words) if beside else kept


def _best(hits: list[Hit], words: Cut) -> list[Hit]:
    """Return the hits that stay of some that overlap.

    Exclusions win, then what was written by hand, then the longest, then what the theme has first.
    """

    def precedence(hit: Hit) -> tuple[int, int, int, int]:
        first, last, meaning = hit
        # Weights have no say in it, or a fitting would change what it counts.
        return meaning.rank, -words.chars(first, last), meaning.order, first

    kept: list[Hit] = []
    taken: set[int] = set()
    for hit in sorted(hits, key=precedence):
        span = range(hit[0], hit[1])
        if taken.isdisjoint(span):
            taken.update(span)
            kept.append(hit)
    kept.sort(key=_FIRST)
    return kept
