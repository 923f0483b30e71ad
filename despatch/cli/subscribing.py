"""`subscribe`: tell somebody about what a query asks for."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

import typer
from rich.markup import escape

from despatch.app.asking import experimental, filter_of, strange_sources
from despatch.cli.backtesting import SINCE, Since, look_back
from despatch.cli.context import Json, example, give, here, moment, out
from despatch.cli.wishes import (
    EVENTS,
    To,
    WantedEvents,
    WantedFrequency,
    WantedLimit,
    WantedOverflow,
    WantedQuiet,
    WantedReceipt,
    WantedTheme,
    WantedTitle,
    as_json_of,
    channels_of,
    events_of,
    manner_of,
    subscriber_of,
    try_channels,
)
from despatch.errors import UsageError
from despatch.frequency import frequency as frequency_of
from despatch.model import Subscriber, SubscriberId

PANEL = "Subscribers"
NOT_MEASURED = "Experimental, so not measured on independent labels yet"

Query = Annotated[
    str,
    typer.Argument(
        help='What to be told of, in quotes: \'theme:migration country:TR,AL "visa fee" '
        '-"small boats"\'; or its JSON; * is every release.'
    ),
]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command(
        rich_help_panel=PANEL,
        epilog=example(
            "despatch subscribe --theme migration --to console://",
            "despatch subscribe 'theme:migration country:TR,AL -\"small boats\"' --name desk "
            "--to mailto://user:password@example.org --frequency 'daily 08:30 Europe/London' "
            "--quiet 22:00-07:00",
            "despatch subscribe 'country:TR' --preview --since 90d",
        ),
    )(subscribe)


def subscribe(
    context: typer.Context,
    query: Query = "",
    to: To = None,
    theme: WantedTheme = None,
    name: Annotated[
        str, typer.Option(help="The subscriber's name; the same name, the same subscriber.")
    ] = "me",
    title: WantedTitle = "",
    event: WantedEvents = None,
    frequency: WantedFrequency = "immediate",
    quiet: WantedQuiet = "",
    limit: WantedLimit = "",
    overflow: WantedOverflow = "",
    receipt: WantedReceipt = "",
    preview: Annotated[
        bool,
        typer.Option(
            "--preview", help="Keep nothing: list what it would have sent, as backtest does."
        ),
    ] = False,
    since: Since = None,
    test: Annotated[
        bool, typer.Option("--test", help="Send a test alert over each channel at once.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Tell somebody about releases that match, as soon as they are seen or in digests.

    A channel's URL is a secret: it is kept encrypted and never shown again. Quiet hours, limit,
    overflow and receipt are the subscriber's, for all their subscriptions.
    """
    from alerts.subscribe import Wish
    from alerts.subscribe import subscribe as add

    with here(context).open() as app:
        every = frequency_of(frequency)
        with app.store.transaction() as tx:
            before = tx.subscriber_named(name)
        manner = manner_of(quiet, limit, overflow, every, before, receipt)
        if preview:
            look_back(
                app,
                filter_of(app, query, theme or ()),
                events_of(event or EVENTS),
                since=moment(since or SINCE),
                frequency=every,
                every=False,
                as_json=as_json,
                who=_with(before, name, manner, app.clock.now()),
            )
            return
        if since is not None:
            raise UsageError("--since goes with --preview: a subscription begins now")
        if not to:
            raise UsageError("say where to: --to URL, such as --to console://")
        asked = filter_of(app, query, theme or ())
        wish = Wish(
            filter=asked,
            urls=to,
            name=name,
            events=events_of(event or EVENTS),
            frequency=every,
            title=title,
            manner=manner,
        )
        made, created = add(app.store, app.clock, app.senders, wish)
        advice = sorted({said for url in to if (said := app.senders.advice(url))})
        untried = experimental(app, asked)
        with app.store.transaction() as tx:
            channels = {channel.id: channel for channel in tx.channels()}
        shown = {channel.id: channel.shown for channel in channels.values()}
        if as_json:
            given = as_json_of(made, channels, subscriber_of(app, made))
            give(given | {"created": created, "experimental": untried, "advice": advice})
        else:
            what = "Subscribed" if created else "Already subscribed"
            when = "" if every.every == "immediate" else f", {every},"
            out.print(
                f"{what}: {escape(name)}: {escape(made.name)} over "
                f"{escape(channels_of(made, shown))}{when} as {made.id}."
            )
            for source in strange_sources(app, asked):
                out.print(f"No source here is called {source}; see: despatch sources list")
            for said in advice:
                out.print(said, markup=False)
            if untried:
                out.print(f"{NOT_MEASURED}: {', '.join(untried)}. How right: docs/judgement.md.")
        if test:
            try_channels(app, made, as_json)


def _with(
    before: Subscriber | None, name: str, manner: Mapping[str, object], now: datetime
) -> Subscriber:
    """Return the subscriber as they would be, without keeping them."""
    who = before or Subscriber(id=SubscriberId("u-preview"), name=name, created_at=now)
    return who.model_copy(update=dict(manner))
