"""Which of many phrases stand in a text: an automaton over all of them, and what came since.

An automaton (Aho and Corasick, "Efficient string matching", 1975) finds every phrase in one pass
over the text, whatever their number, and can't be changed once it is built: half a second for
179,000 phrases. So a new phrase goes into a small automaton that is built anew in well under a
millisecond, and small ones are merged into larger ones in the background. While one is built the
other threads of the process stand still (ahocorasick_rs 1.0 keeps the interpreter's lock), so
large ones are built seldom.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from operator import itemgetter
from typing import Protocol

from ahocorasick_rs import AhoCorasick

FEW = 256
"""So many new phrases are built anew whenever one is added; of more, a part is made."""

GROWTH = 8
"""A part is merged into one that is less than so many times larger. So a phrase is built into
few automata in its life, and a text is searched with few of them."""


_NUMBER = itemgetter(0)
"""Of a hit: which phrase it is."""

_NOWHERE = "\x00\x00\x00"
"""In place of nothing, which an automaton does not take."""

Written = Callable[[str], str]


class Submit(Protocol):
    """Runs a function elsewhere: `concurrent.futures.Executor.submit`."""

    def __call__(self, build: Callable[[], "_Part"], /) -> "Future[_Part]":
        """Return at once, with the promise of the function's result."""
        ...


class Phrases:
    """A set of phrases that grows. One thread's own; only merging is done elsewhere."""

    def __init__(self, written: Written, submit: Submit | None = None) -> None:
        """Begin empty; `written` gives what is looked for in texts where a phrase is wanted.

        It is found wherever its characters stand; nowhere if there are none. Who wants whole words
        puts a mark on both sides of each, in what is looked for and in the text
        (`alerts.plain.marked`).
        """
        self._written = written
        self._submit = submit or _at_once
        self._known: set[str] = set()
        self._parts: list[_Part] = []
        """Largest first."""
        self._fresh: list[str] = []
        self._delta: _Part | None = None
        self._merging: _Merge | None = None

    def __len__(self) -> int:
        return len(self._known)

    @property
    def parts(self) -> int:
        """How many automata a text is searched with."""
        return len(self._parts) + (self._delta is not None)

    def add(self, phrase: str) -> None:
        """Add a phrase; it is found from the next search on."""
        if phrase not in self._known:
            self._known.add(phrase)
            self._fresh.append(phrase)
            self._delta = None

    def settle(self) -> None:
        """Put new phrases where they are searched for fastest; call it after adding.

        Where they are many beside the rest, as at the start, they are built in at once; else in the
        background, as soon as there are enough.
        """
        self._take_merged()
        if self._merging is None:
            if len(self._fresh) * GROWTH > len(self._known):
                self._begin(_at_once)
                self._take_merged()
            elif len(self._fresh) >= FEW:
                self._begin(self._submit)
        self._build_delta()

    def find(self, text: str) -> set[str]:
        """Return the phrases that stand in a text."""
        self._take_merged()
        self._build_delta()
        found: set[str] = set()
        for part in self._parts if self._delta is None else (*self._parts, self._delta):
            found.update(part.find(text))
        return found

    def _build_delta(self) -> None:
        if self._fresh and self._delta is None:
            self._delta = _Part(self._fresh, self._written)

    def _begin(self, submit: Submit) -> None:
        """Begin to merge the new phrases, and the parts that are not much larger, into one."""
        phrases = tuple(self._fresh)
        kept = len(self._parts)
        while kept and len(self._parts[kept - 1]) < GROWTH * len(phrases):
            kept -= 1
            phrases = (*self._parts[kept].phrases, *phrases)
        if phrases:
            built = submit(lambda: _Part(phrases, self._written))
            self._merging = _Merge(kept, len(self._fresh), built)

    def _take_merged(self) -> None:
        """Put a merged part in the place of what it was made of, if it is ready."""
        merge = self._merging
        if merge is None or not merge.built.done():
            return
        self._merging = None
        self._parts[merge.kept :] = [merge.built.result()]
        del self._fresh[: merge.fresh]
        self._delta = None


class _Part:
    """An automaton over some phrases."""

    __slots__ = ("_automaton", "phrases")

    def __init__(self, phrases: Sequence[str], written: Written) -> None:
        self.phrases = tuple(phrases)
        patterns = (written(phrase) or _NOWHERE for phrase in phrases)
        self._automaton = AhoCorasick(patterns, store_patterns=False)

    def __len__(self) -> int:
        return len(self.phrases)

    def find(self, text: str) -> Iterator[str]:
        hits = self._automaton.find_matches_as_indexes(text, overlapping=True)
        return map(self.phrases.__getitem__, set(map(_NUMBER, hits)))


class _Merge:
    """A part in the making: what it is made of, and the promise of it."""

    __slots__ = ("built", "fresh", "kept")

    def __init__(self, kept: int, fresh: int, built: "Future[_Part]") -> None:
        self.kept = kept
        """Parts before it that stay."""
        self.fresh = fresh
        """New phrases, the oldest, that are in it."""
        self.built = built


def _at_once(build: Callable[[], _Part], /) -> "Future[_Part]":
    done: Future[_Part] = Future()
    done.set_result(build())
    return done
