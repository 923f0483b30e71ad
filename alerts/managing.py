"""What a link lets its holder do: look at their subscriptions, pause, resume, change, end them.

Each act can be repeated and names what is there: a link is clicked twice, or years later.
"""

from collections.abc import Sequence
from typing import Literal

from alerts.changing import change_state
from alerts.pacing import wait_anew
from despatch import log
from despatch.frequency import Frequency
from despatch.model import State, Subscriber, SubscriberId, Subscription, SubscriptionId
from despatch.ports import Clock, Store, Transaction

Act = Literal["pause", "resume", "remove"]

_STATES: dict[Act, State] = {"pause": "paused", "resume": "active", "remove": "removed"}


class Managed:
    """Subscriptions in their owner's hands. Shared between threads."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._log = log.get(stage="web")

    def theirs(self, subscriber: str) -> Sequence[Subscription]:
        """Return all that a subscriber has, oldest first; nothing for whom nobody knows."""
        with self._store.transaction() as tx:
            return tx.subscriptions_of([SubscriberId(subscriber)])

    def named(self, ids: Sequence[str]) -> Sequence[Subscription]:
        """Return those of these subscriptions that have not ended."""
        with self._store.transaction() as tx:
            return tx.find_subscriptions([SubscriptionId(one) for one in ids])

    def act(self, subscriber: str, subscription: str, act: Act) -> bool:
        """Pause, resume or end one of a subscriber's own; False if they have none such."""
        with self._store.transaction() as tx:
            found = _one(tx, subscriber, subscription)
            if found is not None:
                change_state(tx, found, _STATES[act])
        if found is not None:
            self._log.info("by its owner", subscription=found.id, act=act)
        return found is not None

    def set_frequency(self, subscriber: str, subscription: str, every: Frequency) -> bool:
        """Tell one of a subscriber's own at another time; False if they have none such."""
        with self._store.transaction() as tx:
            found = _one(tx, subscriber, subscription)
            if found is not None:
                tx.change_subscription(found.model_copy(update={"frequency": every}))
                wait_anew(tx, found.subscriber, self._clock.now())
        return found is not None

    def end(self, ids: Sequence[str]) -> int:
        """End these subscriptions; return how many there were still."""
        with self._store.transaction() as tx:
            return self._end(tx, tx.find_subscriptions([SubscriptionId(one) for one in ids]))

    def leave(self, subscriber: str) -> int:
        """End all that a subscriber has; return how many there were still."""
        with self._store.transaction() as tx:
            return self._end(tx, tx.subscriptions_of([SubscriberId(subscriber)]))

    def receipt(self, subscriber: str) -> Frequency | None:
        """Return when a subscriber gets a receipt; None if they get none."""
        with self._store.transaction() as tx:
            who = _manner(tx, subscriber)
        return None if who is None else who.receipt

    def end_receipt(self, subscriber: str) -> bool:
        """Send them no more receipts, and all else as before; False if they get none."""
        with self._store.transaction() as tx:
            who = _manner(tx, subscriber)
            if who is None or who.receipt is None:
                return False
            tx.change_subscriber(who.model_copy(update={"receipt": None}))
        self._log.info("receipt ended by its owner", subscriber=who.id)
        return True

    def _end(self, tx: Transaction, found: Sequence[Subscription]) -> int:
        for one in found:
            change_state(tx, one, "removed")
            self._log.info("by its owner", subscription=one.id, act="remove")
        return len(found)


def _manner(tx: Transaction, subscriber: str) -> Subscriber | None:
    return tx.manners([SubscriberId(subscriber)]).get(SubscriberId(subscriber))


def _one(tx: Transaction, subscriber: str, subscription: str) -> Subscription | None:
    for one in tx.find_subscriptions([SubscriptionId(subscription)]):
        if one.subscriber == subscriber:
            return one
    return None
