"""Sends receipts when they are due: each once, a page a transaction.

A receipt and when the next one is due are one transaction of the store, so that a moment has one
receipt whatever crashes. One that nobody was there for comes later, once, with all the time that it
covers.
"""

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from alerts.receipt import Came, Looked, receipt
from alerts.rhythm import due as next_due
from despatch import log
from despatch.errors import TransientError
from despatch.model import SubscriberId, Subscription
from despatch.ports import Clock, DueReceipt, Store, Transaction
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
                self.run_due()
            except TransientError as exc:  # the stages have an alarm for it already
                self._log.warning("waiting", why=str(exc))
            stop.wait(LOOK_EVERY.total_seconds())

    def run_due(self) -> int:
        """Send all that is due now; return how many that were. Raises TransientError."""
        done = 0
        while count := self._run_page():
            done += count
        return done

    def _run_page(self) -> int:
        with self._store.transaction() as tx:
            now = self._clock.now()
            due = tx.due_receipts(now, self._page)
            theirs: dict[SubscriberId, list[Subscription]] = {one.subscriber: [] for one in due}
            for subscription in tx.subscriptions_of(theirs) if due else ():
                if subscription.state == "active":
                    theirs[subscription.subscriber].append(subscription)
            for since in sorted({one.since for one in due}):
                _send(tx, [one for one in due if one.since == since], theirs, now)
        if due:
            self._log.info("receipts run", count=len(due))
        return len(due)


def _send(
    tx: Transaction,
    due: Sequence[DueReceipt],
    theirs: Mapping[SubscriberId, Sequence[Subscription]],
    now: datetime,
) -> None:
    """Send those of one period: what the store says of it is asked once."""
    since = due[0].since
    wanted = [one for one in due if theirs[one.subscriber] and not _is_left_alone(one, now)]
    looked = _look(tx, since, now) if wanted else None
    came = tx.matched_between([one.subscriber for one in wanted], since, now) if wanted else {}
    for one in due:
        quiet = one.who.quiet
        if _is_left_alone(one, now) and quiet is not None:
            tx.finish_receipt(one, quiet_until(quiet, now) or now, since)
            continue
        if looked is not None and theirs[one.subscriber]:
            told, held = came.get(one.subscriber, (0, 0))
            alert, channels = receipt(
                one, one.who, theirs[one.subscriber], looked, Came(told, held)
            )
            tx.add_alert(alert, channels, now, lane="bulk")
        assert one.who.receipt is not None  # noqa: S101 - else nothing is due
        tx.finish_receipt(one, next_due(one.who.receipt, quiet, now), now)


def _is_left_alone(one: DueReceipt, now: datetime) -> bool:
    return one.who.quiet is not None and quiet_until(one.who.quiet, now) is not None


def _look(tx: Transaction, since: datetime, until: datetime) -> Looked:
    return Looked(
        since=since,
        until=until,
        judged=tx.judged_between(since, until),
        sources=tx.sources(),
        gaps=tx.gaps(),
        alarms=[
            one
            for one in tx.alarms_to_tell(since)
            if one.closed_at is None or one.closed_at > since
        ],
    )
