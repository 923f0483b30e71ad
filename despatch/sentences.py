"""Text cut into sentences, and sentences into words. Pure, and linear in time."""

import re
import unicodedata
from collections.abc import Iterable

_END = re.compile(
    r"(?<=[.!?])[\"'”’)\]]*\s+(?=[\"'“‘(\[]*[A-Z0-9£$€])"
    r"|(?<=[。！？])|\n\s*\n|\n(?=\s*[-•*>])"
)
_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"[^\W_]+(?:['’.,:/-][^\W_]+)*|[£$€%]")
# Initials and titles, after which a sentence goes on; a number before a point is a list's.
_ABBREVIATION = re.compile(
    r"(?:^|[\s(“\"'])(?:[A-Z](?:\.[A-Z])*|Mr|Mrs|Ms|Dr|Prof|Hon|Rt|St|No|Gen|Gov|Sen|Rep|Lt|Col|Sgt"
    r"|Capt|Shri|Smt|Jr|Sr|vs|approx|e\.g|i\.e|[0-9]{1,2})\.$"
)
_ABBREVIATION_CHARS = 12


def sentences(text: str) -> tuple[str, ...]:
    """Return the sentences of a text, white space made even; paragraphs end a sentence too.

    `"Mr. Lee came. He left." -> ("Mr. Lee came.", "He left.")`
    """
    found: list[str] = []
    start = 0
    for end in _END.finditer(text):
        before = text[max(start, end.start() - _ABBREVIATION_CHARS) : end.start()]
        if "\n" in end[0] or not _ABBREVIATION.search(before):
            found.append(text[start : end.end()])
            start = end.end()
    found.append(text[start:])
    parts = (_SPACE.sub(" ", part).strip() for part in found)
    return tuple(part for part in parts if part)


def words(text: str) -> list[str]:
    """Return the words of a text as they are written.

    `"£35 (a day)" -> ["£", "35", "a", "day"]`
    """
    return _WORD.findall(text)


def lowered(these: Iterable[str]) -> list[str]:
    """Return words without what does not change their meaning: case, accents, kinds of marks."""
    return [_plain(word) for word in these]


def _plain(word: str) -> str:
    if not word.isascii():
        parts = unicodedata.normalize("NFKD", word.replace("’", "'"))
        word = "".join(c for c in parts if not unicodedata.combining(c))
    return word.casefold()
