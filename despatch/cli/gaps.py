"""`gaps`: what a source may have published unseen, and that somebody has looked."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from despatch.cli.context import Json, ago, example, give, here, out
from despatch.errors import UsageError

gaps = typer.Typer(
    no_args_is_help=True,
    help="List what sources may have published unseen, and say that it was seen to.",
    epilog=example("despatch gaps list"),
)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(gaps, name="gaps", rich_help_panel="Operators")


@gaps.command("list", epilog=example("despatch gaps list --all --json"))
def list_(
    context: typer.Context,
    every: Annotated[
        bool, typer.Option("--all", help="Those that were repaired or seen to, too.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the gaps that are open, newest first: from when to when, and what repairing found."""
    with here(context).open() as app:
        with app.store.transaction() as tx:
            found = tx.gaps(open_only=not every)
        now = app.clock.now()
    if as_json:
        for gap in found:
            give(
                {
                    "gap": gap.id,
                    "source": gap.source,
                    "found_at": gap.found_at,
                    "since": gap.since,
                    "until": gap.until,
                    "state": gap.state,
                    "tries": gap.tries,
                    "late": gap.late,
                    "reason": gap.reason,
                    "settled_at": gap.settled_at,
                }
            )
        return
    if not found:
        out.print("No gap is open." if not every else "There never was a gap.")
        return
    table = Table("gap", "source", "found", "from", "to", "state", "late", "tries", "", box=None)
    for gap in found:
        table.add_row(
            gap.id,
            escape(gap.source),
            ago(gap.found_at, now),
            f"{gap.since:%Y-%m-%d %H:%M}",
            f"{gap.until:%Y-%m-%d %H:%M}",
            gap.state,
            str(gap.late),
            str(gap.tries),
            escape(gap.reason),
        )
    out.print(table)


@gaps.command(epilog=example("despatch gaps close g-5f2d91ab"))
def close(
    context: typer.Context,
    gap: Annotated[str, typer.Argument(help="Its name, as the list shows it.")],
    as_json: Json = False,
) -> None:
    """Say that a gap was seen to: somebody looked at what the source published in that time.

    It is no longer tried to repair it, and its alarm is over.
    """
    with here(context).open() as app:
        with app.store.transaction() as tx:
            settled = tx.settle_gap(gap, app.clock.now())
        if settled is None:
            raise UsageError(f"no open gap {gap!r}; see: despatch gaps list")
        app.alarms.close(f"gap {settled.id} of {settled.source}")
    if as_json:
        give({"closed": settled.id})
    else:
        out.print(f"Closed: {settled.id} of {escape(settled.source)}.")
