"""What a database's error means to Despatch: the one place where its codes are read.

SQLite's codes: https://www.sqlite.org/rescode.html (the low byte is the primary code).
PostgreSQL's SQLSTATE: its manual's appendix A.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from despatch.errors import (
    Busy,
    DespatchError,
    NotWritable,
    OperatorError,
    SchemaError,
    ServerAway,
    StorageFull,
    TransientError,
    UsageError,
)

_NO_ROOM_BYTES = 1 << 20

_LOCKED_STATES = {
    "55P03": "a row is locked",
    "40P01": "two transactions waited for each other",
    "40001": "two transactions changed the same row",
    "53300": "it has too many connections",
    "57014": "a statement was cancelled",
}
_AWAY_STATES = {
    "25006": "it takes no writes (a standby?)",
    "25P03": "it ended a transaction that stood still",
    "57P01": "it is shutting down",
    "57P02": "it crashed",
    "57P03": "it is starting",
}
_REFUSED = (
    "authentication failed",
    "no password supplied",
    "no pg_hba.conf entry",
    "does not exist",
    "not permitted to log in",
)


def where(url: URL) -> str:
    """Return how the database is named in errors: a file's path, or host, port and name."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return f"PostgreSQL at {url.host or 'localhost'}:{url.port or 5432}/{url.database or ''}"


@contextmanager
def translated(url: URL) -> Iterator[None]:
    """Raise what a database's error means; all other errors pass as they are."""
    try:
        yield
    except PoolTimeout as exc:
        raise Busy(f"{where(url)}: every connection of this process is in use") from exc
    except DBAPIError as exc:
        if isinstance(exc.orig, sqlite3.Error):
            raise _of_sqlite(exc.orig, Path(where(url))) from exc
        raise _of_postgres(exc, where(url)) from exc


def _of_sqlite(error: sqlite3.Error, file: Path) -> DespatchError:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    match code & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return Busy(f"{file} is locked by another process; it is tried again")
        case sqlite3.SQLITE_FULL:
            return StorageFull(f"no room on the disk of {file}: free some")
        case sqlite3.SQLITE_READONLY:
            return NotWritable(
                f"{file} can't be written: look at the permissions of it, of {file.name}-wal and "
                f"{file.name}-shm beside it, and of the folder"
            )
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return NotWritable(f"{file} can't be opened: is its folder there, and writable?")
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return OperatorError(
                f"{file} is damaged ({error}): stop Despatch, keep a copy of the file, then put "
                f"back a backup or save what is readable: sqlite3 {file} .recover | sqlite3 new.db"
            )
        case sqlite3.SQLITE_IOERR:
            return _of_io(error, file)
        case sqlite3.SQLITE_CONSTRAINT:
            return UsageError(_broken_rule(str(error)))
    if (
        "no such table" in str(error)
        or "no such column" in str(error)
        or "has no col" in str(error)
    ):
        return SchemaError(f"{file} has another schema ({error}): run `despatch migrate`")
    return DespatchError(f"{file}: {error}")


def _of_io(error: sqlite3.Error, file: Path) -> DespatchError:
    # A full disk also shows as a failed mmap of the -shm file, not only as SQLITE_FULL.
    if file.parent.is_dir() and shutil.disk_usage(file.parent).free < _NO_ROOM_BYTES:
        return StorageFull(f"no room on the disk of {file}: free some")
    return TransientError(f"{file}: the disk fails ({error})")


def _of_postgres(exc: DBAPIError, server: str) -> DespatchError:
    said = str(exc.orig).strip().partition("\n")[0]
    state: str = getattr(exc.orig, "sqlstate", None) or ""
    if state in _LOCKED_STATES:
        return Busy(f"{server}: {_LOCKED_STATES[state]}; it is tried again")
    if state in _AWAY_STATES:
        return ServerAway(f"{server}: {_AWAY_STATES[state]}")
    if state == "53100":
        return StorageFull(f"{server}: no room on the server's disk ({said}): free some")
    if state in {"42P01", "42703", "3F000"}:
        return SchemaError(f"{server} has another schema ({said}): run `despatch migrate`")
    if state.startswith("23"):
        return UsageError(_broken_rule(said))
    if state in {"42501", "3D000"} or state.startswith(("28", "XX")):
        return OperatorError(f"{server}: {said}")
    if not state and any(word in said for word in _REFUSED):
        return OperatorError(f"{server} does not let us in: {said}")
    if exc.connection_invalidated or not state or state.startswith("08"):
        return ServerAway(f"{server} does not answer: {said}")
    return DespatchError(f"{server}: {said} (SQLSTATE {state})")


def _broken_rule(said: str) -> str:
    if "foreign key" in said.lower():
        return f"this names a subscriber, channel or subscription that the store has not ({said})"
    return f"the store holds something that excludes this ({said})"
