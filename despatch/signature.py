"""A short signature of a text, by which two texts are found alike without being compared. Pure.

A bottom-k MinHash sketch (Broder, "On the resemblance and containment of documents", 1997): of the
hashes of all runs of three words the least `MOST`. The share that two sketches have in common
estimates the share of runs that the texts have in common, exactly so for short ones, else within
0.05 two times of three. docs/adr/0018 says why this and no library.
"""

import re
from zlib import crc32

MOST = 64
"""Hashes that are kept; fewer where a text has fewer runs of words."""
RUN = 3
"""Words in a run."""
MAX_CHARS = 6_000
"""Of the text; what stands behind them does not count: a story says first what it is."""

_WORD = re.compile(r"\w+")


def signature(title: str, text: str) -> tuple[int, ...]:
    """Return at most 64 numbers below 2**32, ascending; empty for a text without words.

    Case, marks and white space don't count. The same text has the same signature for ever: a
    change of this algorithm is a new field.
    """
    plain = " ".join(_WORD.findall(f"{title}\n{text[:MAX_CHARS]}".lower()))
    words = plain.encode().split()  # half characters are no letters: they are gone
    if len(words) < RUN:
        return (crc32(b" ".join(words)),) if words else ()
    runs = map(b" ".join, zip(words, words[1:], words[2:], strict=False))
    return tuple(sorted(set(map(crc32, runs)))[:MOST])


def similarity(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """Return the share of runs of words that two texts have in common, 0 to 1, by their signatures.

    0 if either has none.
    """
    if not one or not other:
        return 0.0
    both = set(one).intersection(other)
    union = sorted({*one, *other})
    # Beyond the end of a full sketch nothing is known of what its text holds.
    ends = [sketch[-1] for sketch in (one, other) if len(sketch) >= MOST]
    known = [number for number in union if not ends or number <= min(ends)][:MOST]
    return sum(number in both for number in known) / len(known)
