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

from alerts import message
from alerts.channels import scheme_of
from alerts.channels.setup import ChannelSetup
from alerts.words import one_line
from despatch.errors import UsageError
from despatch.model import Alert, Classified, DeliveryId
from despatch.ports import Sender, Sent

SCHEMES = frozenset({"console"})

MAX_WIDTH = 100
_BORDER = {"new": "green", "revised": "yellow", "withdrawn": "red", "alarm": "red"}
_EVIDENCE = "bold yellow"


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
    parts = list(_parts(alert, colour, "─" if lines else "-"))
    return Panel(
        Group(*parts),
        title=Text(_heading(alert)),
        title_align="left",
        subtitle=Text(key, style="dim"),
        subtitle_align="right",
        border_style=_BORDER.get(alert.event, "cyan"),
        box=ROUNDED if lines else ASCII,
        padding=(1, 2),
    )


def _heading(alert: Alert) -> str:
    if alert.classified is None:
        return alert.event.capitalize()
    late = ", late" if alert.classified.revision.late else ""
    return f"{alert.event.capitalize()}{late} · {message.byline(alert.classified)}"


def _parts(alert: Alert, colour: bool, rule: str) -> Iterator[RenderableType]:
    if alert.classified is None:
        yield Text(one_line(alert.subject), style="bold")
        yield Text(f"\n{message.body(alert)}")
    else:
        yield from _release(alert, alert.classified, colour)
    yield Text("")
    yield Rule(style="dim", characters=rule)
    foot = Table.grid(padding=(0, 2))
    foot.add_row(Text("Why", style="dim"), Text(message.why(alert)))
    if alert.subscriptions:
        foot.add_row(Text("To stop", style="dim"), Text(message.stop(alert)[len("To stop: ") :]))
    yield foot


def _release(alert: Alert, classified: Classified, colour: bool) -> Iterator[RenderableType]:
    yield Text(one_line(classified.revision.release.title)[: message.MAX_TITLE], style="bold")
    for said in (message.note(alert), message.changed(alert)):
        if said:
            yield Text(f"\n{said}")
    for line in message.themes(classified):
        yield Text("")
        yield Text.assemble(
            (line.name, "bold cyan"),
            (f"  {line.score:.2f}{' experimental' if line.experimental else ''}", "dim"),
            ("  " + ", ".join(line.words), _EVIDENCE),
        )
        for excerpt in line.excerpts:
            yield Padding(_excerpt(excerpt.pieces, colour), (0, 0, 0, 2))
    where = message.link(classified.revision.release)
    if where:
        yield Text("")
        yield Text(where, style="blue underline", overflow="fold")


def _excerpt(pieces: tuple[tuple[str, bool], ...], colour: bool) -> Text:
    mark = "" if colour else message.MARK
    text = Text("“")
    for words, hit in pieces:
        text.append(f"{mark}{words}{mark}" if hit else words, style=_EVIDENCE if hit else "")
    return text.append("”")
