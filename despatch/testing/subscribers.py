"""Makers of subscribers, their channels and subscriptions, and of what they are sent."""

from typing import Any

from pydantic import SecretStr

from despatch.filter import of_themes
from despatch.fingerprint import digest
from despatch.model import (
    Alert,
    AlertId,
    Channel,
    ChannelId,
    Classified,
    Match,
    Subscriber,
    SubscriberId,
    Subscription,
    SubscriptionId,
)
from despatch.testing.releases import SEEN, a_classified


def a_subscriber(name: str = "ada", **changed: Any) -> Subscriber:
    """Return a subscriber whose id is `u-<name>`."""
    fields: dict[str, Any] = {"id": SubscriberId(f"u-{name}"), "name": name, "created_at": SEEN}
    return Subscriber(**(fields | changed))


def a_channel(
    subscriber: Subscriber | None = None,
    url: str = "json://user:hunter2@hooks.example/in",
    **changed: Any,
) -> Channel:
    """Return a channel of a subscriber; its id is computed from both."""
    who = (subscriber or a_subscriber()).id
    fields: dict[str, Any] = {
        "id": ChannelId("n-" + digest(who, url)),
        "subscriber": who,
        "url": SecretStr(url),
        "shown": f"{url.partition(':')[0]}://…{digest(url, length=4)}",
        "created_at": SEEN,
    }
    return Channel(**(fields | changed))


def a_subscription(*channels: Channel, name: str = "ada's", **changed: Any) -> Subscription:
    """Return a subscription to `migration`, or any of `themes`, over channels of one subscriber."""
    used = channels or (a_channel(),)
    fields: dict[str, Any] = {
        "id": SubscriptionId(f"s-{name}"),
        "subscriber": used[0].subscriber,
        "name": name,
        "filter": of_themes(*changed.pop("themes", ("migration",))),
        "channels": tuple(channel.id for channel in used),
        "created_at": SEEN,
    }
    return Subscription(**(fields | changed))


def a_match(
    classified: Classified | None = None, subscription: Subscription | None = None, **changed: Any
) -> Match:
    """Return a match that is told as new."""
    revision = (classified or a_classified()).revision
    subscription = subscription or a_subscription()
    fields: dict[str, Any] = {
        "subscription": subscription.id,
        "subscriber": subscription.subscriber,
        "release": revision.release.id,
        "revision": revision.id,
        "event": "new",
        "outcome": "told",
        "reason": "It belongs to migration.",
        "matched_at": SEEN,
    }
    return Match(**(fields | changed))


def an_alert(
    classified: Classified | None = None, subscriber: Subscriber | None = None, **changed: Any
) -> Alert:
    """Return an alert about a new release; its id is computed from both and the event."""
    classified = classified or a_classified()
    who = (subscriber or a_subscriber()).id
    fields: dict[str, Any] = {
        "id": AlertId("a-" + digest(who, classified.id, changed.get("event", "new"))),
        "subscriber": who,
        "event": "new",
        "classified": classified,
        "reason": "You asked for migration.",
        "created_at": SEEN,
    }
    return Alert(**(fields | changed))
