"""What a run wrote, written again by sqlite3 alone: the peer of runs of digests and receipts."""

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.measure import Cost, Stopwatch

Statement = tuple[str, list[tuple[Any, ...]]]
"""A statement, and the rows that it is run with."""

Statements = Callable[[sqlite3.Connection, list[str]], Iterable[Statement]]
"""Returns what a page of a run wrote, by its alerts, as it is read from the run's store."""

_PRAGMAS = ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON")
"""As `despatch/store/engine.py` has it."""


def written_again(
    done: Path, home: Path, statements: Statements, *, page: int, most: int | None = None
) -> Cost:
    """Write what a run wrote, `page` alerts a transaction, into a store where it is due.

    `done` is the folder of the run's store; of its alerts, the first `most` are written, or all.
    """
    watch, count = Stopwatch(), 0
    with (
        closing(sqlite3.connect(done / "store.db")) as source,
        closing(sqlite3.connect(home / "store.db", isolation_level=None)) as db,
    ):
        for pragma in _PRAGMAS:
            db.execute(f"PRAGMA {pragma}")
        ids = [row[0] for row in source.execute("SELECT id FROM alerts ORDER BY rowid")][:most]
        for start in range(0, len(ids), page):
            some = ids[start : start + page]
            wanted = list(statements(source, some))
            with watch:
                db.execute("BEGIN IMMEDIATE")
                for statement, rows in wanted:
                    db.executemany(statement, rows)
                db.execute("COMMIT")
            count += len(some)
    return watch.cost(count)


def inserted(source: sqlite3.Connection, table: str, key: str, alerts: list[str]) -> Statement:
    """Return a table's rows of some alerts, and the statement that writes them."""
    rows = source.execute(f"SELECT * FROM {table} WHERE {key} IN ({marks(alerts)})", alerts)  # noqa: S608 - our own names
    return f"INSERT INTO {table} VALUES ({marks(rows.description)})", rows.fetchall()  # noqa: S608


def marks(values: Iterable[object]) -> str:
    """Return a place for each value: `?, ?`."""
    return ", ".join("?" for _ in values)
