"""What is wrong with a template, with its file and line. Pure."""

import traceback
from collections.abc import Mapping
from pathlib import Path

from jinja2 import TemplateError, TemplateNotFound, TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError

from despatch.errors import SettingsError


class TemplateFault(SettingsError):
    """A template can't be read or rendered; its text names file, line and the way out."""


def fault(exc: Exception, name: str, folder: Path | None) -> TemplateFault:
    """Return what a template's error means for whoever wrote it."""
    file, line = _place(exc, name, folder)
    where = f"{file}, line {line}" if line else file
    return TemplateFault(
        f"template {where}: {_words(exc)}; put it right, or remove it: the built-in one takes its "
        "place"
    )


def _place(exc: Exception, name: str, folder: Path | None) -> tuple[str, int]:
    """Return file and line: jinja2 writes a template's lines into the traceback."""
    if isinstance(exc, TemplateSyntaxError):
        return exc.filename or _file(exc.name or name, folder), exc.lineno
    for frame in reversed(traceback.extract_tb(exc.__traceback__)):
        if frame.filename.endswith(".j2"):
            return frame.filename, frame.lineno or 0
    return _file(name, folder), 0


def _file(name: str, folder: Path | None) -> str:
    own = folder / name if folder else None
    return str(own) if own and own.exists() else name


def _words(exc: Exception) -> str:
    kinds: Mapping[type[Exception], str] = {
        SecurityError: "it reaches for what templates may not see",
        UndefinedError: "it shows what is not there",
        TemplateNotFound: "there is no template of this name",
    }
    said = next((words for kind, words in kinds.items() if isinstance(exc, kind)), "")
    text = exc.message if isinstance(exc, TemplateError) else f"{type(exc).__name__}: {exc}"
    return " ".join(f"{said}: {text}".split()).lstrip(": ") if said else " ".join(str(text).split())
