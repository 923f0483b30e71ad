"""One person, by their address or a subscriber's name: who they are here, exported or forgotten."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import SecretStr

from alerts.addresses import email_address
from alerts.channels.reached import Asked, asked, suppressible
from alerts.outbox import OPERATOR
from alerts.query import show
from alerts.subscribe import CheckingChannels
from despatch.errors import UsageError
from despatch.model import Alert, Channel, Delivery, Subscriber, Subscription
from despatch.ports import Transaction

_WHICH_COUNTRY = (
    "a telephone number that begins with 0 is one within some country, and no channel writes it "
    "so: write it with the country's code, such as +44 7700 900123"
)


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a name or an address stands for, and what is kept of them."""

    address: SecretStr | None
    """The e-mail address they were asked for by, if it was one."""
    asked: Asked | None
    """The number, handle or web address, likewise."""
    suppressed: bool
    subscribers: tuple[Subscriber, ...]
    """Those of this name, and those reached at the address and nowhere else."""
    shared: tuple[Channel, ...]
    """Channels to the address of subscribers who are reached elsewhere too, such as a desk's."""
    shared_by: tuple[Subscriber, ...]
    channels: tuple[Channel, ...]
    """Of `subscribers`."""
    subscriptions: tuple[Subscription, ...]
    addresses: tuple[SecretStr, ...]
    """Every e-mail address that `channels` lead to, and `address`."""
    keys: tuple[SecretStr, ...]
    """Every number that they lead to, and what they were asked for by: `channels.reached`."""

    @property
    def known(self) -> bool:
        """Whether anything is kept of them, besides that they are to be left alone."""
        return bool(self.subscribers or self.shared)


def find_person(tx: Transaction, senders: CheckingChannels, named: str) -> Person:
    """Return whom an address of any kind, or a subscriber's name, stands for.

    Every e-mail channel is looked through, those of a store from before addresses had hashes too.
    Raises UsageError for the operator, whose channel is a setting, for a name that nobody has, and
    for a telephone number without its country that stands nowhere so.
    """
    address = _address(named)
    other = None if address is not None else asked(named)
    by_name = tx.subscriber_named(named)
    everybody = {one.id: one for one in tx.subscribers()}
    channels = tx.channels()
    there = [
        one
        for one in channels
        if (other is not None and other.leads(one.url, senders.reached))
        or (address is not None and _leads_to(senders, one, address))
    ]
    if other is not None and other.within_a_country and not there:
        raise UsageError(_WHICH_COUNTRY)
    alone = {one.subscriber for one in there if _only(channels, one, there)}
    if by_name is not None and by_name.id in everybody:  # who was forgotten has a name of ours
        alone.add(by_name.id)
    if OPERATOR in alone or (address is None and named == OPERATOR):
        raise UsageError("that is where alarms go: take it out of the setting operator_url first")
    if address is None and other is None and not alone:
        raise UsageError(f"nobody is called {named!r} here; see: despatch subscriptions list")
    theirs = tuple(one for one in channels if one.subscriber in alone)
    shared = tuple(one for one in there if one.subscriber not in alone)
    found = {one for one in (senders.address(each.url) for each in theirs) if one is not None}
    return Person(
        address=address,
        asked=other,
        suppressed=any(tx.suppressed(one) == "forgotten" for one in _of_it(address, other)),
        subscribers=tuple(everybody[id_] for id_ in sorted(alone)),
        shared=shared,
        shared_by=tuple(everybody[id_] for id_ in sorted({one.subscriber for one in shared})),
        channels=theirs,
        subscriptions=tuple(tx.subscriptions_of(alone)),
        addresses=tuple(
            {one.get_secret_value(): one for one in (*found, *_given(address))}.values()
        ),
        keys=_keys(senders, theirs, other),
    )


def forget(tx: Transaction, person: Person, now: datetime) -> None:
    """Erase a person, and let their addresses be written to no more."""
    for channel in person.shared:
        tx.forget_channel(channel.id)
    for who in person.subscribers:
        tx.forget_subscriber(who.id, now)
    for address in (*person.addresses, *person.keys):
        tx.suppress(address, "forgotten", now)


