"""Subscribing, and trying a subscription's channels: what the command line calls."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol
from uuid import uuid4

from pydantic import SecretStr

from alerts.channels import shown
from alerts.deliver import OPERATOR, Channels
from alerts.words import listed, one_line
from despatch.errors import UsageError
from despatch.fingerprint import digest
from despatch.model import (
    Alert,
    AlertId,
    Channel,
    ChannelId,
    DeliveryId,
    Event,
    Subscriber,
    SubscriberId,
    Subscription,
    SubscriptionId,
    ThemeId,
)
from despatch.ports import Clock, Sent, Store, Transaction

ALL_EVENTS: frozenset[Event] = frozenset({"new", "revised", "withdrawn", "restored"})
MAX_NAME = 100


class CheckingChannels(Channels, Protocol):
    """Senders that also judge a URL: `alerts.channels.Senders`."""

    def check(self, url: SecretStr) -> None:
        """Raise UsageError, without the secret, if the URL can't be a channel."""
        ...


def subscribe(
    store: Store,
    clock: Clock,
    senders: CheckingChannels,
    *,
    themes: Sequence[ThemeId],
    url: SecretStr,
    name: str,
    events: frozenset[Event] = ALL_EVENTS,
) -> tuple[Subscription, bool]:
    """Return the subscription, and whether it is new.

    The same subscriber (by name), channel, themes and events again give the one there is; if it or
    its channel was paused it is active again. Raises UsageError, without the secret, for a URL
    that can't be a channel.
    """
    senders.check(url)
    name = _checked_name(name)
    if not themes:
        raise UsageError("name at least one theme to be told of")
    if not events:
        raise UsageError(f"name at least one event of {', '.join(sorted(ALL_EVENTS))}")
    now = clock.now()
    with store.transaction() as tx:
        who = _subscriber(tx, name, now)
        channel = _channel(tx, who.id, url, now)
        known = _known(tx, who.id, channel, themes, events)
        if known is not None:
            tx.set_subscription_state(known.id, "active")
            return known.model_copy(update={"state": "active"}), False
        made = Subscription(
            id=SubscriptionId(f"s-{uuid4().hex[:8]}"),
            subscriber=who.id,
            name=listed([str(theme) for theme in themes]),
            themes=tuple(themes),
            events=events,
            channels=(channel,),
            created_at=now,
        )
        tx.add_subscription(made)
        return made, True


def send_test(
    store: Store, clock: Clock, senders: Channels, subscription: SubscriptionId
) -> Iterator[tuple[str, Sent]]:
    """Send a test alert over each of a subscription's channels, now.

    Yields what may be shown of the channel, and what came of it. Nothing is repeated. Raises
    UsageError if there is no such subscription.
    """
    with store.transaction() as tx:
        found = next((one for one in tx.subscriptions() if one.id == subscription), None)
        channels = {one.id: one for one in tx.channels()}
    if found is None:
        raise UsageError(f"no subscription {subscription}; see: despatch subscriptions list")
    alert = _test_alert(found, clock.now())
    for id_ in found.channels:
        if id_ in channels:
            url = channels[id_].url
            key = DeliveryId("y-" + digest("test", alert.id, id_))
            yield channels[id_].shown, senders.sender_for(url).send(url, alert, key)


def _checked_name(name: str) -> str:
    name = one_line(name)
    if not name or len(name) > MAX_NAME:
        raise UsageError(f"a subscriber's name has 1 to {MAX_NAME} characters")
    if name == OPERATOR:
        raise UsageError(
            f"{OPERATOR!r} is whom alarms go to (setting operator_url): choose another name"
        )
    return name


def _subscriber(tx: Transaction, name: str, now: datetime) -> Subscriber:
    known = tx.subscriber_named(name)
    if known is None:
        known = Subscriber(id=SubscriberId(f"p-{uuid4().hex[:12]}"), name=name, created_at=now)
        tx.add_subscriber(known)
    return known


def _channel(tx: Transaction, who: SubscriberId, url: SecretStr, now: datetime) -> ChannelId:
    channel = tx.add_channel(
        Channel(
            id=ChannelId(f"c-{uuid4().hex[:12]}"),
            subscriber=who,
            url=SecretStr(url.get_secret_value().strip()),
            shown=shown(url),
            created_at=now,
        )
    )
    if channel.state == "paused":
        tx.set_channel_state(channel.id, "active")
    return channel.id


def _known(
    tx: Transaction,
    who: SubscriberId,
    channel: ChannelId,
    themes: Sequence[ThemeId],
    events: frozenset[Event],
) -> Subscription | None:
    for one in tx.subscriptions():
        same = one.subscriber == who and one.channels == (channel,) and one.events == events
        if same and set(one.themes) == set(themes):
            return one
    return None


def _test_alert(subscription: Subscription, now: datetime) -> Alert:
    themes = listed([str(theme) for theme in subscription.themes])
    return Alert(
        id=AlertId("a-" + digest("test", subscription.id, now.isoformat())),
        subscriber=subscription.subscriber,
        event="test",
        classified=None,
        reason=f"someone tried your subscription “{subscription.name}”",
        subject=f"this channel works for {themes}",
        body=f"This is a test. Alerts about {themes} will come this way.",
        subscriptions=(subscription.id,),
        created_at=now,
    )
