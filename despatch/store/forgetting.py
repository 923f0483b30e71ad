"""Erasing a person, and telling them what is kept: nothing that names them is left behind."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select, update

from despatch.filter import Filter
from despatch.model import (
    Alert,
    AlertId,
    ChannelId,
    Delivery,
    SubscriberId,
    Subscription,
    SubscriptionId,
)
from despatch.store.consent import Consent
from despatch.store.deliveries import Deliveries
from despatch.store.delivery_rows import ALERTS, read_alert
from despatch.store.subscribers import SECRET_COLUMNS
from despatch.store.tables import (
    alerts,
    channels,
    deliveries,
    digest_items,
    digests,
    items,
    matches,
    receipts,
    signups,
    subscribers,
    subscription_channels,
    subscriptions,
    told_at_once,
)

GONE = "forgotten"
"""What stands where something personal stood."""

_STOPPED = {
    "state": "cancelled",
    "reason": "whom it was for is forgotten",
    "due_at": None,
    "lease_owner": None,
    "lease_until": None,
}

_EMPTY = update(alerts).where(alerts.c.id == bindparam("this")).values(payload=bindparam("emptied"))


class Forgetting(Deliveries, Consent):
    """The part of a transaction that erases people, and tells them what is kept."""

    def forget_channel(self, channel: ChannelId) -> None:
        self._cancel(deliveries.c.channel == channel)
        self._run(delete(signups).where(signups.c.channel == channel))
        values = {"state": "removed", "shown": GONE, **dict.fromkeys(SECRET_COLUMNS)}
        self._run(update(channels).where(channels.c.id == channel).values(values))

    def forget_subscriber(self, subscriber: SubscriberId, now: datetime) -> None:
        theirs = self._all(select(channels.c.id).where(channels.c.subscriber == subscriber))
        for row in theirs:
            self.forget_channel(ChannelId(row.id))
        self._run(delete(signups).where(signups.c.subscriber == subscriber))
        self._forget_wishes(subscriber)
        self._forget_digests(subscriber)
        self._forget_texts(subscriber)
        mine = subscribers.c.id == subscriber
        values = {"name": f"{GONE} {subscriber}", "manner": None, "forgotten_at": now}
        self._run(update(subscribers).where(mine).values(values))

    def sent_to(
        self, subscriber: SubscriberId
    ) -> Sequence[tuple[Alert, Sequence[tuple[Delivery, str]]]]:
        mine = ALERTS.where(alerts.c.subscriber == subscriber)
        sent_first = self._all(mine.order_by(alerts.c.created_at, alerts.c.id))
        held = self._items_of([AlertId(row.id) for row in sent_first])
        told = [read_alert(row, held.get(AlertId(row.id), ())) for row in sent_first]
        rows = self._all(
            select(deliveries, channels.c.shown)
            .join(alerts, alerts.c.id == deliveries.c.alert)
            .join(channels, channels.c.id == deliveries.c.channel)
            .where(alerts.c.subscriber == subscriber)
            .order_by(deliveries.c.id)
        )
        sent: dict[AlertId, list[tuple[Delivery, str]]] = {alert.id: [] for alert in told}
        for delivery, row in zip(self._read_deliveries(rows), rows, strict=True):
            sent[delivery.alert].append((delivery, row.shown))
        return [(alert, sent[alert.id]) for alert in told]

    def _cancel(self, theirs: Any) -> None:
        """Cancel what waits, and what is under way: its worker finds that it is not its any more.

        Whoever has claimed one may be sending it at this very instant.
        """
        waiting = deliveries.c.state.in_(("waiting", "sending"))
        self._run(update(deliveries).where(theirs, waiting).values(_STOPPED))

    def _forget_wishes(self, subscriber: SubscriberId) -> None:
        """End each subscription, and leave nothing of what it asked for."""
        mine = subscriptions.c.subscriber == subscriber
        for row in self._all(select(subscriptions).where(mine)):
            id_ = SubscriptionId(row.id)
            if row.state != "removed":
                self.set_subscription_state(id_, "removed")
            empty = Subscription(
                id=id_,
                subscriber=subscriber,
                name=GONE,
                filter=Filter(),
                channels=(),
                state="removed",
                created_at=row.created_at,
            )
            this = subscriptions.c.id == id_
            self._run(update(subscriptions).where(this).values(payload=empty.model_dump_json()))
            used = subscription_channels.c.subscription == id_
            self._run(delete(subscription_channels).where(used))
        self._run(update(matches).where(matches.c.subscriber == subscriber).values(reason=GONE))

    def _forget_digests(self, subscriber: SubscriberId) -> None:
        """Take away what waits to be told, and what digests told; the runs stay, and are over."""
        for table in (items, receipts, told_at_once):
            self._run(delete(table).where(table.c.subscriber == subscriber))
        theirs = select(alerts.c.id).where(alerts.c.subscriber == subscriber)
        self._run(delete(digest_items).where(digest_items.c.alert.in_(theirs)))
        mine = digests.c.subscriber == subscriber
        waiting = digests.c.waits_until.is_not(None)
        over = {"state": "empty", "waits_until": None}
        self._run(update(digests).where(mine, waiting).values(over))
        self._run(update(digests).where(mine).values(reason=GONE))

    def _forget_texts(self, subscriber: SubscriberId) -> None:
        """Take from each alert what was written for them alone."""
        mine = select(alerts).where(alerts.c.subscriber == subscriber)
        emptied = [
            {"this": row.id, "emptied": _emptied(row).model_dump_json()} for row in self._all(mine)
        ]
        if emptied:
            self._connection.execute(_EMPTY, emptied)


def _emptied(row: Any) -> Alert:
    return Alert(
        id=AlertId(row.id),
        subscriber=SubscriberId(row.subscriber),
        event=row.event,
        classified=None,
        reason=GONE,
        created_at=row.created_at,
    )
