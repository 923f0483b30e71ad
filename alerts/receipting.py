"""Sends receipts when they are due: each once, a page a transaction.

A receipt and when the next one is due are one transaction of the store, so that a moment has one
receipt whatever crashes. One that nobody was there for comes later, once, with all the time that it
covers. All that are due at a time cover the time up to the same moment, so that what was looked at
is asked once, and said once for all whose subscriptions read the same sources.
"""

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from alerts.receipt import Came, receipt
from alerts.rhythm import due as next_due
from alerts.together import Together
from despatch import log
from despatch.errors import TransientError
from despatch.model import SubscriberId, Subscription
from despatch.ports import Clock, DueReceipt, EndedReceipt, Store, Transaction
from despatch.schedule import quiet_until

PAGE = 100
LOOK_EVERY = timedelta(seconds=5)


class Receipting:
    """Sends receipts. Several may run, in one process or in many; each is one thread's own."""

    def __init__(self, store: Store, clock: Clock, *, page: int = PAGE) -> None:
        self._store = store
        self._clock = clock
        self._page = page
        self._log = log.get(stage="receipts")

    def run(self, stop: threading.Event) -> None:
        """Send what is due, and what comes due, until told to stop."""
        while not stop.is_set():
            try:
                self._run_round(stop)
            except TransientError as exc:  # the stages have an alarm for it already
                self._log.warning("waiting", why=str(exc))
            stop.wait(LOOK_EVERY.total_seconds())

    def run_due(self) -> int:
        """Send all that is due now; return how many that were. Raises TransientError."""
        together, done = Together(self._clock.now()), 0
        while count := self._run_page(together):
            done += count
        return done

    def _run_round(self, stop: threading.Event) -> None:
        """Send what is due now, with as long a pause after each page: others write meanwhile."""
        together = Together(self._clock.now())
        while not stop.is_set():
            began = self._clock.now()
            if not self._run_page(together):
                return
            stop.wait(min(self._clock.now() - began, LOOK_EVERY).total_seconds())

    def _run_page(self, together: Together) -> int:
        with self._store.transaction() as tx:
            due = tx.due_receipts(together.until, self._page)
            theirs: dict[SubscriberId, list[Subscription]] = {one.subscriber: [] for one in due}
            for subscription in tx.subscriptions_of(theirs) if due else ():
                if subscription.state == "active":
                    theirs[subscription.subscriber].append(subscription)
            if due:
                _send(tx, due, theirs, together)
        if due:
            self._log.info("receipts run", count=len(due))
        return len(due)


def _send(
    tx: Transaction,
    due: Sequence[DueReceipt],
    theirs: Mapping[SubscriberId, Sequence[Subscription]],
    together: Together,
) -> None:
    now = together.until
    wanted = [one for one in due if theirs[one.subscriber] and _quiet_until(one, now) is None]
    together.look(tx, {one.since for one in wanted})
    came = tx.matched_until([one.subscriber for one in wanted], now)
    alerts = []
    for one in wanted:
        told, held = came.get(one.subscriber, (0, 0))
        says = together.says(one, theirs[one.subscriber], Came(told, held))
        alerts.append(receipt(one, theirs[one.subscriber], says, now))
    tx.add_alerts(alerts, now, lane="bulk")
    tx.finish_receipts([_ended(one, now) for one in due])


def _ended(one: DueReceipt, now: datetime) -> EndedReceipt:
    """Return what comes next: the end of quiet hours, or the next moment."""
    later = _quiet_until(one, now)
    if later is not None:
        return EndedReceipt(one, later, one.since)
    assert one.who.receipt is not None  # noqa: S101 - else nothing is due
    return EndedReceipt(one, next_due(one.who.receipt, one.who.quiet, now), now)


def _quiet_until(one: DueReceipt, now: datetime) -> datetime | None:
    return quiet_until(one.who.quiet, now) if one.who.quiet is not None else None
