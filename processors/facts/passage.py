"""A title or a text as words with what is known of them. Pure."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from despatch.facts import MAX_SPAN_CHARS
from processors.cut import words_of
from processors.facts.gather import Field, SpanRow
from processors.facts.lexicon import Kind, Mark, known_names
from processors.facts.table import FOLDED

_TITLE_CASE = 0.75
_SMALL_WORD_CHARS = 4
_TOKEN_CHARS = 40
_SHOUTED = frozenset({"US", "WHO", "ICE", "UN", "MAC", "DOT", "ESA"})
"""Acronyms that are words as well: in a heading all in capitals they are words."""


class Marked(NamedTuple):
    """The words `[first, last)` of a passage, and what they are."""

    mark: Mark
    first: int
    last: int


class Passage:
    """One field of a release: its words, where they stand, and the names among them."""

    __slots__ = (
        *("_by_kind", "covered", "digits", "ends", "field", "in_title_case", "sentence", "starts"),
        *("text", "words", "_begins", "_mailed", "_names", "_size"),
    )

    def __init__(self, field: Field, text: str) -> None:
        self.field: Field = field
        self.text = text
        words = words_of(text)
        self.words: Sequence[str] = words.words
        self._size = len(words.words)
        self._mailed = "@" in text
        self.starts: Sequence[int]
        self.ends: Sequence[int]
        self.starts, self.ends = words.places
        self.sentence: Sequence[int] = words.sentence
        self.covered: dict[int, Marked] = {}
        """The name that a word belongs to."""
        self._names: list[Marked] = []
        self._begins: list[int] = []
        self._by_kind: dict[Kind, list[Marked]] = defaultdict(list)
        self.in_title_case = field == "title" and _in_title_case(words.words)
        """Most words have capitals: then capitals say nothing of names."""
        found, digits = known_names().find(words)
        self._keep(found)
        self.digits: Sequence[int] = [at for at in digits if at not in self.covered]
        """The words that begin with a digit."""

    def of_kind(self, kind: Kind) -> Sequence[Marked]:
        """Return what is known to be of a kind, in order, no two in one place."""
        return self._by_kind.get(kind, ())

    def names_in(self, first: int, last: int) -> Sequence[Marked]:
        """Return the names that begin in the words `[first, last)`, in order."""
        begins = self._begins
        return self._names[bisect_left(begins, first) : bisect_left(begins, last)]

    def sentence_end(self, sentence: int) -> int:
        """Return the first word behind a sentence."""
        return bisect_right(self.sentence, sentence)

    def between(self, at: int) -> str:
        """Return what stands between a word and the next."""
        return self.text[self.ends[at] : self.starts[at + 1]]

    def span(self, first: int, last: int) -> SpanRow:
        """Return the words `[first, last)` as evidence; of too many, as many as fit."""
        start, end = self.starts[first], self.ends[last - 1]
        while end - start > MAX_SPAN_CHARS and last > first + 1:
            last -= 1
            end = self.ends[last - 1]
        return self.cut(start, end)

    def cut(self, start: int, end: int) -> SpanRow:
        """Return the characters `[start, end)` as evidence, as many as fit."""
        end = min(end, start + MAX_SPAN_CHARS)
        return {"field": self.field, "start": start, "end": end, "text": self.text[start:end]}

    def word_from(self, at: int, offset: int) -> int:
        """Return the first word, of those from `at` on, that begins at an offset or behind it."""
        while at < self._size and self.starts[at] < offset:
            at += 1
        return at

    def written(self, first: int, last: int) -> str:
        """Return the words `[first, last)` in one line, a possessive at the end left out."""
        written = " ".join(self.text[self.starts[first] : self.ends[last - 1]].split())
        return written[:-2] if written[-2:] in {"'s", "’s", "'S", "’S"} else written

    def in_sentence(self, at: int, sentence: int) -> bool:
        """Tell whether there is such a word, and in that sentence."""
        return 0 <= at < self._size and self.sentence[at] == sentence

    def is_capital(self, at: int) -> bool:
        """Tell whether a word begins with a capital letter, as names do."""
        return FOLDED[self.words[at]][2]

    def _keep(self, found: list[tuple[int, int, Mark]]) -> None:
        """Keep the names that begin first, of those the longest; then what no name covers."""
        end = 0
        by_kind, covered, words = self._by_kind, self.covered, self.words
        others = []
        for one in found:
            first, last, mark = one
            if not mark.is_name:
                others.append(one)
            elif first >= end:
                alone = last == first + 1
                if alone and (self._mailed or words[first].isupper()) and self._is_none(first):
                    continue
                end = last
                marked = Marked(mark, first, last)
                by_kind[mark.kind].append(marked)
                self._names.append(marked)
                covered[first] = marked
                for at in range(first + 1, last):
                    covered[at] = marked
        self._begins = [name.first for name in self._names]
        ends: dict[Kind, int] = {}
        for first, last, mark in others:
            kind = mark.kind
            if first < ends.get(kind, 0):
                continue
            name = covered.get(first)
            if name is not None and not (kind == "office" and last == name.last):
                continue  # an office may be a body as well: US Trade Representative
            ends[kind] = last
            by_kind[kind].append(Marked(mark, first, last))

    def _is_none(self, first: int) -> bool:
        """Tell whether a name of one word is shouted, or part of an e-mail address."""
        if self._mailed:
            token = self.text[max(0, self.starts[first] - _TOKEN_CHARS) : self.starts[first]]
            if "@" in token and "@" in token.split()[-1] and not token[-1].isspace():
                return True
        return self._is_shouted(first)

    def _is_shouted(self, first: int) -> bool:
        word = self.words[first]
        if not word.isupper() or FOLDED[word][1] not in _SHOUTED:
            return False
        return any(
            self.in_sentence(at, self.sentence[first])
            and len(self.words[at]) > 2
            and self.words[at].isalpha()
            and self.words[at].isupper()
            for at in (first - 1, first + 1)
        )


def _in_title_case(words: Sequence[str]) -> bool:
    long = [word for word in words if len(word) > _SMALL_WORD_CHARS and word.isalpha()]
    return sum(word[:1].isupper() for word in long) > _TITLE_CASE * len(long)


def is_possessive(word: str) -> bool:
    """Tell whether a word ends in an apostrophe and s."""
    return word[-2:] in {"'s", "’s"}
