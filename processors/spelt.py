"""Which of many choices a word can be, by its letters: itself, a stem, part of a name. Pure."""

from collections import defaultdict
from collections.abc import Mapping

from processors.kinds import Choices
from processors.pattern import MIN_STEM, Choice, Lists, choice, name_words
from processors.words import fold

FIRST_CHARS = MIN_STEM
"""By so many letters most words are known to be of no phrase: no stem is shorter."""

Wholes = tuple[tuple[tuple[str, ...], Choices], ...]
"""Names of several words: the words behind the first, and what such a name can be."""


class Spelt:
    """The choices of some phrases by the words that can be them."""

    def __init__(self, numbers: Mapping[Choice, int], lists: Lists) -> None:
        self._exact: dict[str, set[tuple[Choice, int]]] = defaultdict(set)
        self._stems: dict[str, set[tuple[Choice, int]]] = defaultdict(set)
        self._names: dict[str, list[tuple[tuple[str, ...], Choice, int]]] = defaultdict(list)
        self._inside: set[str] = set()
        for known, number in numbers.items():
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
        """How a word begins that can be anything."""

    def look_up(self, word: str) -> tuple[Choices, Wholes, str] | None:
        """Return what a word can be: choices, names that it begins, and itself if it is in one.

        None if it can be nothing, as most words.
        """
        folded = fold(word)
        key = folded.casefold()
        if key[:FIRST_CHARS] not in self._begins:
            return None
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
            return None
        wholes = tuple(
            (rest, frozenset(meant))
            for rest, meant in sorted(names.items(), key=lambda name: (-len(name[0]), name[0]))
        )
        return choices, wholes, inside

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
