"""Digests and receipts that are overdue: an alarm until the last of them was run.

A run that is under way is late for its last subscriber by as long as it takes, so that one is no
alarm; nor is a machine that slept, once it is at it again.
"""

from datetime import datetime, timedelta

from despatch.app.wiring import App

WITHIN = timedelta(minutes=15)
"""So long after its moment a digest is told at last: a run of 100,000 takes a third of it."""

DIGESTS = "digests overdue"
RECEIPTS = "receipts overdue"
"""The alarms' keys."""


def look_for_overdue(app: App) -> None:
    """Raise an alarm while the oldest digest, or receipt, is overdue; end it afterwards."""
    now = app.clock.now()
    with app.store.transaction() as tx:
        digest, receipt = tx.next_digest_at(), tx.next_receipt_at()
        digests = tx.digests_due(now - WITHIN) if _late(digest, now) else 0
    _judge(app, DIGESTS, digest, now, f"{digests:,} digests" if digests != 1 else "1 digest")
    _judge(app, RECEIPTS, receipt, now, "receipts")
