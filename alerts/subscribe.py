"""Subscribing, and trying a subscription's channels: what the command line calls."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, get_args
from uuid import uuid4

from pydantic import SecretStr

from alerts.channels import scheme_of, shown
from alerts.channels.reached import every_way
from alerts.outbox import OPERATOR
from alerts.pacing import wait_anew
from alerts.query import show
from alerts.sending import Channels, send_now
from alerts.words import one_line
from despatch.canary import SUBSCRIBER as CANARY
from despatch.errors import UsageError
from despatch.filter import Filter, of_themes
from despatch.fingerprint import digest
from despatch.frequency import IMMEDIATE, Frequency, Limit, Quiet
from despatch.model import (
    Alert,
    AlertId,
    Channel,
    ChannelId,
    DeliveryId,
    Subscriber,
    SubscriberId,
    Subscription,
    SubscriptionId,
    Wanted,
)
from despatch.ports import Clock, Sent, Store, Transaction
from despatch.shorten import shorten

EVENTS: frozenset[Wanted] = frozenset({"new", "revised", "withdrawn", "restored"})
"""What a subscription asks for unless it says so itself."""
MAX_NAME = 100


class CheckingChannels(Channels, Protocol):
    """Senders that also judge a URL: `alerts.channels.Senders`."""

    def check(self, url: SecretStr) -> None:
        """Raise UsageError, without the secret, if the URL can't be a channel."""
        ...

    def address(self, url: SecretStr) -> SecretStr | None:
        """Return the e-mail address that a URL leads to; None for one that is no e-mail's."""
        ...

    def reached(self, url: SecretStr) -> frozenset[str]:
        """Return keys of the numbers, handles and web addresses that a URL reaches."""
        ...


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks to be told, where and when, before anything is kept."""

    filter: Filter
    urls: Sequence[SecretStr]
    name: str
    """The subscriber's."""
    events: frozenset[Wanted] = EVENTS
    frequency: Frequency = IMMEDIATE
    title: str = ""
    """The subscription's name; empty: what it asks for."""
    manner: Mapping[str, Quiet | Limit | Frequency | None] = field(default_factory=dict)
    """The subscriber's `quiet`, `limit` and `overflow` for all their subscriptions, as far as they
    are to change."""


def subscribe(
    store: Store, clock: Clock, senders: CheckingChannels, wish: Wish
) -> tuple[Subscription, bool]:
    """Return the subscription, and whether it is new.

    The same subscriber (by name), channels, filter and events again give the one there is, with
    the frequency and title that are asked for now; if it or a channel of it was paused it is
    active again. Raises UsageError, without the secret, for a URL that can't be a channel.
    """
    for url in wish.urls:
        senders.check(url)
    name = checked_name(wish.name)
    if not wish.urls:
        raise UsageError("name at least one channel: --to URL")
    if not wish.events:
        raise UsageError(f"name at least one event of {', '.join(sorted(get_args(Wanted)))}")
    now = clock.now()
    with store.transaction() as tx:
        refuse_suppressed(tx, senders, wish.urls)
        who = subscriber_named(tx, name, now)
        if wish.manner:
            tx.change_subscriber(who.model_copy(update=dict(wish.manner)))
            wait_anew(tx, who.id, now)
        channels = add_channels(tx, senders, who.id, wish.urls, now)
        known = _known(tx, who.id, channels, wish)
        title = shorten(one_line(wish.title), MAX_NAME) or title_of(wish.filter)
        if known is not None:
            kept = {"name": title, "frequency": wish.frequency, "state": "active"}
            changed = known.model_copy(update=kept)
            tx.change_subscription(changed)
            wait_anew(tx, who.id, now)
            return changed, False
        made = Subscription(
            id=SubscriptionId(f"s-{uuid4().hex[:12]}"),
            subscriber=who.id,
            name=title,
            filter=wish.filter,
            events=wish.events,
            channels=channels,
            frequency=wish.frequency,
            created_at=now,
        )
        tx.add_subscription(made)
        return made, True


