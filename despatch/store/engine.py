"""Opens the database so that a commit is a promise and a lock is never waited for for ever."""

import logging
import os
import sqlite3
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from despatch.errors import NotWritable, SettingsError

_CONNECTIONS = 5
_MORE_CONNECTIONS = 15
_WAL_BYTES = 64 << 20

_POSTGRES = {
    "connect_timeout": 5,
    "application_name": "despatch",
    # A server whose machine vanished is noticed within half a minute.
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
_STANDS_STILL_MS = 60_000
"""A process stopped within a transaction holds its locks no longer than this."""


class _FaultsAlone(logging.Filter):
    """Lets through what went wrong, and not that a stop came while a connection was given back.

    Then the connection is closed, and what was not committed is undone: that is no news, and
    SQLAlchemy would log a traceback of it.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        raised = record.exc_info[1] if record.exc_info else None
        return raised is None or isinstance(raised, Exception)


logging.getLogger("sqlalchemy.pool.impl.QueuePool").addFilter(_FaultsAlone())


def read_url(url: str) -> URL:
    """Return the URL of a store, `sqlite:///…` or `postgresql+psycopg://…`.

    Raises SettingsError, which never shows a password, for any other.
    """
    try:
        known = make_url(url)
    except ArgumentError as exc:
        raise SettingsError(
            "the store's URL can't be read: write sqlite:///PATH or "
            "postgresql+psycopg://USER:PASSWORD@HOST/NAME"
        ) from exc
    if known.drivername == "sqlite" and known.database and known.database != ":memory:":
        return known
    if known.drivername in {"postgresql", "postgres", "postgresql+psycopg"}:
        return known.set(drivername="postgresql+psycopg")
    raise SettingsError(
        f"{known.render_as_string(hide_password=True)} is no store: it takes sqlite:///PATH "
        "(a file) or postgresql+psycopg://USER:PASSWORD@HOST/NAME"
    )


def open_engine(url: URL, busy: timedelta) -> Engine:
    """Return an engine whose transactions lock as the store's port promises.

    Connects to nothing yet. `busy` is how long a lock is waited for.
    """
    busy_ms = max(1, round(busy.total_seconds() * 1000))
    settings: dict[str, Any] = {
        "hide_parameters": True,  # an error of the database must not show what was written
        "pool_size": _CONNECTIONS,
        "max_overflow": _MORE_CONNECTIONS,
        "pool_timeout": max(1.0, busy.total_seconds()),
    }
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, connect_args={"timeout": busy_ms / 1000}, **settings)
        _set_up_sqlite(engine, busy)
    else:
        engine = create_engine(url, connect_args=dict(_POSTGRES), pool_pre_ping=True, **settings)
        _set_up_postgres(engine, busy_ms)
    return engine


def create_file(file: Path) -> None:
    """Create an empty file for the store, readable by its owner only, unless it is there.

    SQLite gives the files that it puts beside it (-wal, -shm) the same mode.
    """
    try:
        os.close(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600))
    except OSError as exc:
        raise NotWritable(f"{file} can't be created or written: {exc.strerror}") from exc


def _set_up_sqlite(engine: Engine, busy: timedelta) -> None:
    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: object) -> None:
        # sqlite3 begins transactions too late and by itself; None leaves that to `begin` below.
        connection.isolation_level = None
        _switch_to_wal(connection, busy)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")  # what is erased is overwritten
        connection.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that reads first and writes later could find the lock taken and could not
        # wait for it: https://www.sqlite.org/lang_transaction.html
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _switch_to_wal(connection: sqlite3.Connection, busy: timedelta) -> None:
    """Wait out whoever else opens a new file at this instant.

    SQLite's own timeout does not cover all of it: of 100 openings by four processes at once, one
    was told "database is locked" immediately.
    """
    give_up = time.monotonic() + busy.total_seconds()
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as exc:
            if exc.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            time.sleep(0.01)
        else:
            return


def _set_up_postgres(engine: Engine, busy_ms: int) -> None:
    settings = {
        "timezone": "UTC",
        # Who waited for a lock must see what its holder committed (hold_stories, add_told).
        "default_transaction_isolation": "read committed",
        "lock_timeout": f"{busy_ms}ms",
        "idle_in_transaction_session_timeout": f"{_STANDS_STILL_MS}ms",
    }

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            for name, value in settings.items():
                cursor.execute("SELECT set_config(%s, %s, false)", (name, value))
            cursor.execute(
                "SELECT set_config('synchronous_commit', 'on', false)"
                " WHERE current_setting('synchronous_commit') = 'off'"
            )
        connection.commit()
