"""The console, `console://`: an alert printed for a person, with colours or without."""

import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import TextIO

from pydantic import SecretStr
from rich.box import ASCII, ROUNDED
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from alerts.channels import scheme_of
from alerts.channels.setup import ChannelSetup
from alerts.messages.notes import words
from alerts.messages.personal import commands_of, reason_of
from alerts.messages.said import (
    AboutRelease,
    DigestSaid,
    NoteSaid,
    Pieces,
    ReleaseSaid,
    Reworded,
    Said,
    Theme,
)
from alerts.messages.saying import say
from despatch.errors import UsageError
from despatch.model import Alert, DeliveryId
from despatch.ports import Sender, Sent

SCHEMES = frozenset({"console"})

MAX_WIDTH = 100
_BORDER = {"new": "green", "revised": "yellow", "withdrawn": "red", "alarm": "red"}
_EVIDENCE = "bold yellow"
_GONE, _COME = "bold red strike", "bold green"


def open_channel(setup: ChannelSetup) -> Sender:
    """Return the sender that prints."""
    return ConsoleChannel(setup.out)


class ConsoleChannel:
    """Prints alerts whole, one at a time."""

    time_limit = timedelta(seconds=10)

    def __init__(self, out: TextIO | None = None, *, width: int | None = None) -> None:
        self._out = out
        self._width = width
        self._lock = threading.Lock()

    def check(self, url: SecretStr) -> None:
        if url.get_secret_value().strip().partition("://")[2].strip("/"):
            raise UsageError(f"{scheme_of(url)}:// takes nothing behind it")

    def pause(self, url: SecretStr) -> timedelta:
        return timedelta(0)

    async def send(self, url: SecretStr, alert: Alert, key: DeliveryId) -> Sent:
        out = self._out or sys.stdout
        try:
            with self._lock:
                _print(out, self._width, alert, key)
        except OSError as exc:
            return Sent("temporary", f"console: it can't be written: {exc.strerror or 'closed'}")
        return Sent("delivered", "printed")

    async def close(self) -> None:
        return None


def _print(out: TextIO, width: int | None, alert: Alert, key: DeliveryId) -> None:
    """Print through the stream's own encoding: what it can't write becomes a `?`.

    The text is made apart from the stream: rich ends the process when a pipe is closed.
    """
    stream = Console(file=out)
    encoding = getattr(out, "encoding", None) or "utf-8"
    console = Console(
        file=StringIO(),
        width=width or min(stream.width, MAX_WIDTH),
        force_terminal=stream.is_terminal,
        color_system=stream.color_system,  # type: ignore[arg-type]
        highlight=False,
    )
    with console.capture() as captured:
        console.print(
            render(
                alert,
                key,
                colour=stream.color_system is not None,
                lines=encoding.lower().startswith("utf"),
            )
        )
    out.write(captured.get().encode(encoding, "replace").decode(encoding))
    out.flush()


def render(alert: Alert, key: DeliveryId, *, colour: bool, lines: bool = True) -> RenderableType:
    """Return the alert as a panel. Without colour asterisks mark the evidence.

    Without `lines` the frame is of ASCII.
    """
    said = say(alert)
    parts = [*_parts(said, colour), *_foot(alert, "─" if lines else "-")]
    return Panel(
        Group(*parts),
        title=Text(_heading(said)),
        title_align="left",
        subtitle=Text(key, style="dim"),
        subtitle_align="right",
        border_style=_BORDER.get(alert.event, "cyan"),
        box=ROUNDED if lines else ASCII,
        padding=(1, 2),
    )


def _heading(said: Said) -> str:
    if isinstance(said, ReleaseSaid):
        return f"{said.heading} · {_byline(said.about)}"
    return said.heading


def _parts(said: Said, colour: bool) -> Iterator[RenderableType]:
    if isinstance(said, ReleaseSaid):
        yield from _release(said, colour)
    elif isinstance(said, DigestSaid):
        yield from _digest(said, colour)
    else:
        yield from _note(said)


