"""Receipts in the store: who gets one when, and what they are made of."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from despatch.model import Subscriber, SubscriberId


@dataclass(frozen=True, slots=True)
class DueReceipt:
    """A receipt that is due, and from when on it covers the time."""

    who: Subscriber
    """With the frequency that they asked for, which is never None."""
    due_at: datetime
    since: datetime

    @property
    def subscriber(self) -> SubscriberId:
        """Whose it is."""
        return self.who.id


class Receipts(Protocol):
    """The part of a store's transaction that receipts are made with.

    Whoever gets a receipt from now on (`change_subscriber`) is due at the next moment of its
    frequency, and the first one covers the time from now on.
    """

    def due_receipts(self, now: datetime, limit: int) -> Sequence[DueReceipt]:
        """Borrow what is due, the longest due first, for this transaction; others skip it."""
        ...

    def finish_receipt(self, due: DueReceipt, next_at: datetime, since: datetime) -> None:
        """Record when the next one is due, and from when on it covers the time."""
        ...

    def receipt_due(self, subscriber: SubscriberId) -> datetime | None:
        """Return when a subscriber's next receipt is due; None if they get none."""
        ...

    def judged_between(self, since: datetime, until: datetime) -> int:
        """Return how many releases were taken, judged, after one moment and up to another."""
        ...

    def matched_between(
        self, subscribers: Collection[SubscriberId], since: datetime, until: datetime
    ) -> Mapping[SubscriberId, tuple[int, int]]:
        """Return of how many releases each was told, and how many matched and were held back.

        Of what matched after one moment and up to another; whom nothing matched is left out.
        """
        ...
