"""Who is told, by which channels, of what, and when."""

from collections.abc import Collection, Sequence
from typing import Any

from pydantic import SecretStr
from sqlalchemy import ColumnElement, Row, delete, select, update

from despatch.errors import UsageError
from despatch.frequency import HOURLY, Frequency, Limit, Quiet
from despatch.frozen import Frozen
from despatch.model import (
    Channel,
    ChannelId,
    State,
    Subscriber,
    SubscriberId,
    Subscription,
    SubscriptionId,
)
from despatch.schedule import next_at
from despatch.store.rows import in_parts, read_payload
from despatch.store.salted import Salted
from despatch.store.subscription_log import SubscriptionLog
from despatch.store.tables import (
    channels,
    receipts,
    subscribers,
    subscription_channels,
    subscriptions,
    suppressed,
)

SECRET_COLUMNS = ("url", "url_hash", "url_key", "address_hash", "why")
"""What is erased of a channel when it is removed."""


class Subscribers(SubscriptionLog, Salted):
    """The part of a transaction that subscribers, channels and subscriptions are."""

    def add_subscriber(self, subscriber: Subscriber) -> None:
        named = self.subscriber_named(subscriber.name)
        if named is not None and named.id != subscriber.id:
            raise UsageError(f"there is a subscriber named {subscriber.name!r} already: {named.id}")
        new = self._add(
            subscribers,
            id=subscriber.id,
            name=subscriber.name,
            created_at=subscriber.created_at,
            manner=_manner(subscriber),
        )
        if new:
            self._keep_receipt(None, subscriber)

    def change_subscriber(self, subscriber: Subscriber) -> bool:
        named = self.subscriber_named(subscriber.name)
        if named is not None and named.id != subscriber.id:
            raise UsageError(f"there is a subscriber named {subscriber.name!r} already: {named.id}")
        known = subscribers.c.id == subscriber.id
        values = {"name": subscriber.name, "manner": _manner(subscriber)}
        self._any_manner = None
        before = self._first(select(subscribers).where(known).with_for_update())
        if before is None:
            return False
        self._run(update(subscribers).where(known).values(values))
        self._keep_receipt(read_subscriber(before).receipt, subscriber)
        return True

    def subscriber_named(self, name: str) -> Subscriber | None:
        row = self._first(select(subscribers).where(subscribers.c.name == name))
        return None if row is None else read_subscriber(row)

    def subscribers(self) -> Sequence[Subscriber]:
        known = select(subscribers).where(subscribers.c.forgotten_at.is_(None))
        return [read_subscriber(row) for row in self._all(known.order_by("name"))]

    def add_channel(self, channel: Channel, *, address: SecretStr | None = None) -> Channel:
        self._need_subscriber(channel.subscriber)
        same = self._channel_at(channel.subscriber, channel.url)
        if same is not None:
            return same
        sealed = self._secrets.seal(channel.url)
        values = {
            "subscriber": channel.subscriber,
            "url": sealed.url,
            "url_hash": sealed.hash,
            "url_key": sealed.key,
            "shown": channel.shown,
            "state": channel.state,
            "created_at": channel.created_at,
            "address_hash": None if address is None else self._address_hash(address),
            "why": None,
        }
        if self._add(channels, id=channel.id, **values) or self._revive(channel, values):
            return channel
        # Another process was faster, or the id is another channel's.
        same = self._channel_at(channel.subscriber, channel.url)
        if same is None:
            raise UsageError(f"there is another channel with the id {channel.id}")
        return same

    def channels(self) -> Sequence[Channel]:
        return self._channels(channels.c.state != "removed")

    def set_channel_state(self, channel: ChannelId, state: State) -> bool:
        values: dict[str, str | None] = {"state": state, "why": None}
        if state == "active":
            self._unbounce(channel)
        if state == "removed":
            values |= dict.fromkeys(SECRET_COLUMNS)
        kept = (channels.c.id == channel, channels.c.state != "removed")
        return self._run(update(channels).where(*kept).values(values)) == 1

    def add_subscription(self, subscription: Subscription) -> None:
        self._before_change()
        self._need_subscriber(subscription.subscriber)
        for channel in subscription.channels:
            self._need_channel(channel, subscription.subscriber)
        values = {
            "subscriber": subscription.subscriber,
            "state": subscription.state,
            "created_at": subscription.created_at,
            "payload": subscription.model_dump_json(),
        }
        removed = (subscriptions.c.id == subscription.id, subscriptions.c.state == "removed")
        if self._add(subscriptions, id=subscription.id, **values) or self._run(
            update(subscriptions).where(*removed).values(values)
        ):
            self._use_channels(subscription)
            self._log_change(subscription.id, "added")

    def change_subscription(self, subscription: Subscription) -> bool:
        self._before_change()
        for channel in subscription.channels:
            self._need_channel(channel, subscription.subscriber)
        known = (
            subscriptions.c.id == subscription.id,
            subscriptions.c.subscriber == subscription.subscriber,
            subscriptions.c.state != "removed",
        )
        values = {"state": subscription.state, "payload": subscription.model_dump_json()}
        if not self._run(update(subscriptions).where(*known).values(values)):
            return False
        self._use_channels(subscription)
        self._log_change(subscription.id, "changed")
        return True

    def subscriptions(self) -> Sequence[Subscription]:
        return self._read_subscriptions(subscriptions.c.state != "removed")

    def find_subscriptions(self, ids: Collection[SubscriptionId]) -> Sequence[Subscription]:
        found: list[Subscription] = []
        for part in in_parts(ids):
            known = subscriptions.c.id.in_(part) & (subscriptions.c.state != "removed")
            found += self._read_subscriptions(known)
        return sorted(found, key=lambda one: (one.created_at, one.id))

    def subscriptions_of(self, subscribers: Collection[SubscriberId]) -> Sequence[Subscription]:
        found: list[Subscription] = []
        for part in in_parts(subscribers):
            theirs = subscriptions.c.subscriber.in_(part) & (subscriptions.c.state != "removed")
            found += self._read_subscriptions(theirs)
        return sorted(found, key=lambda one: (one.created_at, one.id))

    def set_subscription_state(self, subscription: SubscriptionId, state: State) -> bool:
        self._before_change()
        known = subscriptions.c.id == subscription
        if not self._run(update(subscriptions).where(known).values(state=state)):
            return False
        self._log_change(subscription, state)
        return True

    def _keep_receipt(self, before: Frequency | None, subscriber: Subscriber) -> None:
        """Let a receipt that is wanted otherwise than before begin now, or end."""
        if subscriber.receipt == before:
            return
        now = self._clock.now()
        self._run(delete(receipts).where(receipts.c.subscriber == subscriber.id))
        if subscriber.receipt is not None:
            due_at = next_at(subscriber.receipt, now)
            self._add(receipts, subscriber=subscriber.id, due_at=due_at, since=now)

    def _read_subscriptions(self, wanted: ColumnElement[bool]) -> list[Subscription]:
        """Return subscriptions, oldest first."""
        asked = select(subscriptions).where(wanted)
        rows = self._all(asked.order_by(subscriptions.c.created_at, subscriptions.c.id))
        return [
            read_payload(Subscription, row.payload).model_copy(update={"state": row.state})
            for row in rows
        ]

    def _need_subscriber(self, subscriber: SubscriberId) -> None:
        if self._first(select(subscribers.c.id).where(subscribers.c.id == subscriber)) is None:
            raise UsageError(f"there is no subscriber {subscriber}")

    def _need_channel(self, channel: ChannelId, subscriber: SubscriberId) -> None:
        theirs = select(channels.c.id).where(
            channels.c.id == channel,
            channels.c.subscriber == subscriber,
            channels.c.state != "removed",
        )
        if self._first(theirs) is None:
            raise UsageError(f"subscriber {subscriber} has no channel {channel}")

    def _channel_at(self, subscriber: SubscriberId, url: SecretStr) -> Channel | None:
        """Return the subscriber's channel with this URL, whichever of our keys sealed it."""
        row = self._first(
            select(channels).where(
                channels.c.subscriber == subscriber,
                channels.c.url_hash.in_(self._secrets.hashes(url)),
            )
        )
        return None if row is None else self._read_channel(row)

    def _revive(self, channel: Channel, values: dict[str, Any]) -> bool:
        """Bring a removed channel back under its id, which may be computed from its URL."""
        removed = (
            channels.c.id == channel.id,
            channels.c.subscriber == channel.subscriber,
            channels.c.state == "removed",
        )
        return self._run(update(channels).where(*removed).values(values)) == 1

    def _channels(self, wanted: ColumnElement[bool]) -> list[Channel]:
        """Return channels, oldest first."""
        asked = select(channels).where(wanted)
        rows = self._all(asked.order_by(channels.c.created_at, channels.c.id))
        return [self._read_channel(row) for row in rows]

    def _read_channel(self, row: Row[Any]) -> Channel:
        return Channel(
            id=ChannelId(row.id),
            subscriber=SubscriberId(row.subscriber),
            url=self._secrets.reveal(row.url, row.url_key),
            shown=row.shown,
            state=row.state,
            why=row.why or "",
            created_at=row.created_at,
        )

    def _unbounce(self, channel: ChannelId) -> None:
        """Let the address of a channel be written to again, if it was not for having bounced."""
        hashed = select(channels.c.address_hash).where(channels.c.id == channel).scalar_subquery()
        known = (suppressed.c.address_hash == hashed, suppressed.c.why == "bounced")
        self._run(delete(suppressed).where(*known))

    def _use_channels(self, subscription: Subscription) -> None:
        used = subscription_channels
        self._run(delete(used).where(used.c.subscription == subscription.id))
        for channel in subscription.channels:
            self._add(used, subscription=subscription.id, channel=channel)


class _Manner(Frozen):
    """What of a subscriber stands in one column."""

    quiet: Quiet | None = None
    limit: Limit | None = None
    overflow: Frequency = HOURLY
    receipt: Frequency | None = None


def _manner(subscriber: Subscriber) -> str | None:
    manner = _Manner(
        quiet=subscriber.quiet,
        limit=subscriber.limit,
        overflow=subscriber.overflow,
        receipt=subscriber.receipt,
    )
    return None if manner == _Manner() else manner.model_dump_json()


def read_subscriber(row: Row[Any]) -> Subscriber:
    """Return the subscriber of a row."""
    manner = _Manner() if row.manner is None else read_payload(_Manner, row.manner)
    return Subscriber(
        id=SubscriberId(row.id),
        name=row.name,
        quiet=manner.quiet,
        limit=manner.limit,
        overflow=manner.overflow,
        receipt=manner.receipt,
        created_at=row.created_at,
    )
