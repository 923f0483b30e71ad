"""`sources import`, `export` and `catalogue`: many feeds at once, and where to find one."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from despatch.app.lists import export_feeds, import_feeds
from despatch.cli.context import Json, count, err, example, give, here, out
from despatch.errors import NotWritable, PermanentError, UsageError

SHOWN = 10
"""So many faults of a list are shown to people; --json has them all."""


def add_to(sources: typer.Typer) -> None:
    """Add these commands."""
    sources.command("import", epilog=example("despatch sources import feeds.opml"))(import_)
    sources.command(epilog=example("despatch sources export --to feeds.opml"))(export)
    sources.command(epilog=example("despatch sources catalogue migration"))(catalogue)


def import_(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="An OPML file, or - for standard input.")],
    as_json: Json = False,
) -> None:
    """Add the feeds of an OPML file, as other feed readers export them.

    What can't be added is listed, and the rest is added: exit code 1.
    """
    from ingest.opml import read_opml

    try:
        document = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as exc:
        raise UsageError(f"{file} can't be read: {exc.strerror}") from exc
    try:
        outlines = read_opml(document)
    except PermanentError as exc:
        raise PermanentError(f"{file}: {exc}") from exc
    if not outlines:
        raise PermanentError(f"{file} is OPML, but no outline in it has an xmlUrl")
    with here(context).open() as app:
        done = import_feeds(app, outlines)
    if as_json:
        give(
            {
                "added": done.added,
                "known": done.known,
                "failed": [{"address": one, "why": why} for one, why in done.failed],
            }
        )
    else:
        for address, why in done.failed[:SHOWN]:
            err.print(f"Not added: {address or '(no address)'}: {why}", markup=False)
        if len(done.failed) > SHOWN:
            err.print(f"… and {len(done.failed) - SHOWN} more; --json has them all.")
        out.print(
            f"{count(len(done.added), 'source')} added, {len(done.known)} known before, "
            f"{len(done.failed)} not added. See: despatch sources list"
        )
    if done.failed:
        raise typer.Exit(1)


def export(
    context: typer.Context,
    to: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it there; default: standard output.")
    ] = None,
) -> None:
    """Write every source that has an address as OPML 2.0, for Despatch or any feed reader."""
    from ingest.opml import write_opml

    with here(context).open() as app:
        outlines, left_out = export_feeds(app)
        text = write_opml(outlines, title="Sources of Despatch", at=app.clock.now())
    if to is None:
        sys.stdout.write(text)
    else:
        try:
            to.write_text(text, encoding="utf-8")
        except OSError as exc:
            raise NotWritable(f"{to} can't be written: {exc.strerror}") from exc
        out.print(f"{count(len(outlines), 'source')} written to {to}.", markup=False)
    if left_out:
        err.print(f"Left out, for they have no address: {', '.join(left_out)}", markup=False)


def catalogue(
    word: Annotated[
        str | None, typer.Argument(help="Only those in which this word stands.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the feeds that can be added by a short name, and where each address was read."""
    from ingest.catalogue import load_catalogue

    known = load_catalogue()
    found = known.listed(word or "")
    if as_json:
        for one in found:
            given = one.model_dump(mode="json", exclude={"certain", "settings"})
            give(given | {"settings": dict(one.settings)})
        return
    if not found:
        near = known.nearest(word or "")
        hint = f": did you mean {near}?" if near else "; all: despatch sources catalogue"
        raise UsageError(f"nothing in the catalogue has {word!r}{hint}")
    table = Table("name", "what", "terms", "tried", box=None)
    for one in found:
        table.add_row(
            escape(one.name),
            escape(one.title),
            escape(one.licence or "not known"),
            str(one.tried_on or "never"),
        )
    out.print(table)
    for name, pattern in known.patterns():
        out.print(f"{name}: {pattern.note}", markup=False)
    out.print("Add one: despatch sources add NAME. It is looked at first.", markup=False)
