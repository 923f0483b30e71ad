"""Replays saved documents through the very code that a poller uses.

Without `deliver` it happens in a temporary installation that has a copy of the live
subscriptions and no way to send: the live log, archive and cursors stay as they are.
"""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

import despatch
from despatch.app.history import Polled, poll_history
from despatch.app.running import others_running, own_stages, wait_until_done, wait_until_sent
from despatch.app.wiring import App
from despatch.errors import Busy, UsageError
from despatch.fingerprint import digest
from despatch.model import Classified, Match, SourceId, Subscriber
from despatch.ports import Due, Leased, Place, SourceRecord, Transaction
from despatch.topics import CLASSIFIED, decode

if TYPE_CHECKING:
    from ingest.poller import PollReport
    from ingest.saved import Window

LEASE = timedelta(seconds=15)
"""How long a replay that was killed keeps the next one waiting; renewed with each page."""

NEVER = timedelta(days=36_500)
"""A saved source is read when it is replayed, not on a schedule."""

Progress = Callable[[str, int, int | None], None]
"""Called with what is being done, how far, and of how many (None: not known)."""


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
    heard: tuple[Heard, ...]
    deliveries: Mapping[str, int] = field(default_factory=dict)
    """By state, of the alerts of this replay; empty without `deliver`."""
    later: int = 0
    """How many of its alerts wait for a digest, or for the end of quiet hours."""
    subscriptions: int = 0
    done: bool = True
    """False if the stages, elsewhere, had not finished in time."""
    history: Polled | None = None
    """What the polls came to, if a feed's saved history was replayed."""


def seeds() -> Path:
    """Return the folder of the seed document: in the wheel, or in a checkout."""
    package = Path(despatch.__file__).parent
    installed = package / "seed"
    return installed if installed.exists() else package.parent / "seeds"


def source_for(path: Path, since: datetime | None, until: datetime | None) -> SourceRecord:
    """Return the source that a path is: the same path and limits, the same source.

    It is named as the path is; `_named` tells two of the same name apart. Raises UsageError if
    there is nothing at the path.
    """
    if not path.exists():
        raise UsageError(f"{path} does not exist; give a text file, a folder, or JSONL(.gz)")
    whole = path.resolve()
    settings: dict[str, Any] = {"kind": "seed", "path": str(whole)}
    if since is not None:
        settings["since"] = since.isoformat()
    if until is not None:
        settings["until"] = until.isoformat()
    return SourceRecord(
        id=SourceId(whole.name[:80]),
        kind="seed",
        settings=settings,
        added_at=datetime.fromisoformat("1970-01-01T00:00:00+00:00"),
    )


def _named(tx: Transaction, source: SourceRecord) -> SourceRecord:
    """Return the source under its plain name, or a longer one if another source has that."""
    known = {record.id: record for record, _health, _due in tx.sources()}
    other = known.get(source.id)
    if other is None or other.settings == source.settings:
        return source
    mark = digest(*(f"{k}={v}" for k, v in sorted(source.settings.items())), length=8)
    return replace(source, id=SourceId(f"{source.id}-{mark}"))


@contextmanager
def rehearsal(live: App) -> Iterator[App]:
    """Yield a temporary installation with the live subscriptions and nowhere to send.

    Channels are copied by name alone, without their URLs.
    """
    with _apart(live) as app:
        _copy_subscriptions(live, app)
        yield app


@contextmanager
def _apart(live: App) -> Iterator[App]:
    """Yield a temporary installation that is empty."""
    with tempfile.TemporaryDirectory(prefix="despatch-rehearsal-") as folder:
        settings = live.settings.model_copy(
            update={
                "home": Path(folder),
                "bus": "local",
                "store": SecretStr("local"),
                "secret_key": None,
                "operator_url": None,
            }
        )
        with App(settings, clock=live.clock) as app:
            yield app


def replay(
    live: App,
    path: Path,
    *,
    deliver: bool,
    since: datetime | None = None,
    until: datetime | None = None,
    rate: float | None = None,
    patience: timedelta = timedelta(minutes=10),
    progress: Progress | None = None,
) -> ReplayReport:
    """Replay what is saved at a path, documents or a feed's history; `deliver`: tell subscribers.

    Stages that run elsewhere do their part there; otherwise they run here until all is done.
    Raises UsageError for a path that can't be read.
    """
    from ingest.saved import Window
    from ingest.snapshots import is_history

    progress = progress or _silent
    with nullcontext(live) if deliver else rehearsal(live) as app:
        if is_history(path):
            window = Window(since, until)
            return _replay_history(app, path, window, rate, patience, progress, send=deliver)
        source = source_for(path, since, until)
        return _replay(app, source, path, rate, patience, progress, send=deliver)


def replay_in(app: App, path: Path) -> ReplayReport:
    """Replay within a rehearsal that is already open, and send nothing."""
    source = source_for(path, None, None)
    return _replay(app, source, path, None, timedelta(minutes=1), _silent, send=False)


def _silent(_doing: str, _at: int, _of: int | None) -> None:
    """Report no progress."""


