"""One open transaction, seen as rows: the few statements that every subject is made of."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Executable, Row, Table
from sqlalchemy.dialects import postgresql, sqlite

from despatch.errors import FencedError
from despatch.ports import Clock
from despatch.store.secrets import Secrets

_ASKED_AT_ONCE = 500


class Rows:
    """What the subjects' classes stand on; each adds the methods of one subject."""

    def __init__(self, connection: Connection, secrets: Secrets, clock: Clock) -> None:
        self._connection = connection
        self._secrets = secrets
        self._clock = clock
        self.fenced: FencedError | None = None
        """Set once another owner was found to have gone on: this must not be committed."""

    def _insert(self, table: Table) -> Any:
        """Return an insert that knows ON CONFLICT; each dialect has its own class."""
        if self._connection.dialect.name == "sqlite":
            return sqlite.insert(table)
        return postgresql.insert(table)

    def _add(self, table: Table, **values: Any) -> bool:
        """Insert a row; False, and nothing changed, if one with its key is there."""
        return self._run(self._insert(table).values(values).on_conflict_do_nothing()) == 1

    def _put(self, table: Table, key: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows, each in place of the one with its key; no key twice."""
        if not rows:
            return
        insert = self._insert(table)
        changed = {name: insert.excluded[name] for name in rows[0] if name not in key}
        statement = insert.on_conflict_do_update(index_elements=list(key), set_=changed)
        self._connection.execute(statement, list(rows))

    def _run(self, statement: Any) -> int:
        """Execute and return how many rows were inserted or changed."""
        statement = statement.execution_options(preserve_rowcount=True)
        rowcount: int = self._connection.execute(statement).rowcount
        return rowcount

    def _all(self, statement: Executable) -> Sequence[Row[Any]]:
        return self._connection.execute(statement).all()

    def _first(self, statement: Executable) -> Row[Any] | None:
        return self._connection.execute(statement).first()


def in_parts(values: Collection[str]) -> Iterator[tuple[str, ...]]:
    """Yield the values in parts that fit the number of parameters of one statement."""
    known = sorted(set(values))
    for start in range(0, len(known), _ASKED_AT_ONCE):
        yield tuple(known[start : start + _ASKED_AT_ONCE])
