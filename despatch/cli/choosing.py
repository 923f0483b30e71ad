"""Which feed of a page is meant: the only one, the first, or as somebody says."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import typer
from rich.markup import escape
from rich.table import Table

from despatch.cli.context import err
from despatch.errors import UsageError

if TYPE_CHECKING:
    from ingest.discover import Candidate

SHOWN = 10
"""So many feeds of a page are named in an error."""


def choose(
    page: str,
    found: "Sequence[Candidate]",
    *,
    first: bool = False,
    ask: Callable[[int], int] | None = None,
) -> "Candidate":
    """Return the feed of a page that is meant: the only one, the first, or as somebody says.

    `ask` gets how many there are and returns a number from 1. Raises UsageError with the list if
    there are several and nobody can be asked.
    """
    if len(found) == 1 or first:
        return found[0]
    if ask is None:
        listed = "; ".join(
            f"{one.address} ({one.title})" if one.title else one.address for one in found[:SHOWN]
        )
        more = f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        raise UsageError(
            f"{page} has {len(found)} feeds: {listed}{more}. Add one of them, or with --first the "
            "first"
        )
    table = Table("", "feed", "address", box=None)
    for number, one in enumerate(found, 1):
        table.add_row(str(number), escape(one.title or "-"), escape(one.address))
    err.print(f"{escape(page)} has {len(found)} feeds:")
    err.print(table)
    return found[ask(len(found)) - 1]


def which(most: int) -> int:
    """Ask for a number until it is one of so many."""
    while not 1 <= (number := typer.prompt("Which one?", default=1, type=int, err=True)) <= most:
        err.print(f"A number from 1 to {most}, or Ctrl-C.")
    return int(number)