def title_of(filter_: Filter) -> str:
    """Return the name of a subscription that was given none: its themes, or its query."""
    themes = filter_.themes.any or filter_.themes.all
    if themes and filter_ == of_themes(*themes):
        return shorten(" or ".join(themes), MAX_NAME)
    return shorten(show(filter_), MAX_NAME)


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
            yield channels[id_].shown, send_now(senders, url, alert, key)


def checked_name(name: str) -> str:
    """Return a subscriber's name as it is kept. Raises UsageError."""
    name = one_line(name)
    if not name or len(name) > MAX_NAME:
        raise UsageError(f"a subscriber's name has 1 to {MAX_NAME} characters")
    if name == OPERATOR:
        raise UsageError(
            f"{OPERATOR!r} is whom alarms go to (setting operator_url): choose another name"
        )
    if name == CANARY:
        raise UsageError(f"{CANARY!r} is whom Despatch's own probes go to: choose another name")
    return name


def subscriber_named(tx: Transaction, name: str, now: datetime) -> Subscriber:
    """Return the subscriber of this name, made if there is none."""
    known = tx.subscriber_named(name)
    if known is None:
        known = Subscriber(id=SubscriberId(f"p-{uuid4().hex[:12]}"), name=name, created_at=now)
        tx.add_subscriber(known)
    return known


def refuse_suppressed(
    tx: Transaction, senders: CheckingChannels, urls: Sequence[SecretStr]
) -> None:
    """Raise UsageError, without the address, if one of these URLs leads to one to be left alone."""
    for url in urls:
        address = senders.address(url)
        why = None if address is None else tx.suppressed(address)
        if why == "bounced":
            raise UsageError(
                f"mail to the address of this {scheme_of(url)}:// URL bounced: there was no such "
                "mailbox; if there is one now: despatch unsuppress ADDRESS"
            )
        if why is not None:
            raise UsageError(
                f"whoever has the address of this {scheme_of(url)}:// URL asked to be forgotten, "
                "and is written to no more; if they ask for it again: despatch unsuppress ADDRESS"
            )
        if any(tx.suppressed(SecretStr(key)) for key in every_way(senders.reached(url))):
            raise UsageError(
                f"whoever this {scheme_of(url)}:// URL reaches asked to be forgotten, and is "
                "written to no more; if they ask for it again: despatch unsuppress ADDRESS"
            )


def add_channels(
    tx: Transaction,
    senders: CheckingChannels,
    who: SubscriberId,
    urls: Sequence[SecretStr],
    now: datetime,
) -> tuple[ChannelId, ...]:
    """Return a subscriber's channels of these URLs, made where there are none, and active."""
    return tuple(dict.fromkeys(add_channel(tx, senders, who, url, now) for url in urls))


def add_channel(
    tx: Transaction, senders: CheckingChannels, who: SubscriberId, url: SecretStr, now: datetime
) -> ChannelId:
    """Return a subscriber's channel of this URL, made if there is none, and active."""
    made = Channel(
        id=ChannelId(f"c-{uuid4().hex[:12]}"),
        subscriber=who,
        url=SecretStr(url.get_secret_value().strip()),
        shown=shown(url),
        created_at=now,
    )
    channel = tx.add_channel(made, address=senders.address(url))
    if channel.state == "paused":
        tx.set_channel_state(channel.id, "active")
    return channel.id


def _known(
    tx: Transaction, who: SubscriberId, channels: tuple[ChannelId, ...], wish: Wish
) -> Subscription | None:
    for one in tx.subscriptions_of([who]):
        same = one.events == wish.events and one.filter == wish.filter
        if same and set(one.channels) == set(channels):
            return one
    return None


def _test_alert(subscription: Subscription, now: datetime) -> Alert:
    return Alert(
        id=AlertId("a-" + digest("test", subscription.id, now.isoformat())),
        subscriber=subscription.subscriber,
        event="test",
        classified=None,
        reason=f"someone tried your subscription “{subscription.name}”",
        subject=f"this channel works for {subscription.name}",
        body=f"This is a test. Alerts about {subscription.name} will come this way.",
        subscriptions=(subscription.id,),
        created_at=now,
    )
