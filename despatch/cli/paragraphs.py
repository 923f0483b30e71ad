"""Help in paragraphs: typer keeps a docstring's line breaks, which 80 columns break once more."""

import inspect
from collections.abc import Iterator

import typer
from typer.models import CommandInfo


def flow(app: typer.Typer) -> None:
    """Give every command below its docstring as help, each paragraph one line for rich to wrap."""
    for command in _commands(app):
        text = command.help or inspect.getdoc(command.callback) or ""
        command.help = "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))


def _commands(app: typer.Typer) -> Iterator[CommandInfo]:
    yield from app.registered_commands
    for group in app.registered_groups:
        if group.typer_instance is not None:
            yield from _commands(group.typer_instance)
