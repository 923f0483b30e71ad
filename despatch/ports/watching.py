"""What is kept so that nothing is missed in silence: gaps, and when a source publishes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from despatch.model import SourceId


@dataclass(frozen=True, slots=True)
class Gap:
    """A time of which a source's window showed only the end: what lay before it may be missed."""

    id: str
    """Computed from the source and when it was found, such as `g-5f2d…`."""
    source: SourceId
    found_at: datetime
    since: datetime
    """When the source was last read and nothing was missing."""
    until: datetime
    """The date of the oldest entry that the window showed when the gap was found."""
    link: str = ""
    """Where the feed itself says that older entries are; empty if it doesn't."""
    state: Literal["open", "repaired", "settled"] = "open"
    """`settled`: a person has seen to it."""
    tries: int = 0
    """How often it was tried to repair it."""
    late: int = 0
    """How many releases were found so, and told as late."""
    reason: str = ""
    """What came of the last try, in a sentence."""
    settled_at: datetime | None = None
    """When it was repaired, or settled."""


class Watching(Protocol):
    """The part of a store's transaction that watches over the sources."""

    def add_gap(self, gap: Gap) -> bool:
        """Keep a gap that was found; False, and nothing is changed, if it is known."""
        ...

    def gap(self, id_: str) -> Gap | None:
        """Return a gap."""
        ...

    def gaps(self, *, open_only: bool = True) -> Sequence[Gap]:
        """Return gaps, newest first; those of removed sources are not shown."""
        ...

    def try_gap(self, id_: str, late: int, reason: str, repaired_at: datetime | None) -> None:
        """Record a try to repair an open gap, what it found, and whether that closed it."""
        ...

    def settle_gap(self, id_: str, now: datetime) -> Gap | None:
        """Record that a person has seen to an open gap; return it, or None if it is not open."""
        ...

    def publication_times(self, source: SourceId, since: datetime) -> Sequence[datetime]:
        """Return when a source published what it first showed since then, oldest first.

        By the entry's own date if it has one before its first sight, else by that.
        """
        ...
