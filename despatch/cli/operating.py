"""`status`, `doctor`, `migrate`, `settings`, `schemas`: for whoever runs it."""

from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr
from rich.markup import escape
from rich.table import Table

from despatch.app.doctor import examine
from despatch.app.running import ALIVE_WITHIN
from despatch.app.schemas import write_schemas
from despatch.app.status import Status, status
from despatch.cli.context import Json, ago, count, example, give, here, out, span
from despatch.errors import NotWritable
from despatch.ports import Beat
from despatch.settings import Settings
from despatch.settings.faults import written

PANEL = "Operators"
MARKS = {"sound": "[green]✓[/green]", "advice": "[yellow]![/yellow]", "wrong": "[red]✗[/red]"}


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("status", rich_help_panel=PANEL, epilog=example("despatch status --json"))(_status)
    app.command(rich_help_panel=PANEL, epilog=example("despatch doctor"))(doctor)
    app.command(rich_help_panel=PANEL, epilog=example("despatch migrate"))(migrate)
    app.command(
        rich_help_panel=PANEL, epilog=example("despatch settings", "despatch settings --new-key")
    )(settings)
    app.command(rich_help_panel=PANEL, epilog=example("despatch schemas docs/schemas"))(schemas)


def _status(context: typer.Context, as_json: Json = False) -> None:
    """Say whether everything works, and how far behind each stage is.

    Exits with 1 if a stage shows no life, an alarm is open, or the log does not answer.
    """
    with here(context).open() as app:
        found, home = status(app), app.settings.home
    if as_json:
        give(_plain(found))
    else:
        _show(found)
        if not found.sources:
            out.print(f"No source in {home} yet: despatch sources add URL", markup=False)
    if found.missing or found.alarms or found.log_away:
        raise typer.Exit(1)


def _plain(found: Status) -> dict[str, object]:
    return asdict(found) | {"deliveries": dict(found.counts.deliveries)}


def _show(found: Status) -> None:
    now = found.at
    stages = Table("stage", "state", "since", "last sign of life", "waiting", box=None)
    waiting = {lag.stage: str(lag.waiting) for lag in found.lags}
    for beat in found.beats:
        stages.add_row(
            beat.stage,
            _state(beat, now),
            ago(beat.started_at, now),
            ago(beat.at, now),
            waiting.get(beat.stage, ""),
        )
    shown = {beat.stage for beat in found.beats}
    for stage in (one for one in found.missing if one not in shown):
        seen = ago(found.last_seen.get(stage), now)
        stages.add_row(stage, "[red]not running[/red]", "", seen, waiting.get(stage, ""))
    out.print(stages)
    if found.log_away:
        out.print(f"[red]The log does not answer[/red]: {escape(found.log_away)}")
    counts = found.counts
    dead = "dead letters not known" if found.dead is None else count(found.dead, "dead letter")
    deliveries = ", ".join(f"{n} {state}" for state, n in sorted(counts.deliveries.items()) if n)
    out.print(
        f"\n{count(len(found.sources), 'source')}; {count(counts.releases, 'release')}, newest "
        f"seen {ago(counts.newest_release_at, now)}; "
        f"{count(counts.subscriptions, 'active subscription')}; "
        f"{dead}\nDeliveries: {deliveries or 'none'}"
    )
    if found.canary.arrived_at or found.canary.under_way_since:
        out.print(_canary(found))
    if counts.oldest_waiting and counts.oldest_waiting < now:
        out.print(f"The oldest due delivery waits for {span(now - counts.oldest_waiting)}.")
    if counts.digests_waiting:
        due = counts.oldest_digest_due
        out.print(
            f"Told later: {count(counts.items_waiting, 'item')} in "
            f"{count(counts.digests_waiting, 'digest')}, the next due {ago(due, now)}."
        )
    if counts.stopped_channels:
        out.print(
            f"[yellow]{count(counts.stopped_channels, 'channel')}[/yellow] stopped, "
            f"{counts.bounced} of them for a bounce: despatch subscriptions list --stopped"
        )
    for one in found.sources:
        if one.health.problem:
            out.print(f"[yellow]{escape(one.source.id)}[/yellow]: {escape(one.health.problem)}")
    for source, unread in found.unread.items():
        out.print(
            f"[yellow]{escape(source)}[/yellow]: {count(unread, 'release')} went out with a "
            "summary; the full text is tried again"
        )
    for gap in found.gaps:
        out.print(
            f"[yellow]Gap[/yellow] {gap.id}: {escape(gap.source)} may have published unseen from "
            f"{gap.since:%Y-%m-%d %H:%M} to {gap.until:%Y-%m-%d %H:%M} UTC; see: despatch gaps list"
        )
    for alarm in found.alarms:
        out.print(f"[red]Alarm[/red] since {ago(alarm.opened_at, now)}: {escape(alarm.text)}")
    if found.missing:
        out.print("Start what is not running: despatch up")


