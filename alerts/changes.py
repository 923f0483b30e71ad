"""What changed in a revised release: sentence by sentence, and in words for people. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from despatch.changes import compare
from despatch.model import Rewording
from despatch.shorten import shorten

MAX_SHOWN = 6
"""Changed sentences that are shown; the rest are counted."""
MAX_SENTENCE = 240
"""Characters of a sentence that are shown."""


@dataclass(frozen=True, slots=True)
class Described:
    """The first changes between two texts, and how many there are besides."""

    changes: tuple[Rewording, ...] = ()
    more: int = 0

    @property
    def words(self) -> str:
        """The changes as lines of text, at most about 4,000 characters; empty if none.

        `Now says: “Fees rise to £38.” (was: “Fees rise to £35.”)`
        """
        lines = [_line(one) for one in self.changes]
        if self.more:
            lines.append(f"… and {self.more} more {'changes' if self.more > 1 else 'change'}.")
        return "\n".join(lines)


UNCHANGED = Described()


def describe(before: str, after: str) -> Described:
    """Return what changed: first what was reworded, then what is new, then what is gone."""
    changes = compare(before, after)
    return _first(
        [
            *(Rewording(before=_short(old), now=_short(new)) for old, new in changes.became),
            *(Rewording(now=_short(new)) for new in changes.added),
            *(Rewording(before=_short(old)) for old in changes.removed),
        ]
    )


def _first(changes: Sequence[Rewording]) -> Described:
    return Described(tuple(changes[:MAX_SHOWN]), max(0, len(changes) - MAX_SHOWN))


def _line(one: Rewording) -> str:
    if one.before and one.now:
        return f"Now says: “{one.now}” (was: “{one.before}”)"
    return f"Added: “{one.now}”" if one.now else f"Removed: “{one.before}”"


def _short(sentence: str) -> str:
    return shorten(sentence, MAX_SENTENCE)
