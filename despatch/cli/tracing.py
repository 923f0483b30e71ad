"""`trace`: the whole way of a release, from the bytes to who was told."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.markup import escape

from despatch.app import App
from despatch.app.running import lag
from despatch.app.wiring import ALERTS_GROUP, PROCESSORS_GROUP
from despatch.cli.context import Json, count, example, give, here, out
from despatch.cli.digests import later_json
from despatch.errors import DespatchError, ServerAway, UsageError
from despatch.model import Classified, Delivery, Linked, Match, ReleaseId
from despatch.ports import DocumentRecord, Item, Taken, Trace
from despatch.sureness import percent
from despatch.topics import CLASSIFIED, RELEASES


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command(
        rich_help_panel="Analysts",
        epilog=example(
            "despatch trace r-5f2d81", "despatch trace https://www.gov.uk/government/news/x --json"
        ),
    )(trace)


def trace(
    context: typer.Context,
    release: Annotated[
        str, typer.Argument(help="A release's id or the start of it, its address, or its entry.")
    ],
    as_json: Json = False,
) -> None:
    """Show a release's whole way: fetched when and from where, judged how, told whom, delivered."""
    with here(context).open() as app:
        known = which_release(app, release)
        with app.store.transaction() as tx:
            way = tx.trace(known)
            documents = tx.documents_of(known)
            also = tx.also_published(known)
            bodies = {
                sha: tx.body(sha) is not None
                for sha in {t.classified.revision.fetched.body_sha256 for t in way.taken}
            }
    if as_json:
        others = [one.model_dump(mode="json") for one in also]
        beside = {"documents": [asdict(one) for one in documents], "also": others}
        give(_as_json(way, bodies) | beside)
    else:
        _show(way, bodies, also)
        for document in documents:
            _show_document(document)


def which_release(app: App, name: str) -> ReleaseId:
    """Return the one release of this id, start of an id, address or entry.

    Raises UsageError; ServerAway if the store knows none and the log, where one may wait, is away.
    """
    with app.store.transaction() as tx:
        found = tx.find_releases(name)
    if len(found) != 1:
        raise _not_one(app, name, len(found))
    return found[0]


def _not_one(app: App, release: str, found: int) -> DespatchError:
    if found:
        return UsageError(f"{found} releases are named {release!r}; give more of the id")
    try:
        waiting = lag(app, PROCESSORS_GROUP, RELEASES) + lag(app, ALERTS_GROUP, CLASSIFIED)
    except ServerAway as exc:
        return ServerAway(
            f"the store knows no release {release!r}, and the log, where it may wait, can't be "
            f"asked: {exc}"
        )
    if waiting:
        return UsageError(
            f"no release {release!r} has come through yet, and {waiting} messages wait in the "
            "log; see: despatch status"
        )
    return UsageError(
        f"no release {release!r}: give an id (r-…), an address, or a source's own id for it"
    )


def _show(way: Trace, bodies: dict[str, bool], also: Sequence[Linked]) -> None:
    last = way.taken[-1].classified.revision.release
    out.print(f"[bold]{escape(last.title)}[/bold]")
    out.print(f"{last.id}  {escape(last.address or 'no address')}  {last.status}")
    for one in also:
        out.print(f"also published by {escape(one.title)}  {escape(one.address or 'no address')}")
    for taken in way.taken:
        _show_taken(taken, kept=bodies[taken.classified.revision.fetched.body_sha256])
        revision = taken.classified.revision.id
        for match in (m for m in way.matches if m.revision == revision):
            out.print(
                f"  {'told' if match.outcome == 'told' else 'not told'}  {match.subscription}: "
                f"{escape(match.reason)}"
            )
        ours = {
            alert.id
            for alert in way.alerts
            if alert.classified and alert.classified.revision.id == revision
        }
        later = [one for one in way.items if one.classified.revision.id == revision]
        for item in later:
            _show_item(item)
        ours |= {item.alert for item in later if item.alert is not None}
        for delivery, shown in (d for d in way.deliveries if d[0].alert in ours):
            _show_delivery(delivery, shown)


