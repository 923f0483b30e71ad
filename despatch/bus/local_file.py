"""The file that a local log is: its tables, a connection to it, its errors in our words.

WAL with `synchronous=FULL`: a commit that returned survives a power cut, and readers never wait
for a writer (sqlite.org/wal.html, sqlite.org/pragma.html#pragma_synchronous).
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from despatch.errors import (
    Busy,
    DespatchError,
    NotWritable,
    OperatorError,
    SchemaError,
    ServerAway,
    StorageFull,
)

VERSION = 1
"""Version of the tables, kept as `user_version`."""

APPLICATION_ID = 0x44535031  # "DSP1"
"""Tells a log from any other SQLite file."""

OFFSET_BITS = 40
"""A message's row id is its partition's id, then its offset: one b-tree, each partition's messages
side by side, and no second index to write. 2**40 messages a partition, 2**23 partitions."""

_TABLES = """
CREATE TABLE log (cluster TEXT NOT NULL);
CREATE TABLE topics (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, uuid TEXT NOT NULL);
CREATE TABLE partitions (
    id INTEGER PRIMARY KEY,
    topic INTEGER NOT NULL REFERENCES topics,
    number INTEGER NOT NULL,
    oldest INTEGER NOT NULL DEFAULT 0,
    end INTEGER NOT NULL DEFAULT 0,
    last_at INTEGER NOT NULL DEFAULT 0, -- microseconds since 1970: never goes back
    UNIQUE (topic, number)
);
CREATE TABLE messages (
    id INTEGER PRIMARY KEY, at INTEGER NOT NULL, key TEXT NOT NULL, headers TEXT NOT NULL,
    value BLOB NOT NULL
);
CREATE TABLE positions (
    reader_group TEXT NOT NULL, partition INTEGER NOT NULL, next INTEGER NOT NULL,
    PRIMARY KEY (reader_group, partition)
) WITHOUT ROWID;
CREATE TABLE members (
    reader_group TEXT NOT NULL, topic TEXT NOT NULL, member TEXT NOT NULL,
    joined_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL, -- the machine's monotonic clock
    PRIMARY KEY (reader_group, topic, member)
) WITHOUT ROWID;
CREATE TABLE leases (
    reader_group TEXT NOT NULL, partition INTEGER NOT NULL, member TEXT, epoch INTEGER NOT NULL,
    PRIMARY KEY (reader_group, partition)
) WITHOUT ROWID;
"""


class LogFile:
    """One connection to the file, opened at first use. Never used by two threads at once.

    Opening late makes a file that is locked just now something to wait for, as at any other time.
    """

    def __init__(self, path: Path, busy: timedelta) -> None:
        self.path = path
        self._busy_s = busy.total_seconds()
        self._db: sqlite3.Connection | None = None
        self._inode = 0

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Give one unchanging view of the file."""
        with self._transaction("BEGIN") as db:
            yield db

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Give the file to this connection alone; all that is done is durable at the end, or none.

        The lock is taken at once: a read that became a write later could fail with no wait.
        """
        with self._transaction("BEGIN IMMEDIATE") as db:
            yield db

    def version(self) -> int:
        """Return a number that changes whenever another connection has changed the file."""
        with translated(self.path):
            return int(self._connected().execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Close the connection; a later use opens it again."""
        if self._db is not None:
            self._db.close()
            self._db = None

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with translated(self.path):
            db = self._connected()
            db.execute(begin)
            try:
                yield db
                db.execute("COMMIT")
            finally:
                if db.in_transaction:
                    db.execute("ROLLBACK")

    def _connected(self) -> sqlite3.Connection:
        if self._db is None:
            self._db = _connect(self.path, self._busy_s)
            self._inode = self.path.stat().st_ino
        elif self._inode != _inode(self.path):
            # SQLite would go on with the removed file, and lose what is written there.
            raise OperatorError(
                f"{self.path} was removed or replaced while in use: put it back or start again"
            )
        return self._db


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Raise SQLite's errors as ours (sqlite.org/rescode.html); the text names the file."""
    try:
        yield
    except sqlite3.ProgrammingError:  # a fault in our own use of it
        raise
    except sqlite3.DatabaseError as exc:
        raise _translation(exc, path) from exc


def _translation(exc: sqlite3.DatabaseError, path: Path) -> DespatchError:
    extended = getattr(exc, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    if extended == sqlite3.SQLITE_IOERR_SHMSIZE:  # no room for the shared memory beside the file
        return StorageFull(f"no room on the disk for {path}: make room, then it goes on")
    match extended & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return Busy(f"{path} is locked by another process; if this lasts, look who has it open")
        case sqlite3.SQLITE_FULL:
            return StorageFull(f"no room on the disk for {path}: make room, then it goes on")
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return NotWritable(
                f"{path} can't be opened for writing ({exc}): "
                "check that its folder exists and that this user may write there"
            )
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return OperatorError(_damaged(path, exc))
        case sqlite3.SQLITE_IOERR:
            return ServerAway(f"the disk fails to read or write {path} ({exc})")
    if "no such table" in str(exc):
        return OperatorError(_damaged(path, exc))
    return OperatorError(f"{path}: {exc}")


def _damaged(path: Path, exc: sqlite3.DatabaseError) -> str:
    return (
        f"{path} is damaged or no log ({exc}): move it away and run `despatch topics create` "
        "for an empty one; `sqlite3 FILE .recover` saves what can still be read"
    )


def _connect(path: Path, busy_s: float) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=busy_s, isolation_level=None, check_same_thread=False)
    try:
        _ask_for_wal(db, path, busy_s)
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA journal_size_limit = 67108864")
        if _pragma(db, "user_version") != VERSION:
            _create_tables(db, path)
    except BaseException:
        db.close()
        raise
    return db


def _ask_for_wal(db: sqlite3.Connection, path: Path, busy_s: float) -> None:
    """Switch to WAL; SQLite does not wait for the lock here when two processes come at once."""
    deadline = time.monotonic() + busy_s
    while True:
        try:
            mode = db.execute("PRAGMA journal_mode = WAL").fetchone()[0]
            break
        except sqlite3.OperationalError as exc:
            if exc.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
    if mode != "wal":
        raise OperatorError(
            f"{path} stands on a file system that processes can't share it on: use a local disk"
        )


def _create_tables(db: sqlite3.Connection, path: Path) -> None:
    db.execute("BEGIN IMMEDIATE")
    try:
        if (version := _pragma(db, "user_version")) == VERSION:
            return  # another process came first
        if version or db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
            raise SchemaError(_foreign(path, version, _pragma(db, "application_id")))
        for statement in filter(str.strip, _TABLES.split(";")):
            db.execute(statement)
        db.execute("INSERT INTO log (cluster) VALUES (?)", (uuid4().hex,))
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def _foreign(path: Path, version: int, application_id: int) -> str:
    if application_id == APPLICATION_ID:
        return f"{path} has version {version}, this program knows {VERSION}: use the newer program"
    return f"{path} is some other program's database: name another file"


def _pragma(db: sqlite3.Connection, name: str) -> int:
    return int(db.execute(f"PRAGMA {name}").fetchone()[0])


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None
