"""Whether a source has ended: by its feed's own word, or because it is gone for good (410).

The poller pauses such a source; what tells it from one that a person has paused is its last poll.
"""

from dataclasses import dataclass
from datetime import datetime

from despatch.ports import SourceRecord, Transaction

_SAYS_SO = "its feed says so itself"


@dataclass(frozen=True, slots=True)
class Ended:
    """When a poll found that a source has ended, and why that is believed."""

    at: datetime
    why: str
    """`http 410: …`, or that the feed says so itself."""


def ended(tx: Transaction, record: SourceRecord) -> Ended | None:
    """Return how a source has ended; None if it has not, or is read again since."""
    if record.state != "paused":
        return None
    last = next(iter(tx.polls_of(record.id)), None)
    if last is None or last.outcome != "ended":
        return None
    return Ended(last.at, last.problem or _SAYS_SO)
