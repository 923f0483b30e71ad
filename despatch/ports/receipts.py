"""Receipts in the store: who gets one when, and what they are made of."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from despatch.model import Subscriber, SubscriberId
from despatch.ports.digests import Overdue


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


@dataclass(frozen=True, slots=True)
class EndedReceipt:
    """A receipt that was due, and what comes next."""

    due: DueReceipt
    next_at: datetime
    since: datetime
    """From when on the next one covers the time."""


class Receipts(Protocol):
    """The part of a store's transaction that receipts are made with.

    Whoever gets a receipt from now on (`change_subscriber`) is due at the next moment of its
    frequency, and the first one covers the time from now on.
    """

    def due_receipts(self, now: datetime, limit: int) -> Sequence[DueReceipt]:
        """Borrow what is due, the longest due first, for this transaction; others skip it."""
        ...

    def finish_receipts(self, ended: Sequence[EndedReceipt]) -> None:
        """Record when the next ones are due, and from when on they cover the time."""
        ...

    def overdue_receipts(self, before: datetime) -> Overdue:
        """Return how many receipts were due before a moment and are not sent."""
        ...

    def receipt_due(self, subscriber: SubscriberId) -> datetime | None:
        """Return when a subscriber's next receipt is due; None if they get none."""
        ...

    def judged_since(self, since: Collection[datetime], until: datetime) -> Mapping[datetime, int]:
        """Return how many releases were taken, judged, after each moment and up to another."""
        ...

    def matched_until(
        self, subscribers: Collection[SubscriberId], until: datetime
    ) -> Mapping[SubscriberId, tuple[int, int]]:
        """Return of how many releases each was told, and how many matched and were held back.

        Of what matched in the time that their next receipt covers, up to a moment; whom nothing
        matched, or who gets no receipt, is left out.
        """
        ...
