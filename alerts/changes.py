"""What changed between two texts, sentence by sentence, in words that a person can read. Pure.

Time grows with the length of the texts, not with its square: sentences are compared by count,
and only a bounded number of them word by word.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from despatch.shorten import shorten

MAX_SHOWN = 6
"""Changed sentences that are put into words; the rest are counted."""
MAX_SENTENCE = 240
"""Characters of a sentence that are shown."""
MAX_PAIRED = 200
"""Sentences on each side that are looked at to find which became which."""
MAX_WORDS = 80
"""Words of a sentence that are compared one by one; a change in a longer one counts."""
MAX_TRIFLES = 30
"""Changed sentences that are looked at word by word; more of them count, whatever they are."""
ALIKE = 0.5
"""Share of words two sentences must have in common for one to have become the other."""

_END = re.compile(r"(?<=[.!?])[\"'”’)\]]*\s+(?=[\"'“‘(\[]*[A-Z0-9£$€])|\n\s*\n|\n(?=\s*[-•*])")
_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"[^\W_]+(?:['’.,:/-][^\W_]+)*|[£$€%]")
_WEIGHTY = frozenset(
    word
    for line in (
        "not no nor never none cannot without unless except only all any every both either",
        "neither may might must shall should will would can could need least most more less",
        "fewer over under above below before after until from to by up down",
        "one two three four five six seven eight nine ten eleven twelve twenty thirty forty",
        "fifty hundred thousand million billion half third quarter first second",
        "january february march april may june july august september october november",
        "december monday tuesday wednesday thursday friday saturday sunday",
    )
    for word in line.split()
)
"""Words whose change changes what is said, however small it looks."""
_LIGHT = frozenset({"a", "an", "the", "of", "and", "that", "which", "who", "this", "these", "also"})
"""Words that come and go without a change of meaning."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What stands in only one of two texts. `became` pairs a sentence with its new wording."""

    became: tuple[tuple[str, str], ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.became or self.added or self.removed)


def sentences(text: str) -> tuple[str, ...]:
    """Return the sentences of a text, white space made even; paragraphs end a sentence too."""
    parts = (_SPACE.sub(" ", part).strip() for part in _END.split(text))
    return tuple(part for part in parts if part)


def compare(before: str, after: str) -> Changes:
    """Return what changed between two texts; sentences that only moved don't count."""
    old, new = sentences(before), sentences(after)
    gone = _without(old, Counter(new))
    come = _without(new, Counter(old))
    return _paired(gone, come)


def describe(before: str, after: str) -> str:
    """Return the changes as lines of text, at most about 4,000 characters; empty if none.

    `Now says: “Fees rise to £38.” (was: “Fees rise to £35.”)`
    """
    changes = compare(before, after)
    lines = [
        *(f"Now says: “{_short(new)}” (was: “{_short(old)}”)" for old, new in changes.became),
        *(f"Added: “{_short(new)}”" for new in changes.added),
        *(f"Removed: “{_short(old)}”" for old in changes.removed),
    ]
    more = len(lines) - MAX_SHOWN
    if more > 0:
        lines = [*lines[:MAX_SHOWN], f"… and {more} more {'changes' if more > 1 else 'change'}."]
    return "\n".join(lines)


def material(before: str, after: str) -> bool:
    """Return whether a reader of the first text should hear of the second.

    A figure, a date, a name, a sentence or a word that carries meaning changed: yes. White space,
    punctuation, letters' case, a typo, an article, a plural: no.
    """
    changes = compare(before, after)
    if any(_words(text) for text in (*changes.added, *changes.removed)):
        return not _same_words(before, after)
    if len(changes.became) > MAX_TRIFLES:
        return True
    return any(_differs(old, new) for old, new in changes.became)


def _same_words(before: str, after: str) -> bool:
    """Return whether only the cutting into sentences, the case or the punctuation changed."""
    return _words(before) == _words(after)


