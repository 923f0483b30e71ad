"""The store's part for subscribers, their channels and their subscriptions."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from pydantic import SecretStr

from despatch.model import (
    Channel,
    ChannelId,
    State,
    Subscriber,
    SubscriberId,
    Subscription,
    SubscriptionId,
)

Changed = Literal["added", "changed", "active", "paused", "removed"]


@dataclass(frozen=True, slots=True)
class SubscriptionChange:
    """An entry of the log of subscriptions: one was added, changed, or given another state."""

    version: int
    subscription: SubscriptionId
    change: Changed
    at: datetime


class Subscribing(Protocol):
    """The part of a store's transaction that keeps subscribers, channels and subscriptions."""

    def add_subscriber(self, subscriber: Subscriber) -> None:
        """Add a subscriber; one with this id stays as it is.

        Raises UsageError if another has this name.
        """
        ...

    def change_subscriber(self, subscriber: Subscriber) -> bool:
        """Keep a subscriber's name, quiet hours, limit, overflow and receipt.

        False if there is none such. Raises UsageError if another has this name.
        """
        ...

    def subscriber_named(self, name: str) -> Subscriber | None:
        """Return the subscriber of this name."""
        ...

    def subscribers(self) -> Sequence[Subscriber]:
        """Return every subscriber that is not forgotten, by name."""
        ...

    def add_channel(self, channel: Channel, *, address: SecretStr | None = None) -> Channel:
        """Add a channel; if the subscriber has one with this URL, return that one instead.

        `address` is the e-mail address that it leads to, if it leads to one: it is found by it. A
        removed one with this id is made anew. Raises UsageError if the subscriber is unknown.
        """
        ...

    def channels(self) -> Sequence[Channel]:
        """Return every channel that is not removed.

        Raises OperatorError if a URL was encrypted with a key that is lost.
        """
        ...

    def set_channel_state(self, channel: ChannelId, state: State) -> bool:
        """Pause, resume or remove a channel; a removed one's URL is erased and it stays removed.

        False if there is no such channel.
        """
        ...

    def add_subscription(self, subscription: Subscription) -> None:
        """Add a subscription; one with this id stays as it is, save that a removed one is replaced.

        Raises UsageError if its subscriber is unknown, or a channel unknown or not theirs.
        """
        ...

    def change_subscription(self, subscription: Subscription) -> bool:
        """Keep a subscription as it is now, state and channels too; False if there is none such.

        It stays its subscriber's and as old as it is. Raises UsageError if a channel is unknown or
        not theirs.
        """
        ...

    def subscriptions(self) -> Sequence[Subscription]:
        """Return every subscription that is not removed, oldest first."""
        ...

    def find_subscriptions(self, ids: Collection[SubscriptionId]) -> Sequence[Subscription]:
        """Return those of these subscriptions that are not removed, oldest first."""
        ...

    def subscriptions_of(self, subscribers: Collection[SubscriberId]) -> Sequence[Subscription]:
        """Return these subscribers' subscriptions that are not removed, oldest first."""
        ...

    def set_subscription_state(self, subscription: SubscriptionId, state: State) -> bool:
        """Pause, resume or remove; False if there is no such subscription."""
        ...

    def subscription_version(self) -> int:
        """Return the newest version of the log of subscriptions; 0 before the first.

        Whatever adds or changes a subscription, or gives it another state, is written to the log
        in the same transaction. Versions grow, and become visible in their order: who has read up
        to one has missed nothing below it.
        """
        ...

    def subscription_changes(self, after: int, *, limit: int) -> Sequence[SubscriptionChange]:
        """Return the changes after a version, oldest first, at most so many."""
        ...
