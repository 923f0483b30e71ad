"""Digests and receipts that are overdue: an alarm until the last of them was run."""

from datetime import timedelta

from despatch.app.wiring import App
from despatch.ports import Overdue

WITHIN = timedelta(minutes=15)
"""So long after its moment one is told at last: a run of 100,000 takes a third of it."""


class LookingForOverdue:
    """Looks every minute; one that is overdue at two looks in a row is an alarm.

    One look is too few: a machine that slept over a digest finds it overdue, and runs it at once.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._seen: set[str] = set()
        """What was overdue at the look before."""

    def look(self) -> None:
        """Open or close the alarms."""
        before = self._app.clock.now() - WITHIN
        with self._app.store.transaction() as tx:
            found = {
                "digests": tx.overdue_digests(before),
                "receipts": tx.overdue_receipts(before),
            }
        for what, overdue in found.items():
            self._judge(what, overdue)
        self._seen = {what for what, overdue in found.items() if overdue.number}

    def _judge(self, what: str, overdue: Overdue) -> None:
        key = f"{what} overdue"
        if overdue.since is None:
            self._app.alarms.close(key)
        elif what in self._seen:
            named = what if overdue.number > 1 else what.removesuffix("s")
            self._app.alarms.open(
                key,
                f"{overdue.number:,} {named} not sent though due: the first since "
                f"{overdue.since:%d %B %Y, %H:%M} UTC. The alert stage runs them: does it wait for "
                "the store, or is it too slow for so many? See: despatch status. Once it can, "
                "each is sent, once, and says which time it covers",
            )
