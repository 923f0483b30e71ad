"""`digests`: what is told later, when, and what came of each run."""

from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from despatch.cli.context import Json, ago, count, example, give, here, out
from despatch.errors import UsageError
from despatch.ports import DigestRun, Item
from despatch.ports.digests import DigestState

digests = typer.Typer(
    no_args_is_help=True,
    help="List what waits to be told, in digests or after quiet hours, and what was told so.",
    epilog=example("despatch digests list"),
)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(digests, name="digests", rich_help_panel="Operators")


@digests.command("list", epilog=example("despatch digests list --state waiting --json"))
def list_(
    context: typer.Context,
    subscriber: Annotated[str, typer.Option(help="Only those of the subscriber so named.")] = "",
    state: Annotated[
        DigestState | None,
        typer.Option(
            help="Which: waiting, sent, joined (told with a later one), or empty (nothing was "
            "left to tell, so nothing was sent). Default: all."
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")] = 50,
    as_json: Json = False,
) -> None:
    """List the runs, the last due first: for whom, when due, how much, and what came of it."""
    with here(context).open() as app:
        with app.store.transaction() as tx:
            who = tx.subscriber_named(subscriber) if subscriber else None
            if subscriber and who is None:
                raise UsageError(f"no subscriber {subscriber!r}; see: despatch subscriptions list")
            found = tx.digest_runs(limit, subscriber=who.id if who else None, state=state)
            everybody = {one.id: one for one in tx.subscribers()}
            asking = tx.subscriptions_of({run.subscriber for run in found})
        names = {one.id: one.name for one in everybody.values()}
        now = app.clock.now()
    if as_json:
        for run in found:
            give(asdict(run) | {"subscriber_name": names.get(run.subscriber)})
        return
    if not found:
        out.print("There is no such digest. --frequency and --quiet of subscribe ask for them.")
        return
    from alerts.zones import moment, zone_of

    table = Table("subscriber", "due", "", "items", "state", "period or reason", "alert", box=None)
    for run in found:
        theirs = [one for one in asking if one.subscriber == run.subscriber]
        zone = zone_of(everybody[run.subscriber], theirs)
        table.add_row(
            escape(names.get(run.subscriber, run.subscriber)),
            moment(run.due_at, zone),
            ago(run.due_at, now),
            str(run.items),
            run.state,
            escape(_said(run, zone)),
            run.alert or "",
        )
    out.print(table)


@digests.command(epilog=example("despatch digests waiting desk"))
def waiting(
    context: typer.Context,
    subscriber: Annotated[str, typer.Argument(help="The subscriber's name.")],
    as_json: Json = False,
) -> None:
    """List what waits for a subscriber, the first due first, and why it waits."""
    with here(context).open() as app, app.store.transaction() as tx:
        who = tx.subscriber_named(subscriber)
        if who is None:
            raise UsageError(f"no subscriber {subscriber!r}; see: despatch subscriptions list")
        found = tx.items_for(who.id)
    if as_json:
        for item in found:
            give(later_json(item))
        return
    if not found:
        out.print(f"Nothing waits for {escape(subscriber)}.")
        return
    from alerts.rhythm import said

    for item in found:
        title = item.classified.revision.release.title
        mark = " (withdrawn since)" if item.withdrawn else ""
        out.print(f"{item.event}  [bold]{escape(title)}[/bold]{mark}", soft_wrap=True)
        out.print(f"     {escape(said(item))}", soft_wrap=True)
    out.print(f"{count(len(found), 'item')}.")


def later_json(item: Item) -> dict[str, Any]:
    """Return what is told later, for machines."""
    return {
        "subscriber": item.subscriber,
        "release": item.release,
        "revision": item.classified.revision.id,
        "title": item.classified.revision.release.title,
        "event": item.event,
        "subscriptions": item.subscriptions,
        "waits_for": item.waits_for,
        "why": item.why,
        "held_at": item.held_at,
        "due_at": item.due_at,
        "withdrawn": item.withdrawn,
        "state": item.state,
        "alert": item.alert,
        "outcome": item.outcome,
    }


def _said(run: DigestRun, zone: str) -> str:
    from alerts.zones import local

    if run.since is not None and run.until is not None:
        since, until = local(run.since, zone), local(run.until, zone)
        return f"{since:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M}"
    return run.reason
