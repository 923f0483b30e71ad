"""Subscriptions out of an installation and into one, as lines of JSON.

A channel's URL is a secret and goes along only if asked for. Without it a line still comes back
whole where it was made, since the channel is there; anywhere else its subscription comes in paused,
until it is given a channel.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import Field, SecretStr, ValidationError

from alerts.subscribe import (
    MAX_NAME,
    CheckingChannels,
    add_channels,
    checked_name,
    refuse_suppressed,
    subscriber_named,
)
from despatch.errors import UsageError
from despatch.filter import Filter
from despatch.frequency import HOURLY, IMMEDIATE, Frequency, Limit, Quiet
from despatch.frozen import Frozen, Instant
from despatch.model import (
    Channel,
    ChannelId,
    State,
    Subscriber,
    Subscription,
    SubscriptionId,
    Wanted,
)
from despatch.ports import Clock, Store, Transaction


class ChannelLine(Frozen):
    """A channel as it is written: without its URL unless secrets were asked for."""

    id: ChannelId
    shown: str = ""
    url: SecretStr | None = None


class SubscriberLine(Frozen):
    """Whose a subscription is."""

    name: str = Field(min_length=1, max_length=MAX_NAME)
    quiet: Quiet | None = None
    limit: Limit | None = None
    overflow: Frequency = HOURLY
    receipt: Frequency | None = None


class Line(Frozen):
    """One subscription, with all that it needs."""

    id: SubscriptionId = Field(pattern=r"^s-[A-Za-z0-9-]{1,60}$")
    name: str = Field(min_length=1, max_length=MAX_NAME)
    subscriber: SubscriberLine
    filter: Filter
    events: frozenset[Wanted] = Field(min_length=1)
    frequency: Frequency = IMMEDIATE
    channels: tuple[ChannelLine, ...] = ()
    state: State = "active"
    created_at: Instant


@dataclass(slots=True)
class Imported:
    """What came of the lines."""

    added: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    """Those that are here already; they stay as they are."""
    without_channel: list[str] = field(default_factory=list)
    """Those of `added` that wait, paused, for a channel."""
    failed: list[tuple[int, str]] = field(default_factory=list)
    """Number of a line, and the reason."""


def exported(tx: Transaction, *, with_secrets: bool) -> Iterator[dict[str, object]]:
    """Yield a line for every subscription that is not removed, oldest first."""
    who = {one.id: one for one in tx.subscribers()}
    channels = {one.id: one for one in tx.channels()}
    for one in tx.subscriptions():
        mine = who[one.subscriber]
        line = Line(
            id=one.id,
            name=one.name,
            subscriber=SubscriberLine(
                name=mine.name,
                quiet=mine.quiet,
                limit=mine.limit,
                overflow=mine.overflow,
                receipt=mine.receipt,
            ),
            filter=one.filter,
            events=one.events,
            frequency=one.frequency,
            channels=tuple(_line(channels[id_]) for id_ in one.channels if id_ in channels),
            state=one.state,
            created_at=one.created_at,
        )
        shown = line.model_dump(mode="json", exclude_defaults=True) | {
            "events": sorted(line.events)
        }
        if with_secrets:
            shown["channels"] = [
                {
                    "id": id_,
                    "shown": channels[id_].shown,
                    "url": channels[id_].url.get_secret_value(),
                }
                for id_ in one.channels
                if id_ in channels
            ]
        yield shown


def import_lines(
    store: Store, clock: Clock, senders: CheckingChannels, lines: Iterable[str]
) -> Imported:
    """Add what the lines hold; one that can't be is told with its reason, and the rest is added."""
    done = Imported()
    with store.transaction() as tx:
        here = {one.id for one in tx.subscriptions()}
        for number, text in enumerate(lines, 1):
            if not text.strip():
                continue
            try:
                line = _read(text)
                if line.id in here:
                    done.known.append(line.id)
                    continue
                added = _add(tx, senders, line, clock.now())
            except UsageError as exc:
                done.failed.append((number, str(exc)))
                continue
            here.add(line.id)
            done.added.append(added.id)
            if not added.channels:
                done.without_channel.append(added.id)
    return done


def _line(channel: Channel) -> ChannelLine:
    return ChannelLine(id=channel.id, shown=channel.shown)


def _read(text: str) -> Line:
    try:
        return Line.model_validate_json(text)
    except ValidationError as exc:
        fault = exc.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in fault["loc"]) or "it"
        raise UsageError(f"{place}: {fault['msg']}") from None


def _add(tx: Transaction, senders: CheckingChannels, line: Line, now: datetime) -> Subscription:
    """Add one; whatever is wrong with it is found before anything of it is written."""
    name = checked_name(line.subscriber.name)
    urls = [one.url for one in line.channels if one.url is not None]
    for url in urls:
        senders.check(url)
    refuse_suppressed(tx, senders, urls)
    who = _subscriber(tx, name, line.subscriber, now)
    theirs = {one.id for one in tx.channels() if one.subscriber == who.id}
    kept = tuple(one.id for one in line.channels if one.url is None and one.id in theirs)
    channels = (*kept, *add_channels(tx, senders, who.id, urls, now))
    made = Subscription(
        id=line.id,
        subscriber=who.id,
        name=line.name,
        filter=line.filter,
        events=line.events,
        channels=tuple(dict.fromkeys(channels)),
        frequency=line.frequency,
        state=line.state if channels else "paused",
        created_at=line.created_at,
    )
    tx.add_subscription(made)
    return made


def _subscriber(tx: Transaction, name: str, line: SubscriberLine, now: datetime) -> Subscriber:
    """Return the subscriber of this name; a new one gets the manner of the line."""
    known = tx.subscriber_named(name)
    if known is not None:
        return known
    made = subscriber_named(tx, name, now).model_copy(
        update={
            "quiet": line.quiet,
            "limit": line.limit,
            "overflow": line.overflow,
            "receipt": line.receipt,
        }
    )
    tx.change_subscriber(made)
    return made
