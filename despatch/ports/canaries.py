"""Canaries in the store: how far each has come."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from despatch.canary import Flight


class Canaries(Protocol):
    """The part of a store's transaction that canaries leave their traces in."""

    def send_canary(self, flight: Flight) -> bool:
        """Keep that one is sent; False if one of its name was."""
        ...

    def canary_published(self, id_: str, now: datetime) -> None:
        """Record that the log has it."""
        ...

    def canary_taken(self, id_: str, now: datetime) -> bool:
        """Record that the alert stage took it, and have it delivered; False if it was before.

        False, too, for one that is not kept any more.
        """
        ...

    def canaries(self) -> Sequence[Flight]:
        """Return those that are kept, oldest first."""
        ...

    def forget_canaries(self, before: datetime) -> int:
        """Drop those sent before then, and their deliveries; return how many."""
        ...
