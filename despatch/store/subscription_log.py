"""The log of subscriptions: which changed, in an order that no reader can miss a part of."""

from collections.abc import Sequence

from sqlalchemy import func, insert, select, text

from despatch.model import SubscriptionId
from despatch.ports import SubscriptionChange
from despatch.ports.store import Changed
from despatch.store.rows import Rows
from despatch.store.tables import subscription_log


class SubscriptionLog(Rows):
    """The part of a transaction that the log is. What changes a subscription writes here too."""

    def subscription_version(self) -> int:
        newest = self._first(select(func.max(subscription_log.c.version).label("version")))
        return 0 if newest is None or newest.version is None else int(newest.version)

    def subscription_changes(self, after: int, *, limit: int) -> Sequence[SubscriptionChange]:
        columns = subscription_log.c
        later = select(subscription_log).where(columns.version > after)
        rows = self._all(later.order_by(columns.version).limit(limit))
        return [
            SubscriptionChange(row.version, SubscriptionId(row.subscription), row.change, row.at)
            for row in rows
        ]

    def _before_change(self) -> None:
        """Wait until no other transaction can write to the log; call it before any change.

        Else a version could be committed after a higher one, and whoever had read that one would
        never see it. On SQLite a transaction is alone anyhow. It comes before the change itself,
        so that two transactions never wait for each other.
        """
        if self._dialect == "postgresql":
            self._connection.execute(text("LOCK TABLE subscription_log IN EXCLUSIVE MODE"))

    def _log_change(self, subscription: SubscriptionId, change: Changed) -> None:
        self._connection.execute(
            insert(subscription_log),
            {
                "version": self.subscription_version() + 1,
                "subscription": subscription,
                "change": change,
                "at": self._clock.now(),
            },
        )
