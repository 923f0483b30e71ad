"""`subscribe` and `subscriptions`: who is told what, and where."""

from typing import Annotated

import typer
from pydantic import SecretStr
from rich.markup import escape
from rich.table import Table

from despatch.app import App
from despatch.cli.context import Json, ago, example, give, here, out
from despatch.errors import UsageError
from despatch.filter import of_themes
from despatch.model import State, Subscription, SubscriptionId, ThemeId

PANEL = "Subscribers"
EVENTS = ("new", "revised", "withdrawn", "restored")
NOT_MEASURED = "Experimental, so not measured on independent labels yet"

Which = Annotated[
    str, typer.Argument(help="A subscription's id or the start of it, or a subscriber's name.")
]

subscriptions = typer.Typer(
    no_args_is_help=True,
    help="List, test, pause, resume and remove subscriptions.",
    epilog=example("despatch subscriptions list"),
)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(
        rich_help_panel=PANEL,
        epilog=example(
            "despatch subscribe --theme migration --to console://",
            "despatch subscribe --theme migration --theme partnerships --name desk "
            "--to mailto://user:password@example.org",
        ),
    )(subscribe)
    app.add_typer(subscriptions, name="subscriptions", rich_help_panel=PANEL)


def subscribe(
    context: typer.Context,
    to: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="Where to: any apprise URL (mailto://…, slack://…, ntfy://…, json://…), or "
            "console:// for this screen.",
        ),
    ],
    theme: Annotated[
        list[str], typer.Option(help="Theme to be told of; several mean any of them.")
    ],
    name: Annotated[
        str, typer.Option(help="The subscriber's name; the same name, the same subscriber.")
    ] = "me",
    event: Annotated[
        list[str] | None,
        typer.Option(help=f"Only these events: {', '.join(EVENTS)}. Default: all."),
    ] = None,
    test: Annotated[
        bool, typer.Option("--test", help="Send a test alert over the channel at once.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Tell somebody about the releases of a theme, as soon as they are seen.

    The channel's URL is a secret: it is kept encrypted and never shown again.
    """
    from alerts.subscribe import Wish
    from alerts.subscribe import subscribe as add

    with here(context).open() as app:
        asked = app.chosen_themes(theme)
        chosen = tuple(ThemeId(one.id) for one in asked)
        untried = [one.id for one in asked if one.experimental]
        for one in event or ():
            if one not in EVENTS:
                raise UsageError(f"no event {one!r}; there are {', '.join(EVENTS)}")
        wish = Wish(
            filter=of_themes(*chosen),
            urls=(SecretStr(to),),
            name=name,
            events=frozenset(event or EVENTS),  # type: ignore[arg-type]
        )
        made, created = add(app.store, app.clock, app.senders, wish)
        shown = _shown(app, made)
        if as_json:
            given = _as_json(made, shown, name)
            give(given | {"created": created, "experimental": untried})
        else:
            what = "Subscribed" if created else "Already subscribed"
            out.print(
                f"{what}: {escape(name)} is told of {' or '.join(chosen)} over {escape(shown)} "
                f"as {made.id}."
            )
            if untried:
                out.print(f"{NOT_MEASURED}: {', '.join(untried)}. How right: docs/judgement.md.")
        if test:
            _test(app, made, as_json)


@subscriptions.command("list", epilog=example("despatch subscriptions list --json"))
def list_(context: typer.Context, as_json: Json = False) -> None:
    """List the subscriptions; channels by their scheme and fingerprint alone."""
    with here(context).open() as app:
        with app.store.transaction() as tx:
            found = tx.subscriptions()
            names = {one.id: one.name for one in tx.subscribers()}
        rows = [(one, _shown(app, one), names[one.subscriber]) for one in found]
        now = app.clock.now()
    if as_json:
        for one, shown, name in rows:
            give(_as_json(one, shown, name))
        return
    if not rows:
        out.print("Nobody is subscribed: despatch subscribe --theme migration --to console://")
        return
    table = Table(
        "subscription", "subscriber", "asks for", "events", "channel", "state", "since", box=None
    )
    for one, shown, name in rows:
        table.add_row(
            one.id,
            escape(name),
            escape(one.name),
            "all" if one.events == frozenset(EVENTS) else ", ".join(sorted(one.events)),
            escape(shown),
            one.state,
            ago(one.created_at, now),
        )
    out.print(table)


@subscriptions.command("test", epilog=example("despatch subscriptions test s-1f2e3d"))
def try_out(context: typer.Context, subscription: Which, as_json: Json = False) -> None:
    """Send a test alert over a subscription's channels, now, and say what came of it."""
    with here(context).open() as app:
        _test(app, _find(app, subscription), as_json)


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
    with here(context).open() as app:
        found = _find(app, name)
        with app.store.transaction() as tx:
            tx.set_subscription_state(found.id, state)
            others = {
                channel
                for other in tx.subscriptions()
                if other.id != found.id
                for channel in other.channels
            }
            for channel in found.channels:
                if state == "active" or (state == "removed" and channel not in others):
                    tx.set_channel_state(channel, state)
    if as_json:
        give({"id": found.id, "state": state})
    else:
        out.print(f"{found.id} is {state}.")


def _find(app: App, name: str) -> Subscription:
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


def _test(app: App, subscription: Subscription, as_json: bool) -> None:
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


def _shown(app: App, subscription: Subscription) -> str:
    with app.store.transaction() as tx:
        shown = {channel.id: channel.shown for channel in tx.channels()}
    return ", ".join(shown.get(channel, "removed") for channel in subscription.channels)


def _as_json(one: Subscription, shown: str, name: str) -> dict[str, object]:
    return one.model_dump(mode="json", exclude={"events"}) | {
        "events": sorted(one.events),
        "channels_shown": shown,
        "subscriber_name": name,
    }
