"""Which terms of some themes stand in a release, and which of them count. Pure.

What is boilerplate does not count, what asks for a context counts only beside it, of matches that
overlap one counts, and of a term no more than its most. All of it is told by words, of all hits of
all themes at once; where those begin in the text is looked up for what is shown.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from processors.cut import Cut, Places
from processors.fields import Field, Read
from processors.hits import Hits
from processors.meanings import Context, Meaning
from processors.numbers import runs
from processors.sayings import Sayings
from processors.themes.terms import PLACES, Place, Term
from processors.worths import QUOTE, Worths

MAX_EVIDENCE = 60
"""Spans a theme; of more, the heaviest count and the rest does not."""

_FIELDS = np.array(get_args(Field), np.object_)
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


class Shown(NamedTuple):
    """Where some matches stand, what they say and what they add: a list of each."""

    fields: list[Field]
    starts: list[int]
    ends: list[int]
    """In the field, as characters."""
    texts: list[str]
    weights: list[float]

    def part(self, those: slice) -> "Shown":
        """Return some that follow each other."""
        fields, starts, ends, texts, weights = self
        places = starts[those], ends[those]
        return Shown(fields[those], *places, texts[those], weights[those])


NOTHING = Shown([], [], [], [], [])


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands for themes in a release: theme by theme, by place, none over another."""

    read: Read
    hits: Hits
    themes: Places
    """Of each hit, as its number …"""
    worths: Places
    """… and what it is worth at its place, as the number of that."""

    def take(self, which: Places) -> "Standing":
        """Return some of it, in the order asked for."""
        hits, themes = self.hits.take(which), self.themes.take(which)
        return Standing(self.read, hits, themes, self.worths.take(which))

    def by_theme(self, numbers: Sequence[int]) -> list[slice]:
        """Return which stand for each of some themes."""
        begins = self.themes.searchsorted(numbers).tolist()
        ends = self.themes.searchsorted(numbers, "right").tolist()
        return list(map(slice, begins, ends))


def standing(
    read: Read, found: Hits, sayings: Sayings, worths: Worths, wanted: NDArray[np.bool_]
) -> Standing:
    """Return what stands for the themes wanted, of what was found: exclusions too."""
    themes = worths.themes.take(found.meanings)
    which = _allowed(read, found, sayings, worths, wanted.take(themes))
    # A theme's hits come behind those of the one before it, as if its text did.
    begins = (themes * (len(read.scan.words) + 1) + found.firsts).take(which)
    order = begins.argsort(kind="stable")
    begins, which = begins.take(order), which.take(order)
    hits = found.take(which)
    furthest = np.maximum.accumulate(begins + (hits.lasts - hits.firsts))
    over = np.flatnonzero(begins[1:] < furthest[:-1]) + 1
    if over.size:
        stay = _stay(read.scan.words, hits, worths, over)
        hits, which = hits.take(stay), which.take(stay)
    places = _places(read, hits, worths)
    return Standing(read, hits, themes.take(which), worths.of(hits.meanings, places))


def counted(standing: Standing, worths: Worths) -> Standing:
    """Return what adds something to a theme: with a weight, and not beyond its term's most."""
    weighs = np.flatnonzero(worths.weights.take(standing.worths))
    worth = standing.worths.take(weighs)
    order = worth.argsort(kind="stable")
    alike = worth.take(order)
    begins, times = runs(alike)
    nth = np.arange(len(alike)) - begins.repeat(times)
    kept = weighs.take(order[nth < worths.most.take(alike)])
    kept.sort()
    return _heaviest(standing.take(kept), worths)


def shown(standing: Standing, worths: Worths) -> Shown:
    """Return what can be shown of it."""
    hits, read, words = standing.hits, standing.read, standing.read.scan.words
    starts, ends = words.starts.take(hits.firsts), words.ends.take(hits.lasts - 1)
    places = zip(starts.tolist(), ends.tolist(), strict=True)
    texts = [words.text[start:end] for start, end in places]
    in_text = hits.firsts >= read.title
    before = in_text * read.text_at
    return Shown(
        _FIELDS.take(in_text).tolist(),
        (starts - before).tolist(),
        (ends - before).tolist(),
        texts,
        worths.weights.take(standing.worths).tolist(),
    )


def matches(standing: Standing, worths: Worths) -> list[Match]:
    """Return each as what it is, with what it is worth: exclusions nothing."""
    one = shown(standing, worths)
    terms = [worths.meanings[number].term for number in standing.hits.meanings.tolist()]
    places = [PLACES[worth % len(PLACES)] for worth in standing.worths.tolist()]
    most = worths.most.take(standing.worths).tolist()
    return list(map(Match, terms, one.fields, places, one.starts, one.ends, one.weights, most))


