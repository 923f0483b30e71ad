"""Finding many phrases in a text at once. Pure.

Each word of a text is looked up once in a table that says what it can be in any phrase: its kind.
Where a kind begins phrases, it knows which kinds can follow; all phrases are ruled out at once
where none of the next words is of these. A text takes time in proportion to its length, and
little more for many phrases than for few.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from processors.pattern import Choice, Lists, Phrase, choice, name_words
from processors.words import MAX_WORD_CHARS, Words, fold, words_of

KEPT_WORDS = 200_000
KEPT_PAIRS = 300_000

T = TypeVar("T")
Found = tuple[T, int, int]
"""A phrase in a text: what it was given with, and the words `[first, last)` that it is."""

_Choices = frozenset[int]
_Steps = tuple[tuple[int, _Choices], ...]
"""The steps of a phrase after its first: gap and the numbers of its choices."""


@dataclass(frozen=True, slots=True, eq=False)
class _Rule(Generic[T]):
    number: int
    what: T
    rest: _Steps


_Second = tuple[_Rule[T], int, bool]
"""A phrase that may go on with a kind, after how many other words, and whether it ends there."""


@dataclass(frozen=True, slots=True, eq=False)
class _Start(Generic[T]):
    """The phrases that begin alike, and what was learnt of the words after them."""

    alone: tuple[T, ...]
    """What those of a single word were given with."""
    longer: tuple[_Rule[T], ...]
    reach: int
    """The second word of each stands within so many words."""
    barren: "set[_Kind[T] | None]"
    """Kinds that are the second word of none."""
    seconds: "dict[_Kind[T], tuple[_Second[T], ...]]" = field(default_factory=dict)
    """The phrases whose second word may be of this kind."""


@dataclass(frozen=True, slots=True, eq=False)
class _Name(Generic[T]):
    """A name of several words: `United Kingdom`."""

    rest: tuple[str, ...]
    """Its words after the first."""
    choices: _Choices
    """What the whole of it can be."""
    start: _Start[T] | None
    """The phrases that begin with the whole of it."""


@dataclass(frozen=True, slots=True, eq=False)
class _Kind(Generic[T]):
    """What words can be in the phrases; all that can be the same are of one kind."""

    choices: _Choices
    start: _Start[T] | None
    """The phrases that begin with such a word by itself."""
    names: tuple[_Name[T], ...]
    """Those that may begin with it, longest first."""
    inside: str
    """Itself, folded, if some name goes on with it."""
    may_be: _Choices
    """By itself, or as the first word of a name."""


class Scanner(dict[str, "_Kind[T] | None"], Generic[T]):
    """Finds phrases; a table from words as they are written to what they can be in a phrase.

    The table is learnt as words are met, and which kinds follow which, and begun anew when it
    has grown large.
    """

    def __init__(
        self,
        phrases: Iterable[tuple[Phrase, T]],
        lists: Lists,
        *,
        kept_words: int = KEPT_WORDS,
        kept_pairs: int = KEPT_PAIRS,
    ) -> None:
        super().__init__()
        self._kept_words = kept_words
        self._kept_pairs = kept_pairs
        self._numbers: dict[Choice, int] = {}
        self._rules: dict[int, list[_Rule[T]]] = defaultdict(list)
        self._exact: dict[str, set[tuple[Choice, int]]] = defaultdict(set)
        self._stems: dict[str, set[tuple[Choice, int]]] = defaultdict(set)
        self._names: dict[str, list[tuple[tuple[str, ...], Choice, int]]] = defaultdict(list)
        self._inside: set[str] = set()
        self._kinds: dict[object, _Kind[T]] = {}
        self._starts: dict[tuple[int, ...], _Start[T]] = {}
        self._pairs = 0
        for number, (phrase, what) in enumerate(phrases):
            steps = tuple((s.gap, frozenset(map(self._number, s.choices))) for s in phrase)
            rule = _Rule(number, what, steps[1:])
            for first in steps[0][1]:
                self._rules[first].append(rule)
        for known, number in self._numbers.items():
            self._learn(known, number, lists)
        self._longest_stem = max(map(len, self._stems), default=0)

    def __missing__(self, word: str) -> "_Kind[T] | None":
        if len(word) > MAX_WORD_CHARS:
            return None
        if len(self) >= self._kept_words:
            self.clear()
        kind = self[word] = self._look_up(word)
        return kind

    def scan(self, text: str) -> tuple[Words, list[Found[T]]]:
        """Return the text's words, and every phrase in it by where it begins.

        Of those that begin with the same word, phrases of one word come first, then others in the
        order in which they were given, then those that begin with a name of several words.
        """
        words = words_of(text)
        kinds = [*map(self.__getitem__, words.words), None]  # so that each has a next
        found: list[Found[T]] = []
        for at, kind in enumerate(kinds):
            if kind is None:
                continue
            start = kind.start
            if start is not None:
                if start.alone:
                    found += [(what, at, at + 1) for what in start.alone]
                reach = start.reach
                if reach == 1:  # most: spare the slice
                    if kinds[at + 1] not in start.barren:
                        self._go_on(start, kinds, words, at, at + 1, found)
                elif reach and not start.barren.issuperset(kinds[at + 1 : at + 1 + reach]):
                    self._go_on(start, kinds, words, at, at + 1, found)
            if kind.names:
                name = _name(kind, kinds, at)
                if name is not None and name.start is not None:
                    after = at + 1 + len(name.rest)
                    found += [(what, at, after) for what in name.start.alone]
                    self._go_on(name.start, kinds, words, at, after, found)
        return words, found

    def _go_on(
        self,
        start: _Start[T],
        kinds: "Sequence[_Kind[T] | None]",
        words: Words,
        at: int,
        after: int,
        found: list[Found[T]],
    ) -> None:
        """Add the phrases whose first step is the words `[at, after)`, and that go on."""
        sentence, barren = words.sentence, start.barren
        here = sentence[at]
        if start.reach == 1:  # the same as below, for the most common kind of phrases
            kind = kinds[after]
            if kind is None or kind in barren or sentence[after] != here:
                return
            for rule, _gap, ends in start.seconds.get(kind) or self._seconds(start, kind):
                last = after + 1 if ends else _last(rule.rest, 0, kind, kinds, sentence, after)
                if last:
                    found.append((rule.what, at, last))
            return
        ended: dict[int, Found[T]] = {}
        for place, kind in enumerate(kinds[after : after + start.reach], after):
            if kind is None or kind in barren:
                continue
            if sentence[place] != here:
                break
            for rule, gap, ends in start.seconds.get(kind) or self._seconds(start, kind):
                if place - after > gap or rule.number in ended:
                    continue
                last = place + 1 if ends else _last(rule.rest, 0, kind, kinds, sentence, place)
                if last:
                    ended[rule.number] = (rule.what, at, last)
        found += [ended[number] for number in sorted(ended)] if len(ended) > 1 else ended.values()

    def _seconds(self, start: _Start[T], kind: _Kind[T]) -> "tuple[_Second[T], ...]":
        """Learn which of the phrases go on with a kind."""
        self._pairs += 1
        if self._pairs > self._kept_pairs:
            self._forget_pairs()
        rules = tuple(
            (rule, rule.rest[0][0], len(rule.rest) == 1 and not kind.names)
            for rule in start.longer
            if not kind.may_be.isdisjoint(rule.rest[0][1])
        )
        if rules:
            start.seconds[kind] = rules
        else:
            start.barren.add(kind)
        return rules

    def _forget_pairs(self) -> None:
        self._pairs = 0
        for start in self._starts.values():
            start.seconds.clear()
            start.barren.clear()
            start.barren.add(None)

    def _number(self, known: Choice) -> int:
        return self._numbers.setdefault(known, len(self._numbers))

    def _learn(self, known: Choice, number: int, lists: Lists) -> None:
        """Put a choice of a phrase into the table; for a list, each of its words and names."""
        if not known.word.startswith("@"):
            (self._stems if known.stem else self._exact)[known.word].add((known, number))
            return
        for entry in lists[known.word[1:]]:
            form = choice(entry.replace("-", " ").split()[0])
            rest = tuple(name_words(entry).split()[1:])
            if rest:
                self._names[form.word].append((rest, form, number))
                self._inside.update(rest)
            else:
                (self._stems if form.stem else self._exact)[form.word].add((form, number))

    def _look_up(self, word: str) -> "_Kind[T] | None":
        folded = fold(word)
        key = folded.casefold()
        asked = set(self._exact.get(key, ()))
        for length in range(1, min(len(key), self._longest_stem) + 1):
            asked |= self._stems.get(key[:length], set())
        choices = frozenset(number for form, number in asked if _fits(form, folded))
        names: dict[tuple[str, ...], set[int]] = defaultdict(set)
        for rest, form, number in self._names.get(key, ()):
            if _fits(form, folded):
                names[rest].add(number)
        inside = key if key in self._inside else ""
        if not choices and not names and not inside:
            return None
        wholes = tuple((rest, frozenset(meant)) for rest, meant in sorted(names.items(), key=_long))
        same = (choices, wholes, inside)
        if same not in self._kinds:
            self._kinds[same] = self._kind(choices, wholes, inside)
        return self._kinds[same]

    def _kind(
        self, choices: _Choices, wholes: tuple[tuple[tuple[str, ...], _Choices], ...], inside: str
    ) -> _Kind[T]:
        names = tuple(_Name(rest, meant, self._start(meant)) for rest, meant in wholes)
        may_be = choices.union(*(meant for _rest, meant in wholes))
        return _Kind(choices, self._start(choices), names, inside, may_be)

    def _start(self, choices: _Choices) -> _Start[T] | None:
        rules = {rule.number: rule for one in choices for rule in self._rules.get(one, ())}
        if not rules:
            return None
        numbers = tuple(sorted(rules))
        if numbers not in self._starts:
            alone = tuple(rules[n].what for n in numbers if not rules[n].rest)
            longer = tuple(rules[n] for n in numbers if rules[n].rest)
            reach = max((rule.rest[0][0] + 1 for rule in longer), default=0)
            self._starts[numbers] = _Start(alone, longer, reach, {None})
        return self._starts[numbers]


def _long(name: tuple[tuple[str, ...], set[int]]) -> tuple[int, tuple[str, ...]]:
    return -len(name[0]), name[0]


def _name(kind: _Kind[T], kinds: "Sequence[_Kind[T] | None]", at: int) -> _Name[T] | None:
    """Return the longest name that begins at `at`: `United` of `United Kingdom`."""
    second = kinds[at + 1] if at + 1 < len(kinds) else None
    if second is None or not second.inside:
        return None
    for name in kind.names:
        after = kinds[at + 1 : at + 1 + len(name.rest)]
        if tuple([one.inside if one else "" for one in after]) == name.rest:
            return name
    return None


def _follow(
    rest: _Steps,
    step: int,
    kinds: "Sequence[_Kind[T] | None]",
    sentence: list[int],
    at: int,
    here: int,
) -> int:
    """Return where a phrase ends whose next step is to stand at `at`, or 0 if it does not."""
    gap, choices = rest[step]
    for place in range(at, min(at + gap + 1, len(sentence))):
        if sentence[place] != here:
            return 0
        kind = kinds[place]
        if kind is None or choices.isdisjoint(kind.may_be):
            continue
        last = _last(rest, step, kind, kinds, sentence, place)
        if last:
            return last
    return 0


def _last(
    rest: _Steps,
    step: int,
    kind: _Kind[T],
    kinds: "Sequence[_Kind[T] | None]",
    sentence: list[int],
    at: int,
) -> int:
    """Return where a phrase ends one of whose steps stands at `at`, or 0 if it does not go on."""
    for after in _ends(kind, rest[step][1], kinds, at):
        if step + 1 == len(rest):
            return after
        last = _follow(rest, step + 1, kinds, sentence, after, sentence[at])
        if last:
            return last
    return 0


def _ends(
    kind: _Kind[T], choices: _Choices, kinds: "Sequence[_Kind[T] | None]", at: int
) -> tuple[int, ...]:
    """Return behind which words a step can end that begins at `at`: a name's last, the word's."""
    alone = not choices.isdisjoint(kind.choices)
    if not kind.names:
        return (at + 1,) if alone else ()
    name = _name(kind, kinds, at)
    if name is None or choices.isdisjoint(name.choices):
        return (at + 1,) if alone else ()
    after = at + 1 + len(name.rest)
    return (after, at + 1) if alone else (after,)


def _fits(form: Choice, folded: str) -> bool:
    if form.capitals == 2:
        return folded.isupper()
    return form.capitals == 0 or folded[:1].isupper()
