"""What changed in a revised release, in words that a person can read. Pure."""

from despatch.changes import compare
from despatch.shorten import shorten

MAX_SHOWN = 6
"""Changed sentences that are put into words; the rest are counted."""
MAX_SENTENCE = 240
"""Characters of a sentence that are shown."""


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


def _short(sentence: str) -> str:
    return shorten(sentence, MAX_SENTENCE)
