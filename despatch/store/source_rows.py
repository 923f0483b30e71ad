"""Rows of the table of sources: what the statements are, and how records are read and written."""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

from pydantic_core import from_json
from sqlalchemy import BigInteger, Column, Row, Text, and_, bindparam, func, null, select, update

from despatch.model import SourceId
from despatch.ports import Due, Health, Leased, Progress, SourceRecord
from despatch.store.listed import among, pairs
from despatch.store.tables import entries, sources

_HEALTH: Mapping[str, Any] = {
    name: bindparam(f"of_{name}")
    for name in ("polled_at", "ok_at", "failures", "problem", "newest_at")
}
READ_ON = (
    update(sources)
    .where(sources.c.id == bindparam("of_id"))
    .values(cursor=func.coalesce(bindparam("of_cursor", type_=Text), sources.c.cursor), **_HEALTH)
)
LEND = (
    update(sources)
    .where(among(sources.c.id, "part"))
    .values(
        epoch=sources.c.epoch + 1,
        lease_owner=bindparam("of_owner"),
        lease_until=bindparam("of_until"),
    )
)
LENT_ROWS = (
    select(sources.c.id, sources.c.epoch, sources.c.host, sources.c.polls)
    .where(among(sources.c.id, "part"), sources.c.lease_owner.is_not(None))
    .order_by(sources.c.id)
    .with_for_update()
)
GIVE_BACK = READ_ON.values(
    lease_owner=null(),
    lease_until=null(),
    polls=sources.c.polls + bindparam("of_polls", type_=BigInteger),
    next_due=bindparam("of_next_due"),
    due_why=bindparam("of_due_why"),
    held_until=bindparam("of_held_until"),
)


LENT = [
    *(sources.c.id, sources.c.kind, sources.c.settings, sources.c.added_at, sources.c.state),
    *(sources.c.title, sources.c.cursor, sources.c.epoch, sources.c.host),
    *(sources.c.polled_at, sources.c.ok_at, sources.c.failures, sources.c.problem),
    sources.c.newest_at,
]
"""What is read of a source that is lent: see `leased_of`."""

TITLED = update(sources).where(sources.c.id == bindparam("of_id")).values(title=bindparam("of"))
"""A statement of its own: hardly a poll in a thousand brings another title."""


@cache
def known_by(dialect: str, column: Column[Any]) -> Any:
    """Return the query for the entries that are asked for by source and one more column."""
    given, source, value = pairs(dialect, "asked")
    return select(entries).select_from(
        given.join(entries, and_(entries.c.source == source, column == value))
    )


def read_on(progress: Progress) -> dict[str, Any]:
    """Return what READ_ON keeps."""
    health = progress.health
    return {
        "of_id": progress.source,
        "of_cursor": None if progress.cursor is None else json.dumps(dict(progress.cursor)),
        "of_polled_at": health.polled_at,
        "of_ok_at": health.ok_at,
        "of_failures": health.failures,
        "of_problem": health.problem,
        "of_newest_at": health.newest_at,
    }


def given_back(progress: Progress, due: Due) -> dict[str, Any]:
    """Return what GIVE_BACK keeps."""
    row = read_on(progress)
    row["of_polls"] = int(progress.poll is not None)
    row["of_next_due"] = due.at
    row["of_due_why"] = due.why
    row["of_held_until"] = due.held_until
    return row


def read_json(kept: str) -> Any:
    """Return what was kept as JSON, read in half the time that `json` takes for it."""
    try:
        return from_json(kept)
    except ValueError:  # what a stranger has sent may hold half a surrogate pair
        return json.loads(kept)


class Hold(NamedTuple):
    """What is looked at of a source that somebody has."""

    epoch: int
    host: str
    polls: int


def leased_of(row: Iterable[Any]) -> Leased:
    """Return a source as it is lent, from a row of LENT; its epoch is that of the lease before.

    By place: to ask a row for a column by name takes as long as to read it from the database.
    """
    id_, kind, settings, added_at, state, title, cursor, epoch, _host, *how = row
    health = Health(*how)
    return Leased(
        source=SourceRecord(SourceId(id_), kind, read_json(settings), added_at, state, title),
        cursor=read_json(cursor),
        epoch=epoch + 1,
        health=health,
        first_contact=health.ok_at is None,
    )


def source_record(row: Row[Any]) -> SourceRecord:
    """Return what was added."""
    return SourceRecord(
        id=SourceId(row.id),
        kind=row.kind,
        settings=read_json(row.settings),
        added_at=row.added_at,
        state=row.state,
        title=row.title,
    )


def health_of(row: Row[Any]) -> Health:
    """Return how a source is."""
    return Health(row.polled_at, row.ok_at, row.failures, row.problem, row.newest_at)


def health_columns(health: Health) -> dict[str, Any]:
    """Return how a source is, by column."""
    return {
        "polled_at": health.polled_at,
        "ok_at": health.ok_at,
        "failures": health.failures,
        "problem": health.problem,
        "newest_at": health.newest_at,
    }
