"""Replays saved documents through the very code that a poller uses.

Without `deliver` it happens in a temporary installation that has a copy of the live
subscriptions and no way to send: the live log, archive and cursors stay as they are.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import despatch
from despatch.app.finishing import (
    PATIENCE,
    Notice,
    Progress,
    Sending,
    finish,
    silent,
    unheard,
)
from despatch.app.history import Polled, poll_history
from despatch.app.rehearsal import apart, rehearsal
from despatch.app.saved_source import LEASE, borrow, put_away, source_for
from despatch.app.wiring import App
from despatch.errors import UsageError
from despatch.model import Classified, Match
from despatch.ports import Place, SourceRecord
from despatch.topics import CLASSIFIED, decode

if TYPE_CHECKING:
    from ingest.poller import PollReport
    from ingest.saved import Window


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of one release: its themes, and who heard or would have heard of it."""

    classified: Classified
    matches: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """What a replay came to."""

    path: str
    delivered: bool
    documents: int
    """Read from the path."""
    new: int
    revised: int
    """Revisions of releases seen before, completions, withdrawals and restorations too."""
    known: int
    """Read before, with nothing new to say."""
    outside: int
    """Dated outside of `since` and `until`, or not dated at all."""
    unchanged: bool
    """All was read before and the files are the same, so that none was read again."""
    skipped: tuple[str, ...]
    """Why a document could not be read, a sentence each."""
    heard: tuple[Heard, ...] = ()
    deliveries: Mapping[str, int] = field(default_factory=dict)
    """By state, of the alerts of this replay; empty without `deliver`."""
    later: int = 0
    """How many of its alerts wait for a digest, or for the end of quiet hours."""
    subscriptions: int = 0
    done: bool = True
    """False if the stages, elsewhere, had not finished in time."""
    history: Polled | None = None
    """What the polls came to, if a feed's saved history was replayed."""

    @property
    def with_themes(self) -> int:
        """How many releases belong to a theme; others are heard of if somebody is told of them."""
        return sum(bool(one.classified.themes) for one in self.heard)


def seeds() -> Path:
    """Return the folder of the seed document: in the wheel, or in a checkout."""
    package = Path(despatch.__file__).parent
    installed = package / "seed"
    return installed if installed.exists() else package.parent / "seeds"


def replay(
    live: App,
    path: Path,
    *,
    deliver: bool,
    since: datetime | None = None,
    until: datetime | None = None,
    rate: float | None = None,
    patience: timedelta = PATIENCE,
    progress: Progress | None = None,
    notice: Notice | None = None,
) -> ReplayReport:
    """Replay what is saved at a path, documents or a feed's history; `deliver`: tell subscribers.

    Stages that run elsewhere do their part there; otherwise they run here until all is done.
    Raises UsageError for a path that can't be read.
    """
    from ingest.saved import Window
    from ingest.snapshots import is_history

    sending = Sending(deliver, patience, progress or silent, notice or unheard)
    with nullcontext(live) if deliver else rehearsal(live) as app:
        if is_history(path):
            window = Window(since, until)
            return _replay_history(app, path, window, rate, sending)
        source = source_for(path, since, until)
        return _replay(app, source, path, rate, sending)


def replay_in(app: App, path: Path) -> ReplayReport:
    """Replay within a rehearsal that is already open, and send nothing."""
    source = source_for(path, None, None)
    return _replay(app, source, path, None, Sending(False, PATIENCE, silent, unheard))


def _replay(
    app: App,
    source: SourceRecord,
    path: Path,
    rate: float | None,
    sending: Sending,
) -> ReplayReport:
    starts = _ends(app)
    polled = asyncio.run(_poll(app, source, rate, sending.progress))
    report = ReplayReport(
        path=str(path),
        delivered=sending.send,
        documents=polled.entries,
        new=polled.new,
        revised=polled.changed,
        known=polled.ignored,
        outside=polled.left_out,
        unchanged=polled.outcome == "unchanged",
        skipped=polled.skipped,
    )
    return _with_the_end(report, app, starts, sending)


