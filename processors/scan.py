"""Finding many phrases in a text at once. Pure.

Each word of a text is looked up once, and each pair of neighbours (processors/kinds.py): that says
which phrases are there, and where one may go on behind a gap, a name or a third word. A text takes
time in proportion to its length, and little more for many phrases than for few.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, compress, count
from operator import attrgetter, itemgetter
from typing import Generic, TypeVar

from processors.kinds import KEPT_WORDS, Ahead, Choices, Kind, Kinds, Name, Pair, Steps
from processors.pattern import Lists, Phrase
from processors.words import Words, words_of

T = TypeVar("T")
Found = tuple[T, int, int]
"""A phrase in a text: what it was given with, and the words `[first, last)` that it is."""

_ALONE = attrgetter("alone")
_OPEN = attrgetter("open")
_FIRST = itemgetter(1)
_NUMBER = attrgetter("number")


@dataclass(frozen=True, slots=True)
class Scan(Generic[T]):
    """A text, and every phrase in it."""

    words: Words
    places: list[int]
    """The words at which phrases begin that need no looking further, in order …"""
    pairs: "list[Pair[T]]"
    """… and at each of them which."""
    others: list[Found[T]]
    """All other phrases, by where they begin."""

    def found(self) -> list[Found[T]]:
        """Return every phrase once; those that are others last."""
        found = [
            (what, at, at + length)
            for at, pair in zip(self.places, self.pairs, strict=True)
            for what, length in pair.whole
        ]
        return found + self.others

    def before(self, word: int) -> int:
        """Return how many of the pairs stand before a word."""
        return bisect_left(self.places, word)


class Scanner(Generic[T]):
    """Finds phrases, each given with what it stands for."""

    def __init__(
        self,
        phrases: Iterable[tuple[Phrase, T]],
        lists: Lists,
        *,
        kept_words: int = KEPT_WORDS,
    ) -> None:
        self._kinds: Kinds[T] = Kinds(phrases, lists, kept_words=kept_words)

    def scan(self, text: str) -> tuple[Words, list[Found[T]]]:
        """Return the text's words, and every phrase in it by where it begins."""
        read = self.read(text)
        return read.words, sorted(read.found(), key=_FIRST)

    def read(self, text: str) -> Scan[T]:
        """Return a text with every phrase in it, as cheaply as can be."""
        words = words_of(text)
        kinds = list(map(self._kinds.__getitem__, words.words))
        means = list(map(dict.get, kinds, kinds[1:], map(_ALONE, kinds)))
        if kinds:
            means.append(kinds[-1].last)
        for at in words.breaks:
            means[at - 1] = kinds[at - 1].last
        places = list(compress(count(), means))
        pairs: list[Pair[T]] = list(filter(None, means))
        others: list[Found[T]] = []
        text_ = _Text(kinds, words.breaks)
        opens = list(map(_OPEN, pairs))
        for at, pair in zip(compress(places, opens), compress(pairs, opens), strict=True):
            near, far = pair.near, pair.far
            if (
                (far and not far.fertile.isdisjoint(kinds[at + 1 : at + 1 + far.reach]))
                or pair.unsure
                or (near and not near.fertile.isdisjoint(kinds[at + 2 : at + 2 + near.reach]))
            ):
                text_.look_further(pair, at, at + 1, text_.end(at), others)
        return Scan(words, places, pairs, others)


@dataclass(frozen=True, slots=True)
class _Text(Generic[T]):
    """The words of a text as kinds, in which phrases are followed word by word."""

    kinds: list[Kind[T]]
    breaks: list[int]

    def end(self, word: int) -> int:
        """Return the first word behind a word's sentence."""
        after = bisect_right(self.breaks, word)
        return self.breaks[after] if after < len(self.breaks) else len(self.kinds)

    def look_further(
        self, pair: Pair[T], at: int, after: int, end: int, found: list[Found[T]]
    ) -> None:
        """Add the phrases whose first step is the words `[at, after)`, and that go on to `end`."""
        if pair.near is not None:
            kind = self.kinds[after]
            for rule in pair.near.rules:
                last = self._last(rule.rest, 0, kind, after, end)
                if last:
                    found.append((rule.what, at, last))
        if pair.far is not None:
            self._far(pair.far, at, after, end, found)
        if pair.named:
            self._named(at, end, found)

    def _far(self, far: Ahead[T], at: int, after: int, end: int, found: list[Found[T]]) -> None:
        """Add the phrases whose second word stands somewhere in the words behind `after`."""
        second = far.fertile.intersection(self.kinds[after : min(after + far.reach, end)])
        going = [far.going_on.get(kind) or far.learn(kind) for kind in second]
        several = len(going) > 1
        for rule in sorted(set().union(*going), key=_NUMBER) if several else chain(*going):
            last = self._follow(rule.rest, 0, after, end)
            if last:
                found.append((rule.what, at, last))

    def _named(self, at: int, end: int, found: list[Found[T]]) -> None:
        """Add the phrases that begin with a name of several words."""
        name = self._name(self.kinds[at], at, end)
        if name is None:
            return
        after = at + 1 + len(name.rest)
        kind = name.kind
        pair = kind.get(self.kinds[after], kind.alone) if after < end else kind.last
        if pair is None:
            return
        found += [(what, at, after + length - 1) for what, length in pair.whole]
        self.look_further(pair, at, after, end, found)

    def _name(self, kind: Kind[T], at: int, end: int) -> Name[T] | None:
        """Return the longest name that begins at `at`: `United` of `United Kingdom`."""
        for name in kind.names:
            last = at + len(name.rest)
            after = self.kinds[at + 1 : last + 1]
            if tuple([one.inside for one in after]) == name.rest:
                return name if last < end else None
        return None

    def _follow(self, rest: Steps, step: int, at: int, end: int) -> int:
        """Return where a phrase ends whose next step is to stand at `at`, or 0 if it does not."""
        gap, choices = rest[step]
        for place, kind in enumerate(self.kinds[at : min(at + gap + 1, end)], start=at):
            if not choices.isdisjoint(kind.may_be):
                last = self._last(rest, step, kind, place, end)
                if last:
                    return last
        return 0

    def _last(self, rest: Steps, step: int, kind: Kind[T], at: int, end: int) -> int:
        """Return where a phrase ends one of whose steps stands at `at`, or 0 if it does not."""
        for after in self._ends(kind, rest[step][1], at, end):
            if step + 1 == len(rest):
                return after
            last = self._follow(rest, step + 1, after, end)
            if last:
                return last
        return 0

    def _ends(self, kind: Kind[T], choices: Choices, at: int, end: int) -> tuple[int, ...]:
        """Return behind which words a step can end that begins at `at`: a name's, the word's."""
        alone = not choices.isdisjoint(kind.choices)
        if kind.names:
            name = self._name(kind, at, end)
            if name is not None and not choices.isdisjoint(name.choices):
                after = at + 1 + len(name.rest)
                return (after, at + 1) if alone else (after,)
        return (at + 1,) if alone else ()
