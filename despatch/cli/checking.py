"""`sources check`: what a poll would do, step by step, without doing it."""

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer
from rich.markup import escape
from rich.table import Table

from despatch.app.checking import DryRun, dry_run
from despatch.cli.context import Json, ago, count, example, give, here, out

if TYPE_CHECKING:
    from despatch.guard import Network
    from ingest.entry import Entry
    from ingest.newness import Decision
    from ingest.witness import Exchange

SHOWN = 10
"""So many entries are shown to people, the newest; --json has them all."""


def add_to(sources: typer.Typer) -> None:
    """Add this command."""
    sources.command(
        epilog=example(
            "despatch sources check https://www.gov.uk/search/news-and-communications.atom",
            "despatch sources check govuk --json",
        )
    )(check)


def check(
    context: typer.Context,
    what: Annotated[
        str,
        typer.Argument(
            metavar="URL|NAME",
            help="A feed's address, a name of the catalogue, or a source that was added.",
        ),
    ],
    as_json: Json = False,
) -> None:
    """Poll it once without storing anything, and explain each step.

    Each request and redirect, the headers that matter, what the guard said, how the feed was read,
    what would be new and why, and when the next poll would be. Exit code 1 if it can't be read.
    """
    with here(context).open() as app:
        done = dry_run(app, what)
        allowed = app.settings.allow_networks
        now = app.clock.now()
    if as_json:
        give(_as_json(done, allowed))
    else:
        _requests(done, allowed)
        _documents(done)
        _entries(done)
        due, ended = done.checked.due, done.checked.outcome == "ended"
        out.print(f"Next poll: {'none' if ended else ago(due.at, now)}: {due.why}.", markup=False)
        if not done.added and not done.checked.problem and not ended:
            out.print(f"Nothing is stored. Add it: despatch sources add {what}", markup=False)
    if done.checked.problem:
        raise typer.Exit(1)


def _requests(done: DryRun, allowed: "tuple[Network, ...]") -> None:
    from ingest.explain import judged, meanings, sent

    hosts: set[str] = set()
    for one in done.witness.exchanges:
        host = urlsplit(one.address).hostname or ""
        out.print(f"[bold]GET[/bold] {escape(one.address)}")
        if host not in hosts:
            out.print(f"  guard: {judged(host, done.witness.resolved, allowed)}", markup=False)
            hosts.add(host)
        rows = [("→", one_) for one_ in sent(one)] if one is done.witness.exchanges[0] else []
        _headers(rows)
        out.print(f"  [bold]{one.status}[/bold] {escape(one.reason)}")
        _headers([("←", one_) for one_ in meanings(one)])
    for host, ips in done.witness.resolved.items():
        if host not in hosts:
            words = judged(host, done.witness.resolved, allowed) if ips else f"{host}: no address"
            out.print(f"guard: {words}", markup=False)
    if done.checked.problem:
        out.print(f"[red]It could not be read:[/red] {escape(done.checked.problem)}")
    for found in done.checked.found:
        title = f" ({found.title})" if found.title else ""
        out.print(f"  The page names a feed: {found.address}{title}", markup=False)


def _headers(rows: "list[tuple[str, Any]]") -> None:
    table = Table(show_header=False, box=None, padding=(0, 1, 0, 0))
    for mark, meaning in rows:
        name = f"{meaning.name}: {meaning.value}"
        table.add_row(" ", mark, escape(name[:70]), f"[dim]{escape(meaning.means)}[/dim]")
    if rows:
        out.print(table)


def _documents(done: DryRun) -> None:
    from ingest.preview import format_name

    for one in done.checked.documents:
        parsed = one.parsed
        coding = f" in {parsed.encoding}" if parsed.encoding else ""
        dialect = format_name(parsed.format) or "a feed of no known dialect"
        out.print(
            f"Read as {dialect}{coding}: “{parsed.title}”, "
            f"{len(one.answer.body):,} bytes once unpacked, "
            f"{count(len(parsed.entries), 'release')}"
            + (f"; {parsed.empty} without title and text are left out" if parsed.empty else ""),
            markup=False,
        )
        if parsed.fault:
            out.print(f"It is faulty, and was read all the same: {parsed.fault}", markup=False)
        if parsed.ended:
            out.print("It says that it has ended and will bring no more.")
    if done.checked.outcome in {"not modified", "unchanged"}:
        why = "304" if done.checked.outcome == "not modified" else "the same bytes as last time"
        out.print(f"Nothing new: {why}. It was not parsed.")