def _heaviest(counted: Standing, worths: Worths) -> Standing:
    """Return what is shown of it: no more than `MAX_EVIDENCE` a theme."""
    many = np.flatnonzero(np.bincount(counted.themes) > MAX_EVIDENCE)
    if not many.size:
        return counted
    stays = np.ones(len(counted.themes), np.bool_)
    weights = np.abs(worths.weights.take(counted.worths))
    for theme in many.tolist():
        those = np.flatnonzero(counted.themes == theme)
        by_weight = (-weights.take(those)).argsort(kind="stable")
        stays[those.take(by_weight[MAX_EVIDENCE:])] = False
    return counted.take(np.flatnonzero(stays))


def _allowed(
    read: Read, found: Hits, sayings: Sayings, worths: Worths, counts: NDArray[np.bool_]
) -> Places:
    """Return which hits stand in no boilerplate, and beside the contexts that they ask for.

    Of all hits it is given whether they count otherwise.
    """
    if read.hidden is not None:
        counts &= ~read.hidden.take(found.firsts)
    asking = np.flatnonzero(counts & worths.asks.take(found.meanings))
    if asking.size:
        counts[asking] = _beside(read, found.take(asking), sayings, worths)
    return np.flatnonzero(counts)


def _places(read: Read, hits: Hits, worths: Worths) -> Places:
    """Return where hits stand, as numbers in `PLACES`; in a quote only what weighs there."""
    places = read.places(hits.firsts)
    for at in np.flatnonzero(worths.quoted.take(hits.meanings)).tolist():
        if read.is_quoted(int(hits.firsts[at])):
            places[at] = QUOTE
    return places


def _beside(read: Read, asking: Hits, sayings: Sayings, worths: Worths) -> list[bool]:
    """Tell of hits that ask for a context, or shun one, whether it is as they want it."""
    words = read.scan.words
    there: dict[int, set[Context]] = {}
    for at, contexts in sayings.contexts(read.scan):
        if read.hidden is None or not read.hidden[at]:
            there.setdefault(words.sentence_of(at), set()).update(contexts)

    def as_wanted(word: int, meaning: Meaning) -> bool:
        beside = there.get(words.sentence_of(word), _NONE)
        near, unless = meaning.near, meaning.unless
        return (near is None or near in beside) and (unless is None or unless not in beside)

    meanings = map(worths.meanings.__getitem__, asking.meanings.tolist())
    return list(map(as_wanted, asking.firsts.tolist(), meanings))


def _stay(words: Cut, hits: Hits, worths: Worths, over: Places) -> Places:
    """Return which hits stay where some, whose numbers are given, lie over those before them."""
    precedence = _precedence(words, hits, worths)
    lies_over = np.zeros(len(hits.firsts) + 1, np.bool_)
    lies_over[over] = True
    stays = np.ones(len(hits.firsts), np.bool_)
    alone = ~lies_over.take(over - 1) & ~lies_over.take(over + 1)
    twos = over[alone]  # where two lie over each other, as nearly everywhere, one of them goes
    stays[twos - (precedence.take(twos) < precedence.take(twos - 1))] = False
    for some in _joined(over[~alone].tolist()):
        firsts, lasts = hits.firsts[some].tolist(), hits.lasts[some].tolist()
        taken: set[int] = set()
        for at in precedence[some].argsort(kind="stable").tolist():
            span = range(firsts[at], lasts[at])
            if taken.isdisjoint(span):
                taken.update(span)
            else:
                stays[some.start + at] = False
    return np.flatnonzero(stays)


def _joined(over: Sequence[int]) -> Iterator[slice]:
    """Yield the hits that lie over each other, from those that lie over the one before."""
    begin = end = 0
    for at in over:
        if at > end:
            if end:
                yield slice(begin, end)
            begin = at - 1
        end = at + 1
    if end:
        yield slice(begin, end)


def _precedence(words: Cut, hits: Hits, worths: Worths) -> Places:
    """Return numbers by which hits go before others: the lower first.

    Exclusions win, then what was written by hand, then the longest, then what the theme has first.
    Weights have no say in it, or a fitting would change what it counts.
    """
    chars = words.ends.take(hits.lasts - 1) - words.starts.take(hits.firsts)
    return worths.order.take(hits.meanings) + (
        (worths.rank.take(hits.meanings) << 20) - chars << 20
    )
