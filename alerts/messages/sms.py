"""How many text messages a text costs, and how to write it so that it costs few. Pure.

3GPP TS 23.038 §6.2.1: in the default alphabet one message holds 160 septets, and each of several
that belong together 153; a sign of the extension takes two. One sign beyond both, and the whole is
UCS-2: 70 and 67 units of 16 bits.
"""

import unicodedata

MOST_SEGMENTS = 10
"""So many at most, and only for a link that needs them: services take about 1,600 characters."""

_DEFAULT = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("^{}\\[~]|€\f")
_ALPHABET = _DEFAULT | _EXTENSION

_TWINS = str.maketrans(
    {
        "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "‚": "'",
        "–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-", "…": "...", "\u00a0": " ",
        "\u2009": " ", "\u202f": " ", "•": "-", "·": "-", "×": "x", "\t": " ",
    }
)  # fmt: skip


def plain(text: str) -> str:
    """Return a text in the default alphabet, if nothing but signs and accents stands in the way.

    Typographic quotes and dashes become plain ones; `ŵ` becomes `w` where the rest can be said
    without it, so that one letter does not cost two messages. Arabic or Greek stays as it is.
    """
    found = text.translate(_TWINS)
    if _ALPHABET.issuperset(found):
        return found
    bare = "".join(sign if sign in _ALPHABET else _without_accents(sign) for sign in found)
    return bare if _ALPHABET.issuperset(bare) else found


def segments(text: str) -> int:
    """Return how many text messages a text takes; none for an empty one."""
    if not text:
        return 0
    if _ALPHABET.issuperset(text):
        return _count([1 + (sign in _EXTENSION) for sign in text], 160, 153)
    return _count([1 + (sign > "\uffff") for sign in text], 70, 67)


def _count(units: list[int], alone: int, each: int) -> int:
    """Return how many messages so many units take; what takes two is never parted."""
    if sum(units) <= alone:
        return 1
    count, room = 1, each
    for unit in units:
        if unit > room:
            count, room = count + 1, each
        room -= unit
    return count


def _without_accents(sign: str) -> str:
    parts = unicodedata.normalize("NFKD", sign)
    return "".join(part for part in parts if not unicodedata.combining(part))
