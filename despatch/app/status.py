"""What `status` and `/metrics` say: is everything working, and how far behind is it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from despatch.app.canary import Seen, seen
from despatch.app.running import ALIVE_WITHIN, lag
from despatch.app.wiring import ALERTS_GROUP, PROCESSORS_GROUP, App
from despatch.errors import ServerAway
from despatch.model import SourceId
from despatch.ports import Alarm, Beat, Counts, Gap, Health, SourceRecord
from despatch.topics import CLASSIFIED, DEAD, RELEASES

STAGES = ("ingest", "processors", "alerts")

SILENCE_SHOWN = timedelta(minutes=10)
"""So long a process that was killed is shown beside the one in its place."""


@dataclass(frozen=True, slots=True)
class Lag:
    """How many messages a stage has before it, and the share of what its topic keeps."""

    stage: str
    topic: str
    waiting: int


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """A source, how it is, and when it is next due."""

    source: SourceRecord
    health: Health
    due: datetime | None


@dataclass(frozen=True, slots=True)
class Status:
    """Everything at one moment."""

    at: datetime
    beats: tuple[Beat, ...]
    """Of stages that live, and of those that fell silent not long ago without having stopped."""
    missing: tuple[str, ...]
    """Stages that show no life."""
    last_seen: Mapping[str, datetime]
    """The last sign of life of each stage that ever gave one."""
    lags: tuple[Lag, ...]
    """None while the log is away."""
    sources: tuple[SourceStatus, ...]
    counts: Counts
    dead: int | None
    """Dead letters that are kept; None while the log is away."""
    log_away: str
    """Why the log can't be asked, in words; empty if it can."""
    alarms: tuple[Alarm, ...]
    gaps: tuple[Gap, ...]
    """What sources may have published unseen: those that are open."""
    canary: Seen
    """How the last probes fared that go the whole way."""
    unread: Mapping[SourceId, int]
    """How many releases of a source went out with a summary, and wait for their full text."""


def status(app: App) -> Status:
    """Return how the installation is; of a log that is away, only that it is.

    Raises ServerAway when the store can't be asked.
    """
    now = app.clock.now()
    with app.store.transaction() as tx:
        beats = tuple(tx.beats())
        sources = tuple(SourceStatus(*one) for one in tx.sources())
        counts = tx.counts()
        alarms = tuple(tx.alarms())
        gaps = tuple(tx.gaps())
        unread = tx.unread()
    lags, dead, log_away = _in_log(app)
    alive = {b.stage for b in beats if now - b.at <= ALIVE_WITHIN and b.state != "stopped"}
    return Status(
        at=now,
        beats=tuple(b for b in beats if b.state != "stopped" and now - b.at < SILENCE_SHOWN),
        last_seen={b.stage: b.at for b in sorted(beats, key=lambda one: one.at)},
        missing=tuple(stage for stage in STAGES if stage not in alive),
        lags=lags,
        sources=sources,
        counts=counts,
        dead=dead,
        log_away=log_away,
        alarms=alarms,
        gaps=gaps,
        canary=seen(app),
        unread=unread,
    )


def _in_log(app: App) -> tuple[tuple[Lag, ...], int | None, str]:
    """Return what waits, how many dead letters there are, and why that can't be told, if so.

    In an outage of the log an operator looks here first: what the store knows is shown then too.
    """
    try:
        lags = (
            Lag("processors", RELEASES, lag(app, PROCESSORS_GROUP, RELEASES)),
            Lag("alerts", CLASSIFIED, lag(app, ALERTS_GROUP, CLASSIFIED)),
        )
        dead = sum(extent.end - extent.oldest for extent in app.bus.extents(DEAD).values())
    except ServerAway as exc:
        return (), None, str(exc)
    return lags, dead, ""
