"""Plain subscriptions and releases, as `despatch match` reads them, and what they mean. Pure.

`meets` is the meaning: one subscription, one release, a few lines. The index of
`alerts.plain_match` gives the same answers for a million subscriptions.

What a keyword is: both it and the text are lower-cased, white space counts as one blank, curly
apostrophes and the other hyphens count as the plain ones, soft hyphens don't count. Then the
keyword stands in the text as it is written, and no word of it is a part of a longer word: `visa`
is not in `visas`, and is in `visa's` and in `visa-free`; `small boat` is not in `small-boat`. A
word is a run of letters, digits and underscores in any script, with the marks that belong to them.
"""

import re
import unicodedata
from functools import cache

import msgspec

FACETS = ("themes", "countries", "organisations")

_SAME = str.maketrans({"’": "'", "ʼ": "'", "‐": "-", "‑": "-", "\u00ad": None, "\ufeff": None})
_MARK = "\x00"
"""Stands on both sides of each word of a marked text, and nowhere else."""
_ASCII_WORD = re.compile(r"(\w+)")


Values = tuple[str, ...] | None
"""None and empty mean the same."""


class PlainLine(msgspec.Struct, frozen=True, kw_only=True):
    """What has an id, and values by facet."""

    id: str | int
    themes: Values = None
    countries: Values = None
    organisations: Values = None


class PlainSubscription(PlainLine, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Any value within a field, and all fields; a field that is absent, null or empty: anything."""

    keywords: Values = None
    not_keywords: Values = None


class PlainRelease(PlainLine, frozen=True, kw_only=True):
    """A release; fields that it has besides are not looked at."""

    text: str | None = None


def meets(subscription: PlainSubscription, release: PlainRelease) -> bool:
    """Tell whether a release is what a subscription asks for."""
    for facet in FACETS:
        wanted = getattr(subscription, facet)
        if wanted and not set(wanted) & set(getattr(release, facet) or ()):
            return False
    text = folded(release.text or "")
    keywords, barred = subscription.keywords or (), subscription.not_keywords or ()
    if keywords and not any(stands_in(folded(one), text) for one in keywords):
        return False
    return not any(stands_in(folded(one), text) for one in barred)


def folded(text: str) -> str:
    """Return a text as keywords are looked for in it."""
    text = text.lower().replace(_MARK, " ")
    if not text.isascii():
        text = unicodedata.normalize("NFC", text).translate(_SAME)
    return " ".join(text.split())


def stands_in(keyword: str, text: str) -> bool:
    """Tell whether a keyword stands in a text, both folded, each of its words whole.

    An empty one stands nowhere.
    """
    at = text.find(keyword) if keyword else -1
    while at >= 0:
        if not _in_a_word(text, at) and not _in_a_word(text, at + len(keyword)):
            return True
        at = text.find(keyword, at + 1)
    return False


def _in_a_word(text: str, at: int) -> bool:
    """Tell whether the characters before and after a place belong to one word."""
    return 0 < at < len(text) and all(_word().fullmatch(c) for c in text[at - 1 : at + 1])


def marked(text: str) -> str:
    """Return a folded text with a mark on both sides of each word.

    So whole words are found by looking for characters only: a keyword stands in a text if the
    marked keyword is a part of the marked text.
    """
    return _MARK.join((_ASCII_WORD if text.isascii() else _word()).split(text))


@cache
def _word() -> re.Pattern[str]:
    # `\w` leaves out the vowel signs of Hindi, and accents that no letter is composed with.
    signs = [c for c in map(chr, range(0x300, 0x3100)) if unicodedata.category(c).startswith("M")]
    return re.compile(f"([\\w\u200c\u200d{''.join(signs)}]+)")
