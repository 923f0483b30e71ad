"""Which subscriptions a classified revision matches, and why. Pure."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from alerts.words import listed, one_line
from despatch.model import Classified, SubscriberId, Subscription, ThemeId, ThemeScore
from despatch.shorten import shorten

MAX_WORDS = 4
"""Evidence words that a reason names."""
MAX_WORD = 60
"""Characters of one of them."""


@dataclass(frozen=True, slots=True)
class Met:
    """A subscription that is met, and why: `theme migration, score 0.97: “small boats”`."""

    subscription: Subscription
    reason: str


class Matcher:
    """Active subscriptions, found by theme. Made anew for each batch from the store."""

    def __init__(self, subscriptions: Iterable[Subscription]) -> None:
        self._by_theme: dict[ThemeId, list[Subscription]] = defaultdict(list)
        self._by_subscriber: dict[SubscriberId, list[Subscription]] = defaultdict(list)
        for subscription in subscriptions:
            if subscription.state == "active":
                self._by_subscriber[subscription.subscriber].append(subscription)
                for theme in subscription.themes:
                    self._by_theme[theme].append(subscription)

    def meet(self, classified: Classified) -> tuple[Met, ...]:
        """Return each active subscription that asks for any of the themes, once, oldest first."""
        found: dict[str, Subscription] = {}
        for score in classified.themes:
            for subscription in self._by_theme.get(score.theme, ()):
                found[subscription.id] = subscription
        met = sorted(found.values(), key=lambda one: (one.created_at, one.id))
        return tuple(Met(one, why(classified, one)) for one in met)

    def of(self, subscriber: SubscriberId) -> tuple[Subscription, ...]:
        """Return a subscriber's active subscriptions."""
        return tuple(self._by_subscriber.get(subscriber, ()))


def why(classified: Classified, subscription: Subscription) -> str:
    """Return the themes that a subscription asks for and a release has, with their words."""
    asked = frozenset(subscription.themes)
    scores = sorted(classified.themes, key=lambda score: (-score.score, score.theme))
    return "; ".join(_named(score) for score in scores if score.theme in asked)


def _named(score: ThemeScore) -> str:
    words = evidence_words(score)
    shown = listed([f"“{word}”" for word in words[:MAX_WORDS]])
    mark = " (experimental)" if score.experimental else ""
    return f"theme {score.theme}{mark}, score {score.score:.2f}" + (f": {shown}" if shown else "")


def evidence_words(score: ThemeScore) -> tuple[str, ...]:
    """Return the words that speak for a theme, heaviest first, each once."""
    heaviest = sorted(score.evidence, key=lambda one: (-one.weight, one.field, one.start))
    words = (shorten(one_line(one.text), MAX_WORD) for one in heaviest if one.weight > 0)
    return tuple({word.lower(): word for word in reversed([w for w in words if w])}.values())[::-1]
