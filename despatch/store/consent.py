"""Sign-ups that wait for their owner's word, and addresses that are written to no more."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import SecretStr
from sqlalchemy import ColumnElement, Row, delete, func, or_, select, update

from despatch.errors import UsageError
from despatch.filter import Filter
from despatch.frequency import Frequency
from despatch.frozen import Frozen
from despatch.model import AlertId, Channel, ChannelId, SubscriberId, SubscriptionId
from despatch.ports import Signup, Suppressed
from despatch.store.rows import read_payload
from despatch.store.subscribers import Subscribers
from despatch.store.tables import (
    alerts,
    attempts,
    channels,
    deliveries,
    signups,
    subscribers,
    subscriptions,
    suppressed,
)

_BOUNCE = "bounce:"
"""What the reason begins with of a channel that was stopped for it."""


class Consent(Subscribers):
    """The part of a transaction that sign-ups and suppression are."""

    def channels_at(self, address: SecretStr) -> Sequence[Channel]:
        return self._channels(channels.c.address_hash == self._address_hash(address))

    def channels_of(self, subscriber: SubscriberId) -> Sequence[Channel]:
        theirs = (channels.c.subscriber == subscriber) & (channels.c.state != "removed")
        return self._channels(theirs)

    def add_signup(self, signup: Signup, *, mailbox: SecretStr, network: str) -> None:
        self._need_channel(signup.channel, signup.subscriber)
        wish = _Wish(filter=signup.filter, frequency=signup.frequency)
        added = self._add(
            signups,
            id=signup.id,
            subscriber=signup.subscriber,
            channel=signup.channel,
            alert=signup.alert,
            wish=wish.model_dump_json(exclude_defaults=True),
            mailbox_hash=self._address_hash(mailbox),
            network_hash=self._salted("network", network),
            created_at=signup.created_at,
            ends_at=signup.ends_at,
            subscription=signup.subscription,
        )
        if not added:
            raise UsageError(f"there is a sign-up {signup.id} already")

    def signup(self, id_: str) -> Signup | None:
        row = self._first(select(signups).where(signups.c.id == id_))
        return None if row is None else _signup(row)

    def signups_of(self, mailbox: SecretStr) -> Sequence[Signup]:
        return self._signups(signups.c.mailbox_hash == self._address_hash(mailbox))

    def signups_by(self, subscriber: SubscriberId) -> Sequence[Signup]:
        return self._signups(signups.c.subscriber == subscriber)

    def count_signups(self, since: datetime, *, network: str | None = None) -> int:
        counted = select(func.count()).select_from(signups).where(signups.c.created_at >= since)
        if network is not None:
            counted = counted.where(signups.c.network_hash == self._salted("network", network))
        return int(self._connection.execute(counted).scalar_one())

    def confirm_signup(self, id_: str, subscription: SubscriptionId) -> bool:
        waits = (signups.c.id == id_, signups.c.subscription.is_(None))
        return self._run(update(signups).where(*waits).values(subscription=subscription)) == 1

    def drop_signups(self, now: datetime) -> int:
        ended = self._all(select(signups).where(signups.c.ends_at <= now).with_for_update())
        for row in ended:
            self._run(delete(signups).where(signups.c.id == row.id))
            self._delete_alert(row.alert)
        for subscriber in {row.subscriber for row in ended}:
            self._delete_if_nobody(subscriber)
        return len(ended)

    def suppress(self, address: SecretStr, why: Suppressed, now: datetime) -> None:
        row = {"address_hash": self._address_hash(address), "why": why, "at": now}
        if why == "forgotten":
            self._put(suppressed, ("address_hash",), [row])
        else:
            self._add(suppressed, **row)

    def suppressed(self, address: SecretStr) -> Suppressed | None:
        known = suppressed.c.address_hash == self._address_hash(address)
        row = self._first(select(suppressed.c.why).where(known))
        if row is None:
            return None
        why: Suppressed = row.why
        return why

    def unsuppress(self, address: SecretStr) -> bool:
        hashed = self._address_hash(address)
        stopped = (channels.c.address_hash == hashed, channels.c.state == "paused")
        bounces = channels.c.why.like(f"{_BOUNCE}%")
        self._run(update(channels).where(*stopped, bounces).values(state="active", why=None))
        return self._run(delete(suppressed).where(suppressed.c.address_hash == hashed)) == 1

    def stop_channel(
        self, channel: ChannelId, why: str, now: datetime, *, bounced: bool = False
    ) -> None:
        known = channels.c.id == channel
        row = self._first(select(channels.c.address_hash).where(known))
        hashed = row.address_hash if bounced and row is not None else None
        if hashed is not None:
            self._add(suppressed, address_hash=hashed, why="bounced", at=now)
            known = or_(known, channels.c.address_hash == hashed)
        usable = channels.c.state != "removed"
        self._run(update(channels).where(known, usable).values(state="paused", why=why))

    def stopped_channels(self) -> Mapping[str, int]:
        stopped = (channels.c.state == "paused", channels.c.why.is_not(None))
        asked = select(channels.c.why, func.count().label("number")).where(*stopped)
        return {row.why: row.number for row in self._all(asked.group_by(channels.c.why))}

    def bounced_since(self, since: datetime) -> int:
        asked = select(func.count()).select_from(suppressed)
        wanted = asked.where(suppressed.c.why == "bounced", suppressed.c.at >= since)
        return int(self._connection.execute(wanted).scalar_one())

    def _signups(self, wanted: ColumnElement[bool]) -> list[Signup]:
        asked = select(signups).where(wanted).order_by(signups.c.created_at, signups.c.id)
        return [_signup(row) for row in self._all(asked)]

    def _delete_alert(self, alert: str) -> None:
        theirs = select(deliveries.c.id).where(deliveries.c.alert == alert)
        self._run(delete(attempts).where(attempts.c.delivery.in_(theirs)))
        self._run(delete(deliveries).where(deliveries.c.alert == alert))
        self._run(delete(alerts).where(alerts.c.id == alert))

    def _delete_if_nobody(self, subscriber: str) -> None:
        """Delete a subscriber that never subscribed to anything and was sent nothing else."""
        for table in (signups, subscriptions, alerts):
            theirs = select(table.c.id).where(table.c.subscriber == subscriber).limit(1)
            if self._first(theirs) is not None:
                return
        self._run(delete(channels).where(channels.c.subscriber == subscriber))
        self._run(delete(subscribers).where(subscribers.c.id == subscriber))


class _Wish(Frozen):
    """What of a sign-up stands in one column."""

    filter: Filter
    frequency: Frequency


def _signup(row: Row[Any]) -> Signup:
    wish = read_payload(_Wish, row.wish)
    return Signup(
        id=row.id,
        subscriber=SubscriberId(row.subscriber),
        channel=ChannelId(row.channel),
        alert=AlertId(row.alert),
        filter=wish.filter,
        frequency=wish.frequency,
        created_at=row.created_at,
        ends_at=row.ends_at,
        subscription=None if row.subscription is None else SubscriptionId(row.subscription),
    )
