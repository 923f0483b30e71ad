"""What pairs of words say to some themes, by their numbers: for all pairs of a text at once. Pure.

Learnt as pairs are met: there are no more than phrases tell words apart.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from processors.hits import Hits
from processors.kinds import Pair
from processors.meanings import Context, Meanings
from processors.numbers import Column
from processors.scan import Scan

MAX_SPAN_CHARS = 200
"""A longer match is none: evidence has to fit into a message. No two neighbours are as long."""


class Sayings:
    """What pairs say, each in a column by the pair's number."""

    def __init__(self) -> None:
        self._begins, self._counts = Column(np.int32), Column(np.int32)
        """Which of the following it says."""
        self._meanings, self._words = Column(np.int32), Column(np.int8)
        """What each means, and of how many words it is."""
        self._contexts: list[frozenset[Context]] = []
        self._has_contexts = Column(np.bool_)

    def learn(self, pairs: Sequence[Pair[Meanings]]) -> None:
        """Learn what pairs say that were not known before; the known ones are the first of them."""
        for pair in pairs[len(self._contexts) :]:
            said = [(number, words) for what, words in pair.whole for number in what.numbers]
            contexts = frozenset(one for what, _words in pair.whole for one in what.contexts)
            self._begins.add(len(self._meanings))
            self._counts.add(len(said))
            self._meanings.add(*(number for number, _words in said))
            self._words.add(*(words for _number, words in said))
            self._contexts.append(contexts)
            self._has_contexts.add(bool(contexts))

    def hits(self, scan: Scan[Meanings]) -> Hits:
        """Return all that a text says: what pairs say by place, and longer phrases behind that."""
        counts = self._counts.all.take(scan.pairs)
        behind = counts.cumsum()
        # Where what each pair says begins, less how much comes before it, is told to all of it.
        shift = (self._begins.all.take(scan.pairs) - behind + counts).repeat(counts)
        said = shift + np.arange(len(shift))
        firsts = scan.places.repeat(counts)
        hits = Hits(
            firsts,
            firsts + self._words.all.take(said),
            self._meanings.all.take(said).astype(np.int64),
        )
        others = [
            (first, last, number) for what, first, last in scan.others for number in what.numbers
        ]
        if not others:
            return hits
        longer = Hits(*np.array(others, np.int64).T)
        chars = scan.words.ends.take(longer.lasts - 1) - scan.words.starts.take(longer.firsts)
        return hits.and_(longer.take(np.flatnonzero(chars <= MAX_SPAN_CHARS)))

    def contexts(self, scan: Scan[Meanings]) -> Iterator[tuple[int, Iterable[Context]]]:
        """Yield the words at which contexts begin, and which."""
        at = np.flatnonzero(self._has_contexts.all.take(scan.pairs))
        for place, pair in zip(scan.places[at].tolist(), scan.pairs[at].tolist(), strict=True):
            yield place, self._contexts[pair]
        for what, first, _last in scan.others:
            if what.contexts:
                yield first, what.contexts
