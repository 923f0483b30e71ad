"""`deliveries`: what could not be delivered, why, and another try."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from despatch.cli.context import Json, ago, example, give, here, out
from despatch.errors import UsageError
from despatch.model import DeliveryState

deliveries = typer.Typer(
    no_args_is_help=True,
    help="List deliveries that failed, and try them again.",
    epilog=example("despatch deliveries list"),
)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(deliveries, name="deliveries", rich_help_panel="Operators")


@deliveries.command("list", epilog=example("despatch deliveries list --state waiting --json"))
def list_(
    context: typer.Context,
    state: Annotated[
        DeliveryState,
        typer.Option(help="Which: failed, cancelled, waiting, sending or delivered."),
    ] = "failed",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")] = 50,
    as_json: Json = False,
) -> None:
    """List deliveries with the reason of their state: the dead letters of delivering, if failed.

    The last one first. A channel is shown by its scheme and a fingerprint.
    """
    with here(context).open() as app:
        with app.store.transaction() as tx:
            found = tx.deliveries_in(state, limit)
        now = app.clock.now()
    if as_json:
        for delivery, shown, subscriber in found:
            give(
                {
                    "delivery": delivery.id,
                    "alert": delivery.alert,
                    "subscriber": subscriber,
                    "channel": delivery.channel,
                    "shown": shown,
                    "state": delivery.state,
                    "since": delivery.not_before,
                    "tries": len(delivery.attempts),
                    "reason": delivery.reason,
                }
            )
        return
    if not found:
        out.print(f"No delivery has the state {state}.")
        return
    table = Table("delivery", "when", "tries", "channel", "reason", box=None)
    for delivery, shown, _subscriber in found:
        table.add_row(
            delivery.id,
            ago(delivery.not_before, now),
            str(len(delivery.attempts)),
            escape(f"{delivery.channel} {shown}"),
            escape(delivery.reason),
        )
    out.print(table)
    if state == "failed":
        out.print("Once it is mended: despatch deliveries retry ID")


@deliveries.command(
    epilog=example("despatch deliveries retry y-1f2e3d", "despatch deliveries retry c-9a8b7c")
)
def retry(
    context: typer.Context,
    ids: Annotated[
        list[str], typer.Argument(help="Deliveries, or channels: all that ended there untold.")
    ],
    as_json: Json = False,
) -> None:
    """Try deliveries again that failed or were cancelled, with the key that they had.

    First resume what was paused: despatch subscriptions resume ID.
    """
    with here(context).open() as app, app.store.transaction() as tx:
        again = tx.try_again(ids, app.clock.now())
    if not again:
        raise UsageError(
            f"nothing that failed or was cancelled is named {', '.join(ids)}; see: "
            "despatch deliveries list"
        )
    if as_json:
        for delivery in sorted(again):
            give({"delivery": delivery})
    else:
        due = "1 delivery is" if len(again) == 1 else f"{len(again)} deliveries are"
        out.print(f"{due} due.")
