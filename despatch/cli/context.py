"""What every command shares: settings, the two consoles, the forms that options take."""

import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console

from despatch import log
from despatch import settings as settings_
from despatch.app import App
from despatch.errors import UsageError

_ONE_LINE = 100_000
"""Columns for what no person reads on a screen: a line that is cut in two can't be searched."""

out = Console(highlight=False, width=None if sys.stdout.isatty() else _ONE_LINE)
err = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else _ONE_LINE)

F = TypeVar("F", bound=Callable[..., Any])

Json = Annotated[
    bool, typer.Option("--json", help="Give machines the same: JSON, one object a line.")
]
Health = Annotated[
    str | None,
    typer.Option(
        metavar="HOST:PORT", help="Serve /live, /ready and /metrics of this process here."
    ),
]


@dataclass(frozen=True, slots=True)
class Here:
    """Which installation a command is about."""

    home: Path | None
    config: Path | None

    def settings(self, *, service: bool = False) -> settings_.Settings:
        """Return its settings, and set up the log as they say.

        A command that ends by itself logs errors alone, unless told otherwise: what it has to
        say it prints, and once is enough.
        """
        read = settings_.read(self.home, self.config)
        chosen = service or "log_level" in read.model_fields_set
        log.configure(level=read.log_level if chosen else "error", json=read.log_json)
        return read

    def open(self, *, service: bool = False) -> App:
        """Return the installation; `service` for a command that runs until it is stopped."""
        return App(self.settings(service=service))


def here(context: typer.Context) -> Here:
    """Return which installation the command line names."""
    found = context.obj
    return found if isinstance(found, Here) else Here(None, None)


def complain(text: str) -> None:
    """Say what went wrong on standard error, each fault in one line."""
    for line in text.splitlines():
        if line.strip():
            sys.stderr.write(f"despatch: {' '.join(line.split())}\n")


def give(value: Any) -> None:
    """Print a value as one line of JSON."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=_plain) + "\n")


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    return str(value)


def moment(value: str) -> datetime:
    """Return the moment that an option names: `2023-08-09`, `2023-08-09T12:00Z`, or `90d` ago.

    Raises UsageError.
    """
    ago = re.fullmatch(r"(\d+)([hdw])", value)
    try:
        if ago:
            unit = {"h": "hours", "d": "days", "w": "weeks"}[ago[2]]
            return datetime.now(UTC) - timedelta(**{unit: int(ago[1])})
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
            return datetime.combine(date.fromisoformat(value), datetime.min.time(), UTC)
        at = datetime.fromisoformat(value)
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        at.astimezone(UTC)
    except (ValueError, OverflowError):  # before the year 1, or after 9999
        raise UsageError(
            f"{value!r} is not a time; write 2023-08-09, 2023-08-09T12:00Z, or 90d for 90 days ago"
        ) from None
    return at


def length(value: str) -> timedelta:
    """Read a length of time such as `90s`, `10m`, `2h`. Raises UsageError."""
    from despatch.settings.forms import duration

    try:
        return duration(value)
    except ValueError as exc:
        raise UsageError(f"{value!r} is no length of time: {exc}") from None


def ago(at: datetime | None, now: datetime) -> str:
    """Return how long ago, for people: `12 s`, `3 min`, `5 h`, `9 days`; `never` for None."""
    if at is None:
        return "never"
    seconds = (now - at).total_seconds()
    text = span(timedelta(seconds=abs(seconds)))
    return f"{text} ago" if seconds >= 0 else f"in {text}"


def span(length: timedelta) -> str:
    """Return a length of time for people: `12 s`, `3 min`, `5 h`, `9 days`."""
    seconds = length.total_seconds()
    for size, unit in ((172_800, 0), (7_200, 1), (120, 2)):
        if seconds >= size:
            return (
                f"{seconds / 86_400:.0f} days",
                f"{seconds / 3_600:.0f} h",
                f"{seconds / 60:.0f} min",
            )[unit]
    return f"{seconds:.0f} s"


def count(number: int, noun: str) -> str:
    """Return `1 source`, `2 sources`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def example(*lines: str) -> str:
    """Return a command's epilog: one or more examples that can be copied."""
    shown = "\n\n".join(f"[bold]{line}[/bold]" for line in lines)
    return f"Example: {shown}" if len(lines) == 1 else f"Examples:\n\n{shown}"
