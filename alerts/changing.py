"""Changing a subscription: what it asks for, where and when it is told, paused or removed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from alerts.pacing import wait_anew
from alerts.subscribe import (
    MAX_NAME,
    CheckingChannels,
    add_channels,
    refuse_suppressed,
    title_of,
)
from alerts.words import one_line
from despatch.errors import UsageError
from despatch.filter import Filter
from despatch.frequency import Frequency, Limit, Quiet
from despatch.model import ChannelId, State, SubscriberId, Subscription, Wanted
from despatch.ports import Clock, Store, Transaction
from despatch.shorten import shorten


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to change of a subscription; None and empty: it stays."""

    filter: Filter | None = None
    urls: Sequence[SecretStr] = ()
    """All of its channels from now on."""
    events: frozenset[Wanted] | None = None
    frequency: Frequency | None = None
    title: str = ""
    manner: Mapping[str, Quiet | Limit | Frequency | None] = field(default_factory=dict)
    """Of its subscriber: `quiet`, `limit`, `overflow`."""


def edit(
    store: Store,
    clock: Clock,
    senders: CheckingChannels,
    subscription: Subscription,
    changes: Edit,
) -> Subscription:
    """Return the subscription as it is now; a channel that none uses any more is erased.

    Raises UsageError, and changes nothing, if a URL can't be a channel, or if it was removed.
    """
    for url in changes.urls:
        senders.check(url)
    with store.transaction() as tx:
        before = _there(tx, subscription)
        updates: dict[str, Any] = {
            "filter": changes.filter,
            "events": changes.events,
            "frequency": changes.frequency,
            "name": _title(before, changes),
        }
        if changes.urls:
            now = clock.now()
            refuse_suppressed(tx, senders, changes.urls)
            updates["channels"] = add_channels(tx, senders, before.subscriber, changes.urls, now)
        after = before.model_copy(
            update={name: value for name, value in updates.items() if value is not None}
        )
        tx.change_subscription(after)
        if changes.manner:
            who = next(one for one in tx.subscribers() if one.id == before.subscriber)
            tx.change_subscriber(who.model_copy(update=dict(changes.manner)))
        if changes.frequency is not None or changes.manner:
            wait_anew(tx, before.subscriber, clock.now())
        _erase(tx, before.subscriber, set(before.channels) - set(after.channels))
    return after


def set_state(store: Store, subscription: Subscription, state: State) -> None:
    """Pause, resume or remove; resumed, its channels are used again if they were paused.

    A channel that no other subscription uses is erased with the one that is removed.
    """
    with store.transaction() as tx:
        change_state(tx, subscription, state)


def change_state(tx: Transaction, subscription: Subscription, state: State) -> None:
    """Do as `set_state`, within a transaction."""
    tx.set_subscription_state(subscription.id, state)
    if state == "active":
        for channel in subscription.channels:
            tx.set_channel_state(channel, "active")
    if state == "removed":
        _erase(tx, subscription.subscriber, set(subscription.channels))


def _there(tx: Transaction, subscription: Subscription) -> Subscription:
    for one in tx.find_subscriptions([subscription.id]):
        return one
    raise UsageError(
        f"subscription {subscription.id} was removed; see: despatch subscriptions list"
    )


def _title(before: Subscription, changes: Edit) -> str | None:
    """Return the new name, if it changes: one that was made from the filter follows it."""
    if changes.title.strip():
        return shorten(one_line(changes.title), MAX_NAME)
    if changes.filter is not None and before.name == title_of(before.filter):
        return title_of(changes.filter)
    return None


def _erase(tx: Transaction, who: SubscriberId, channels: set[ChannelId]) -> None:
    """Erase those of a subscriber's channels that none of their subscriptions uses."""
    used = {channel for one in tx.subscriptions_of([who]) for channel in one.channels}
    for channel in channels - used:
        tx.set_channel_state(channel, "removed")
