"""`classify`: themes of documents, without anything being kept or told."""

import sys
from typing import Annotated

import typer

from despatch.cli.context import complain, example, here
from despatch.cli.reading import lines_of
from despatch.errors import PermanentError
from despatch.rubbish import settle


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command(
        rich_help_panel="Analysts",
        epilog=example(
            "despatch classify releases.jsonl > themes.jsonl",
            "despatch classify releases.jsonl --experimental",
            "despatch classify releases.jsonl --facts",
            """echo '{"id": "1", "title": "Small boats", "text": "…"}' | despatch classify""",
        ),
    )(classify)


def classify(
    context: typer.Context,
    file: Annotated[
        str, typer.Argument(help="JSONL(.gz) with id, title and text a line; - is standard input.")
    ] = "-",
    theme: Annotated[
        list[str] | None, typer.Option(help="Only this theme; can be given several times.")
    ] = None,
    experimental: Annotated[
        bool, typer.Option("--experimental", help="The experimental themes as well, marked.")
    ] = False,
    facts: Annotated[
        bool, typer.Option("--facts", help="What the documents say as well, as fields.")
    ] = False,
) -> None:
    """Say which themes documents belong to, and on what evidence.

    Reads JSONL (id, title, text, and language if it is known; other fields are ignored) and writes
    JSONL in the same order: {"id", "themes": [{"theme", "score", "evidence": [{"field", "start",
    "end", "text", "weight"}]}]}, listing only the themes that the document belongs to. One that is
    not English has "language" too and, if no theme reads that, "why". Themes that are not
    measured yet are asked by name or with --experimental, and marked so. With --facts each line
    also has "facts": countries, organisations, people, agreements, figures and dates, each with
    its evidence; a document's published_at, if it has one, tells what "next month" is. A line
    that can't be read is named on standard error; nothing is written for it, the rest goes on,
    and the exit code is 65.
    """
    from processors.jsonl import classify_lines

    with here(context).open() as app:
        themes = app.chosen_themes(theme or (), experimental=experimental)
        for fault in () if theme else app.loaded_themes.faults.values():
            complain(fault)
    settle()
    faults = 0

    def on_bad(fault: PermanentError) -> None:
        nonlocal faults
        faults += 1
        complain(str(fault))

    with lines_of(file) as lines:
        for result in classify_lines(lines, themes, facts=facts, on_bad=on_bad):
            sys.stdout.buffer.write(result)
    sys.stdout.flush()
    if faults:
        raise typer.Exit(PermanentError.exit_code)
