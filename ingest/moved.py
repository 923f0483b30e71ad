"""When a source has moved for good: its publisher says so for long enough. Pure.

A redirect that calls itself permanent is often a mistake, a login page or an outage. It is followed
at every poll, and believed once it has led to the same place for a day (Feedbin waits for six).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from despatch.ports import Response

BELIEVED_AFTER = timedelta(days=1)
BELIEVED_TIMES = 5
"""So long, and in so many polls, the same address must have answered."""


@dataclass(frozen=True, slots=True)
class Move:
    """Where a source's address leads for good, as its publisher says."""

    to: str
    since: datetime
    times: int

    def believed(self, now: datetime) -> bool:
        """Return whether the source is asked there from now on."""
        return self.times >= BELIEVED_TIMES and now - self.since >= BELIEVED_AFTER


def move_seen(known: Move | None, address: str, answer: Response, now: datetime) -> Move | None:
    """Return the move after one more answer: counted on, begun anew elsewhere, or none.

    One answer without a permanent redirect and the counting begins anew. None too if it would lead
    from https to http.
    """
    if not answer.moved or answer.address == address:
        return None
    if address.startswith("https:") and not answer.address.startswith("https:"):
        return None
    if known is None or known.to != answer.address:
        return Move(answer.address, now, 1)
    return replace(known, times=known.times + 1)


def kept_move(cursor: Mapping[str, Any]) -> Move | None:
    """Return the move that a source keeps in its cursor."""
    kept = cursor.get("moved")
    return Move(kept["to"], datetime.fromisoformat(kept["since"]), kept["times"]) if kept else None


def move_to_keep(move: Move | None) -> Mapping[str, Any]:
    """Return what the cursor keeps of a move: nothing if there is none."""
    if move is None:
        return {}
    return {"moved": {"to": move.to, "since": move.since.isoformat(), "times": move.times}}