def _without(these: Sequence[str], others: Counter[str]) -> list[str]:
    """Return the sentences that have no equal among the others, each other used once."""
    left = Counter(others)
    alone = []
    for sentence in these:
        if left[sentence]:
            left[sentence] -= 1
        else:
            alone.append(sentence)
    return alone


def _paired(gone: list[str], come: list[str]) -> Changes:
    """Find which removed sentence became which added one: the first that is alike."""
    became: list[tuple[str, str]] = []
    added: list[str] = []
    bags = {n: frozenset(_words(old)) for n, old in enumerate(gone[:MAX_PAIRED])}
    for n, sentence in enumerate(come):
        tried = bags and n < MAX_PAIRED
        best = _most_alike(frozenset(_words(sentence)), bags) if tried else None
        if best is None:
            added.append(sentence)
        else:
            became.append((gone[best], sentence))
            del bags[best]
    used = set(range(min(len(gone), MAX_PAIRED))) - set(bags)
    removed = [old for n, old in enumerate(gone) if n not in used]
    return Changes(tuple(became), tuple(added), tuple(removed))


def _most_alike(bag: frozenset[str], bags: dict[int, frozenset[str]]) -> int | None:
    scores = {n: _overlap(bag, other) for n, other in bags.items()}
    best = max(scores, key=lambda n: (scores[n], -n))
    return best if scores[best] >= ALIKE else None


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Return how alike two bags of words are; two empty ones are alike (only marks differ)."""
    most = max(len(one), len(other))
    return len(one & other) / most if most else 1.0


def _differs(old: str, new: str) -> bool:
    """Return whether two wordings of one sentence say different things."""
    a, b = _cased_words(old), _cased_words(new)
    if _lower(a) == _lower(b):
        return False
    if max(len(a), len(b)) > MAX_WORDS:
        return True
    return any(_weighs(gone, come) for gone, come in _replaced(a, b))


def _replaced(a: list[str], b: list[str]) -> Iterator[tuple[list[str], list[str]]]:
    """Yield the runs of words that differ."""
    matcher = SequenceMatcher(None, _lower(a), _lower(b), autojunk=False)
    for kind, a1, a2, b1, b2 in matcher.get_opcodes():
        if kind != "equal":
            yield a[a1:a2], b[b1:b2]


def _weighs(gone: list[str], come: list[str]) -> bool:
    """Return whether one run of words in place of another changes what is said."""
    if "".join(_lower(gone)) == "".join(_lower(come)):  # "on line" and "online"
        return False
    heavy = [w for w in (*gone, *come) if w.lower() not in _LIGHT]
    if not heavy:
        return False
    if any(_is_weighty(word) for word in heavy):
        return True
    if len(gone) != len(come):
        return True
    return not all(_is_typo(a, b) for a, b in zip(_lower(gone), _lower(come), strict=True))


def _is_weighty(word: str) -> bool:
    """A figure, a name, or a word that carries the meaning."""
    return (
        any(c.isdigit() for c in word)
        or not word[0].isalnum()
        or word.lower() in _WEIGHTY
        or word[:1].isupper()
    )


def _is_typo(a: str, b: str) -> bool:
    """Return whether two words are one slip of a key apart: `recieve`, `receive`."""
    if a == b:
        return True
    if min(len(a), len(b)) < 4 or abs(len(a) - len(b)) > 1:
        return False
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    x, y = a[start:], b[start:]
    return x[1:] == y[1:] or x[1:] == y or x == y[1:] or (x[1::-1] == y[:2] and x[2:] == y[2:])


def _words(text: str) -> list[str]:
    return _lower(_cased_words(text))


def _cased_words(text: str) -> list[str]:
    return _WORD.findall(text)


def _lower(words: Iterable[str]) -> list[str]:
    return [word.lower().replace("’", "'") for word in words]


def _short(sentence: str) -> str:
    return shorten(sentence, MAX_SENTENCE)
