"""What `subscribe` and `subscriptions` share: the options of a wish, and how one is shown."""

from collections.abc import Mapping, Sequence
from typing import Annotated, cast, get_args

import typer
from pydantic import SecretStr
from rich.markup import escape

from despatch import frequency as said
from despatch.app import App
from despatch.cli.context import give, out
from despatch.errors import UsageError
from despatch.frequency import HOURLY, Frequency, Limit, Quiet
from despatch.model import Channel, ChannelId, Subscriber, Subscription, SubscriptionId, Wanted

EVENTS: tuple[Wanted, ...] = ("new", "revised", "withdrawn", "restored")
"""What is told unless --event says so."""
NONE = "none"


Which = Annotated[
    str, typer.Argument(help="A subscription's id or the start of it, or a subscriber's name.")
]
To = Annotated[
    list[SecretStr] | None,
    typer.Option(
        metavar="URL",
        parser=SecretStr,  # from here on nothing prints it
        help="Where to: any apprise URL (mailto://…, slack://…, ntfy://…, json://…), or "
        "console:// for this screen; several are all told.",
    ),
]
WantedTheme = Annotated[
    list[str] | None, typer.Option(help="Theme to be told of; several mean any of them.")
]
WantedTitle = Annotated[
    str, typer.Option(help="The subscription's name in messages; default: what it asks for.")
]
WantedEvents = Annotated[
    list[str] | None,
    typer.Option(
        help=f"Only these events: {', '.join(EVENTS)}, which are the default, or gap: a time of a "
        "source of which something may be missing."
    ),
]
WantedFrequency = Annotated[
    str,
    typer.Option(
        help="immediate, hourly, 'daily 08:30 Europe/London', 'weekly saturday 08:30 "
        "Europe/London'; without a zone in UTC."
    ),
]
WantedQuiet = Annotated[
    str,
    typer.Option(
        help="Hours in which the subscriber is left alone: '22:00-07:00 Europe/London'; none ends "
        "them. Without a zone in that of --frequency."
    ),
]
WantedLimit = Annotated[
    str, typer.Option(help="So many alerts at once at most: 20/day, 5/hour, 100/week; or none.")
]
WantedOverflow = Annotated[
    str, typer.Option(help="When the digest of what is over the limit comes; default: hourly.")
]

WantedReceipt = Annotated[
    str,
    typer.Option(
        help="A receipt of what was looked at for the subscriber, matches or none, and whether "
        "all is well: daily, weekly, 'daily 08:00 Europe/London'; none ends it. Without a time at "
        "08:00, without a zone in that of --frequency."
    ),
]


def events_of(names: Sequence[str]) -> frozenset[Wanted]:
    """Return the events of these names. Raises UsageError."""
    for name in names:
        if name not in get_args(Wanted):
            raise UsageError(f"no event {name!r}; there are {', '.join(get_args(Wanted))}")
    return cast("frozenset[Wanted]", frozenset(names))


def manner_of(
    quiet: str,
    limit: str,
    overflow: str,
    every: Frequency,
    who: Subscriber | None,
    receipt: str = "",
) -> dict[str, Quiet | Limit | Frequency | None]:
    """Return what is to change of a subscriber. Raises UsageError."""
    zone = (
        every.zone if every.at is not None or who is None or who.quiet is None else who.quiet.zone
    )
    changed: dict[str, Quiet | Limit | Frequency | None] = {}
    if quiet:
        changed["quiet"] = None if quiet == NONE else said.quiet(quiet, zone)
    if limit:
        changed["limit"] = None if limit == NONE else said.limit(limit)
    if overflow:
        changed["overflow"] = HOURLY if overflow == NONE else said.frequency(overflow)
        if changed["overflow"] == said.IMMEDIATE:
            raise UsageError("--overflow is a digest: hourly, daily or weekly")
    if receipt:
        changed["receipt"] = None if receipt == NONE else _receipt(receipt, zone)
    return changed


def _receipt(text: str, zone: str) -> Frequency:
    """Return when a receipt comes; a word alone is 08:00, of a week on Monday."""
    whole = {"daily": f"daily 08:00 {zone}", "weekly": f"weekly monday 08:00 {zone}"}
    found = said.frequency(whole.get(text.strip().lower(), text))
    if found.every not in {"daily", "weekly"}:
        raise UsageError("--receipt is daily or weekly, such as 'daily 08:00 Europe/London'")
    return found


def find(app: App, name: str) -> Subscription:
    """Return the subscription whose id starts with `name`, else the only one of that subscriber."""
    if not name:  # every id begins with nothing: an unset variable must not choose one
        raise UsageError("no subscription ''; see: despatch subscriptions list")
    with app.store.transaction() as tx:
        every = tx.subscriptions()
        who = tx.subscriber_named(name)
    found = [one for one in every if one.id.startswith(name)] or [
        one for one in every if who is not None and one.subscriber == who.id
    ]
    if len(found) != 1:
        what = "no subscription" if not found else f"{len(found)} subscriptions"
        raise UsageError(f"{what} {name!r}; see: despatch subscriptions list")
    return found[0]


def subscriber_of(app: App, subscription: Subscription) -> Subscriber:
    """Return whose a subscription is."""
    with app.store.transaction() as tx:
        return next(one for one in tx.subscribers() if one.id == subscription.subscriber)


def try_channels(app: App, subscription: Subscription, as_json: bool) -> None:
    """Send a test over each channel and print what came of it; exit code 1 if one failed."""
    from alerts.subscribe import send_test

    wrong = False
    for shown, sent in send_test(
        app.store, app.clock, app.senders, SubscriptionId(subscription.id)
    ):
        wrong |= sent.outcome != "delivered"
        if as_json:
            give({"channel": shown, "outcome": sent.outcome, "reason": sent.reason})
        else:
            out.print(f"{escape(shown)}: {sent.outcome}: {escape(sent.reason)}")
    if wrong:
        raise typer.Exit(1)


def channel_shown(channel: Channel) -> str:
    """Return what may be shown of a channel, with why it was stopped."""
    return f"{channel.shown} ({channel.why})" if channel.why else channel.shown


def channels_of(subscription: Subscription, shown: Mapping[ChannelId, str]) -> str:
    """Return a subscription's channels as they may be shown."""
    return ", ".join(shown.get(channel, "removed") for channel in subscription.channels)


def as_json_of(
    one: Subscription, channels: Mapping[ChannelId, Channel], who: Subscriber
) -> dict[str, object]:
    """Return a subscription for machines, with its query and its subscriber's manner.

    `stopped` has why channels of it stand still for having failed.
    """
    whys = [channels[id_].why for id_ in one.channels if id_ in channels]
    shown = {channel.id: channel.shown for channel in channels.values()}
    from alerts.query import show

    return one.model_dump(mode="json", exclude={"events", "filter", "frequency"}) | {
        "query": show(one.filter),
        "filter": one.filter.model_dump(mode="json", exclude_defaults=True),
        "events": sorted(one.events),
        "frequency": str(one.frequency),
        "channels_shown": channels_of(one, shown),
        "stopped": [why for why in whys if why],
        "subscriber_name": who.name,
        "quiet": str(who.quiet) if who.quiet else None,
        "limit": str(who.limit) if who.limit else None,
        "overflow": str(who.overflow),
        "receipt": str(who.receipt) if who.receipt else None,
    }
