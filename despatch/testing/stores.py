"""Stores for tests: migrated, with a key that is the same for all, closed at the end."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from despatch.ports import Clock, SystemClock
from despatch.store.sql import SqlStore

KEY = "dGhlIGtleSBvZiBhbGwgdGVzdHMsIDMyIGJ5dGVzISE="
"""A key of the right form that protects nothing."""


@contextmanager
def temporary_store(
    folder: Path,
    *,
    busy: timedelta = timedelta(seconds=5),
    clock: Clock = SystemClock(),  # noqa: B008 - it holds nothing
) -> Iterator[SqlStore]:
    """Yield the SQLite store `store.db` in a folder; the same folder again, the same store."""
    file = folder / "store.db"
    if not file.exists():
        file.write_bytes(_migrated())
    store = SqlStore(f"sqlite:///{file}", keys=[KEY], busy=busy, clock=clock)
    try:
        yield store
    finally:
        store.close()


@cache
def _migrated() -> bytes:
    """Return an empty migrated store's bytes: to migrate takes longer than most tests."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "store.db"
        store = SqlStore(f"sqlite:///{file}", keys=[KEY])
        store.migrate()
        store.close()
        return file.read_bytes()
