"""Finding many phrases in a text at once. Pure.

Each word of a text is looked up once in a table of all words that any phrase uses; phrases are
tried only where their first word stands. A text takes time in proportion to its length, however
many phrases there are.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from processors.pattern import Choice, Lists, Phrase, choice, name_words
from processors.words import MAX_WORD_CHARS, Sentences, Words, fold

_KEPT_WORDS = 200_000

T = TypeVar("T")
_Choices = frozenset[Choice]
_Steps = tuple[tuple[int, _Choices], ...]
"""The steps of a phrase after its first: gap and choices."""


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """A phrase in a text: the words `[first, last)`, and what the phrase was given with."""

    what: T
    first: int
    last: int


@dataclass(frozen=True, slots=True, eq=False)
class _Rule(Generic[T]):
    what: T
    rest: _Steps


@dataclass(frozen=True, slots=True, eq=False)
class _Cell(Generic[T]):
    """What a word of a text can be in the phrases, alone and as the first word of a name."""

    choices: _Choices
    rules: tuple[_Rule[T], ...]
    """The phrases that begin with it."""
    names: tuple[tuple[tuple[str, ...], _Choices, tuple[_Rule[T], ...]], ...] = ()
    """The rest of each name of several words that may begin here, longest first, and what the
    whole name can be."""
    whole: _Choices = frozenset()
    """What the name that does begin here can be."""
    whole_rules: tuple[_Rule[T], ...] = ()
    length: int = 1
    """How many words that name has."""


class Scanner(dict[str, "_Cell[T] | None"], Generic[T]):
    """Finds phrases; a table from words as they are written to what they can be in a phrase.

    The table is learnt as words are met, and begun anew when it has grown large.
    """

    def __init__(self, phrases: Iterable[tuple[Phrase, T]], lists: Lists) -> None:
        super().__init__()
        self._breaks = Sentences()
        self._rules: dict[Choice, list[_Rule[T]]] = defaultdict(list)
        self._exact: dict[str, set[tuple[Choice, Choice]]] = defaultdict(set)
        self._stems: dict[str, set[tuple[Choice, Choice]]] = defaultdict(set)
        self._names: dict[str, list[tuple[tuple[str, ...], Choice, Choice]]] = defaultdict(list)
        used: set[Choice] = set()
        for phrase, what in phrases:
            rule = _Rule(what, tuple((step.gap, frozenset(step.choices)) for step in phrase[1:]))
            for first in phrase[0].choices:
                self._rules[first].append(rule)
            used.update(*(step.choices for step in phrase))
        for known in used:
            self._learn(known, lists)
        self._longest_stem = max(map(len, self._stems), default=0)

    def __missing__(self, word: str) -> "_Cell[T] | None":
        if len(word) > MAX_WORD_CHARS:
            return None
        if len(self) >= _KEPT_WORDS:
            self.clear()
        cell = self[word] = self._look_up(word)
        return cell

    def scan(self, text: str) -> tuple[Words, list[Found[T]]]:
        """Return the text's words, and every phrase in it by where it begins."""
        words = Words(text, self._breaks)
        cells = list(map(self.__getitem__, words.words))
        hits = [at for at, cell in enumerate(cells) if cell is not None]
        for at in hits:
            cell = cells[at]
            if cell is not None and cell.names:
                cells[at] = _with_name(cell, words.words, at)
        cells.append(None)  # so that the word after the last can be looked at
        found: list[Found[T]] = []
        for at in hits:
            cell = cells[at]
            if cell is not None and cell.rules:
                _begin(cell.rules, cells, words.sentence, at, at + 1, found)
            if cell is not None and cell.whole_rules:
                _begin(cell.whole_rules, cells, words.sentence, at, at + cell.length, found)
        return words, found

    def _learn(self, known: Choice, lists: Lists) -> None:
        """Put a choice of a phrase into the table; for a list, each of its words and names."""
        if not known.word.startswith("@"):
            (self._stems if known.stem else self._exact)[known.word].add((known, known))
            return
        for entry in lists[known.word[1:]]:
            form = choice(entry.replace("-", " ").split()[0])
            rest = tuple(name_words(entry).split()[1:])
            if rest:
                self._names[form.word].append((rest, form, known))
            else:
                (self._stems if form.stem else self._exact)[form.word].add((form, known))

    def _look_up(self, word: str) -> "_Cell[T] | None":
        folded = fold(word)
        key = folded.casefold()
        asked = set(self._exact.get(key, ()))
        for length in range(1, min(len(key), self._longest_stem) + 1):
            asked |= self._stems.get(key[:length], set())
        choices = frozenset(meant for form, meant in asked if _fits(form, folded))
        names: dict[tuple[str, ...], set[Choice]] = defaultdict(set)
        for rest, form, meant in self._names.get(key, ()):
            if _fits(form, folded):
                names[rest].add(meant)
        if not choices and not names:
            return None
        longest_first = sorted(names.items(), key=lambda name: (-len(name[0]), name[0]))
        wholes = ((rest, frozenset(meant), self._begun(meant)) for rest, meant in longest_first)
        return _Cell(choices, self._begun(choices), tuple(wholes))

    def _begun(self, choices: Iterable[Choice]) -> tuple[_Rule[T], ...]:
        rules = {id(rule): rule for choice in choices for rule in self._rules.get(choice, ())}
        return tuple(rules.values())


def _with_name(cell: _Cell[T], words: list[str], at: int) -> _Cell[T]:
    """Return a cell that knows which name begins at `at`: `United` of `United Kingdom`."""
    for rest, whole, rules in cell.names:
        after = words[at + 1 : at + 1 + len(rest)]
        if tuple(fold(word).casefold() for word in after) == rest:
            return replace(cell, whole=whole, whole_rules=rules, length=len(rest) + 1)
    return cell


def _begin(
    rules: tuple[_Rule[T], ...],
    cells: "Sequence[_Cell[T] | None]",
    sentence: list[int],
    at: int,
    after: int,
    found: list[Found[T]],
) -> None:
    """Add the phrases of which the words `[at, after)` are the first step."""
    follower = cells[after]
    for rule in rules:
        if not rule.rest:
            found.append(Found(rule.what, at, after))
            continue
        gap, choices = rule.rest[0]
        if not gap and (follower is None or not _can_be(follower, choices)):
            continue  # most phrases end here: spare the call
        last = _follow(rule.rest, 0, cells, sentence, after, sentence[at])
        if last:
            found.append(Found(rule.what, at, last))


def _follow(
    rest: _Steps,
    step: int,
    cells: "Sequence[_Cell[T] | None]",
    sentence: list[int],
    at: int,
    here: int,
) -> int:
    """Return where a phrase ends whose next step is to stand at `at`, or 0 if it does not."""
    if step == len(rest):
        return at
    gap, choices = rest[step]
    for place in range(at, min(at + gap + 1, len(sentence))):
        if sentence[place] != here:
            return 0
        cell = cells[place]
        if cell is None:
            continue
        last = 0
        if cell.whole and not choices.isdisjoint(cell.whole):
            last = _follow(rest, step + 1, cells, sentence, place + cell.length, here)
        if not last and not choices.isdisjoint(cell.choices):
            last = _follow(rest, step + 1, cells, sentence, place + 1, here)
        if last:
            return last
    return 0


def _can_be(cell: "_Cell[T]", choices: _Choices) -> bool:
    return not (choices.isdisjoint(cell.choices) and choices.isdisjoint(cell.whole))


def _fits(form: Choice, folded: str) -> bool:
    if form.capitals == 2:
        return folded.isupper()
    return form.capitals == 0 or folded[:1].isupper()
