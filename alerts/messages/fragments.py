"""The releases of digests: each is rendered and encoded once, for all whose digest shows it.

A digest is one subscriber's own, and what it says of one release is not: a hundred thousand digests
are about a few dozen. While a digest is rendered a mark stands for each of its releases, as one
stands for what is personal (`personal`); a mark is signs that no release's text holds.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property, partial
from itertools import count

from alerts.memo import Memo
from alerts.messages.encoding import inside_json, quoted
from alerts.messages.forms import Form, ready
from alerts.messages.said import Item, Said

_KEPT = 2_000
"""Releases in a form: three forms of some six hundred."""


class Fragment:
    """What a template made of one release, and the same as it stands in JSON and in an e-mail."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def json(self) -> str:
        """As it stands between the quotes of a string."""
        return inside_json(self.text)

    @cached_property
    def lines(self) -> bytes:
        """As lines of quoted-printable, the last one ended."""
        return quoted(self.text.replace("\n", "\r\n") + "\r\n")


class Fragments:
    """Has releases rendered, and remembers what came of them. Shared between threads."""

    def __init__(self, render: Callable[[Item, Form], str]) -> None:
        self._render = render
        self._known: Memo[tuple[Item, Fragment]] = Memo(_KEPT)
        self._numbers = count()

    def ready(self, said: Said, form: Form) -> tuple[Said, Mapping[str, Fragment]]:
        """Return what is said, harmless in a form, and what takes the place of each mark in it."""
        found: dict[str, Fragment] = {}

        def shown(item: Item) -> Item:
            marked, fragment = self._known.of(item, form, partial(self._made, item, form))
            found[marked.shown] = fragment
            return marked

        return ready(said, form, shown), found

    def _made(self, item: Item, form: Form) -> tuple[Item, Fragment]:
        harmless = ready(item, form)
        fragment = Fragment(self._render(harmless, form))
        return replace(harmless, shown=f"\ufdd2{next(self._numbers)}\ufdd3"), fragment
