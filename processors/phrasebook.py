"""Which kinds of words and of pairs some phrases tell apart: learnt as words are met. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Generic, TypeVar

import numpy as np

from processors.cut import Cut
from processors.gaps import Gaps
from processors.kinds import Ahead, Choices, Kind, Name, Pair, Rule
from processors.numbers import MISSING, Column, Numbers, Table
from processors.pattern import Choice, Lists, Phrase
from processors.spelt import Spelt
from processors.words import MAX_WORD_CHARS

KEPT_WORDS = 200_000

NOTHING = 0
"""The number of the kind of words that stand in no phrase, and of the pair that means nothing."""

T = TypeVar("T")

_HIGH = np.uint64(32)


class Phrasebook(Generic[T]):
    """The kinds of words and of pairs that phrases tell apart, each phrase with what it stands for.

    The table of words is learnt as they are met, and begun anew when it has grown large. Kinds and
    pairs stay: there are no more than the phrases make differences between words.
    """

    def __init__(
        self, phrases: Iterable[tuple[Phrase, T]], lists: Lists, *, kept_words: int = KEPT_WORDS
    ) -> None:
        self._kept_words = kept_words
        self._rules: dict[int, list[Rule[T]]] = defaultdict(list)
        numbers: dict[Choice, int] = {}
        near: set[int] = set()
        far: set[int] = set()
        for number, (phrase, what) in enumerate(phrases):
            steps = tuple(
                (step.gap, frozenset(numbers.setdefault(one, len(numbers)) for one in step.choices))
                for step in phrase
            )
            rule = Rule(number, what, steps[1:])
            for first in steps[0][1]:
                self._rules[first].append(rule)
            if rule.rest and rule.rest[0][0]:
                far |= rule.rest[0][1]
            elif rule.rest[1:]:
                near |= rule.rest[1][1]
        self._spelt = Spelt(numbers, lists)
        self._words = Table()
        self.kinds: list[Kind[T]] = []
        self.pairs: list[Pair[T]] = []
        self.gaps: Gaps[T] = Gaps(near, far)
        self._alone, self._last = Column(np.int32), Column(np.int32)
        """By a kind's number, the pairs that it is before any other word, and before none."""
        self._goes_on, self._comes_behind = Column(np.bool_), Column(np.bool_)
        """By a kind's number, whether any pair of it and another says more than itself alone."""
        self._together = Table()
        """By two kinds' numbers, those pairs."""
        self._kinds: dict[object, Kind[T]] = {}
        self._pairs: dict[object, int] = {}
        self._aheads: dict[tuple[int, tuple[int, ...]], Ahead[T]] = {}
        self._being: dict[int | str, list[Kind[T]]] = defaultdict(list)
        """The kinds that can be a choice, or stand in a name as a word."""
        self._wanting: dict[int | str, list[Kind[T]]] = defaultdict(list)
        """The kinds that a phrase goes on from with a choice, or a name with a word."""
        self._behind: dict[int | str, list[Ahead[T]]] = defaultdict(list)
        """What goes on behind a gap with a choice."""
        self._number_of(Pair())
        self._kind(frozenset())

    def __len__(self) -> int:
        """Return how many words are kept, as they are written."""
        return len(self._words)

    def kinds_of(self, words: Cut) -> Numbers:
        """Return the kind of each word of a text."""
        return words.look_up(self._words, self._learn)

    def pairs_of(self, kinds: Numbers, breaks: list[int]) -> Numbers:
        """Return the pair that each word of a text is with the next one of its sentence."""
        pairs = self._alone.all[kinds]
        both = self._goes_on.all[kinds[:-1]] & self._comes_behind.all[kinds[1:]]
        at = np.flatnonzero(both)
        wide = kinds.astype(np.uint64)
        together = self._together.of((wide[at] << _HIGH) | wide[at + 1])
        known = np.flatnonzero(together != MISSING)
        pairs[at[known]] = together[known]
        if len(kinds):
            ends = np.array([*breaks, len(kinds)]) - 1
            pairs[ends] = self._last.all[kinds[ends]]
        return pairs

    def pair(self, kind: Kind[T], after: int | None) -> Pair[T]:
        """Return what it means that a kind stands before another, or at a sentence's end."""
        if after is None:
            return self.pairs[int(self._last.all[kind.number])]
        number = self._together.get(kind.number << 32 | after)
        return self.pairs[int(self._alone.all[kind.number]) if number == MISSING else number]

    def _learn(self, word: str, key: int) -> int:
        """Return the number of a word's kind, and keep it."""
        if len(word) > MAX_WORD_CHARS:
            return NOTHING
        if len(self._words) >= self._kept_words:
            self._words.clear()
        spelt = self._spelt.look_up(word)
        number = self._kind(*spelt).number if spelt else NOTHING
        self._words.put(key, number)
        return number

    def _kind(
        self,
        choices: Choices,
        wholes: tuple[tuple[tuple[str, ...], Choices], ...] = (),
        inside: str = "",
        *,
        whole: bool = False,
    ) -> Kind[T]:
        """Return the kind of words that can be these, made known to all others; or of a name."""
        same = (choices, wholes, inside, whole)
        if same not in self._kinds:
            names = tuple(
                Name(rest, meant, self._kind(meant, whole=True)) for rest, meant in wholes
            )
            found = {rule.number: rule for one in choices for rule in self._rules.get(one, ())}
            rules = tuple(found[number] for number in sorted(found))
            may_be = choices.union(*(name.choices for name in names))
            kind = Kind(len(self.kinds), choices, may_be, rules, names, inside)
            self._kinds[same] = kind
            self.kinds.append(kind)
            self.gaps.add_kind(may_be)
            self._join(kind, whole=whole)
        return self._kinds[same]

    def _join(self, kind: Kind[T], *, whole: bool) -> None:
        """Learn which kinds go on from this one, and which this one goes on from."""
        self._alone.add(self._pair(kind, self.kinds[NOTHING]))
        self._last.add(self._pair(kind, None))
        self._goes_on.add(False)
        self._comes_behind.add(False)
        wants: set[int | str] = {one for rule in kind.rules if rule.rest for one in rule.rest[0][1]}
        wants.update(name.rest[0] for name in kind.names)
        if not whole:  # a name as a whole is none of the words
            is_: set[int | str] = {*kind.may_be, *filter(None, (kind.inside,))}
            for one in is_:
                self._being[one].append(kind)
                for ahead in self._behind.get(one, ()):
                    self.gaps.put(ahead, kind)
            for before in {before.number for one in is_ for before in self._wanting.get(one, ())}:
                self._put_together(self.kinds[before], kind)
        for one in wants:
            self._wanting[one].append(kind)
        for after in {after.number for one in wants for after in self._being.get(one, ())}:
            self._put_together(kind, self.kinds[after])

    def _put_together(self, kind: Kind[T], after: Kind[T]) -> None:
        """Keep what two kinds mean together, if that is another thing than the first alone."""
        pair = self._pair(kind, after)
        if pair != self._alone.all[kind.number]:
            self._together.put(kind.number << 32 | after.number, pair)
            self._goes_on.all[kind.number] = self._comes_behind.all[after.number] = True

    def _pair(self, kind: Kind[T], after: Kind[T] | None) -> int:
        """Return the number of what it means that a kind stands before another, or before none."""
        whole: list[tuple[Rule[T], int]] = []
        near: list[Rule[T]] = []
        far: list[Rule[T]] = []
        for rule in kind.rules:
            if not rule.rest:
                whole.append((rule, 1))
                continue
            gap, second = rule.rest[0]
            if after is None:
                continue
            if len(rule.rest) == 1 and not after.names and not second.isdisjoint(after.choices):
                whole.append((rule, 2))
            elif gap:
                far.append(rule)
            elif not second.isdisjoint(after.may_be):
                near.append(rule)
        inside = after.inside if after is not None else ""
        named = bool(inside) and any(name.rest[0] == inside for name in kind.names)
        unsure = named or bool(near and after is not None and after.names)
        if not (whole or near or far or unsure):
            return NOTHING
        same = (
            tuple((rule.number, words) for rule, words in whole),
            tuple(rule.number for rule in near),
            tuple(rule.number for rule in far),
            (named, unsure),
        )
        if same not in self._pairs:
            whats = tuple((rule.what, words) for rule, words in whole)
            pair = Pair(whats, self._ahead(near, 1), self._ahead(far, 0), named, unsure)
            self._pairs[same] = self._number_of(pair)
        return self._pairs[same]

    def _number_of(self, pair: Pair[T]) -> int:
        self.pairs.append(pair)
        self.gaps.add_pair(pair)
        return len(self.pairs) - 1

    def _ahead(self, rules: list[Rule[T]], step: int) -> Ahead[T] | None:
        """Return rules with the kinds that their step can be, of words met and to be met."""
        if not rules:
            return None
        key = (step, tuple(rule.number for rule in rules))
        if key not in self._aheads:
            going_on = [rule.rest[step] for rule in rules if len(rule.rest) > step]
            reach = max((gap for gap, _choices in going_on), default=0) + 1
            choices = frozenset(one for _gap, those in going_on for one in those)
            ahead = Ahead(len(self._aheads), tuple(rules), reach, choices)
            for one in choices if step == 0 else ():
                self._behind[one].append(ahead)
                for kind in self._being.get(one, ()):
                    self.gaps.put(ahead, kind)
            self._aheads[key] = ahead
        return self._aheads[key]
