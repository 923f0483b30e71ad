"""Text as words that know where they stand. Pure.

Offsets always point into the text as it was given: each word is folded by itself, so a letter
that grows or shrinks when folded (Turkish İ, ß, ligatures) moves nothing.
"""

import re
import unicodedata
from bisect import bisect_left
from functools import cached_property
from itertools import accumulate, compress, count, islice, takewhile

LEAD_CHARS = 600
"""The lead is every sentence that begins before this many characters of the text."""

MAX_WORD_CHARS = 60
"""A longer run of letters is no word: nothing matches it, and no phrase reaches across it."""

MAX_BREAK_CHARS = 60
"""What stands between two words of one phrase is shorter than this."""

# Letters, digits, and what may hide inside a word: soft hyphens, joiners, combining accents.
# Abbreviations keep their points (U.S.), a possessive its s.
# The first alternative is a shorter way to what the last says, for most words of most texts.
INSIDE = "\u00ad\u0300-\u036f\u200c\u200d\u2060\ufeff"
_WORD = re.compile(
    rf"(\w(?:\w++(?![{INSIDE}'’])"
    r"|(?:\.[A-Za-z])+\b\.?"
    rf"|[\w{INSIDE}]*+(?:['’][sS]\b)?))"
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


BREAKS = Sentences()


class Words:
    """The words of a text with their offsets and sentences.

    `text[starts[i]:ends[i]] == words[i]`, and `sentence[i]` counts from 0. Offsets are added up
    when they are first asked for: where no phrase stands, nobody does.
    """

    def __init__(self, text: str, breaks: Sentences = BREAKS) -> None:
        self._pieces = pieces = _WORD.split(text)
        self.words = pieces[1::2]
        self.breaks = _begins(self.words, pieces[0:-1:2], breaks)
        """The words that begin a sentence, but for the first of the text."""

    @cached_property
    def starts(self) -> list[int]:
        """Return where each word begins, and where the text ends."""
        return self._offsets[0::2]

    @cached_property
    def ends(self) -> list[int]:
        """Return where each word ends."""
        return self._offsets[1::2]

    @cached_property
    def sentence(self) -> list[int]:
        """Return the number of the sentence that each word stands in."""
        begins = bytearray(len(self.words))
        for at in self.breaks:
            begins[at] = 1
        return list(accumulate(begins))

    @cached_property
    def _offsets(self) -> list[int]:
        return list(accumulate(map(len, self._pieces)))

    def lead(self) -> int:
        """Return how many of the words stand in the lead."""
        begins = islice(accumulate(map(len, self._pieces)), 0, 2 * len(self.words), 2)
        last = sum(1 for _ in takewhile(LEAD_CHARS.__gt__, begins))
        if not last:
            return 0
        after = bisect_left(self.breaks, last)
        return self.breaks[after] if after < len(self.breaks) else len(self.words)


def fold(word: str) -> str:
    """Return a word without accents, joiners, points and possessive; its letters' case stays.

    `fold("Türkiye’s") == "Turkiye"`, `fold("U.S.") == "US"`, `fold("theUK") == "UK"`.
    """
    if word.isascii() and word.isalpha() and (word.islower() or word.istitle()):
        return word  # most there are
    word = _POSSESSIVE.sub("", word).replace(".", "")
    if not word.isascii():
        word = "".join(c for c in unicodedata.normalize("NFKD", word) if c == "_" or c.isalnum())
    return _GLUED.sub("", word, count=1)


def _begins(words: list[str], between: list[str], breaks: Sentences) -> list[int]:
    """Return the words that begin a sentence, but for the first of the text."""
    ends = [*compress(count(), map(breaks.__getitem__, between))]
    begins = [
        at
        for at in ends
        if at and not ("." in between[at] and "\n" not in between[at] and goes_on(words[at - 1]))
    ]
    if max(map(len, words), default=0) > MAX_WORD_CHARS:
        long = {at for at, word in enumerate(words) if at and len(word) > MAX_WORD_CHARS}
        return sorted(long.union(begins))
    return begins


def goes_on(word: str) -> bool:
    """Tell whether the point after a word ends no sentence: `Mr.`, an initial, `4.5`."""
    return len(word) == 1 or word.isdigit() or word.lower() in _ABBREVIATIONS
