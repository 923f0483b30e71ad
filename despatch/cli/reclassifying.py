"""`reclassify`: history judged anew by the themes as they are now."""

import sys
from typing import Annotated

import typer
from rich.markup import escape

from despatch.app import App
from despatch.app.reclassify import Change, Progress, reclassify
from despatch.app.running import others_running
from despatch.cli.context import Json, count, example, give, here, moment, out
from despatch.cli.progress import progress as bar
from despatch.errors import UsageError
from despatch.sureness import percent

SHOWN = 20
"""How many changed releases are shown to people; --json has all."""


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command(
        "reclassify",
        rich_help_panel="Operators",
        epilog=example("despatch reclassify --since 30d", "despatch reclassify --json"),
    )(_reclassify)


def _reclassify(
    context: typer.Context,
    since: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Only releases observed from here on; default: all."),
    ] = None,
    deliver: Annotated[
        bool, typer.Option("--deliver", help="Tell whom the new judgement concerns, for real.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask before delivering.")] = False,
    as_json: Json = False,
) -> None:
    """Judge the archive anew, and publish what comes of it as if it had just been judged.

    For after a change of a theme's file. Nobody is told, unless you say --deliver: then those who
    now match and never heard of a release are. A second run changes nothing, and one that was
    stopped can be run again; what themes of the same versions have judged is passed over.
    """
    begin = None if since is None else moment(since)
    progress = Progress()
    with here(context).open() as app:
        if deliver and not yes:
            _ask(app)
        with app.store.transaction() as tx:
            total = tx.counts().releases if begin is None else None
        with bar(show=not as_json) as report:
            shown = 0
            changes = reclassify(
                app,
                begin,
                deliver=deliver,
                progress=progress,
                on_progress=lambda: report("judging", progress.seen, total),
            )
            for change in changes:
                shown += 1
                if as_json:
                    give(_as_json(change))
                elif shown <= SHOWN:
                    _show(change)
        waits = progress.published and not others_running(app, ("alerts",))
    if as_json:
        give(
            {
                "seen": progress.seen,
                "known": progress.known,
                "published": progress.published,
                "changed": shown,
                "gained": dict(progress.gained),
                "lost": dict(progress.lost),
                "delivered": deliver,
            }
        )
        return
    if shown > SHOWN:
        out.print(f"… and {shown - SHOWN} more; --json has them all.")
    out.print(_summary(progress, shown), markup=False)
    if waits:
        out.print("The alert stage is not running; they wait in the log for it: despatch up")


def _ask(app: App) -> None:
    with app.store.transaction() as tx:
        live = [one for one in tx.subscriptions() if one.state == "active"]
    told = count(len(live), "live subscription")
    if not sys.stdin.isatty():
        raise UsageError(
            f"reclassifying with --deliver may tell {told} of old releases; say --yes if that is "
            "meant"
        )
    typer.confirm(f"Tell {told} of old releases that match now?", abort=True, err=True)


def _show(change: Change) -> None:
    release = change.after.revision.release
    marks = [f"[green]+{theme}[/green]" for theme in change.gained]
    marks += [f"[red]-{theme}[/red]" for theme in change.lost]
    out.print(f"{' '.join(marks)}  {escape(release.title)}  [dim]{release.id}[/dim]")
    for score in change.after.themes:
        if score.theme in change.gained:
            best = sorted(score.evidence, key=lambda one: -one.weight)[:5]
            words = ", ".join(dict.fromkeys(f"“{one.text}”" for one in best))
            out.print(f"    {score.theme}, {percent(score.score)} sure: {escape(words)}")


def _summary(progress: Progress, changed: int) -> str:
    if not progress.seen:
        return "The archive holds nothing to judge."
    themes = sorted({*progress.gained, *progress.lost})
    moves = [f"{theme} +{progress.gained[theme]} -{progress.lost[theme]}" for theme in themes]
    moved = f" ({', '.join(moves)})" if moves else ""
    return (
        f"{count(progress.seen, 'release')}: {progress.known} judged by these themes before, "
        f"{progress.published} judged anew and published; the themes of {changed} changed{moved}."
    )


def _as_json(change: Change) -> dict[str, object]:
    release = change.after.revision.release
    return {
        "release": release.id,
        "title": release.title,
        "gained": list(change.gained),
        "lost": list(change.lost),
        "before": [score.model_dump(mode="json") for score in change.before.themes],
        "after": [score.model_dump(mode="json") for score in change.after.themes],
    }