def _canary(found: Status) -> str:
    """Return how the last probe fared."""
    seen, now = found.canary, found.at
    if seen.arrived_at is None or seen.took is None:
        arrived = "none has come through yet"
    else:
        took = f"{seen.took.total_seconds():.1f} s"
        arrived = f"the last came through {ago(seen.arrived_at, now)}, in {took}"
    if seen.under_way_since is None:
        return f"Probes of the whole way: {arrived}."
    since = span(now - seen.under_way_since)
    return f"Probes of the whole way: {arrived}; one stands in {seen.stands_in} for {since}."


def _state(beat: Beat, now: datetime) -> str:
    """Return what a stage says of itself; a process that was killed can't say that it is."""
    if now - beat.at > ALIVE_WITHIN:
        return "[red]silent[/red]"
    return f"{beat.state}: {escape(beat.detail)}" if beat.detail else beat.state


def doctor(context: typer.Context, as_json: Json = False) -> None:
    """Look at everything that has to be right, and say the way out of what is not.

    Exits with 1 if anything is wrong; advice alone (!) is no fault.
    """
    wrong = 0
    with here(context).open() as app:
        for finding in examine(app):
            wrong += finding.verdict == "wrong"
            if as_json:
                give(asdict(finding))
            else:
                out.print(f"{MARKS[finding.verdict]} {finding.looked_at}: {escape(finding.text)}")
    if wrong:
        raise typer.Exit(1)


def migrate(context: typer.Context, as_json: Json = False) -> None:
    """Bring the store's schema up to this version's, and its secrets to the newest key.

    Safe to run twice, and by two at once. To change keys: put the new one first in secret_key
    or in the key file, run this, then take the old one away; links in messages that were sent
    under it end with it, so leave it for as long as those should work.
    """
    with here(context).open() as app:
        applied = app.store.migrate()
        channels = app.store.encrypt_again()
    if as_json:
        give({"applied": list(applied), "encrypted_again": channels})
        return
    for revision in applied:
        out.print(f"Applied {revision}.")
    if channels:
        out.print(f"Encrypted {channels} channels with the newest key.")
    out.print("The store's schema is this version's.")


def settings(
    context: typer.Context,
    new_key: Annotated[
        bool, typer.Option("--new-key", help="Print a fresh value for secret_key instead.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show every setting in force, without the secrets, and what it means."""
    if new_key:
        from cryptography.fernet import Fernet

        out.print(Fernet.generate_key().decode(), highlight=False)
        return
    found = here(context).settings()
    values = found.model_dump(mode="json")
    if as_json:
        give(values)
        return
    for name, info in Settings.model_fields.items():
        shown = escape(_value(getattr(found, name)))
        out.print(f"[bold]{name}[/bold] = {shown}\n    {escape(info.description or '')}")


def _value(value: object) -> str:
    """Return a value as it would be written in the file: `15m`; nothing where none is set."""
    match value:
        case None | ():
            return ""
        case SecretStr():
            return "local" if value.get_secret_value() == "local" else "(set, and not shown)"
        case tuple():
            return ", ".join(map(str, value))
        case timedelta():
            return written(value)
        case bool():
            return str(value).lower()
    return str(value)


def schemas(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Where to write them.")] = Path("docs/schemas"),
    as_json: Json = False,
) -> None:
    """Write the JSON Schema of every topic's messages into a folder."""
    with here(context).open() as app:
        try:
            changed = write_schemas(app.topics, folder)
        except OSError as exc:
            raise NotWritable(f"{folder} can't be written: {exc.strerror}") from exc
    if as_json:
        give({"written": [str(file) for file in changed]})
        return
    for file in changed:
        out.print(f"Wrote {file}.")
    if not changed:
        out.print(f"The schemas in {folder} are up to date.")
