"""`replay`: saved documents through the very code that a poller uses."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from despatch.app import App
from despatch.app.replay import Heard, ReplayReport, replay, seeds
from despatch.cli.context import Json, err, example, give, here, moment, out
from despatch.errors import UsageError

SHOWN = 20
"""How many releases are shown to people; --json has all."""


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command(
        "replay",
        rich_help_panel="Analysts",
        epilog=example(
            "despatch replay", "despatch replay saved.jsonl.gz --since 2023-01-01 --json"
        ),
    )(_replay)


def _replay(
    context: typer.Context,
    path: Annotated[
        Path | None,
        typer.Argument(
            help="A text file, a folder of them, or JSONL(.gz) with id, title, text, date, url. "
            "Default: the seed document that comes with Despatch."
        ),
    ] = None,
    deliver: Annotated[
        bool, typer.Option("--deliver", help="Tell the live subscribers, for real.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask before delivering.")] = False,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only documents dated from here on.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only documents dated before this.")
    ] = None,
    rate: Annotated[
        float | None, typer.Option(metavar="N", min=0.001, help="At most N documents a second.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Replay saved documents: what would I have been told?

    Without --deliver everything happens in a temporary copy of your subscriptions: nothing is
    sent, and nothing of the live installation changes.
    """
    begin = None if since is None else moment(since)
    end = None if until is None else moment(until)
    path = path or seeds()
    with here(context).open() as app:
        if not path.exists():
            raise UsageError(f"{path} does not exist; give a text file, a folder, or JSONL(.gz)")
        if deliver and not yes:
            _ask(app, path)
        with _progress(show=not as_json) as progress:
            report = replay(
                app, path, deliver=deliver, since=begin, until=end, rate=rate, progress=progress
            )
        if as_json:
            _give(report)
        else:
            _show(report)
    if not report.done or report.skipped:
        raise typer.Exit(1)


def _ask(app: App, path: Path) -> None:
    with app.store.transaction() as tx:
        live = [s for s in tx.subscriptions() if s.state == "active"]
    if not sys.stdin.isatty():
        raise UsageError(
            f"replaying {path} with --deliver tells {len(live)} live subscriptions; "
            "say --yes if that is meant"
        )
    typer.confirm(
        f"Tell {len(live)} live subscriptions about the documents in {path}?", abort=True, err=True
    )


@contextmanager
def _progress(*, show: bool) -> Iterator[Callable[[str, int, int | None], None]]:
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=err,
        transient=True,
        disable=not show,
    ) as bar:
        task = bar.add_task("reading", total=None)
        yield lambda doing, at, of: bar.update(task, description=doing, completed=at, total=of)


def _give(report: ReplayReport) -> None:
    for heard in report.heard:
        give(_as_json(heard))
    give(
        {
            "path": report.path,
            "delivered": report.delivered,
            "documents": report.documents,
            "new": report.new,
            "revised": report.revised,
            "known": report.known,
            "skipped": list(report.skipped),
            "with_themes": len(report.heard),
            "told": sum(m.outcome == "told" for h in report.heard for m in h.matches),
            "deliveries": dict(report.deliveries),
            "done": report.done,
        }
    )


def _as_json(heard: Heard) -> dict[str, Any]:
    release = heard.classified.revision.release
    return {
        "release": release.id,
        "title": release.title,
        "date": release.published_at,
        "address": release.address,
        "cause": heard.classified.revision.cause,
        "themes": [score.model_dump(mode="json") for score in heard.classified.themes],
        "matches": [match.model_dump(mode="json") for match in heard.matches],
    }


def _show(report: ReplayReport) -> None:
    for heard in report.heard[:SHOWN] if not report.delivered else ():
        _show_one(heard)
    if not report.delivered and len(report.heard) > SHOWN:
        out.print(f"… and {len(report.heard) - SHOWN} more; --json has them all.\n")
    for reason in report.skipped[:SHOWN]:
        err.print(f"[yellow]Skipped:[/yellow] {escape(reason)}")
    told = sum(match.outcome == "told" for heard in report.heard for match in heard.matches)
    read = _count(report.documents, "document")
    if not report.new and not report.revised:
        since = (
            f"{read} read, all known before" if report.documents else "unchanged since last read"
        )
        out.print(f"Nothing new in {report.path}: {since}. Nobody is told twice.", markup=False)
    else:
        would = "told" if report.delivered else "would be told"
        out.print(
            f"{read} read: {report.new} new, {report.revised} changed, {report.known} known; "
            f"{len(report.heard)} with a theme; {_count(told, 'subscriber')} {would}."
        )
    _next(report)


def _show_one(heard: Heard) -> None:
    release = heard.classified.revision.release
    date = f" ({release.published_at:%-d %B %Y})" if release.published_at else ""
    out.print(f"[bold]{escape(release.title)}[/bold]{date}")
    for score in heard.classified.themes:
        best = sorted(score.evidence, key=lambda one: -one.weight)[:5]
        words = ", ".join(dict.fromkeys(f"“{one.text}”" for one in best))
        out.print(f"  {score.theme} {score.score:.2f}: {escape(words)}")
    for match in heard.matches:
        mark = "[green]→ told[/green]" if match.outcome == "told" else "[dim]· not told[/dim]"
        out.print(f"  {mark} {match.subscription}: {escape(match.reason)}")
    out.print()


def _next(report: ReplayReport) -> None:
    if report.delivered and report.deliveries:
        states = ", ".join(f"{n} {state}" for state, n in sorted(report.deliveries.items()))
        out.print(f"Deliveries: {states}.")
    if not report.subscriptions:
        out.print("Nobody is subscribed yet: despatch subscribe --theme migration --to console://")
    elif not report.delivered:
        out.print("Nothing was sent. To tell the live subscribers: add --deliver")
    if not report.done:
        err.print(
            "The stages that run elsewhere have not finished; see: despatch status", style="yellow"
        )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
