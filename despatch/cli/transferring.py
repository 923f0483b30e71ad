"""`subscriptions export` and `import`: many at once, out and in."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from despatch.cli.context import Json, count, err, example, give, here, out
from despatch.errors import NotWritable, UsageError

SHOWN = 10
"""So many faults of a list are shown to people; --json has them all."""


def add_to(subscriptions: typer.Typer) -> None:
    """Add these commands."""
    subscriptions.command(
        epilog=example(
            "despatch subscriptions export --to subscriptions.jsonl",
            "despatch subscriptions export --with-secrets --to secret.jsonl",
        )
    )(export)
    subscriptions.command("import", epilog=example("despatch subscriptions import s.jsonl"))(
        import_
    )


def export(
    context: typer.Context,
    to: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it there; default: standard output.")
    ] = None,
    with_secrets: Annotated[
        bool,
        typer.Option(
            "--with-secrets", help="Channels' URLs too, readable; the file is its owner's only."
        ),
    ] = False,
) -> None:
    """Write every subscription as one line of JSON, for import here or elsewhere.

    Without --with-secrets a channel is written by what may be shown of it: where it is not known,
    an imported subscription waits for one.
    """
    from alerts.transfer import exported

    with here(context).open() as app, app.store.transaction() as tx:
        lines = [
            json.dumps(line, ensure_ascii=False) + "\n"
            for line in exported(tx, with_secrets=with_secrets)
        ]
    if to is None:
        sys.stdout.writelines(lines)
        return
    try:
        to.touch(mode=0o600)
        if with_secrets:
            to.chmod(0o600)
        to.write_text("".join(lines), encoding="utf-8")
    except OSError as exc:
        raise NotWritable(f"{to} can't be written: {exc.strerror}") from exc
    out.print(f"{count(len(lines), 'subscription')} written to {to}.", markup=False)


def import_(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="What export wrote, or - for standard input.")],
    as_json: Json = False,
) -> None:
    """Add the subscriptions of a file that export wrote; those that are here stay as they are.

    What can't be added is listed, and the rest is added: exit code 1. A subscription whose channel
    is not known here is paused until it has one.
    """
    from alerts.transfer import import_lines

    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        why = exc.strerror if isinstance(exc, OSError) else "it is not UTF-8"
        raise UsageError(f"{file} can't be read: {why}") from exc
    with here(context).open() as app:
        done = import_lines(app.store, app.clock, app.senders, text.split("\n"))
    if as_json:
        give(
            {
                "added": done.added,
                "known": done.known,
                "without_channel": done.without_channel,
                "failed": [{"line": line, "why": why} for line, why in done.failed],
            }
        )
    else:
        for line, why in done.failed[:SHOWN]:
            err.print(f"Line {line} not added: {why}", markup=False)
        if len(done.failed) > SHOWN:
            err.print(f"… and {len(done.failed) - SHOWN} more; --json has them all.")
        out.print(
            f"{count(len(done.added), 'subscription')} added, {len(done.known)} known before, "
            f"{len(done.failed)} not added."
        )
        for id_ in done.without_channel:
            out.print(
                f"{id_} is paused, for its channel is not known here: despatch subscriptions edit "
                f"{id_} --to URL, then despatch subscriptions resume {id_}",
                markup=False,
            )
    if done.failed:
        raise typer.Exit(1)
