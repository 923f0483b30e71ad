"""Texts that nobody writes and somebody will send: each a piece, repeated to any length."""

import random
import string
from collections.abc import Mapping


def _unbroken(chars: int) -> str:
    """Return characters without a space between them, the same each time."""
    visible = string.ascii_letters + string.digits + string.punctuation
    return "".join(random.Random(5).choices(visible, k=chars))  # noqa: S311 - no secret


PIECES: Mapping[str, str] = {
    "prose": "The minister of ports signed an agreement with France on small boats today. ",
    "one letter": "a",
    "one word": "migration ",
    "one phrase": "illegal migration treaty with France ",
    "half of a phrase": "memorandum of ",
    "lines": "\n",
    "short lines": "x\n",
    "white space": " \t\r\n\u00a0\u2003",
    "points": ". ",
    "initials": "U.S. A.B. ",
    "opening marks": "“",
    "straight marks": '"',
    "quotations": "“one two three four five,” said Ada Lind, Minister. ",
    "said": "said ",
    "speakers": "Minister Ada Lind said:\n",
    "turns": "MR. LEE: yes\n",
    "almost turns": "A A A A A ",
    "blockquotes": "> ",
    "items": "- a\n",
    "capitals": "Minister of the ",
    "commas": "Ada, ",
    "contacts": "media ",
    "phone numbers": "0300 7777 000\n",
    "addresses": "a@b.example ",
    "footers": "Share this page\n",
    "figures": "1,000.5 ",
    "percent": "90% £40bn ",
    "dates": "3 May 2026 ",
    "open tags": "<div><ul><li>",
    "entities": "&amp;&#x41;",
    "zero width": "a\u200b\u200c\u200d\u2060\ufeff",
    "right to left": "\u202eabc\u202c العربية ",
    "accents": "e\u0301",
    "a tower of accents": "\u0301",
    "joined faces": "👩\u200d👩\u200d👧 ",
    "half characters": "\ud800",
    "no characters": "\x00\x1b[2J\x7f",
    "grown by folding": "İßﬁ ",
    "chinese": "港口办公室今天表示，",
    "hindi": "बंदरगाह कार्यालय ",
    "underscores": "_a_",
    "apostrophes": "o'n’s ",
    "slashes": "https://a.example/b/c?d=e&",
    "brackets": "[(“",
    "unbroken characters": _unbroken(2_000),
    "years": "in 2019 ",
    "initials in office": "Minister A. B ",
}
"""By name; repeated, each is a text."""


def monster(name: str, chars: int) -> str:
    """Return the text of a piece, at so many characters."""
    piece = PIECES[name]
    return (piece * (chars // len(piece) + 1))[:chars]
