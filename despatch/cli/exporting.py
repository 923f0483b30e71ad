"""`export`: the archive as a table, or a person's own data."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from despatch.app.export import FORMATS, Format, need, rows, write
from despatch.cli.context import count, err, example, here, moment
from despatch.cli.privacy import export_person
from despatch.errors import NotWritable, UsageError


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command(
        "export",
        rich_help_panel="Analysts",
        epilog=example(
            "despatch export --theme migration --since 30d > migration.csv",
            "despatch export --format parquet --to releases.parquet",
            "despatch export ada@example.org --to ada.json",
        ),
    )(_export)


def _export(
    context: typer.Context,
    person: Annotated[
        str | None,
        typer.Argument(
            metavar="[ADDRESS]",
            help="An e-mail address or a subscriber's name: all that is kept about them instead.",
        ),
    ] = None,
    theme: Annotated[
        list[str] | None,
        typer.Option(help="Only releases of this theme; can be given several times."),
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only releases observed from here on.")
    ] = None,
    format_: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help=f"{', '.join(FORMATS)}; default: what the file's name ends in, else csv.",
        ),
    ] = None,
    to: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write here; default: standard output.")
    ] = None,
    text: Annotated[bool, typer.Option("--text", help="With each release's whole text.")] = False,
) -> None:
    """Write the archive as a table, a row a release; or all that is kept about a person, as JSON.

    Themes and facts are columns: countries, parties, organisations, people, agreements, figures and
    dates. In CSV the items of a list stand apart by semicolons. A file takes its name once it is
    complete. A person's file can be read by its owner alone, for their addresses stand in it.
    """
    if person is not None:  # an empty one, of a shell's unset name, is not the whole archive
        if theme or since or format_ or text:
            raise UsageError(
                "a person's data is all of it, as JSON: only --to goes with an address"
            )
        export_person(here(context), person, to)
        return
    chosen = _format(format_, to)
    begin = None if since is None else moment(since)
    need(chosen)
    with here(context).open() as app:
        themes = [one.id for one in app.chosen_themes(theme)] if theme else []
        with _opened(to, chosen) as file:
            number = write(chosen, rows(app, themes, begin, text=text), file, text=text)
    where = f" in {to}" if to else ""
    err.print(f"{count(number, 'release')}{where}.", markup=False)


def _format(given: str | None, to: Path | None) -> Format:
    name = given or (to.suffix.removeprefix(".") if to and to.suffix else "csv")
    for known in FORMATS:
        if name == known:
            return known
    raise UsageError(f"no format {name!r}; there are {', '.join(FORMATS)}: say --format")


@contextmanager
def _opened(to: Path | None, format_: Format) -> Iterator[BinaryIO]:
    if to is None:
        if format_ == "parquet" and sys.stdout.isatty():
            raise UsageError("Parquet is nothing to read on a screen; say --to FILE")
        yield sys.stdout.buffer
        sys.stdout.flush()
        return
    part = to.with_name(f"{to.name}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(to)
    except OSError as exc:
        raise NotWritable(f"{to} can't be written: {exc.strerror or exc}") from exc
    finally:
        part.unlink(missing_ok=True)
