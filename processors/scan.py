"""Finding many phrases in a text at once. Pure.

Each word of a text is looked up once in a table of all words that any phrase uses; phrases are
tried only where their first word stands. A text takes time in proportion to its length, however
many phrases there are.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from processors.pattern import Choice, Phrase, choice
from processors.words import MAX_WORD_CHARS, Sentences, Words, fold

_KEPT_WORDS = 200_000

T = TypeVar("T")
Lists = Mapping[str, Sequence[str]]
"""Words by the name of their list: `{"country": ["France", "Saudi Arabia"]}`."""


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """A phrase in a text: the words `[first, last)`, and what the phrase was given with."""

    what: T
    first: int
    last: int


@dataclass(frozen=True, slots=True, eq=False)
class _Rule(Generic[T]):
    what: T
    first: frozenset[Choice]
    rest: tuple[tuple[int, frozenset[Choice]], ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Cell(Generic[T]):
    """What a word of a text can be in the phrases."""

    choices: frozenset[Choice] = frozenset()
    rules: tuple[_Rule[T], ...] = ()
    names: tuple[tuple[tuple[str, ...], "_Cell[T]"], ...] = ()
    """The rest of each name of several words that begins here, longest first."""
    length: int = 1
    begins: bool = False
    """Whether a phrase or a name can begin here."""


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
            steps = [(step.gap, frozenset(step.choices)) for step in phrase]
            rule = _Rule(what, steps[0][1], tuple(steps[1:]))
            for first in rule.first:
                self._rules[first].append(rule)
            used.update(*(choices for _, choices in steps))
        for known in used:
            self._learn(known, lists)
        self._longest_stem = max(map(len, self._stems), default=0)
        self._rest: _Cell[T] = _Cell()

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
        hits = [at for at, cell in enumerate(cells) if cell is not None and cell.begins]
        for at in hits:
            cell = cells[at]
            if cell is not None and cell.names:
                self._join(cells, words.words, at, cell)
        cells.append(None)  # so that the word after the last can be looked at
        found: list[Found[T]] = []
        for at in hits:
            cell = cells[at]
            if cell is not None and cell.rules:
                _begin(cell, cells, words.sentence, at, found)
        return words, found

    def _learn(self, known: Choice, lists: Lists) -> None:
        """Put a choice of a phrase into the table; for a list, each of its words."""
        if not known.word.startswith("@"):
            (self._stems if known.stem else self._exact)[known.word].add((known, known))
            return
        for entry in lists[known.word[1:]]:
            first, *rest = entry.replace("-", " ").split()
            if rest:
                others = tuple(choice(word).word for word in rest)
                self._names[choice(first).word].append((others, choice(first), known))
            else:
                asked = choice(first)
                (self._stems if asked.stem else self._exact)[asked.word].add((asked, known))

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
        joined = sorted(names.items(), key=lambda name: (-len(name[0]), name[0]))
        wholes = tuple((rest, self._cell(meant, len(rest) + 1)) for rest, meant in joined)
        return self._cell(choices, 1, wholes)

    def _cell(
        self,
        choices: Iterable[Choice],
        length: int,
        names: "tuple[tuple[tuple[str, ...], _Cell[T]], ...]" = (),
    ) -> "_Cell[T]":
        rules = self._begun_by(choices)
        return _Cell(frozenset(choices), rules, names, length, bool(rules or names))

    def _begun_by(self, choices: Iterable[Choice]) -> tuple[_Rule[T], ...]:
        rules = {id(rule): rule for choice in choices for rule in self._rules.get(choice, ())}
        return tuple(rules.values())

    def _join(
        self, cells: "list[_Cell[T] | None]", words: list[str], at: int, cell: "_Cell[T]"
    ) -> None:
        """Make one word of a name of several: `United` `Kingdom`."""
        for rest, joined in cell.names:
            after = words[at + 1 : at + 1 + len(rest)]
            if tuple(fold(word).casefold() for word in after) == rest:
                cells[at : at + joined.length] = [joined, *[self._rest] * len(rest)]
                return


def _begin(
    cell: "_Cell[T]",
    cells: "Sequence[_Cell[T] | None]",
    sentence: list[int],
    at: int,
    found: list[Found[T]],
) -> None:
    """Add the phrases that begin with the word at `at`."""
    after = at + cell.length
    follower = cells[after]
    for rule in cell.rules:
        if not rule.rest:
            found.append(Found(rule.what, at, after))
            continue
        gap, choices = rule.rest[0]
        if not gap and (follower is None or choices.isdisjoint(follower.choices)):
            continue
        last = _follow(rule.rest, 0, cells, sentence, after, sentence[at])
        if last:
            found.append(Found(rule.what, at, last))


def _follow(
    rest: tuple[tuple[int, frozenset[Choice]], ...],
    step: int,
    cells: "Sequence[_Cell[T] | None]",
    sentence: list[int],
    at: int,
    here: int,
) -> int:
    """Return where a phrase ends whose next step is to match at `at`, or 0 if it does not."""
    if step == len(rest):
        return at
    gap, choices = rest[step]
    for place in range(at, min(at + gap + 1, len(sentence))):
        if sentence[place] != here:
            return 0
        cell = cells[place]
        if cell is not None and not choices.isdisjoint(cell.choices):
            last = _follow(rest, step + 1, cells, sentence, place + cell.length, here)
            if last:
                return last
    return 0


def _fits(form: Choice, folded: str) -> bool:
    if form.capitals == 2:
        return folded.isupper()
    return form.capitals == 0 or folded[:1].isupper()
