"""Which subscriptions a classified revision matches, and why. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from alerts.evaluate import matches
from despatch.model import Classified, SubscriberId, Subscription


@dataclass(frozen=True, slots=True)
class Met:
    """A subscription that is met, and why: `theme migration, score 0.97: “small boats”`."""

    subscription: Subscription
    reason: str


class Matcher:
    """Active subscriptions. Made anew for each batch from the store."""

    def __init__(self, subscriptions: Iterable[Subscription]) -> None:
        self._active = [one for one in subscriptions if one.state == "active"]
        self._by_subscriber: dict[SubscriberId, list[Subscription]] = defaultdict(list)
        for subscription in self._active:
            self._by_subscriber[subscription.subscriber].append(subscription)

    def meet(self, classified: Classified) -> tuple[Met, ...]:
        """Return each active subscription whose filter matches, once, oldest first."""
        asked = ((one, matches(one.filter, classified)) for one in self._active)
        met = [Met(one, reason) for one, reason in asked if reason is not None]
        return tuple(
            sorted(met, key=lambda one: (one.subscription.created_at, one.subscription.id))
        )

    def of(self, subscriber: SubscriberId) -> tuple[Subscription, ...]:
        """Return a subscriber's active subscriptions."""
        return tuple(self._by_subscriber.get(subscriber, ()))