def _show_taken(taken: Taken, *, kept: bool) -> None:
    revision = taken.classified.revision
    fetched = revision.fetched
    out.print(f"\n[bold]Revision {revision.number}: {revision.cause}[/bold]  {revision.id}")
    status = f"HTTP {fetched.http_status} " if fetched.http_status else ""
    bytes_ = "bytes kept" if kept else "bytes no longer kept"
    out.print(
        f"  fetched     {_at(fetched.at)}  {status}{escape(fetched.address)}\n"
        f"              sha256 {fetched.body_sha256} ({bytes_})\n"
        f"  seen        {_at(revision.observed_at)}  by source {escape(revision.release.source)}, "
        f"entry {escape(revision.release.entry)}\n"
        f"  classified  {_at(taken.classified.classified_at)}  {taken.classified.id}"
    )
    for score in taken.classified.themes:
        words = ", ".join(dict.fromkeys(f"“{one.text}”" for one in score.evidence[:8]))
        mark = ", experimental" if score.experimental else ""
        out.print(
            f"              {score.theme}, {percent(score.score)} sure (v{score.version}{mark}): "
            f"{escape(words)}"
        )
    if not taken.classified.themes:
        out.print(f"              no theme{_why_none(taken.classified)}")
    if taken.classified.translation_of:
        out.print(f"              a translation of {taken.classified.translation_of}")
    out.print(
        f"  taken       {_at(taken.taken_at)}  {taken.place} offset {taken.offset}: "
        f"{escape(taken.verdict)}"
    )


def _why_none(classified: Classified) -> str:
    """Return what is known of why a release has no theme: a language that is not English."""
    if classified.language in {"", "en"}:
        return ""
    return f": it is in {escape(classified.language)}, which a theme reads only if it says so"


def _show_document(document: DocumentRecord) -> None:
    """Say how often its document was read, and what came of it last."""
    read = f"last {_at(document.read_at)}" if document.read_at else "not yet"
    again = f"again {_at(document.due_at)}" if document.due_at else "no more"
    out.print(
        f"\n[bold]Document[/bold]  {escape(document.address)}  read for source "
        f"{escape(document.source)} {count(document.readings, 'time')}"
    )
    out.print(f"  read        {read}, {again}: {escape(document.outcome)}")
    if document.moved_to:
        out.print(f"  leads to    {escape(document.moved_to)}")


def _show_item(item: Item) -> None:
    """Say what became of what was not told at once."""
    from alerts.rhythm import said

    was = {
        "waiting": said(item),
        "sent": f"sent in {item.alert}, due {_at(item.due_at)}, {item.why}",
        "dropped": f"dropped: {item.outcome}",
    }
    out.print(f"  later       {item.subscriber}: {escape(was[item.state])}")


def _show_delivery(delivery: Delivery, shown: str) -> None:
    out.print(f"  delivery    {delivery.id}  {escape(shown)}: {delivery.state}")
    for attempt in delivery.attempts:
        out.print(
            f"              {_at(attempt.at)}  {attempt.outcome} in {attempt.took_ms} ms: "
            f"{escape(attempt.reason)}"
        )


def _at(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}Z"


def _as_json(way: Trace, bodies: dict[str, bool]) -> dict[str, Any]:
    def match(one: Match) -> dict[str, Any]:
        return one.model_dump(mode="json")

    return {
        "taken": [
            {
                "classified": one.classified.model_dump(mode="json"),
                "topic": one.place.topic,
                "partition": one.place.partition,
                "offset": one.offset,
                "taken_at": one.taken_at,
                "verdict": one.verdict,
                "body_kept": bodies[one.classified.revision.fetched.body_sha256],
            }
            for one in way.taken
        ],
        "matches": [match(one) for one in way.matches],
        "later": [later_json(one) for one in way.items],
        "alerts": [one.model_dump(mode="json", exclude={"classified"}) for one in way.alerts],
        "deliveries": [
            delivery.model_dump(mode="json") | {"channel_shown": shown}
            for delivery, shown in way.deliveries
        ],
    }
