"""`sources show`: one source, with all that is known of how it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from despatch.app import App
from despatch.app.silence import rhythm
from despatch.cli.context import Json, ago, count, example, give, here, out, span
from despatch.ended import Ended, ended
from despatch.errors import UsageError
from despatch.model import SourceId
from despatch.ports import Alarm, Due, Gap, Health, Poll, SourceRecord
from ingest.moved import BELIEVED_AFTER, BELIEVED_TIMES, Move, kept_move
from ingest.silence import Rhythm

SHOWN = 10
"""So many of the last polls are shown to people; --json has all that are kept."""


@dataclass(frozen=True, slots=True)
class _Known:
    """All that the store knows of how a source is."""

    record: SourceRecord
    health: Health
    due: Due
    polls: tuple[Poll, ...]
    gaps: tuple[Gap, ...]
    alarms: tuple[Alarm, ...]
    rhythm: Rhythm | None
    """How it publishes; None while it has no habit yet."""
    move: Move | None
    """Where its server says that it has moved for good, while that is not believed yet."""
    end: Ended | None
    """How it has ended, if it has."""


def add_to(sources: typer.Typer) -> None:
    """Add this command."""
    sources.command(epilog=example("despatch sources show govuk"))(show)


def show(
    context: typer.Context,
    source: Annotated[str, typer.Argument(help="The source's name.")],
    as_json: Json = False,
) -> None:
    """Show a source: its settings, how it is, when it is polled next and why, and its past."""
    with here(context).open() as app:
        known = _known(app, source, rhythm(app, SourceId(source)))
        now = app.clock.now()
    if as_json:
        give(_as_json(known))
    else:
        _show(known, now)


def _known(app: App, name: str, rhythm: Rhythm | None) -> _Known:
    id_ = SourceId(name)
    with app.store.transaction() as tx:
        found = [(record, health) for record, health, _due in tx.sources() if record.id == id_]
        if not found:
            raise UsageError(f"no source {name!r}; see: despatch sources list")
        record, health = found[0]
        return _Known(
            record,
            health,
            tx.due(id_) or Due(record.added_at),
            tuple(tx.polls_of(id_)),
            tuple(gap for gap in tx.gaps(open_only=False) if gap.source == id_),
            tuple(one for one in tx.alarms() if _is_about(one.key, name)),
            rhythm,
            _move(record, kept_move(tx.cursor(id_) or {})),
            ended(tx, record),
        )


def what_to_do(source: str) -> str:
    """Return what an operator does about a source that has ended."""
    return (
        "It is read no more: look for its successor (despatch sources add URL), then despatch "
        f"sources remove {source}. If it is back: despatch sources resume {source}"
    )


def _move(record: SourceRecord, move: Move | None) -> Move | None:
    """Return a move that is not believed yet; one that is stands in the settings."""
    return None if move is None or move.to == record.settings.get("address") else move


def _is_about(key: str, name: str) -> bool:
    """Whether an alarm is about a source: `source NAME fails`, `silence of NAME`."""
    return key.startswith(f"source {name} ") or (
        key.startswith(("gap ", "silence ")) and key.endswith(f" of {name}")
    )


def _show(known: _Known, now: datetime) -> None:
    record, health, due = known.record, known.health, known.due
    how = "has ended" if known.end else f"is {record.state}"
    out.print(f"[bold]{escape(record.id)}[/bold] {how}, added {ago(record.added_at, now)}")
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 2))
    title = {"calls itself": record.title} if record.title else {}
    for name, value in {"kind": record.kind, **record.settings, **title}.items():
        table.add_row(escape(name), escape(str(value)))
    out.print(table)
    for line in [*_health(health, now), *_moving(known, now), *_habit(known.rhythm)]:
        out.print(line, markup=False)
    for line in _end(known.end, record.id, now):
        out.print(line, markup=False)
    if known.end is None:
        out.print(f"Next poll: {_next(known, now)}", markup=False)
    if due.held_until is not None and due.held_until > now:
        until = ago(due.held_until, now)
        out.print(f"Its server wants to be left alone (Retry-After); that ends {until}.")
    for alarm in known.alarms:
        out.print(f"[yellow]Alarm[/yellow] since {ago(alarm.opened_at, now)}: {escape(alarm.text)}")
    if not known.gaps and health.ok_at is not None:
        out.print("No gap was ever found: each poll joined on to the one before.")
    _gaps(known.gaps, now)
    _polls(known.polls, now)


def _health(health: Health, now: datetime) -> list[str]:
    if health.polled_at is None:
        return ["It was never polled."]
    lines = [f"Read well: {ago(health.ok_at, now)}; last new release: {ago(health.newest_at, now)}"]
    if health.failures:
        times = "once" if health.failures == 1 else f"{health.failures} times in a row"
        lines.append(f"Failed {times}, {ago(health.polled_at, now)}: {health.problem}")
    return lines


def _moving(known: _Known, now: datetime) -> list[str]:
    """Say where it is going, and when that is believed: a redirect is often a mistake."""
    move = known.move
    if move is None:
        return []
    return [
        f"Its server says that it has moved for good, to {move.to}: so did "
        f"{count(move.times, 'poll')}, the first {ago(move.since, now)}. From {BELIEVED_TIMES} "
        f"polls over {span(BELIEVED_AFTER)} on it is asked there; until then each is redirected"
    ]


def _habit(rhythm: Rhythm | None) -> list[str]:
    if rhythm is None:
        return []
    return [
        f"It publishes about {max(1, round(rhythm.a_week))} a week; silence is an alarm from "
        f"{rhythm.silent_from:%Y-%m-%d %H:%M} UTC on"
    ]


def _end(end: Ended | None, source: SourceId, now: datetime) -> list[str]:
    if end is None:
        return []
    when = f"Ended {ago(end.at, now)} ({end.at:%Y-%m-%d %H:%M} UTC): {end.why}"
    return [when, what_to_do(source)]


def _next(known: _Known, now: datetime) -> str:
    record, due = known.record, known.due
    if record.state != "active":
        return f"none: it is {record.state}. despatch sources resume {record.id}"
    when = "now" if due.at <= now else f"{ago(due.at, now)} ({due.at:%Y-%m-%d %H:%M} UTC)"
    return f"{when}: {due.why}" if due.why else when


def _gaps(gaps: tuple[Gap, ...], now: datetime) -> None:
    if not gaps:
        return
    table = Table("gap", "found", "from", "to", "state", "late", box=None)
    for gap in gaps[:SHOWN]:
        table.add_row(
            gap.id,
            ago(gap.found_at, now),
            f"{gap.since:%Y-%m-%d %H:%M}",
            f"{gap.until:%Y-%m-%d %H:%M}",
            gap.state,
            str(gap.late),
        )
    out.print(table)


def _polls(polls: tuple[Poll, ...], now: datetime) -> None:
    if not polls:
        return
    table = Table("polled", "outcome", "status", "new", "changed", "took", "problem", box=None)
    for poll in polls[:SHOWN]:
        table.add_row(
            ago(poll.at, now),
            poll.outcome,
            str(poll.status or ""),
            str(poll.new or ""),
            str(poll.changed or ""),
            f"{poll.took.total_seconds():.1f} s",
            escape(poll.problem),
        )
    out.print(table)


def _as_json(known: _Known) -> Mapping[str, Any]:
    record, health, due = known.record, known.health, known.due
    return {
        "source": record.id,
        "title": record.called or None,
        "kind": record.kind,
        "settings": dict(record.settings),
        "state": record.state,
        "ended": known.end and {"at": known.end.at, "why": known.end.why},
        "added_at": record.added_at,
        "polled_at": health.polled_at,
        "read_at": health.ok_at,
        "newest_at": health.newest_at,
        "failures": health.failures,
        "problem": health.problem,
        "next": {"at": due.at, "why": due.why, "held_until": due.held_until},
        "moving": known.move and {"to": known.move.to, "since": known.move.since},
        "a_week": known.rhythm and round(known.rhythm.a_week, 1),
        "silent_from": known.rhythm and known.rhythm.silent_from,
        "alarms": [{"alarm": one.key, "text": one.text} for one in known.alarms],
        "gaps": [
            {
                "gap": gap.id,
                "found_at": gap.found_at,
                "since": gap.since,
                "until": gap.until,
                "state": gap.state,
                "late": gap.late,
                "reason": gap.reason,
            }
            for gap in known.gaps
        ],
        "polls": [
            {
                "at": poll.at,
                "outcome": poll.outcome,
                "took_s": poll.took,
                "status": poll.status,
                "new": poll.new,
                "changed": poll.changed,
                "problem": poll.problem,
            }
            for poll in known.polls
        ],
    }
