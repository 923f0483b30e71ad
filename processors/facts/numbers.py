"""The numbers of a passage with their units: `£1.2 billion`, `90%`, `5 lakh people`. Pure."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from processors.facts.lexicon import as_written
from processors.facts.passage import Passage

PERCENT, POINTS, NONE = "percent", "percentage points", ""
_SHARES = frozenset({PERCENT, POINTS, NONE})

_NUMBER = re.compile(r"\d{1,3}(?:,\d{2,3}){1,5}(?:\.\d{1,6})?(?!\d)|\d{1,15}(?:\.\d{1,6})?(?!\d)")
_SCALE = re.compile(
    r"[ \xa0\n-]?(lakh crores?|lakhs?|crores?|million|billion|trillion|thousand|mn|bn|tn|m|k)"
    r"(?![A-Za-z])",
    re.IGNORECASE,
)
_SCALES = {
    "k": 1e3,
    "thousand": 1e3,
    "lakh": 1e5,
    "m": 1e6,
    "mn": 1e6,
    "million": 1e6,
    "crore": 1e7,
    "bn": 1e9,
    "billion": 1e9,
    "tn": 1e12,
    "trillion": 1e12,
    "lakh crore": 1e12,
}
_NEXT = re.compile(
    r"[ \xa0]?(?:and|to|or|[-–])[ \xa0]?[£$€₹]?\d[\d,]{0,12}(?:\.\d{1,3})?"
    r"[ \xa0]?(crore|million|billion|trillion|bn|m)(?![A-Za-z])",
    re.IGNORECASE,
)
"""What gives a figure its scale as well: `£13 and £16.5bn`."""
_PERCENT = re.compile(r"[ \xa0]?%|[ \xa0\n-]per[ \xa0]?cent\b|[ \xa0]?pc\b", re.IGNORECASE)
_POINTS = re.compile(r"[ \xa0\n-]percentage[ -]points?\b", re.IGNORECASE)
_SIGN_CHARS = 5
_SIGN = re.compile(
    r"(US ?\$|CA?\$|CAD ?\$?|AU?D? ?\$|NZ\$|USD ?\$?|GBP ?£?|EUR ?€?|INR ?₹?"
    r"|Rs\.?|[£€₹¥$])[ \xa0]?$"
)
_SIGNS = {
    "US$": "USD",
    "USD": "USD",
    "C$": "CAD",
    "CA$": "CAD",
    "CAD": "CAD",
    "A$": "AUD",
    "AU$": "AUD",
    "AUD$": "AUD",
    "NZ$": "NZD",
    "£": "GBP",
    "GBP": "GBP",
    "€": "EUR",
    "EUR": "EUR",
    "₹": "INR",
    "INR": "INR",
    "Rs": "INR",
    "Rs.": "INR",
    "¥": "JPY",
    "USD$": "USD",
    "CAD$": "CAD",
    "GBP£": "GBP",
    "EUR€": "EUR",
    "INR₹": "INR",
}
_NAMED = re.compile(r"[ \xa0\n](?:US )?(dollars|pounds|euros?|rupees)\b", re.IGNORECASE)
_NAMES = {"pounds": "GBP", "euro": "EUR", "euros": "EUR", "rupees": "INR"}


_WORDS = ("per", "percent", "percentage", "pc", "dollars", *_NAMES)
UNIT_WORDS = as_written((*_WORDS, "rs", "usd", "inr", "gbp", "eur", "cad"))
"""One of these stands at a number that has a unit, or a mark such as `%`."""
_MARKS = re.compile("[£$€₹¥%]")
_HINT_WORDS, _HINT_CHARS = 14, 40
"""A number of six groups, its scale and four words; the same groups, and a mark behind them."""


class Number(NamedTuple):
    """A number with its unit: characters `[start, end)`, the word it begins at, the next word."""

    value: float
    unit: str
    """`percent`, `percentage points`, a currency, or empty."""
    start: int
    end: int
    first: int
    after: int


def numbers(passage: Passage, dollar: str, hints: frozenset[str]) -> Iterator[Number]:
    """Yield the numbers of a passage; `dollar` is the currency that `$` alone means.

    Numbers without a mark are yielded only where one of the words stands near that are `hints`.
    """
    free = 0
    for at in passage.digits:
        if at >= free and _may_measure(passage, at, hints):
            number = _read(passage, at, dollar)
            if number is not None:
                free = number.after
                yield number


def _may_measure(passage: Passage, at: int, hints: frozenset[str]) -> bool:
    """Tell whether a unit may stand at a number: most are years and days, or number a page."""
    if not hints.isdisjoint(passage.words[max(0, at - 1) : at + _HINT_WORDS]):
        return True
    start = passage.starts[at]
    return _MARKS.search(passage.text, max(0, start - _SIGN_CHARS), start + _HINT_CHARS) is not None


def _read(passage: Passage, at: int, dollar: str) -> Number | None:
    text, start = passage.text, passage.starts[at]
    found = _NUMBER.match(text, start)
    if found is None:
        return None
    try:
        value = float(found[0].replace(",", ""))
    except ValueError:  # digits of other scripts that only look like a number
        return None
    end = found.end()
    scale = _SCALE.match(text, end)
    if scale is not None:
        value, end = value * _SCALES[scale[1].lower().removesuffix("s")], scale.end()
    elif end < len(text) and text[end].isalpha():
        return None  # `3rd`, `90s`, `4x4`
    unit, begin, end = _unit(text, start, end, dollar)
    shared = _NEXT.match(text, end) if scale is None and unit not in _SHARES else None
    if shared is not None:
        value *= _SCALES[shared[1].lower()]
    return Number(round(value, 6), unit, begin, end, at, passage.word_from(at + 1, end))


def _unit(text: str, start: int, end: int, dollar: str) -> tuple[str, int, int]:
    before = text[max(0, start - _SIGN_CHARS) : start]
    sign = _SIGN.search(before)
    if sign is not None:
        written = sign[1].replace(" ", "")
        return _SIGNS.get(written, dollar), start - len(before) + sign.start(), end
    for unit, pattern in ((PERCENT, _PERCENT), (POINTS, _POINTS)):
        found = pattern.match(text, end)
        if found is not None:
            return unit, start, found.end()
    named = _NAMED.match(text, end)
    if named is not None:
        return _NAMES.get(named[1].lower(), dollar), start, named.end()
    return NONE, start, end