def exported(tx: Transaction, senders: CheckingChannels, person: Person) -> dict[str, object]:
    """Return all that is kept of a person, for themselves: their own addresses are readable."""
    return {
        "address": person.address.get_secret_value() if person.address else None,
        "asked_for_by": person.asked.kind if person.asked else None,
        "written_to_no_more": person.suppressed,
        "subscribers": [
            {
                "id": who.id,
                "name": who.name,
                "quiet": str(who.quiet) if who.quiet else None,
                "limit": str(who.limit) if who.limit else None,
                "overflow": str(who.overflow),
                "since": who.created_at.isoformat(),
                "channels": [
                    _channel(senders, c) for c in person.channels if c.subscriber == who.id
                ],
                "subscriptions": [_wish(s) for s in person.subscriptions if s.subscriber == who.id],
                "signups": [
                    {
                        "id": one.id,
                        "query": show(one.filter),
                        "frequency": str(one.frequency),
                        "at": one.created_at.isoformat(),
                        "confirmed_as": one.subscription,
                        "erased_at": one.ends_at.isoformat(),
                    }
                    for one in tx.signups_by(who.id)
                ],
                "waits": [
                    {
                        "title": item.classified.revision.release.title,
                        "due_at": item.due_at.isoformat(),
                        "why": item.why,
                        "reason": item.reason,
                    }
                    for item in tx.items_for(who.id)
                ],
                "told": [_told(alert, sent) for alert, sent in tx.sent_to(who.id)],
            }
            for who in person.subscribers
        ],
        "also_a_channel_of": [
            {"subscriber": who.name, "channels": [_channel(senders, c) for c in person.shared]}
            for who in person.shared_by
        ],
    }


def _address(named: str) -> SecretStr | None:
    try:
        return email_address(named)
    except UsageError:
        return None


def _of_it(address: SecretStr | None, other: Asked | None) -> Iterator[SecretStr]:
    """Yield what suppression of whom was asked for would be kept by."""
    yield from _given(address)
    for key in sorted(other.keys) if other is not None else ():
        yield SecretStr(key)


def _keys(
    senders: CheckingChannels,
    theirs: Iterable[Channel],
    other: Asked | None,
) -> tuple[SecretStr, ...]:
    """Return what is to be written to no more: every number of theirs, and what was asked for.

    A chat or a webhook of theirs that nobody asked for by itself is not theirs alone for sure.
    """
    keys = {key for one in theirs for key in suppressible(senders.reached(one.url))}
    keys |= set(other.keys) if other is not None else set()
    return tuple(SecretStr(key) for key in sorted(keys))


def _given(address: SecretStr | None) -> Iterator[SecretStr]:
    if address is not None:
        yield address


def _leads_to(senders: CheckingChannels, channel: Channel, address: SecretStr) -> bool:
    found = senders.address(channel.url)
    return found is not None and _same(found) == _same(address)


def _same(address: SecretStr) -> str:
    return address.get_secret_value().strip().lower()


def _only(channels: Iterable[Channel], one: Channel, there: Sequence[Channel]) -> bool:
    """Tell whether somebody is reached by these channels and by no other."""
    ids = {each.id for each in there}
    return all(each.id in ids for each in channels if each.subscriber == one.subscriber)


def _channel(senders: CheckingChannels, channel: Channel) -> dict[str, object]:
    """Return a channel: its address, if it has one, else what may be shown of it."""
    address = senders.address(channel.url)
    numbers = sorted(suppressible(senders.reached(channel.url)))
    to = address.get_secret_value() if address else ", ".join(numbers) or channel.shown
    return {
        "id": channel.id,
        "to": to.replace("number:", ""),
        "state": channel.state,
        "stopped_because": channel.why or None,
        "since": channel.created_at.isoformat(),
    }


def _wish(one: Subscription) -> dict[str, object]:
    return {
        "id": one.id,
        "name": one.name,
        "query": show(one.filter),
        "events": sorted(one.events),
        "frequency": str(one.frequency),
        "state": one.state,
        "since": one.created_at.isoformat(),
    }


def _told(alert: Alert, sent: Sequence[tuple[Delivery, str]]) -> dict[str, object]:
    release = alert.classified.revision.release if alert.classified else None
    return {
        "at": alert.created_at.isoformat(),
        "event": alert.event,
        "title": release.title if release else alert.subject,
        "address": release.address if release else None,
        "text": alert.body,
        "items": [item.classified.revision.release.title for item in alert.digest.items]
        if alert.digest
        else [],
        "reason": alert.reason,
        "subscriptions": list(alert.subscriptions),
        "deliveries": [
            {
                "id": delivery.id,
                "over": shown,
                "state": delivery.state,
                "tries": [
                    {"at": one.at.isoformat(), "outcome": one.outcome, "reason": one.reason}
                    for one in delivery.attempts
                ],
            }
            for delivery, shown in sent
        ],
    }
