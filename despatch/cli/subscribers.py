"""`subscriptions`: who is told what, where and when; looked at, changed, ended."""

from typing import Annotated, get_args

import typer
from rich.markup import escape
from rich.table import Table

from despatch.app import App
from despatch.app.asking import filter_of
from despatch.cli import transferring
from despatch.cli.context import Json, ago, count, err, example, give, here, out
from despatch.cli.wishes import (
    EVENTS,
    To,
    WantedEvents,
    WantedFrequency,
    WantedLimit,
    WantedOverflow,
    WantedQuiet,
    WantedReceipt,
    WantedTitle,
    Which,
    as_json_of,
    channel_shown,
    channels_of,
    events_of,
    find,
    manner_of,
    subscriber_of,
    try_channels,
)
from despatch.errors import UsageError
from despatch.frequency import frequency as frequency_of
from despatch.model import State, Subscriber, Subscription, Wanted

PANEL = "Subscribers"

subscriptions = typer.Typer(
    no_args_is_help=True,
    help="List, show, test, change, pause, resume and remove subscriptions.",
    epilog=example("despatch subscriptions list"),
)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    transferring.add_to(subscriptions)
    app.add_typer(subscriptions, name="subscriptions", rich_help_panel=PANEL)


@subscriptions.command(
    "list",
    epilog=example("despatch subscriptions list --json", "despatch subscriptions list --stopped"),
)
def list_(
    context: typer.Context,
    stopped: Annotated[
        bool, typer.Option("--stopped", help="Only those with a channel that failed, and why.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the subscriptions; channels by their scheme and fingerprint alone."""
    with here(context).open() as app:
        with app.store.transaction() as tx:
            found = tx.subscriptions()
            who = {one.id: one for one in tx.subscribers()}
            channels = {one.id: one for one in tx.channels()}
            shown = {one.id: channel_shown(one) for one in channels.values()}
        if stopped:
            failed = {one.id for one in channels.values() if one.why}
            found = [one for one in found if failed.intersection(one.channels)]
        now = app.clock.now()
    if as_json:
        for one in found:
            give(as_json_of(one, channels, who[one.subscriber]))
        return
    if not found and stopped:
        out.print("No channel has failed.")
        return
    if not found:
        out.print("Nobody is subscribed: despatch subscribe --theme migration --to console://")
        return
    table = Table("subscription", "subscriber", "asks for", "told", "channel", "state", "since")
    table.box = None
    for one in found:
        table.add_row(
            one.id,
            escape(who[one.subscriber].name),
            escape(one.name),
            _told(one),
            escape(channels_of(one, shown)),
            one.state,
            ago(one.created_at, now),
        )
    out.print(table)


@subscriptions.command("show", epilog=example("despatch subscriptions show s-1f2e3d"))
def show_(context: typer.Context, subscription: Which, as_json: Json = False) -> None:
    """Show what a subscription asks for, where and when it is told, and when next."""
    with here(context).open() as app:
        found = find(app, subscription)
        _show(app, found, as_json)


@subscriptions.command(
    epilog=example(
        "despatch subscriptions edit s-1f2e3d --query 'theme:migration country:TR,AL'",
        'despatch subscriptions edit s-1f2e3d --frequency "weekly saturday 08:30 Europe/London"',
        "despatch subscriptions edit s-1f2e3d --quiet none --limit 20/day",
    )
)
def edit(
    context: typer.Context,
    subscription: Which,
    query: str = typer.Option("", help="What it asks for from now on."),
    to: To = None,
    title: WantedTitle = "",
    event: WantedEvents = None,
    frequency: WantedFrequency = "",
    quiet: WantedQuiet = "",
    limit: WantedLimit = "",
    overflow: WantedOverflow = "",
    receipt: WantedReceipt = "",
    as_json: Json = False,
) -> None:
    """Change a subscription; what is not named stays as it is.

    Channels named with --to take the place of all it has. Quiet hours, limit, overflow and receipt
    are its subscriber's, for all their subscriptions.
    """
    from alerts.changing import Edit
    from alerts.changing import edit as change

    with here(context).open() as app:
        found = find(app, subscription)
        who = subscriber_of(app, found)
        every = frequency_of(frequency) if frequency else None
        changes = Edit(
            filter=filter_of(app, query) if query else None,
            urls=to or (),
            events=events_of(event) if event else None,
            frequency=every,
            title=title,
            manner=manner_of(quiet, limit, overflow, every or found.frequency, who, receipt),
        )
        if changes == Edit():
            raise UsageError("name what is to change; see: despatch subscriptions edit --help")
        changed = change(app.store, app.clock, app.senders, found, changes)
        _show(app, changed, as_json)
        for said in sorted({app.senders.advice(url) for url in to or ()} - {""}):
            err.print(said, markup=False)


@subscriptions.command("test", epilog=example("despatch subscriptions test s-1f2e3d"))
def try_out(context: typer.Context, subscription: Which, as_json: Json = False) -> None:
    """Send a test alert over a subscription's channels, now, and say what came of it."""
    with here(context).open() as app:
        try_channels(app, find(app, subscription), as_json)


@subscriptions.command(epilog=example("despatch subscriptions pause s-1f2e3d"))
def pause(context: typer.Context, subscription: Which, as_json: Json = False) -> None:
    """Tell nothing for now; what comes meanwhile is not told later."""
    _set(context, subscription, "paused", as_json)


@subscriptions.command(epilog=example("despatch subscriptions resume s-1f2e3d"))
def resume(context: typer.Context, subscription: Which, as_json: Json = False) -> None:
    """Go on telling, and use its channels again if they were paused."""
    _set(context, subscription, "active", as_json)


@subscriptions.command(epilog=example("despatch subscriptions remove s-1f2e3d"))
def remove(context: typer.Context, subscription: Which, as_json: Json = False) -> None:
    """End a subscription; a channel that no other one uses is erased."""
    _set(context, subscription, "removed", as_json)


def _set(context: typer.Context, name: str, state: State, as_json: bool) -> None:
    from alerts.changing import set_state

    with here(context).open() as app:
        found = find(app, name)
        set_state(app.store, found, state)
    if as_json:
        give({"id": found.id, "state": state})
    else:
        out.print(f"{found.id} is {state}.")


def _told(one: Subscription) -> str:
    events = "" if one.events == frozenset(EVENTS) else f"{', '.join(sorted(one.events))}; "
    return f"{events}{one.frequency}"


def _show(app: App, one: Subscription, as_json: bool) -> None:
    from alerts.query import show

    with app.store.transaction() as tx:
        channels = {channel.id: channel for channel in tx.channels()}
    who = subscriber_of(app, one)
    shown = {id_: channel.shown for id_, channel in channels.items()}
    if as_json:
        with app.store.transaction() as tx:
            waiting = [item for item in tx.items_for(who.id) if one.id in item.subscriptions]
        next_due = waiting[0].due_at if waiting else None
        give(as_json_of(one, channels, who) | {"waiting": len(waiting), "next_due": next_due})
        return
    out.print(f"[bold]{one.id}[/bold] {escape(one.name)}")
    out.print(f"  asks for    {escape(show(one.filter))}")
    known = [name for name in get_args(Wanted) if name in one.events]
    out.print(f"  events      {', '.join(known)}")
    out.print(f"  told        {one.frequency}{_next(app, one, who)}")
    for id_ in one.channels:
        channel = channels.get(id_)
        state = "removed" if channel is None else channel.state
        why = f": {channel.why}" if channel is not None and channel.why else ""
        out.print(f"  channel     {escape(shown.get(id_, '(erased)'))} ({state}{escape(why)})")
    out.print(f"  state       {one.state}, made {ago(one.created_at, app.clock.now())}")
    out.print(f"  subscriber  {escape(who.name)}{escape(_manner(who))}")
    if waits := _waiting(app, one):
        out.print(f"  waits       {waits}")


def _waiting(app: App, one: Subscription) -> str:
    """Return what waits for its subscriber, of this subscription, and until when."""
    from alerts.rhythm import said

    with app.store.transaction() as tx:
        theirs = [item for item in tx.items_for(one.subscriber) if one.id in item.subscriptions]
    if not theirs:
        return ""
    return f"{count(len({item.release for item in theirs}), 'release')}; {said(theirs[0])}"


def _next(app: App, one: Subscription, who: Subscriber) -> str:
    from alerts.rhythm import due
    from alerts.zones import local, zone_of

    if one.frequency.every == "immediate":
        return ""
    at = due(one.frequency, who.quiet, app.clock.now())
    zone = zone_of(who, [one])
    return f"; next digest {local(at, zone):%A %-d %B %Y, %H:%M} {zone}"


def _manner(who: Subscriber) -> str:
    quiet = f"; left alone {who.quiet}" if who.quiet else ""
    limit = f"; at most {who.limit}, what is more {who.overflow}" if who.limit else ""
    receipt = f"; a receipt {who.receipt}" if who.receipt else ""
    return quiet + limit + receipt
