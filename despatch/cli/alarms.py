"""`alarms`: what a person should look at, and that somebody has."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from despatch.cli.context import Json, ago, example, give, here, out
from despatch.errors import UsageError

alarms = typer.Typer(
    no_args_is_help=True,
    help="List alarms, and close those that only a person can see to.",
    epilog=example("despatch alarms list"),
)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(alarms, name="alarms", rich_help_panel="Operators")


@alarms.command("list", epilog=example("despatch alarms list --all --json"))
def list_(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Those that are over too.")] = False,
    as_json: Json = False,
) -> None:
    """List the alarms that are open, newest first."""
    with here(context).open() as app:
        with app.store.transaction() as tx:
            found = tx.alarms(open_only=not every)
        now = app.clock.now()
    if as_json:
        for alarm in found:
            give(
                {
                    "alarm": alarm.key,
                    "text": alarm.text,
                    "opened_at": alarm.opened_at,
                    "last_at": alarm.last_at,
                    "count": alarm.count,
                    "closed_at": alarm.closed_at,
                }
            )
        return
    if not found:
        out.print("No alarm is open." if not every else "There never was an alarm.")
        return
    table = Table("alarm", "since", "last", "times", "over", "text", box=None)
    for alarm in found:
        over = ago(alarm.closed_at, now) if alarm.closed_at else ""
        table.add_row(
            escape(alarm.key),
            ago(alarm.opened_at, now),
            ago(alarm.last_at, now),
            str(alarm.count),
            over,
            escape(alarm.text),
        )
    out.print(table)


@alarms.command(epilog=example("despatch alarms close 'dead letters of processors'"))
def close(
    context: typer.Context,
    alarm: Annotated[str, typer.Argument(help="Its name, or the start of it.")],
    as_json: Json = False,
) -> None:
    """Say that an alarm was seen to, such as dead letters or a feed that has ended.

    Most alarms close by themselves. One whose cause is still there opens again.
    """
    with here(context).open() as app:
        with app.store.transaction() as tx:
            keys = [one.key for one in tx.alarms()]
        meant = (
            [alarm] if alarm in keys else [key for key in keys if alarm and key.startswith(alarm)]
        )
        if len(meant) != 1:
            what = "no open alarm" if not meant else f"{len(meant)} open alarms"
            raise UsageError(f"{what} {alarm!r}; see: despatch alarms list")
        app.alarms.close(meant[0])
    if as_json:
        give({"closed": meant[0]})
    else:
        out.print(f"Closed: {escape(meant[0])}.")
