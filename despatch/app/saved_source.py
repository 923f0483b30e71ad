"""The source that saved documents are: borrowed for a replay, and put away after it."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from despatch.app.wiring import App
from despatch.errors import Busy, UsageError
from despatch.fingerprint import digest
from despatch.model import SourceId
from despatch.ports import Due, Leased, SourceRecord, Transaction

LEASE = timedelta(seconds=15)
"""How long a replay that was killed keeps the next one waiting; renewed with each page."""

NEVER = timedelta(days=36_500)
"""A saved source is read when it is replayed, not on a schedule."""


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
    return source._replace(id=SourceId(f"{source.id}-{mark}"))


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
