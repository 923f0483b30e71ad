"""A bar for work that lasts, on standard error and only where somebody looks at it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from despatch.cli.context import err


def looked_at(*, show: bool) -> bool:
    """Return whether a bar that is to be shown has somebody to see it."""
    return show and err.is_terminal


@contextmanager
def progress(*, show: bool) -> Iterator[Callable[[str, int, int | None], None]]:
    """Yield what is called with what is done, how far it is, and how much there is."""
    if not looked_at(show=show):
        # A bar that is off ends, in some versions of rich, with an empty line all the same.
        yield lambda _doing, _at, _of: None
        return
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=err,
        transient=True,
    ) as bar:
        task = bar.add_task("reading", total=None)
        yield lambda doing, at, of: bar.update(task, description=doing, completed=at, total=of)
