"""What the operator was told of alarms, in the store."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from despatch.ports.store import Alarm


@dataclass(frozen=True, slots=True)
class Notice:
    """The operator was told of an alarm, and of its end once that is told too."""

    key: str
    told_at: datetime
    over_at: datetime | None = None


class Notices(Protocol):
    """The part of a store's transaction that remembers what the operator was told."""

    def hold_notices(self) -> None:
        """Have every other transaction that asks for this wait for the end of this one."""
        ...

    def alarms_to_tell(self, since: datetime) -> "Sequence[Alarm]":
        """Return the alarms that are open, that ended since then, or whose end was not told."""
        ...

    def notices(self) -> Sequence[Notice]:
        """Return what was told, by key."""
        ...

    def note_told(self, keys: Collection[str], now: datetime) -> None:
        """Record that the operator was told that these alarms are open."""
        ...

    def note_over(self, keys: Collection[str], now: datetime) -> None:
        """Record that the operator was told that these are over."""
        ...

    def forget_notices(self, before: datetime) -> int:
        """Drop what was told to be over before then; return how many."""
        ...
