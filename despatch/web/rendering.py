"""The pages' templates: plain HTML, with everything that comes from outside escaped."""

import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_FOLDER = Path(__file__).parent / "templates"


class Templates:
    """Renders the pages of one installation."""

    def __init__(self, base: str, contact: str | None) -> None:
        self._always: dict[str, Any] = {
            "base": base,
            "contact": contact,
            "contact_link": _link(contact or ""),
            "faults": {},
        }

    def render(self, name: str, **values: Any) -> str:
        """Return a page."""
        return _environment().get_template(name).render(self._always | values)

    def style(self) -> str:
        """Return the style sheet."""
        return (_FOLDER / "style.css").read_text(encoding="utf-8")


def _link(contact: str) -> str:
    """Return where a contact leads to, if it is an address or a page."""
    if re.fullmatch(r"https?://\S+", contact):
        return contact
    return f"mailto:{contact}" if re.fullmatch(r"[^\s@<>]+@[^\s@<>]+", contact) else ""


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
