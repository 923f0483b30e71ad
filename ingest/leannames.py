"""Names of elements as expat says them, and what is known of them from one document to the next.

What a name comes to depends on the namespaces that its document has declared, and on nothing else.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

Name = tuple[str | None, str]


class Handlers(NamedTuple):
    """What is done about elements of one name."""

    name: str
    """What feedparser calls it, a namespace's prefix before it."""
    start: Callable[[Any, dict[str, str]], None] | None
    end: Callable[[Any], None] | None
    ends_text_input: bool
    ends_image: bool


class Names:
    """What expat's names for elements come to, and what is done about them."""

    __slots__ = ("ends", "handlers", "tags")

    def __init__(self) -> None:
        self.tags: dict[str, str] = {}
        self.ends: dict[str, str] = {}
        self.handlers: dict[str, Handlers] = {}


Spaces = tuple[tuple[str | None, str], ...]
"""The namespaces that a document has declared so far, in their order: all that names depend on."""

MOST_SPACES = 12
_MOST_KNOWN = 200
_known: dict[Spaces, Names] = {}
"""Names are known from one document to the next: most are short, and declare the same."""


def names_of(spaces: Spaces) -> Names:
    """Return what is known of names, shared with other documents unless the document is odd."""
    if len(spaces) > MOST_SPACES:
        return Names()
    names = _known.get(spaces)
    if names is None or len(names.tags) + len(names.ends) > _MOST_KNOWN:
        if len(_known) > _MOST_KNOWN:
            _known.clear()
        names = _known[spaces] = Names()
    return names


def pair_of(name: str) -> Name:
    """Return namespace and local name of what expat writes as `namespace local prefix`."""
    return pair_in(name.split())


def pair_in(parts: list[str]) -> Name:
    """Return the same of a name that is taken apart."""
    return (None, parts[0]) if len(parts) == 1 else (parts[0], parts[1])