def _entries(done: DryRun) -> None:
    from ingest.check import identity, named_by
    from ingest.newness import Publish

    decided = done.checked.decided
    if done.checked.unchanged:
        same = done.checked.unchanged
        out.print(f"The same bytes as when they were dealt with, not parsed again: {same} of them")
    if asks := done.checked.to_read:
        how = "GOV.UK's Content API" if asks[0].read_as == "govuk" else "their pages"
        documents = count(len(asks), "document")
        out.print(f"Before anything is published, {documents} would be read in full from {how}.")
    if not decided:
        return
    counts = Counter(_verdict(decision) for _entry, decision in decided)
    out.print(", ".join(f"{number} {verdict}" for verdict, number in counts.items()) + ":")
    for entry, decision in decided[::-1][:SHOWN]:
        out.print(f"  [bold]{escape(entry.title)}[/bold]", no_wrap=True, overflow="ellipsis")
        reason = f"{_verdict(decision)}: {decision.reason}; known by {named_by(entry)}"
        out.print(f"    {reason}", markup=False)
        if isinstance(decision, Publish):
            id_ = decision.revision.release.id
            out.print(f"    release {id_[:14]}…, {identity(decision)}", markup=False)
    if len(decided) > SHOWN:
        out.print(f"  … and {len(decided) - SHOWN} more; --json has them all.")


def _verdict(decision: "Decision") -> str:
    from ingest.newness import Publish

    if not isinstance(decision, Publish):
        return "no news"
    backlog = " (backlog: kept, told to nobody)" if decision.revision.backlog else ""
    return f"{decision.revision.cause}{backlog}"


def _as_json(done: DryRun, allowed: "tuple[Network, ...]") -> dict[str, Any]:
    checked = done.checked
    return {
        "source": done.record.id if done.added else None,
        "address": done.record.settings.get("address"),
        "outcome": checked.outcome,
        "problem": checked.problem,
        "requests": [_exchange(done, one, allowed) for one in done.witness.exchanges],
        "resolved": {host: list(ips) for host, ips in done.witness.resolved.items()},
        "documents": [
            {
                "address": one.answer.address,
                "bytes": len(one.answer.body),
                "format": one.parsed.format,
                "title": one.parsed.title,
                "encoding": one.parsed.encoding,
                "fault": one.parsed.fault,
                "entries": len(one.parsed.entries),
                "empty": one.parsed.empty,
                "ended": one.parsed.ended,
            }
            for one in checked.documents
        ],
        "found": [{"address": one.address, "title": one.title} for one in checked.found],
        "entries": [_entry(entry, decision) for entry, decision in checked.decided],
        "unchanged": checked.unchanged,
        "to_read": [{"address": one.address, "read_as": one.read_as} for one in checked.to_read],
        "next": {"at": checked.due.at, "why": checked.due.why},
    }


def _exchange(done: DryRun, one: "Exchange", allowed: "tuple[Network, ...]") -> dict[str, Any]:
    from ingest.explain import judged, meanings, sent

    return {
        "address": one.address,
        "status": one.status,
        "guard": judged(urlsplit(one.address).hostname or "", done.witness.resolved, allowed),
        "sent": [{"name": m.name, "value": m.value, "means": m.means} for m in sent(one)],
        "headers": [{"name": m.name, "value": m.value, "means": m.means} for m in meanings(one)],
    }


def _entry(entry: "Entry", decision: "Decision") -> dict[str, Any]:
    from ingest.check import identity, named_by
    from ingest.newness import Publish

    given: dict[str, Any] = {
        "title": entry.title,
        "address": entry.address,
        "key": entry.key,
        "known_by": named_by(entry),
        "decision": None,
        "reason": decision.reason,
    }
    if isinstance(decision, Publish):
        revision = decision.revision
        given |= {
            "decision": revision.cause,
            "backlog": revision.backlog,
            "release": revision.release.id,
            "identity": identity(decision),
        }
    return given
