"""`topics` and `dead`: the log, and what could not be handled."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from despatch.app import App
from despatch.app.moving import move_stage
from despatch.cli.context import Json, ago, err, example, give, here, moment, out
from despatch.dead_letters import DEAD_HEADERS, read_dead_letter
from despatch.errors import PermanentError, UsageError
from despatch.model import DeadLetter
from despatch.ports import Message, Outgoing
from despatch.topics import DEAD

topics = typer.Typer(
    no_args_is_help=True,
    help="Create and check the topics of the log.",
    epilog=example("despatch topics check"),
)
dead = typer.Typer(
    no_args_is_help=True,
    help="List, show and retry dead letters: messages that no stage could handle.",
    epilog=example("despatch dead list"),
)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(topics, name="topics", rich_help_panel="Operators")
    app.add_typer(dead, name="dead", rich_help_panel="Operators")


@topics.command(epilog=example("DESPATCH_BUS=kafka://localhost:9092 despatch topics create"))
def create(context: typer.Context, as_json: Json = False) -> None:
    """Create the topics that are missing, as the settings say; never changes one."""
    with here(context).open() as app:
        made = app.bus.create_topics(app.topics)
        every = [spec.name for spec in app.topics]
    if as_json:
        give({"created": list(made), "topics": every})
        return
    for name in made:
        out.print(f"Created {name}.")
    out.print(f"All {len(every)} topics are there.")


@topics.command(epilog=example("despatch topics check --json"))
def check(context: typer.Context, as_json: Json = False) -> None:
    """Say what is wrong with the topics: missing, partitions, retention, replication."""
    with here(context).open() as app:
        wrong = app.bus.check_topics(app.topics)
        every = len(app.topics)
    if as_json:
        give({"topics": every, "wrong": list(wrong)})
    for text in () if as_json else wrong:
        out.print(escape(text))
    if wrong:
        raise typer.Exit(1)
    if not as_json:
        out.print(f"All {every} topics are as they should be.")


@topics.command(
    epilog=example("despatch topics move processors oldest", "despatch topics move alerts 2d")
)
def move(
    context: typer.Context,
    stage: Annotated[str, typer.Argument(help="processors or alerts; stop it first.")],
    to: Annotated[
        str, typer.Argument(help="oldest, newest, or a time: 2023-08-09T12:00Z, 2d for 2 days ago.")
    ],
    as_json: Json = False,
) -> None:
    """Have a stage go on from another place: read again, or leave out what can't be read.

    What was done before is known by its id and has no effect again. Releases that are judged
    anew with newer themes may be told to whoever matches now and was not told yet.
    """
    with here(context).open() as app:
        moved = move_stage(app, stage, to if to in {"oldest", "newest"} else moment(to))
    if as_json:
        give({"stage": stage, "positions": {str(place): offset for place, offset in moved}})
        return
    for place, offset in moved:
        out.print(f"{stage} goes on at {place} offset {offset}.")


@dead.command("list", epilog=example("despatch dead list --since 7d"))
def list_(
    context: typer.Context,
    since: Annotated[str, typer.Option(metavar="TIME", help="From here on.")] = "365d",
    as_json: Json = False,
) -> None:
    """List dead letters: who could not handle what, when and why."""
    with here(context).open() as app:
        found = [letter for _message, letter in _letters(app, moment(since))]
        now = app.clock.now()
    if as_json:
        for letter in found:
            give(letter.model_dump(mode="json"))
        return
    if not found:
        out.print("No dead letters.")
        return
    table = Table("dead letter", "when", "stage", "from", "reason", box=None)
    for letter in found:
        came = f"{letter.topic}/{letter.partition}@{letter.offset}"
        table.add_row(
            letter.id, ago(letter.failed_at, now), letter.stage, came, escape(letter.reason[:200])
        )
    out.print(table)


@dead.command(epilog=example("despatch dead show d-1f2e3d"))
def show(
    context: typer.Context,
    letter: Annotated[str, typer.Argument(help="Its id, or the start of it.")],
    as_json: Json = False,
) -> None:
    """Show a dead letter whole: why, and the message as it was."""
    with here(context).open() as app:
        message, found = _find(app, letter)
    text = message.value.decode("utf-8", "backslashreplace")
    if as_json:
        give(found.model_dump(mode="json") | {"key": message.key, "value": text})
        return
    for name, value in found.model_dump(mode="json").items():
        out.print(f"{name.replace('_', ' ')}: {escape(str(value))}")
    out.print(f"key: {escape(message.key)}\n", highlight=False)
    out.out(text)


@dead.command(epilog=example("despatch dead retry d-1f2e3d"))
def retry(
    context: typer.Context,
    letter: Annotated[str, typer.Argument(help="Its id, or the start of it.")],
    as_json: Json = False,
) -> None:
    """Put a dead letter's message back on its topic, once the reason is mended.

    If it fails again it is a dead letter again. What was done for it before is not repeated.
    """
    with here(context).open() as app:
        message, found = _find(app, letter)
        kept = tuple(h for h in message.headers if not h[0].startswith(DEAD_HEADERS))
        headers = (*kept, ("despatch-retried-from", found.id.encode()))
        app.bus.publish([Outgoing(found.topic, message.key, message.value, headers)])
    if as_json:
        give({"retried": found.id, "topic": found.topic})
        return
    out.print(f"{found.id} is back on {found.topic}; see: despatch dead list")


def _letters(app: App, since: datetime | None = None) -> Iterator[tuple[Message, DeadLetter]]:
    """Yield the dead letters; what is none, but stands on their topic, must not hide the rest."""
    for message in app.bus.browse(DEAD, since=since):
        try:
            yield message, read_dead_letter(message)
        except PermanentError as exc:
            err.print(f"[yellow]Left out:[/yellow] {escape(str(exc))}")


def _find(app: App, name: str) -> tuple[Message, DeadLetter]:
    """Return the newest dead letter whose id starts with `name`."""
    found = [one for one in _letters(app) if name and one[1].id.startswith(name)]
    if len({letter.id for _message, letter in found}) != 1:
        what = "no dead letter" if not found else "several dead letters"
        raise UsageError(f"{what} {name!r}; see: despatch dead list")
    return found[-1]
