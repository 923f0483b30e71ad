"""Rows of the runs that tell what waited: how a run is written, finished and read."""

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Row, bindparam, null, update

from despatch.model import AlertId, SubscriberId
from despatch.ports import DigestRun, EndedDigest
from despatch.store.rows import insert_into
from despatch.store.tables import digests

_CHANGED = ("state", "since", "until", "items", "dropped", "alert", "done_at", "reason")

FINISH = (
    update(digests)
    .where(
        digests.c.subscriber == bindparam("the_subscriber"),
        digests.c.due_at == bindparam("the_due_at"),
    )
    .values({name: bindparam(f"the_{name}") for name in _CHANGED} | {"waits_until": null()})
)


def run_rows(ended: EndedDigest) -> Iterator[dict[str, Any]]:
    """Yield what `FINISH` writes of each moment that was due."""
    run = ended.run
    reason = f"told with that of {run.due_at:%Y-%m-%d %H:%M} UTC"
    for moment in ended.due.moments[:-1]:
        joined = DigestRun(
            run.subscriber, moment, "joined", alert=run.alert, done_at=run.done_at, reason=reason
        )
        yield _changed(joined)
    yield _changed(run)


def new_run(subscriber: str, due_at: datetime) -> dict[str, Any]:
    """Return the row of a run that waits."""
    nothing = dict.fromkeys(("since", "until", "alert", "done_at"))
    waits = {"state": "waiting", "waits_until": due_at, "items": 0, "dropped": 0, "reason": ""}
    return {"subscriber": subscriber, "due_at": due_at} | waits | nothing


@cache
def add_runs(dialect: str) -> Any:
    """Return the statement that adds runs; those that are known stay as they are."""
    values: dict[str, Any] = {column.name: bindparam(column.name) for column in digests.c}
    return insert_into(dialect, digests).values(values).on_conflict_do_nothing()


def read_run(row: Row[Any], number: int) -> DigestRun:
    """Return the run of a row that has so many items."""
    return DigestRun(
        subscriber=SubscriberId(row.subscriber),
        due_at=row.due_at,
        state=row.state,
        items=number,
        dropped=row.dropped,
        since=row.since,
        until=row.until,
        alert=AlertId(row.alert) if row.alert else None,
        done_at=row.done_at,
        reason=row.reason,
    )


def _changed(run: DigestRun) -> dict[str, Any]:
    row = {f"the_{name}": getattr(run, name) for name in _CHANGED}
    return row | {"the_subscriber": run.subscriber, "the_due_at": run.due_at}