def _replay_history(
    app: App,
    path: Path,
    window: "Window",
    rate: float | None,
    sending: Sending,
) -> ReplayReport:
    starts = _ends(app)
    with apart(app) as memory:
        polling = poll_history(
            app,
            memory,
            path,
            window,
            rate=rate,
            keep_bodies=sending.send,
            progress=sending.progress,
        )
        polled = asyncio.run(polling)
    report = ReplayReport(
        path=str(path),
        delivered=sending.send,
        documents=polled.new + polled.changed + polled.known,
        new=polled.new,
        revised=polled.changed,
        known=polled.known,
        outside=0,
        unchanged=False,
        skipped=polled.skipped,
        history=polled,
    )
    return _with_the_end(report, app, starts, sending)


def _ends(app: App) -> Mapping[Place, int]:
    """Return where the topic of classified releases ends now."""
    return {place: extent.end for place, extent in app.bus.extents(CLASSIFIED).items()}


def _with_the_end(
    report: ReplayReport,
    app: App,
    starts: Mapping[Place, int],
    sending: Sending,
) -> ReplayReport:
    """Have the stages do their part; return the report with what came of it."""
    done = finish(app, sending)
    heard = tuple(_heard(app, starts))
    with app.store.transaction() as tx:
        live = [s for s in tx.subscriptions() if s.state == "active"]
    return replace(
        report,
        heard=heard,
        deliveries=_deliveries(app, heard) if report.delivered else {},
        later=_later(app, heard) if report.delivered else 0,
        subscriptions=len(live),
        done=done,
    )


async def _poll(
    app: App, source: SourceRecord, rate: float | None, progress: Progress
) -> "PollReport":
    """Read the source once, whole, as a poller does; nothing of it is backlog."""
    leased = borrow(app, source)
    try:
        async with app.fetcher() as fetcher:
            report = await app.poller(fetcher, LEASE).poll(
                leased,
                backlog=False,
                rate=rate,
                on_page=lambda so_far: progress("reading", so_far.entries, None),
            )
    finally:
        put_away(app, leased.source.id)
    if report.problem:
        where = source.settings["path"]
        named = report.problem.startswith(where)
        raise UsageError(report.problem if named else f"{where}: {report.problem}")
    return report


def _heard(app: App, starts: Mapping[Place, int]) -> Iterator[Heard]:
    """Yield what became of each classified release since `starts` that has a theme or a match."""
    with app.store.transaction() as tx:
        for_themes_alone = all(
            one.filter.themes.any or one.filter.themes.all for one in tx.subscriptions()
        )
    for place, start in starts.items():
        for message in app.bus.browse(CLASSIFIED, partition=place.partition, offset=start):
            classified = decode(Classified, message.value)
            nobodys = for_themes_alone and classified.revision.cause == "new"
            if not classified.themes and nobodys:
                continue  # without a look at the store: that is most of a large collection
            with app.store.transaction() as tx:
                trace = tx.trace(classified.revision.release.id)
            # One that was told in an earlier replay is dropped by the stage, and not told by this.
            taken = any(t.place == place and t.offset == message.offset for t in trace.taken)
            of_this = (m for m in trace.matches if m.revision == classified.revision.id)
            matches = tuple(of_this) if taken else ()
            if classified.themes or matches:
                yield Heard(classified, matches)


def _deliveries(app: App, heard: tuple[Heard, ...]) -> Mapping[str, int]:
    """Count the deliveries of these releases by state."""
    states: Counter[str] = Counter()
    with app.store.transaction() as tx:
        for one in (one for one in heard if one.matches):
            trace = tx.trace(one.classified.revision.release.id)
            ours = {
                alert.id
                for alert in trace.alerts
                if alert.classified and alert.classified.id == one.classified.id
            }
            states.update(d.state for d, _shown in trace.deliveries if d.alert in ours)
    return dict(states)


def _later(app: App, heard: tuple[Heard, ...]) -> int:
    """Count what of these releases is not told yet, for it waits for its moment."""
    waiting = 0
    with app.store.transaction() as tx:
        for one in (one for one in heard if one.matches):
            items = tx.items_of(one.classified.revision.release.id)
            waiting += sum(item.classified.id == one.classified.id for item in items)
    return waiting
