"""HTML to plain text, and plain text made clean. Pure, and linear in time on hostile input."""

import json
import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from despatch.characters import storable
from despatch.shorten import shorten
from despatch.vocabulary import MAX_TEXT_CHARS

MAX_TEXT_BYTES = 560_000
"""A text as JSON: the message's 700,000 bytes need room for evidence and names besides."""

_MOST_JSON_BYTES = 6
"""A character as JSON takes no more: a control character does, `\\u001f`."""

MAX_TITLE_CHARS = 500
DERIVED_TITLE_CHARS = 200

# What most texts hold none of: looked for once, and then each step knows that it may be left out.
_ODD = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200d\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb]"
)
_RAGGED = re.compile(r"[^\S \n]|  | \n|\n |\n\n\n")
_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028]")
_PARAGRAPH_SEPARATOR = "\u2029"
_DROPPED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f"  # control characters
    "\u00ad\u200b\u2060-\u2064\ufeff\ufff9-\ufffb"  # soft hyphen, zero width, annotation
    "\u202a-\u202e\u2066-\u206f]"  # they turn the direction of what follows: spoofing
)
# Persian, Hindi and emoji need the joiners; between Latin letters they only hide words.
_LATIN_JOINERS = re.compile("(?<=[\x20-\u024f])[\u200c\u200d]+")
_BLANKS = re.compile(r"[^\S\n]+")
_AROUND_LINES = re.compile(r" ?\n ?")
_MANY_LINES = re.compile(r"\n{3,}")
_MAX_MARKS = 16
# Quick to look for, and never in Latin writing: nothing below U+0300 is an accent by itself.
_MAYBE_MARK_RUN = re.compile(f"[\u0300-\U0010ffff]{{{_MAX_MARKS + 1}}}")

_SENTENCE_END = re.compile(r"[.!?。！？]+[\"'”’»)\]]*(?=\s|$)|[。！？]")
_ABBREVIATION = re.compile(
    r"(?:\b(?:[A-Za-z]|Mr|Mrs|Ms|Dr|Prof|Hon|Rt|St|No|Gen|Gov|Sen|Rep|Lt|Col|Sgt|Jr|Sr|vs|approx"
    r"|Inc|Ltd|Co|Corp|e\.g|i\.e|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec))\.$"
)


@dataclass(frozen=True, slots=True)
class Cut:
    """A text within its limits; `truncated` if some of it had to go."""

    text: str
    truncated: bool


def clean_text(given: str) -> str:
    """Return plain text without surprises: NFC, no control or invisible characters.

    Lines stay, blanks within a line become one, paragraphs stand apart by one empty line.
    """
    text = _without_oddities(given) if _ODD.search(given) else given
    if not text.isascii():
        text = _compose(text)
    if _RAGGED.search(text):
        text = _AROUND_LINES.sub("\n", _BLANKS.sub(" ", text))
        text = _MANY_LINES.sub("\n\n", text)
    return text.strip()


def clean_line(given: str) -> str:
    """Return clean text on one line: a title."""
    return " ".join(clean_text(given).split())


def cut_text(text: str) -> Cut:
    """Return what fits a message of a clean text: 500,000 characters, 560,000 bytes of JSON."""
    if len(text) <= MAX_TEXT_BYTES // _MOST_JSON_BYTES:  # whatever it holds, it fits
        return Cut(text, truncated=False)
    kept = text[:MAX_TEXT_CHARS]
    if _json_bytes(kept) > MAX_TEXT_BYTES:
        low, high = 0, len(kept)
        while low < high:
            middle = (low + high + 1) // 2
            if _json_bytes(kept[:middle]) <= MAX_TEXT_BYTES:
                low = middle
            else:
                high = middle - 1
        kept = kept[:low]
    return Cut(kept, truncated=len(kept) < len(text))


def title_from_text(text: str) -> str:
    """Return a title for a text that has none: its first sentence, without the full stop.

    Cut between words at 200 characters. Empty if the text is.
    """
    paragraph = next((line for line in text.split("\n") if line.strip()), "")[:2_000].strip()
    for end in _SENTENCE_END.finditer(paragraph):
        if not _ABBREVIATION.search(paragraph[max(0, end.end() - 12) : end.end()]):
            paragraph = paragraph[: end.end()]
            break
    if paragraph.endswith(".") and not paragraph.endswith(".."):
        paragraph = paragraph[:-1]
    return shorten(clean_line(paragraph), DERIVED_TITLE_CHARS)


def _without_oddities(given: str) -> str:
    text = _LINE_ENDS.sub("\n", given).replace(_PARAGRAPH_SEPARATOR, "\n\n")
    text = _DROPPED.sub("", text)
    text = storable(text)
    if "\u200c" in text or "\u200d" in text:
        text = _LATIN_JOINERS.sub("", text)
    return text


def _json_bytes(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False).encode())


def _compose(text: str) -> str:
    """NFC. Runs of accents are cut first: ordering them takes quadratic time (20,000: 1.5 s)."""
    if _MAYBE_MARK_RUN.search(text):
        text = _mark_runs().sub(r"\1", text)
    return unicodedata.normalize("NFC", text)


@cache
def _mark_runs() -> re.Pattern[str]:
    marks = "".join(
        re.escape(chr(code)) for code in range(0x300, 0x20000) if unicodedata.combining(chr(code))
    )
    return re.compile(f"([{marks}]{{{_MAX_MARKS}}})[{marks}]+")
