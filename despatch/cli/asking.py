"""`why`: did a subscription get this release, and why or why not."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape

from despatch.cli.context import Json, example, give, here, out
from despatch.cli.tracing import which_release
from despatch.cli.wishes import Which, find

_MARKS = {"yes": "[green]yes[/green]", "no": "[red]no[/red]", "waits": "[yellow]waits[/yellow]"}


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command(
        "why",
        rich_help_panel="Subscribers",
        epilog=example(
            "despatch why s-1f2e3d r-5f2d81",
            "despatch why desk https://www.gov.uk/government/news/x --json",
        ),
    )(why_)


def why_(
    context: typer.Context,
    subscription: Which,
    release: Annotated[
        str, typer.Argument(help="A release's id or the start of it, its address, or its entry.")
    ],
    as_json: Json = False,
) -> None:
    """Say why a subscription was told of a release, or why it was not, step by step.

    Where there is no record, the subscription's filter is asked, and what is missing is said. Exit
    code 0 whatever the answer is.
    """
    from alerts.why import why

    with here(context).open() as app:
        asked = find(app, subscription)
        known = which_release(app, release)
        with app.store.transaction() as tx:
            way = tx.trace(known, subscriber=asked.subscriber)
    answer = why(asked, way)
    if as_json:
        give({"subscription": asked.id, "release": known} | asdict(answer))
        return
    title = way.taken[-1].classified.revision.release.title
    out.print(f"{asked.id} {escape(asked.name)}: [bold]{escape(title)}[/bold]", soft_wrap=True)
    for seen in answer.seen:
        out.print(
            f"\nRevision {seen.number}, taken {seen.at:%Y-%m-%d %H:%M}Z: {escape(seen.verdict)}",
            soft_wrap=True,
        )
        for step in seen.steps:
            out.print(
                f"  {step.asked:<16} {_MARKS[step.answer]:<5}  {escape(step.said)}", soft_wrap=True
            )
    out.print(f"\n{escape(answer.said)}", soft_wrap=True)
