"""What the words of a text can be in any of many phrases: their kinds, learnt as met. Pure.

All words that can be the same are of one kind, and a kind knows what it means that another comes
next: which phrases are there for sure, and which may go on. Most pairs of neighbours mean nothing,
so that a text is read by looking up its words, and then its pairs.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from processors.pattern import MIN_STEM, Choice, Lists, Phrase, choice, name_words
from processors.words import MAX_WORD_CHARS, fold

KEPT_WORDS = 200_000
FIRST_CHARS = MIN_STEM
"""By so many letters most words are known to be of no phrase: no stem is shorter."""

T = TypeVar("T")
Choices = frozenset[int]
Steps = tuple[tuple[int, Choices], ...]
"""The steps of a phrase after its first: gap and the numbers of its choices."""


@dataclass(frozen=True, slots=True, eq=False)
class Rule(Generic[T]):
    """A phrase by what follows its first step."""

    number: int
    what: T
    rest: Steps


@dataclass(frozen=True, slots=True, eq=False)
class Ahead(Generic[T]):
    """Phrases that begin alike and whose next word stands somewhere in the next few."""

    rules: tuple[Rule[T], ...]
    reach: int
    """It stands within so many words."""
    fertile: "set[Kind[T]]"
    """The kinds that it can be: where none of them stands, none of the phrases does."""
    going_on: "dict[Kind[T], tuple[Rule[T], ...]]" = field(default_factory=dict)
    """Which of the phrases go on so where the word is of a kind: learnt as it is met."""

    def learn(self, kind: "Kind[T]") -> tuple[Rule[T], ...]:
        """Return the phrases that may go on with a kind as their second word, and keep them."""
        going_on = (one for one in self.rules if not one.rest[0][1].isdisjoint(kind.may_be))
        return self.going_on.setdefault(kind, tuple(going_on))


@dataclass(frozen=True, slots=True, eq=False)
class Pair(Generic[T]):
    """What it means that a word of one kind stands before one of another."""

    whole: tuple[tuple[T, int], ...]
    """Phrases that are there, and of how many words each is."""
    whats: tuple[T, ...]
    """The same without the numbers."""
    near: Ahead[T] | None
    """Phrases that go on with the second word, and may go on behind it."""
    far: Ahead[T] | None
    """Phrases whose second word may be the next or a later one."""
    named: bool
    """Whether a name of several words may begin with the first."""
    unsure: bool
    """Whether one may begin with either: only looking says how phrases go on."""
    open: bool
    """Whether anything may go on: most pairs say all that they mean."""


@dataclass(frozen=True, slots=True, eq=False)
class Name(Generic[T]):
    """A name of several words: `United Kingdom`."""

    rest: tuple[str, ...]
    """Its words after the first."""
    choices: Choices
    """What the whole of it can be."""
    kind: "Kind[T]"
    """The same as a kind, by which phrases go on behind it."""


class Kind(dict["Kind[T]", "Pair[T]"], Generic[T]):
    """What words can be in the phrases; to kinds of the next word, what the pair means.

    Only to those that go on with a phrase or a name: most pairs of neighbours don't.
    """

    __slots__ = ("alone", "choices", "inside", "last", "may_be", "names", "rules")
    __hash__ = object.__hash__  # type: ignore[assignment]  # by identity, which no dict has
    __eq__ = object.__eq__

    def __init__(
        self,
        choices: Choices,
        rules: tuple[Rule[T], ...] = (),
        names: tuple[Name[T], ...] = (),
        inside: str = "",
    ) -> None:
        super().__init__()
        self.choices = choices
        self.rules = rules
        """The phrases that begin with such a word by itself, in the order given."""
        self.names = names
        """Those that may begin with it, longest first."""
        self.inside = inside
        """Itself, folded, if some name goes on with it."""
        self.may_be = choices.union(*(name.choices for name in names))
        """By itself, or as the first word of a name."""
        self.alone: Pair[T] | None = None
        """What it means before any other word."""
        self.last: Pair[T] | None = None
        """What it means where a sentence ends behind it."""

    def learn(self, after: "Kind[T]", pair: "Pair[T] | None") -> None:
        """Keep what it means before another; where that is nothing, it meant nothing alone."""
        if pair is not None:
            self[after] = pair


class Kinds(dict[str, Kind[T]], Generic[T]):
    """A table from words as they are written to their kinds.

    It is learnt as words are met, and begun anew when it has grown large. The kinds stay: there
    are no more than the phrases make differences between words.
    """

    def __init__(
        self, phrases: Iterable[tuple[Phrase, T]], lists: Lists, *, kept_words: int = KEPT_WORDS
    ) -> None:
        super().__init__()
        self._kept_words = kept_words
        self._numbers: dict[Choice, int] = {}
        self._rules: dict[int, list[Rule[T]]] = defaultdict(list)
        self._exact: dict[str, set[tuple[Choice, int]]] = defaultdict(set)
        self._stems: dict[str, set[tuple[Choice, int]]] = defaultdict(set)
        self._names: dict[str, list[tuple[tuple[str, ...], Choice, int]]] = defaultdict(list)
        self._inside: set[str] = set()
        self._kinds: dict[object, Kind[T]] = {}
        self._being: dict[int | str, list[Kind[T]]] = defaultdict(list)
        """The kinds that can be a choice, or stand in a name as a word."""
        self._wanting: dict[int | str, list[Kind[T]]] = defaultdict(list)
        """The kinds that a phrase goes on from with a choice, or a name with a word."""
        self._fertile: dict[int | str, list[set[Kind[T]]]] = defaultdict(list)
        self._aheads: dict[tuple[int, tuple[int, ...]], Ahead[T]] = {}
        self.nothing: Kind[T] = Kind(frozenset())
        """What a word is that stands in no phrase."""
        for number, (phrase, what) in enumerate(phrases):
            steps = tuple((s.gap, frozenset(map(self._number, s.choices))) for s in phrase)
            rule = Rule(number, what, steps[1:])
            for first in steps[0][1]:
                self._rules[first].append(rule)
        for known, number in self._numbers.items():
            self._learn(known, number, lists)
        self._stem_lengths: dict[str, set[int]] = defaultdict(set)
        for stem in self._stems:
            self._stem_lengths[stem[:FIRST_CHARS]].add(len(stem))
        """By how a word begins, how long the stems are that begin so."""
        self._begins = {
            word[:FIRST_CHARS]
            for table in (self._exact, self._stems, self._names, self._inside)
            for word in table
        }
        """How a word begins that is of any kind but `nothing`."""

    def __missing__(self, word: str) -> Kind[T]:
        if len(word) > MAX_WORD_CHARS:
            return self.nothing
        if len(self) >= self._kept_words:
            self.clear()
        kind = self[word] = self._look_up(word)
        return kind

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

    def _look_up(self, word: str) -> Kind[T]:
        folded = fold(word)
        key = folded.casefold()
        if key[:FIRST_CHARS] not in self._begins:
            return self.nothing
        asked = set(self._exact.get(key, ()))
        for length in self._stem_lengths.get(key[:FIRST_CHARS], ()):
            asked.update(self._stems.get(key[:length], ()))
        choices = frozenset(number for form, number in asked if form.fits(folded))
        names: dict[tuple[str, ...], set[int]] = defaultdict(set)
        for rest, form, number in self._names.get(key, ()):
            if form.fits(folded):
                names[rest].add(number)
        inside = key if key in self._inside else ""
        if not choices and not names and not inside:
            return self.nothing
        wholes = tuple(
            (rest, frozenset(meant))
            for rest, meant in sorted(names.items(), key=lambda name: (-len(name[0]), name[0]))
        )
        return self._kind(choices, wholes, inside)

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
            kind = self._kinds[same] = Kind(choices, rules, names, inside)
            self._join(kind, whole=whole)
        return self._kinds[same]

    def _join(self, kind: Kind[T], *, whole: bool) -> None:
        """Learn which kinds go on from this one, and which this one goes on from."""
        kind.alone = self._pair(kind, self.nothing)
        kind.last = self._pair(kind, None)
        wants: set[int | str] = {one for rule in kind.rules if rule.rest for one in rule.rest[0][1]}
        wants.update(name.rest[0] for name in kind.names)
        if not whole:  # a name as a whole is none of the words
            is_: set[int | str] = {*kind.may_be, *filter(None, (kind.inside,))}
            for one in is_:
                self._being[one].append(kind)
                for fertile in self._fertile.get(one, ()):
                    fertile.add(kind)
            for before in {before for one in is_ for before in self._wanting.get(one, ())}:
                before.learn(kind, self._pair(before, kind))
        for one in wants:
            self._wanting[one].append(kind)
        for after in {after for one in wants for after in self._being.get(one, ())}:
            kind.learn(after, self._pair(kind, after))

    def _pair(self, kind: Kind[T], after: Kind[T] | None) -> "Pair[T] | None":
        """Return what it means that a kind stands before another, or before none."""
        whole: list[tuple[T, int]] = []
        near: list[Rule[T]] = []
        far: list[Rule[T]] = []
        for rule in kind.rules:
            if not rule.rest:
                whole.append((rule.what, 1))
                continue
            gap, second = rule.rest[0]
            if after is None:
                continue
            if len(rule.rest) == 1 and not after.names and not second.isdisjoint(after.choices):
                whole.append((rule.what, 2))
            elif gap:
                far.append(rule)
            elif not second.isdisjoint(after.may_be):
                near.append(rule)
        inside = after.inside if after is not None else ""
        named = bool(inside) and any(name.rest[0] == inside for name in kind.names)
        unsure = named or bool(near and after is not None and after.names)
        if not (whole or near or far or unsure):
            return None
        return Pair(
            tuple(whole),
            tuple(what for what, _words in whole),
            self._ahead(near, 1),
            self._ahead(far, 0),
            named,
            unsure,
            open=bool(near or far or unsure),
        )

    def _ahead(self, rules: list[Rule[T]], step: int) -> Ahead[T] | None:
        """Return rules with the kinds that their step can be, of words met and to be met."""
        if not rules:
            return None
        key = (step, tuple(rule.number for rule in rules))
        if key not in self._aheads:
            going_on = [rule.rest[step] for rule in rules if len(rule.rest) > step]
            reach = max((gap for gap, _choices in going_on), default=0) + 1
            fertile: set[Kind[T]] = set()
            for one in {one for _gap, choices in going_on for one in choices}:
                fertile.update(self._being.get(one, ()))
                self._fertile[one].append(fertile)
            self._aheads[key] = Ahead(tuple(rules), reach, fertile)
        return self._aheads[key]
