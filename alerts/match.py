"""Which subscriptions a classified revision matches, and why.

The index is in memory, made from the store's log of subscriptions and brought up to date from it
in the transaction of each batch. So a subscription that was confirmed before a release was
classified is asked about it, in every process, and what was taken says up to which version.
"""

from dataclasses import dataclass

from alerts.evaluate import reason
from alerts.facets import Facets
from alerts.filter_index import FilterIndex
from alerts.phrases import Submit
from despatch import log
from despatch.model import Classified, Subscription, SubscriptionId
from despatch.ports import Store, Transaction

READ_AT_ONCE = 1_000
"""Changes of the log that are read in one go."""

WASTE = 10_000
"""So many places of subscriptions that are gone are borne with; or as many as are taken."""


@dataclass(frozen=True, slots=True)
class Met:
    """A subscription that is met, and why: `theme migration, 97% sure: “small boats”`."""

    subscription: Subscription
    reason: str


class Matcher:
    """The store's active subscriptions by what they ask for. One thread's own."""

    def __init__(
        self, submit: Submit | None = None, *, page: int = READ_AT_ONCE, waste: int = WASTE
    ) -> None:
        """Begin with none; `submit` runs what is merged in the background."""
        self.version = 0
        """Of the log of subscriptions: what is known here."""
        self._read = False
        self._page = page
        self._waste_borne = waste
        self._submit = submit
        self._index = FilterIndex(submit)
        self._log = log.get(stage="alerts")

    def __len__(self) -> int:
        return len(self._index)

    @property
    def waste(self) -> int:
        """How many places in memory belong to subscriptions that are gone, or were different."""
        return self._index.gone

    def prepare(self, store: Store) -> None:
        """Read the whole log if that was not done yet, or if much here belongs to what is gone.

        Page by page, so that no transaction stays open for long. Call it before a batch's own.
        """
        if self._read and self.waste <= max(self._waste_borne, len(self)):
            return
        self._index = FilterIndex(self._submit)
        self.version = 0
        more = True
        while more:
            with store.transaction() as tx:
                more = self._take_page(tx)
        self._index.settle()
        self._read = True
        self._log.info("subscriptions read", active=len(self), version=self.version)

    def catch_up(self, tx: Transaction) -> None:
        """Take what changed since the last time; then every change that `tx` sees is known here."""
        while self._take_page(tx):
            pass
        self._index.settle()

    def meet(self, tx: Transaction, classified: Classified) -> tuple[Met, ...]:
        """Return each active subscription whose filter matches, once, oldest first."""
        facets = Facets(classified)
        found = [SubscriptionId(str(id_)) for id_ in self._index.match(facets)]
        met = ((one, reason(one.filter, facets)) for one in tx.find_subscriptions(found))
        return tuple(Met(one, why) for one, why in met if why is not None and one.state == "active")

    def _take_page(self, tx: Transaction) -> bool:
        """Take the next changes; True if there may be more."""
        changes = tx.subscription_changes(self.version, limit=self._page)
        gone = {change.subscription for change in changes}
        for subscription in tx.find_subscriptions(gone):
            if subscription.state == "active":
                self._index.add(subscription.id, subscription.filter)
                gone.discard(subscription.id)
        for id_ in gone:
            self._index.remove(id_)
        if changes:
            self.version = changes[-1].version
        return len(changes) == self._page