def _foot(alert: Alert, rule: str) -> Iterator[RenderableType]:
    yield Text("")
    yield Rule(style="dim", characters=rule)
    foot = Table.grid(padding=(0, 2))
    foot.add_row(Text("Why", style="dim"), Text(reason_of(alert)))
    if alert.subscriptions:
        foot.add_row(Text("To stop", style="dim"), Text(commands_of(alert)))
    yield foot


def _note(said: NoteSaid) -> Iterator[RenderableType]:
    yield Text(said.title, style="bold")
    for lines in said.paragraphs:
        yield Text("\n" + "\n".join(words(line) for line in lines))


def _release(said: ReleaseSaid, colour: bool) -> Iterator[RenderableType]:
    yield Text(said.about.title, style="bold")
    for one in said.notes:
        yield Text(f"\n{one}", style="bold yellow")
    yield from _changed(said, colour)
    for theme in said.themes:
        yield Text("")
        yield _theme(theme)
        for excerpt in theme.excerpts:
            yield Padding(_sentence(excerpt, colour), (0, 0, 0, 2))
    if said.facts:
        yield Text("")
        facts = Table.grid(padding=(0, 2))
        for fact in said.facts:
            facts.add_row(Text(fact.label, style="dim"), Text("\n".join(fact.lines)))
        yield facts
    yield from _also(said.about)
    yield from _link(said.about)


def _changed(said: ReleaseSaid, colour: bool) -> Iterator[RenderableType]:
    if said.changes or said.changed:
        yield Text("\nWhat changed", style="bold")
    for one in said.changes:
        yield from _reworded(one, colour)
    for line in said.changed:
        yield Text(line)
    if said.more_changes:
        yield Text(f"and {said.more_changes} more", style="dim")


def _reworded(one: Reworded, colour: bool) -> Iterator[RenderableType]:
    if one.before:
        label = "Before: " if one.now else "Removed: "
        yield Text.assemble((label, "dim"), _sentence(one.before, colour, _GONE))
    if one.now:
        label = "Now: " if one.before else "Added: "
        yield Text.assemble((label, "dim"), _sentence(one.now, colour, _COME))


def _theme(theme: Theme) -> Text:
    experimental = ", experimental" if theme.experimental else ""
    return Text.assemble(
        (theme.name, "bold cyan"),
        (f"  {theme.sure} sure{experimental}", "dim"),
        ("  " + ", ".join(theme.words), _EVIDENCE),
    )


def _digest(said: DigestSaid, colour: bool) -> Iterator[RenderableType]:
    many = "1 release" if said.total == 1 else f"{said.total:,} releases"
    yield Text(many, style="bold")
    yield Text(f"{said.period}: {said.why}", style="dim")
    for group in said.groups:
        yield Text(f"\n{group.name} ({group.count})", style="bold cyan")
        for item in group.items:
            happened = f"{item.happened}: " if item.happened else ""
            yield Text(f"\n{happened}{item.about.title}", style="bold")
            yield Text(_byline(item.about), style="dim")
            if item.changed:
                yield Text(item.changed)
            if item.evidence:
                yield Padding(_sentence(item.evidence, colour), (0, 0, 0, 2))
            yield from _also(item.about)
            yield from _link(item.about, gap=False)
        if group.more:
            yield Text(f"and {group.more} more", style="dim")


def _byline(about: AboutRelease) -> str:
    publisher = f"{about.publisher}, " if about.publisher else ""
    return f"{publisher}{about.date} (source: {about.source})"


def _also(about: AboutRelease) -> Iterator[RenderableType]:
    if about.also:
        yield Text(f"\nAlso published by {', '.join(one.title for one in about.also)}")


def _link(about: AboutRelease, *, gap: bool = True) -> Iterator[RenderableType]:
    if about.link:
        if gap:
            yield Text("")
        yield Text(about.link, style="blue underline", overflow="fold")


def _sentence(pieces: Pieces, colour: bool, style: str = "") -> Text:
    mark = "" if colour else "*"
    text = Text("“")
    for one in pieces:
        words = f"{mark}{one.words}{mark}" if one.hit else one.words
        text.append(words, style=(style or _EVIDENCE) if one.hit else "")
    return text.append("”")
