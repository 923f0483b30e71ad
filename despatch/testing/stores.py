"""Stores for tests: migrated, with a key that is the same for all, closed at the end."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from despatch.ports import Clock, SystemClock
from despatch.store.sql import SqlStore
from despatch.store.tables import metadata

KEY = "dGhlIGtleSBvZiBhbGwgdGVzdHMsIDMyIGJ5dGVzISE="
"""A key of the right form that protects nothing."""

_BUSY = timedelta(seconds=5)
_CLOCK = SystemClock()


@contextmanager
def temporary_store(
    folder: Path, *, busy: timedelta = _BUSY, clock: Clock = _CLOCK
) -> Iterator[SqlStore]:
    """Yield the SQLite store `store.db` in a folder; the same folder again, the same store."""
    file = folder / "store.db"
    if not file.exists():
        file.write_bytes(migrated_file())
    with closing(SqlStore(f"sqlite:///{file}", keys=[KEY], busy=busy, clock=clock)) as store:
        yield store


@cache
def migrated_file() -> bytes:
    """Return an empty migrated SQLite store: to migrate takes longer than most tests."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "store.db"
        with closing(SqlStore(f"sqlite:///{file}", keys=[KEY])) as store:
            store.migrate()
        return file.read_bytes()


class StoreUnderTest:
    """One database, and what a test does to it: open it again, look at what it holds raw."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.changed = False
        """Whether `change` was called: the schema may no longer be the code's."""
        self._stack = ExitStack()

    def open(
        self, *, keys: Sequence[str] = (KEY,), busy: timedelta = _BUSY, clock: Clock = _CLOCK
    ) -> SqlStore:
        """Return a further handle on it, as another process would have; closed at the end."""
        store = SqlStore(self.url, keys=keys, busy=busy, clock=clock)
        return self._stack.enter_context(closing(store))

    def raw(self) -> str:
        """Return all that the database holds, as text: for looking for what must not be there."""
        if self.url.startswith("sqlite"):
            return self._raw_sqlite(Path(self.url.removeprefix("sqlite:///")))
        return self._raw_postgres(self.url.replace("+psycopg", ""))

    def change(self, statement: str) -> None:
        """Run a statement behind the store's back."""
        self.changed = True
        if self.url.startswith("sqlite"):
            file = self.url.removeprefix("sqlite:///")
            with closing(sqlite3.connect(file)) as connection, connection:
                connection.execute(statement)
            return
        with psycopg.connect(self.url.replace("+psycopg", "")) as server:
            server.execute(statement.encode())

    def clear(self) -> None:
        """Delete every row of a PostgreSQL store."""
        with psycopg.connect(self.url.replace("+psycopg", "")) as server:
            for table in reversed(metadata.sorted_tables):
                server.execute(f"DELETE FROM {table.name}".encode())  # noqa: S608

    def close(self) -> None:
        """Close every handle."""
        self._stack.close()

    def _raw_sqlite(self, file: Path) -> str:
        beside = [file, *(file.with_name(file.name + end) for end in ("-wal", "-shm"))]
        return "".join(each.read_bytes().decode("latin-1") for each in beside if each.exists())

    def _raw_postgres(self, url: str) -> str:
        with psycopg.connect(url) as connection:
            names = connection.execute(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
            ).fetchall()
            rows = [
                connection.execute(f"SELECT * FROM {name}".encode()).fetchall()  # noqa: S608
                for (name,) in names
            ]
        return repr(rows)
