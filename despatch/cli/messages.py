"""`messages`: what people are sent, looked at before they are."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.markup import escape
from rich.table import Table

from despatch.app import App
from despatch.cli.context import Json, example, give, here, out
from despatch.cli.tracing import which_release
from despatch.errors import NotWritable, UsageError
from despatch.model import Alert, AlertId, DeliveryId, Event, SubscriberId, SubscriptionId
from despatch.ports import Trace

if TYPE_CHECKING:
    from alerts.messages import Messages

As = Literal["text", "email", "chat", "sms", "json"]

_KEY = DeliveryId("y-000000000000000000000000")
_NOBODY = SubscriberId("u-preview")
_NO_OTHERS = (SubscriptionId("s-preview"),)
_REASON = "this is a preview; nobody was told"

messages = typer.Typer(
    no_args_is_help=True,
    help="Show what people are sent, in each form, and the templates it is written by.",
    epilog=example("despatch messages show --specimen revised --as email > message.html"),
)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(messages, name="messages", rich_help_panel="Operators")


@messages.command(
    epilog=example(
        "despatch messages show r-5f2d81",
        "despatch messages show r-5f2d81 --as email > message.html",
        "despatch messages show --specimen digest --as chat",
    )
)
def show(
    context: typer.Context,
    release: Annotated[
        str,
        typer.Argument(help="A release's id or the start of it, its address, or its entry."),
    ] = "",
    as_: Annotated[
        As,
        typer.Option(
            "--as",
            help="text: plain; email: its HTML page; chat: Markdown; sms: one line, and as "
            "how many text messages it goes; json: a webhook's body.",
        ),
    ] = "text",
    event: Annotated[
        Event | None,
        typer.Option(help="As which event; default: as it was told last, else as new."),
    ] = None,
    specimen: Annotated[
        str, typer.Option(help="A made-up message instead: new, revised, digest, alarm, …")
    ] = "",
) -> None:
    """Show the message about a release as its readers would get it; nobody is sent anything."""
    if bool(release) == bool(specimen):
        raise UsageError("name a release, or a made-up message with --specimen new")
    with here(context).open() as app:
        alert = _specimen(specimen, event) if specimen else _about(app, release, event)
        sys.stdout.write(_written(app.messages, alert, as_).rstrip("\n") + "\n")


@messages.command(
    epilog=example("despatch messages templates", "despatch messages templates --copy-to templates")
)
def templates(
    context: typer.Context,
    copy_to: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Copy the built-in templates there, to change them; files that are there stay.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the templates, and whose they are; each of your own was tried on every message."""
    from alerts.messages.templates import names

    if copy_to is not None:
        _copy(copy_to, as_json)
        return
    with here(context).open() as app:
        own, folder = app.templates.own, app.templates.folder
    listed = [*names(), *(name for name in own if name not in names())]
    if as_json:
        for name in listed:
            give({"template": name, "file": str(folder / name) if folder and name in own else None})
        return
    table = Table("template", "from", box=None)
    for name in listed:
        table.add_row(name, escape(str(folder)) if name in own else "built in")
    out.print(table)
    if folder is None:
        out.print("For your own: despatch messages templates --copy-to DIR, then set templates_dir")


def _copy(folder: Path, as_json: bool) -> None:
    """Copy what is not there yet, and say so file by file."""
    from alerts.messages.templates import BUILT_IN, names

    for name in names():
        file = folder / name
        there = file.exists()
        try:
            if not there:
                folder.mkdir(parents=True, exist_ok=True)
                file.write_bytes((BUILT_IN / name).read_bytes())
        except OSError as exc:
            raise NotWritable(f"{file} can't be written: {exc.strerror}") from exc
        if as_json:
            give({"template": name, "file": str(file), "copied": not there})
        else:
            out.print(f"{file}{': is there, left as it is' if there else ''}", markup=False)
    if not as_json:
        out.print(
            "Delete what you don't change: it follows new versions then. Next: set templates_dir "
            f"to {folder.absolute()}",
            markup=False,
        )


def _written(messages: "Messages", alert: Alert, as_: As) -> str:
    match as_:
        case "email":
            return messages.html(alert, _KEY)
        case "chat":
            return messages.chat(alert, _KEY)
        case "sms":
            return messages.text_message(alert)
        case "json":
            return messages.encoded(alert, _KEY).decode()
        case _:
            return f"{messages.subject(alert)}\n\n{messages.text(alert, _KEY)}"


def _specimen(name: str, event: Event | None) -> Alert:
    from alerts.messages.specimens import specimens

    if event is not None:
        raise UsageError("--event goes with a release: each specimen has its own event")
    known = specimens()
    if name not in known:
        raise UsageError(f"there is no specimen {name!r}; there are: {', '.join(known)}")
    return known[name]


def _about(app: App, name: str, event: Event | None) -> Alert:
    """Return the alert that was made of a release last, else one as it would be made.

    Not in its subscriber's name: its links would be theirs, and would work.
    """
    known = which_release(app, name)
    with app.store.transaction() as tx:
        way = tx.trace(known)
    told = [one for one in way.alerts if event is None or one.event == event]
    if told:
        return told[-1].model_copy(update={"subscriber": _NOBODY, "subscriptions": _NO_OTHERS})
    return _never_made(app, way, event)


def _never_made(app: App, way: Trace, event: Event | None) -> Alert:
    about = way.taken[-1].classified
    return Alert(
        id=AlertId("a-preview"),
        subscriber=_NOBODY,
        subscriptions=_NO_OTHERS,
        event=event or "new",
        classified=about,
        reason=_REASON,
        created_at=app.clock.now(),
    )
