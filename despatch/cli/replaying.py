"""`replay`: saved documents through the very code that a poller uses."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from despatch.app import App
from despatch.app.history import Polled
from despatch.app.replay import Heard, ReplayReport, replay, seeds
from despatch.cli.context import Json, count, err, example, give, here, length, moment, out
from despatch.cli.progress import progress as progress_bar
from despatch.errors import UsageError
from despatch.sureness import percent

SHOWN = 20
"""How many releases are shown to people; --json has all."""


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command(
        "replay",
        rich_help_panel="Analysts",
        epilog=example(
            "despatch replay",
            "despatch replay saved.jsonl.gz --since 2023-01-01 --json",
            "despatch replay saved/ --deliver --yes --wait 30s",
        ),
    )(_replay)


def _replay(
    context: typer.Context,
    path: Annotated[
        str | None,
        typer.Argument(
            help="A text file, a folder of them, or JSONL(.gz) with id, title, text, date, url. Or "
            "a feed's saved history: a folder or .tar(.gz, .xz) of its documents as polls saw "
            "them, each with its time in its name. Default: the seed document that comes with "
            "Despatch."
        ),
    ] = None,
    deliver: Annotated[
        bool, typer.Option("--deliver", help="Tell the live subscribers, for real.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask before delivering.")] = False,
    since: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Only documents dated, or polls, from here on."),
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only documents dated, or polls, before it.")
    ] = None,
    rate: Annotated[
        float | None, typer.Option(metavar="N", min=0.001, help="At most N documents a second.")
    ] = None,
    wait: Annotated[
        str,
        typer.Option(
            metavar="SPAN",
            help="With --deliver: how long to wait for receivers that are away, and for stages "
            "that run elsewhere, such as 30s, 10m, 2h.",
        ),
    ] = "10m",
    as_json: Json = False,
) -> None:
    """Replay saved documents: what would I have been told?

    Without --deliver everything happens in a temporary copy of your subscriptions: nothing is
    sent, and nothing of the live installation changes. A feed's history is polled as the feed
    itself would have been, at the time of each file; its last line with --json counts the polls,
    the ids that were new, what was revised, flips of a cache, and gaps.
    """
    begin = None if since is None else moment(since)
    end = None if until is None else moment(until)
    if begin is not None and end is not None and begin >= end:
        raise UsageError(f"--since {since} is not before --until {until}: nothing lies between")
    what = _path(path)
    patience = length(wait)
    with here(context).open() as app:
        if deliver and not yes:
            _ask(app, what)
        with progress_bar(show=not as_json) as progress:
            report = replay(
                app,
                what,
                deliver=deliver,
                since=begin,
                until=end,
                rate=rate,
                patience=patience,
                progress=progress,
                notice=lambda said: err.print(said, markup=False, soft_wrap=True),
            )
        if as_json:
            _give(report)
        else:
            _show(report)
    if not report.done or report.skipped:
        raise typer.Exit(1)


def _path(given: str | None) -> Path:
    """Return what is replayed. An unset variable in a script must not mean the current folder."""
    path = seeds() if given is None else Path(given)
    if given == "" or not path.exists():
        raise UsageError(
            f"{given!r} does not exist; give a text file, a folder, JSONL(.gz), or .tar"
        )
    return path


def _ask(app: App, path: Path) -> None:
    with app.store.transaction() as tx:
        live = [s for s in tx.subscriptions() if s.state == "active"]
    if not sys.stdin.isatty():
        raise UsageError(
            f"replaying {path} with --deliver tells {count(len(live), 'live subscription')}; "
            "say --yes if that is meant"
        )
    typer.confirm(
        f"Tell {count(len(live), 'live subscription')} about the documents in {path}?",
        abort=True,
        err=True,
    )


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
            "outside": report.outside,
            "skipped": list(report.skipped),
            "with_themes": report.with_themes,
            "told": _alerts(report),
            "deliveries": dict(report.deliveries),
            "later": report.later,
            "done": report.done,
        }
    )
    if report.history is not None:
        give(
            {
                "polls": report.history.polls,
                "new": report.history.first_seen,
                "revised": report.history.changed,
                "flapped": report.history.flapped,
                "gaps": len(report.history.gaps),
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
    first = sorted(report.heard, key=lambda heard: not _told(heard))  # whom it is about comes first
    for heard in first[:SHOWN] if not report.delivered else ():
        _show_one(heard)
    if not report.delivered and len(report.heard) > SHOWN:
        out.print(f"… and {len(report.heard) - SHOWN} more; --json has them all.\n")
    for reason in report.skipped[:SHOWN]:
        err.print(f"[yellow]Skipped:[/yellow] {escape(reason)}")
    if len(report.skipped) > SHOWN:
        err.print(f"… and {len(report.skipped) - SHOWN} more skipped; --json has the reasons.")
    out.print(_summary(report), markup=False)
    _next(report)


def _summary(report: ReplayReport) -> str:
    """Say in a line what a replay came to; where nothing came of it, why."""
    sent = f"{count(_alerts(report), 'alert')}{_done(report)}"
    if report.history is not None:
        return f"{_polled(report.history)}; {report.with_themes} with a theme; {sent}."
    if report.unchanged:
        return f"Nothing new in {report.path}: unchanged since last read. Nobody is told twice."
    if not report.documents:
        return f"Nothing in {report.path} could be read as a document."
    read = f"{count(report.documents, 'document')} read"
    outside = f", {report.outside} outside of the dates asked for" if report.outside else ""
    if report.known == report.documents:
        return f"Nothing new in {report.path}: {read}, all known before. Nobody is told twice."
    return (
        f"{read}: {report.new} new, {report.revised} changed, {report.known} known{outside}; "
        f"{report.with_themes} with a theme; {sent}."
    )


def _done(report: ReplayReport) -> str:
    """Say what became of its alerts where it is one thing; else the next lines count."""
    if not report.delivered:
        return " would be sent"
    return " sent" if not report.later and set(report.deliveries) <= {"delivered"} else ""


def _polled(history: Polled) -> str:
    """Say what the polls of a history came to, and what its feed may have published unseen."""
    lines = [
        f"{count(history.polls, 'poll')}: {history.first_seen} new, {history.changed} changed, "
        f"{count(history.flapped, 'flip')} back to an older text, {count(len(history.gaps), 'gap')}"
    ]
    lines += [
        f"gap: from {gap.since:%Y-%m-%d %H:%M} to {gap.until:%Y-%m-%d %H:%M} UTC"
        for gap in reversed(history.gaps)
    ]
    return "; ".join(lines)


def _told(heard: Heard) -> int:
    return sum(match.outcome == "told" for match in heard.matches)


def _alerts(report: ReplayReport) -> int:
    return sum(_told(heard) for heard in report.heard)


def _show_one(heard: Heard) -> None:
    release = heard.classified.revision.release
    date = f" ({release.published_at:%-d %B %Y})" if release.published_at else ""
    out.print(f"[bold]{escape(release.title)}[/bold]{date}")
    for score in heard.classified.themes:
        best = sorted(score.evidence, key=lambda one: -one.weight)[:5]
        words = ", ".join(dict.fromkeys(f"“{one.text}”" for one in best))
        mark = " (experimental)" if score.experimental else ""
        out.print(f"  {score.theme}{mark}, {percent(score.score)} sure: {escape(words)}")
    for match in heard.matches:
        mark = "[green]→ told[/green]" if match.outcome == "told" else "[dim]· not told[/dim]"
        out.print(f"  {mark} {match.subscription}: {escape(match.reason)}")
    out.print()


def _next(report: ReplayReport) -> None:
    if report.delivered and report.deliveries:
        states = ", ".join(f"{n} {state}" for state, n in sorted(report.deliveries.items()))
        out.print(f"Deliveries: {states}.")
        if report.deliveries.get("waiting"):
            out.print(
                "What waits is tried again by despatch up; see: "
                "despatch deliveries list --state waiting"
            )
    if report.later:
        out.print(
            f"Told later, by a digest or after quiet hours: {report.later}, "
            "if despatch up runs then; see: despatch digests list"
        )
    if not report.subscriptions:
        out.print("Nobody is subscribed yet: despatch subscribe --theme migration --to console://")
    elif not report.delivered:
        out.print("Nothing was sent. To tell the live subscribers: add --deliver")
    if not report.done:
        err.print(
            "The stages that run elsewhere have not finished; see: despatch status", style="yellow"
        )
