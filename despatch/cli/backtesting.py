"""`backtest`, and `subscribe --preview`: what would have been sent, before anything is kept."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from despatch.app import App
from despatch.app.asking import filter_of
from despatch.app.backtesting import Backtest, backtest
from despatch.cli.context import Json, count, example, give, here, moment, out
from despatch.cli.progress import progress
from despatch.cli.wishes import EVENTS, WantedEvents, WantedFrequency, WantedTheme, events_of
from despatch.filter import Filter
from despatch.frequency import IMMEDIATE, Frequency
from despatch.frequency import frequency as frequency_of
from despatch.model import Subscriber, Wanted

if TYPE_CHECKING:
    from alerts.backtest import Rate

PANEL = "Subscribers"
SINCE = "90d"
SHOWN = 20
"""So many alerts are shown to people, the newest; --all and --json have every one."""

Since = Annotated[
    str | None,
    typer.Option(metavar="TIME", help=f"How far to look back: {SINCE}, or 2026-01-31."),
]
All = Annotated[bool, typer.Option("--all", help=f"Show every alert, not the newest {SHOWN}.")]


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command(
        "backtest",
        rich_help_panel=PANEL,
        epilog=example(
            "despatch backtest 'theme:migration country:TR' --since 90d",
            "despatch backtest '\"visa fee\" -title:correction' --frequency 'daily 08:30' --json",
        ),
    )(backtest_)


def backtest_(
    context: typer.Context,
    query: Annotated[
        str, typer.Argument(help="The query, in quotes; as despatch subscribe has it.")
    ] = "",
    theme: WantedTheme = None,
    since: Since = None,
    event: WantedEvents = None,
    frequency: WantedFrequency = "immediate",
    every: All = False,
    as_json: Json = False,
) -> None:
    """List what a query would have sent from the archive, how much a week, and why each.

    Nothing is kept or sent. What was there before its source was added counts as if it had been
    watched then. With --json one line an alert, then one that sums up.
    """
    with here(context).open() as app:
        look_back(
            app,
            filter_of(app, query, theme or ()),
            events_of(event or EVENTS),
            since=moment(since or SINCE),
            frequency=frequency_of(frequency),
            every=every,
            as_json=as_json,
        )


def look_back(
    app: App,
    filter_: Filter,
    events: frozenset[Wanted],
    *,
    since: datetime,
    frequency: Frequency,
    every: bool,
    as_json: bool,
    who: Subscriber | None = None,
) -> None:
    """Ask the archive and print what it answers; `who` has the quiet hours and the limit."""
    with progress(show=not as_json) as report:
        found = backtest(
            app, filter_, events, since=since, frequency=frequency, who=who, progress=report
        )
    if as_json:
        _give(found)
    else:
        _print(found, frequency, every=every)


def _give(found: Backtest) -> None:
    for one in found.sent:
        give(
            {
                "at": one.at,
                "event": one.event,
                "release": one.release,
                "title": one.title,
                "address": one.address,
                "source": one.source,
                "reason": one.reason,
            }
        )
    rate = found.rate
    give(
        {
            "since": rate.since,
            "releases": found.releases,
            "alerts": rate.alerts,
            "messages": rate.messages,
            "per_week": round(rate.per_week, 2),
            "messages_per_week": round(rate.messages_per_week, 2),
            "busiest_week": rate.busiest_week,
        }
    )


def _print(found: Backtest, frequency: Frequency, *, every: bool) -> None:
    shown = found.sent if every else found.sent[:SHOWN]
    for one in shown:
        out.print(
            f"{one.at:%Y-%m-%d}  {one.event}  [bold]{escape(one.title)}[/bold]", soft_wrap=True
        )
        out.print(f"            {escape(one.reason)}", soft_wrap=True)
    if len(shown) < len(found.sent):
        out.print(f"… and {len(found.sent) - len(shown)} before; --all shows them.")
    rate = found.rate
    asked = count(found.releases, "archived release")
    if not found.releases:
        out.print(
            "The archive has no release from that time: despatch replay PATH and despatch up fill "
            "it, or look further back with --since"
        )
        return
    out.print(
        f"Of {asked} since {rate.since:%d %B %Y}: {count(rate.alerts, 'alert')}, "
        f"{rate.per_week:.1f} a week, {rate.busiest_week} in the busiest."
        + _in_messages(rate, frequency)
    )


def _in_messages(rate: "Rate", frequency: Frequency) -> str:
    """Say in how many messages they would have come, if not each in its own."""
    if frequency == IMMEDIATE and rate.messages == rate.alerts:
        return ""
    digests = frequency != IMMEDIATE
    how = f"{count(rate.messages, 'digest')}, {frequency}" if digests else f"{rate.messages}"
    return f" They would have come in {how}: {rate.messages_per_week:.1f} a week."
