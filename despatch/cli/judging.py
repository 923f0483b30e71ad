"""`classify`: themes of documents, without anything being kept or told."""

import gzip
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Annotated, cast

import typer

from despatch.cli.context import complain, example, here
from despatch.errors import PermanentError, UsageError

_GZIP = b"\x1f\x8b"
"""What a compressed file begins with (RFC 1952 §2.3.1)."""


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command(
        rich_help_panel="Analysts",
        epilog=example(
            "despatch classify releases.jsonl > themes.jsonl",
            "despatch classify releases.jsonl --experimental",
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
) -> None:
    """Say which themes documents belong to, and on what evidence.

    Reads JSONL (id, title, text; other fields are ignored) and writes JSONL in the same order:
    {"id", "themes": [{"theme", "score", "evidence": [{"field", "start", "end", "text",
    "weight"}]}]}, listing only the themes that the document belongs to. Themes that are not
    measured yet are asked by name or with --experimental, and marked so. A line that can't be
    read is named on standard error; nothing is written for it, the rest goes on, and the exit
    code is 65.
    """
    from processors.jsonl import classify_lines

    with here(context).open() as app:
        themes = app.chosen_themes(theme or (), experimental=experimental)
    faults = 0

    def on_bad(fault: PermanentError) -> None:
        nonlocal faults
        faults += 1
        complain(str(fault))

    with _lines(file) as lines:
        for result in classify_lines(lines, themes, on_bad=on_bad):
            sys.stdout.buffer.write(result)
    sys.stdout.flush()
    if faults:
        raise typer.Exit(PermanentError.exit_code)


@contextmanager
def _lines(file: str) -> Iterator[Iterator[bytes]]:
    if file == "-":
        yield _unpacked("standard input", cast(BufferedReader, sys.stdin.buffer))
        return
    try:
        opened = Path(file).open("rb")  # noqa: SIM115 - what goes wrong inside is not ours to name
    except OSError as exc:
        raise UsageError(f"{file} can't be read: {exc.strerror}") from exc
    with opened:
        yield _unpacked(file, opened)


def _unpacked(name: str, opened: BufferedReader) -> Iterator[bytes]:
    """Yield the lines, of a compressed file too. Raises PermanentError where it breaks off."""
    try:
        packed = opened.peek(len(_GZIP)).startswith(_GZIP)
        yield from gzip.GzipFile(fileobj=opened) if packed else opened
    except (OSError, EOFError, zlib.error) as exc:
        raise PermanentError(f"{name} can't be read from here on: {exc}") from exc
