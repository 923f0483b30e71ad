"""`sources`: where releases come from."""

from collections import Counter
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from despatch.cli import adding, checking, lists, showing
from despatch.cli.context import Json, ago, count, example, give, here, out
from despatch.cli.showing import what_to_do
from despatch.ended import Ended, ended
from despatch.errors import UsageError
from despatch.model import SourceId, State
from despatch.ports import Health, SourceRecord
from despatch.shorten import shorten

Which = Annotated[str, typer.Argument(help="The source's name.")]

sources = typer.Typer(
    no_args_is_help=True,
    help="Add, check, list, show, pause, resume and remove sources.",
    epilog=example("despatch sources list"),
)
adding.add_to(sources)
checking.add_to(sources)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(sources, name="sources", rich_help_panel="Operators")


@sources.command("list", epilog=example("despatch sources list --json"))
def list_(context: typer.Context, as_json: Json = False) -> None:
    """List the sources: how each is, and when it is read next."""
    with here(context).open() as app:
        with app.store.transaction() as tx:
            found = tx.sources()
            gaps = Counter(gap.source for gap in tx.gaps())
            over = {record.id: end for record, *_ in found if (end := ended(tx, record))}
        now = app.clock.now()
    if as_json:
        for record, health, due in found:
            give(
                {
                    "source": record.id,
                    "title": record.called or None,
                    "kind": record.kind,
                    "address": _address(record),
                    "state": record.state,
                    "health": _health(record, health, gaps[record.id], over.get(record.id)),
                    "ended_at": over[record.id].at if record.id in over else None,
                    "open_gaps": gaps[record.id],
                    "read_at": health.ok_at,
                    "failures": health.failures,
                    "problem": health.problem,
                    "newest_at": health.newest_at,
                    "due": due,
                }
            )
        return
    if not found:
        out.print("No sources: despatch sources add URL")
        return
    table = Table("source", "title", "health", "read", "newest", "next", "problem", box=None)
    for record, health, due in found:
        table.add_row(
            escape(record.id),
            escape(shorten(record.called, 40)),
            _health(record, health, gaps[record.id], over.get(record.id)),
            ago(health.ok_at, now),
            ago(health.newest_at, now),
            "-" if record.state != "active" else "now" if not due or due <= now else ago(due, now),
            escape(over[record.id].why if record.id in over else health.problem),
        )
    out.print(table)
    for source, end in over.items():
        out.print(f"{source} ended {ago(end.at, now)}. {what_to_do(source)}", markup=False)


def _health(record: SourceRecord, health: Health, open_gaps: int, end: Ended | None) -> str:
    """Return in a word or two how a source is; what needs a person most comes first."""
    if end is not None:
        return "ended"
    if record.state != "active":
        return record.state
    if health.failures:
        return f"fails, {health.failures} in a row" if health.failures > 1 else "failed once"
    if open_gaps:
        return count(open_gaps, "open gap")
    return "well" if health.ok_at else "not read yet"


showing.add_to(sources)


@sources.command(epilog=example("despatch sources pause govuk"))
def pause(context: typer.Context, source: Which, as_json: Json = False) -> None:
    """Stop reading a source for now."""
    _set(context, source, "paused", as_json)


@sources.command(epilog=example("despatch sources resume govuk"))
def resume(context: typer.Context, source: Which, as_json: Json = False) -> None:
    """Read a source again."""
    _set(context, source, "active", as_json)


@sources.command(epilog=example("despatch sources remove govuk"))
def remove(context: typer.Context, source: Which, as_json: Json = False) -> None:
    """Remove a source; its releases stay in the archive."""
    _set(context, source, "removed", as_json)


lists.add_to(sources)


def _set(context: typer.Context, source: str, state: State, as_json: bool) -> None:
    with here(context).open() as app, app.store.transaction() as tx:
        there = {record.id for record, _health, _due in tx.sources()}  # removed ones are not
        if source not in there or not tx.set_source_state(SourceId(source), state):
            raise UsageError(f"no source {source!r}; see: despatch sources list")
    if as_json:
        give({"source": source, "state": state})
    else:
        out.print(f"{escape(source)} is {state}.")


def _address(record: SourceRecord) -> str:
    return str(record.settings.get("address") or record.settings.get("path") or "")
