"""Text as words that know where they stand. Pure.

Offsets always point into the text as it was given: each word is folded by itself, so a letter
that grows or shrinks when folded (Turkish İ, ß, ligatures) moves nothing.
"""

import re
import unicodedata
from functools import lru_cache
from itertools import accumulate, compress

LEAD_CHARS = 600
"""The lead is every sentence that begins before this many characters of the text."""

MAX_WORD_CHARS = 60
"""A longer run of letters is no word: nothing matches it, and no phrase reaches across it."""

MAX_BREAK_CHARS = 60
"""What stands between two words of one phrase is shorter than this."""

# Letters, digits, and what may hide inside a word: soft hyphens, joiners, combining accents.
# Abbreviations keep their points (U.S.), a possessive its s.
# The first alternative is a shorter way to what the last says, for most words of most texts.
_INSIDE = "\u00ad\u0300-\u036f\u200c\u200d\u2060\ufeff"
_WORD = re.compile(
    rf"(\w(?:\w++(?![{_INSIDE}'’])"
    r"|(?:\.[A-Za-z])+\b\.?"
    rf"|[\w{_INSIDE}]*+(?:['’][sS]\b)?))"
)
_POSSESSIVE = re.compile(r"['’][sS]$")
# Crawled pages lose spaces around links: "theUK", "ofHome".
_GLUED = re.compile(r"(?:[Tt]he|[Oo]f|[Ii]n|[Tt]o|[Ww]ith|[Ff]rom|[Bb]y|[Aa]nd|[Ff]or)(?=[A-Z])")
_ENDS_SENTENCE = re.compile(r"[.!?…•]|\n[ \t\r\xa0]*\n")
_ABBREVIATIONS = frozenset(
    {"capt", "col", "dr", "gen", "hon", "jr", "lt", "mr", "mrs", "ms", "no", "prof", "rt"}
    | {"sen", "sgt", "sh", "shri", "smt", "st", "vs"}
)
_KEPT_BREAKS = 20_000


class Sentences(dict[str, int]):
    """What stands between two words, and whether it ends a sentence: learnt as it is met."""

    def __missing__(self, between: str) -> int:
        ends = int(len(between) > MAX_BREAK_CHARS or _ENDS_SENTENCE.search(between) is not None)
        if len(between) <= MAX_BREAK_CHARS:
            if len(self) >= _KEPT_BREAKS:
                self.clear()
            self[between] = ends
        return ends


_BREAKS = Sentences()
_KEPT_TEXTS = 2
"""A release's title and text: themes and facts read the same words."""


class Words:
    """The words of a text with their offsets and sentences.

    `text[starts[i]:ends[i]] == words[i]`, and `sentence[i]` counts from 0.
    """

    __slots__ = ("ends", "sentence", "starts", "words")

    def __init__(self, text: str, breaks: Sentences = _BREAKS) -> None:
        pieces = _WORD.split(text)
        self.words = pieces[1::2]
        lengths = list(map(len, pieces))
        offsets = list(accumulate(lengths))
        self.starts = offsets[0::2]
        self.ends = offsets[1::2]
        ends = _ends(self.words, pieces[0:-1:2], breaks)
        if max(lengths[1::2], default=0) > MAX_WORD_CHARS:
            ends = [
                end or int(length > MAX_WORD_CHARS)
                for end, length in zip(ends, lengths[1::2], strict=True)
            ]
        self.sentence = list(accumulate(ends))

    def lead(self) -> int:
        """Return how many of the words stand in the lead."""
        last = -1
        for at, start in enumerate(self.starts[: len(self.words)]):
            if start >= LEAD_CHARS:
                break
            last = at
        if last < 0:
            return 0
        sentence = self.sentence[last]
        while last < len(self.words) and self.sentence[last] == sentence:
            last += 1
        return last


@lru_cache(_KEPT_TEXTS)
def words_of(text: str) -> Words:
    """Return a text's words, to be read only: who asks for the same text next gets the same."""
    return Words(text)


def fold(word: str) -> str:
    """Return a word without accents, joiners, points and possessive; its letters' case stays.

    `fold("Türkiye’s") == "Turkiye"`, `fold("U.S.") == "US"`, `fold("theUK") == "UK"`.
    """
    word = _POSSESSIVE.sub("", word).replace(".", "")
    if not word.isascii():
        word = "".join(c for c in unicodedata.normalize("NFKD", word) if c == "_" or c.isalnum())
    return _GLUED.sub("", word, count=1)


def _ends(words: list[str], between: list[str], breaks: Sentences) -> list[int]:
    """Return for each word 1 if a sentence ends before it, else 0."""
    ends = list(map(breaks.__getitem__, between))
    if ends:
        ends[0] = 0
    for at in compress(range(len(ends)), ends):
        if "." in between[at] and "\n" not in between[at] and _goes_on(words[at - 1]):
            ends[at] = 0
    return ends


def _goes_on(word: str) -> bool:
    """Tell whether the point after a word ends no sentence: `Mr.`, an initial, `4.5`."""
    return len(word) == 1 or word.isdigit() or word.lower() in _ABBREVIATIONS
