"""When sources are polled next and why, and the last polls of each."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import Row, bindparam, select

from despatch.model import SourceId
from despatch.ports import POLLS_KEPT, Due, Poll
from despatch.store.hosts import due_of, with_host
from despatch.store.rows import Rows, insert_into
from despatch.store.tables import polls, sources


class Polls(Rows):
    """The part of a transaction that the times of polls are."""

    def due(self, source: SourceId) -> Due | None:
        row = self._first(with_host(sources).where(sources.c.id == source))
        return None if row is None else due_of(row)

    def cursor(self, source: SourceId) -> Mapping[str, Any] | None:
        row = self._first(select(sources.c.cursor).where(sources.c.id == source))
        return None if row is None else json.loads(row.cursor)

    def polls_of(self, source: SourceId) -> Sequence[Poll]:
        wanted = select(polls).where(polls.c.source == source).order_by(polls.c.number.desc())
        return [_poll(row) for row in self._all(wanted)]

    def _remember(self, ended: Sequence[tuple[SourceId, int, Poll]]) -> None:
        """Add polls, each with its number, to their sources' histories."""
        self._many(_insert(self._dialect), [_row(*each) for each in ended])


@cache
def _insert(dialect: str) -> Any:
    """Return the insert of a source's newest poll, in the place of the one that falls out."""
    insert = insert_into(dialect, polls).values({c.name: bindparam(c.name) for c in polls.c})
    kept = {c.name: insert.excluded[c.name] for c in polls.c if not c.primary_key}
    return insert.on_conflict_do_update(index_elements=["source", "place"], set_=kept)


def _row(source: SourceId, number: int, poll: Poll) -> dict[str, Any]:
    return {
        "source": source,
        "place": number % POLLS_KEPT,
        "number": number,
        "at": poll.at,
        "outcome": poll.outcome,
        "took_ms": round(poll.took / timedelta(milliseconds=1)),
        "status": poll.status,
        "new": poll.new,
        "changed": poll.changed,
        "problem": poll.problem,
    }


def _poll(row: Row[Any]) -> Poll:
    return Poll(
        at=row.at,
        outcome=row.outcome,
        took=timedelta(milliseconds=row.took_ms),
        status=row.status,
        new=row.new,
        changed=row.changed,
        problem=row.problem,
    )
