"""The templates of messages: those that come with Despatch, and an operator's own before them.

Each is compiled once. They run in jinja2's sandbox and see what despatch/alerts says of a message,
nothing else; a name that is not there is an error, not an empty place.
"""

import difflib
import re
from dataclasses import is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    Template,
)
from jinja2.exceptions import TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from alerts.messages import said
from alerts.messages.faults import TemplateFault, fault
from alerts.messages.forms import SUFFIXES, Form
from alerts.messages.personal import You
from despatch.errors import SettingsError

BUILT_IN = Path(__file__).parents[1] / "templates"
END = ".j2"

_OURS = frozenset(
    one for one in (*vars(said).values(), You) if isinstance(one, type) and is_dataclass(one)
)
"""Classes of what templates see."""

_BLANK = re.compile(r"\n\s*\n\s*\n+")
_INDENTED = re.compile(r"\s*\n\s*")


class Templates:
    """All templates of an installation. Shared between threads."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder` holds an operator's own. Raises SettingsError if it is none, or a name is off.

        Whether they are right is seen when they are used; see `alerts.messages.specimens.check`.
        """
        self.folder = folder
        self.own = _own(folder) if folder else ()
        """Names of the templates that an operator wrote."""
        self._environment = _environment(folder)

    def render(self, kind: str, form: Form, /, **values: Any) -> str:
        """Return a template filled in. Raises TemplateFault."""
        name = f"{kind}.{SUFFIXES[form]}{END}"
        return _tidied(self._rendered(name, values), form)

    def render_item(self, item: said.Item, form: Form) -> str:
        """Return one release of a digest, without the line's end. Raises TemplateFault."""
        return self.render("item", form, item=item).strip()

    def render_short(self, /, **values: Any) -> str:
        """Return the one line for channels with little room. Raises TemplateFault."""
        return " ".join(self._rendered(f"sms.txt{END}", values).split())

    def compile_all(self) -> None:
        """Raise TemplateFault if one can't be read."""
        for name in sorted({*names(), *self.own}):
            self._template(name)

    def _rendered(self, name: str, values: dict[str, Any]) -> str:
        template = self._template(name)
        try:
            return template.render(values)
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError,
                AttributeError, RecursionError, MemoryError) as exc:  # fmt: skip
            raise fault(exc, name, self.folder) from None

    def _template(self, name: str) -> Template:
        try:
            return self._environment.get_template(name)
        except TemplateError as exc:
            raise fault(exc, name, self.folder) from None
        except (OSError, UnicodeDecodeError) as exc:
            raise TemplateFault(f"template {name} can't be read: {exc}") from None


@cache
def names() -> tuple[str, ...]:
    """Return the names of all templates that there are."""
    return tuple(sorted(file.name for file in BUILT_IN.glob(f"*{END}")))


@cache
def built_in() -> Templates:
    """Return the templates that come with Despatch."""
    return Templates()


def _own(folder: Path) -> tuple[str, ...]:
    """Return an operator's templates; a name that nothing shows is a slip. Raises SettingsError."""
    if not folder.is_dir():
        raise SettingsError(
            f"templates_dir {folder} is no folder: make it, or leave the setting out; "
            "despatch messages templates --copy-to DIR fills one"
        )
    found = sorted(file.name for file in folder.iterdir() if file.name.endswith(END))
    for name in found:
        if name not in names() and not name.startswith("_"):
            near = difflib.get_close_matches(name, names(), 1)
            hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(names())}"
            raise SettingsError(f"templates_dir {folder} has {name}, which nothing shows: {hint}")
    return tuple(found)


def _environment(folder: Path | None) -> Environment:
    loaders: list[BaseLoader] = [FileSystemLoader(BUILT_IN)]
    if folder is not None:
        loaders.insert(0, FileSystemLoader(folder))
    return _Sandbox(
        loader=ChoiceLoader(loaders),
        autoescape=lambda name: name is not None and name.endswith(f".html{END}"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja2's sandbox, which is asked for our own values' fields a hundred times a message.

    They are frozen, and hold texts, numbers and each other: what is not private is harmless.
    """

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        if type(obj) in _OURS:
            return not attr.startswith("_")
        return super().is_safe_attribute(obj, attr, value)


def _tidied(text: str, form: Form) -> str:
    """Return a text without the blanks that a template's own lines leave."""
    if form == "html":
        return _INDENTED.sub("\n", text).strip() + "\n"
    return _BLANK.sub("\n\n", text).strip()