def _replay(
    app: App,
    source: SourceRecord,
    path: Path,
    rate: float | None,
    patience: timedelta,
    progress: Progress,
    *,
    send: bool,
) -> ReplayReport:
    starts = {place: extent.end for place, extent in app.bus.extents(CLASSIFIED).items()}
    began = app.clock.now()
    polled = asyncio.run(_poll(app, source, rate, progress))
    done = _finish(app, began + patience, progress, send=send)
    heard = tuple(_heard(app, starts))
    with app.store.transaction() as tx:
        live = [s for s in tx.subscriptions() if s.state == "active"]
    return ReplayReport(
        path=str(path),
        delivered=send,
        documents=polled.entries,
        new=polled.new,
        revised=polled.changed,
        known=polled.ignored,
        outside=polled.left_out,
        unchanged=polled.outcome == "unchanged",
        skipped=polled.skipped,
        heard=heard,
        deliveries=_deliveries(app, heard) if send else {},
        later=_later(app, heard) if send else 0,
        subscriptions=len(live),
        done=done,
    )


def _replay_history(
    app: App,
    path: Path,
    window: "Window",
    rate: float | None,
    patience: timedelta,
    progress: Progress,
    *,
    send: bool,
) -> ReplayReport:
    starts = {place: extent.end for place, extent in app.bus.extents(CLASSIFIED).items()}
    with _apart(app) as memory:
        polling = poll_history(
            app, memory, path, window, rate=rate, keep_bodies=send, progress=progress
        )
        polled = asyncio.run(polling)
    began = app.clock.now()
    done = _finish(app, began + patience, progress, send=send)
    heard = tuple(_heard(app, starts))
    with app.store.transaction() as tx:
        live = [s for s in tx.subscriptions() if s.state == "active"]
    return ReplayReport(
        path=str(path),
        delivered=send,
        documents=polled.new + polled.changed + polled.known,
        new=polled.new,
        revised=polled.changed,
        known=polled.known,
        outside=0,
        unchanged=False,
        skipped=polled.skipped,
        heard=heard,
        deliveries=_deliveries(app, heard) if send else {},
        later=_later(app, heard) if send else 0,
        subscriptions=len(live),
        done=done,
        history=polled,
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


def borrow(app: App, source: SourceRecord) -> Leased:
    """Borrow the source; a replay that was killed keeps it for as long as its lease.

    It is never due: a poller would go on with what a killed replay left, and take it for old news.
    """
    gives_up = app.clock.now() + 2 * LEASE
    while True:
        with app.store.transaction() as tx:
            source = _named(tx, source)
            tx.add_source(source)
            tx.set_source_state(source.id, "active")
            now = app.clock.now()
            leased = tx.lease_source(source.id, app.instance, now, LEASE)
            if leased is not None:
                tx.release_source(source.id, leased.epoch, Due(now + NEVER), leased.health)
                leased = tx.lease_source(source.id, app.instance, now, LEASE)
        if leased is not None:
            return leased
        if app.clock.now() > gives_up:
            raise Busy(f"{source.settings['path']} is being replayed by another process")
        app.clock.sleep(timedelta(milliseconds=500))


def put_away(app: App, source: SourceId) -> None:
    """Pause a source that was replayed, unless another replay has borrowed it by now."""
    now = app.clock.now()
    with app.store.transaction() as tx:
        leased = tx.lease_source(source, app.instance, now, LEASE)
        if leased is not None:
            tx.release_source(source, leased.epoch, Due(now + NEVER), leased.health)
            tx.set_source_state(source, "paused")


def _finish(app: App, until: datetime, progress: Progress, *, send: bool) -> bool:
    """Have all that was published judged, matched and, with `send`, delivered."""
    if send and others_running(app):
        done = wait_until_done(
            app, [], until=until, on_lag=lambda left: progress("waiting for the stages", left, None)
        )
        progress("delivering", 0, None)
        wait_until_sent(app, until)
        return done
    with own_stages(app) as threads:
        done = wait_until_done(
            app, threads, on_lag=lambda left: progress("judging and matching", left, None)
        )
    if send:
        progress("delivering", 0, None)
        app.digesting().run_due()
        app.deliverer().drain(until)
    return done


def _heard(app: App, starts: Mapping[Place, int]) -> Iterator[Heard]:
    """Yield what became of each classified release since `starts` that has a theme."""
    for place, start in starts.items():
        for message in app.bus.browse(CLASSIFIED, partition=place.partition, offset=start):
            classified = decode(Classified, message.value)
            if not classified.themes:
                continue
            with app.store.transaction() as tx:
                trace = tx.trace(classified.revision.release.id)
            # One that was told in an earlier replay is dropped by the stage, and not told by this.
            taken = any(t.place == place and t.offset == message.offset for t in trace.taken)
            of_this = (m for m in trace.matches if m.revision == classified.revision.id)
            yield Heard(classified, tuple(of_this) if taken else ())


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


def _copy_subscriptions(live: App, app: App) -> None:
    with live.store.transaction() as tx:
        subscriptions = [s for s in tx.subscriptions() if s.state == "active"]
        channels = {c.id: c for c in tx.channels()}
    now = live.clock.now()
    with app.store.transaction() as tx:
        for subscription in subscriptions:
            name = str(subscription.subscriber)
            tx.add_subscriber(Subscriber(id=subscription.subscriber, name=name, created_at=now))
            for channel in subscription.channels:
                nowhere = SecretStr(f"rehearsal://{channel}")
                tx.add_channel(channels[channel].model_copy(update={"url": nowhere}))
            tx.add_subscription(subscription)
