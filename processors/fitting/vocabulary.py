"""Words that could become terms of a theme, and in how many places they stand. Pure.

They are patterns as theme files write them; countries, nationalities, leaders and bodies stand
under the name of their list, so that what is learnt of one country holds for all.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from despatch.boilerplate import boilerplate
from processors.cut import Cut
from processors.lexicon import LISTS
from processors.matches import Match
from processors.pattern import parse
from processors.scan import Scanner
from processors.themes.terms import Place
from processors.words import fold

GENERAL = ("country", "nationality", "leader", "body")
"""The lists under whose name their words are learnt."""

Vocabulary = Counter[str]
"""In how many places each stands: title, lead, body."""


class VocabularyReader:
    """Reads the words of texts."""

    def __init__(self) -> None:
        self._names: Scanner[str] = Scanner(
            ((phrase, f"@{name}") for name in GENERAL for phrase in parse(f"@{name}", LISTS)), LISTS
        )

    def read(self, title: str, text: str, taken: Collection[Match] = ()) -> Vocabulary:
        """Return the words of a release, but for those that overlap what is taken."""
        found: set[tuple[Place, str]] = set()
        for field, body in (("title", title), ("text", text)):
            words, names = self._names.scan(body)
            lead = words.lead() if field == "text" else 0
            spans = [(one.start, one.end) for one in taken if one.field == field]
            if field == "text":
                spans += [(one.start, one.end) for one in boilerplate(body)]
            free = _free(words, spans)
            for first, last, token in _tokens(words, {at: (end, what) for what, at, end in names}):
                if token and all(free[first:last]):
                    place: Place = (
                        "title" if field == "title" else "lead" if first < lead else "body"
                    )
                    found.add((place, token))
        return Counter(token for _, token in found)


def _free(words: Cut, taken: Iterable[tuple[int, int]]) -> list[bool]:
    free = [True] * len(words.words)
    for start, end in sorted(taken):
        for at in words.touching(start, end):
            free[at] = False
    return free


def _tokens(words: Cut, names: dict[int, tuple[int, str]]) -> Iterator[tuple[int, int, str]]:
    """Yield the words `[first, last)` and what they are as a pattern: "" if they can't be one."""
    at = 0
    while at < len(words.words):
        last, token = names.get(at, (at + 1, ""))
        if not token:
            folded = fold(words.words[at]).casefold()
            token = folded if folded.isalpha() and folded.isascii() and len(folded) > 1 else ""
        yield at, last, token
        at = last
