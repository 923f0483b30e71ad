"""The settings that the store's promises stand on are in force, on every connection."""

from datetime import timedelta
from pathlib import Path

import pytest

from despatch.store.engine import open_engine, read_url
from despatch.testing.postgres_server import PostgresServer


def test_sqlite_syncs_every_commit_and_keeps_foreign_keys(tmp_path: Path) -> None:
    engine = open_engine(read_url(f"sqlite:///{tmp_path}/store.db"), timedelta(seconds=3))
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 3_000}
    with engine.connect() as connection:
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in wanted}
    engine.dispose()
    assert found == wanted


@pytest.mark.postgres
def test_postgres_gives_up_on_locks_and_on_sessions_that_stand_still(
    postgres_server: PostgresServer,
) -> None:
    url = postgres_server.new_database()
    name = url.rpartition("/")[2]
    postgres_server.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    postgres_server.execute(f"ALTER DATABASE {name} SET timezone = 'Asia/Tokyo'")
    isolation = "default_transaction_isolation"
    postgres_server.execute(f"ALTER DATABASE {name} SET {isolation} = 'repeatable read'")
    engine = open_engine(read_url(url), timedelta(seconds=3))
    wanted = {
        "synchronous_commit": "on",
        "timezone": "UTC",
        "transaction_isolation": "read committed",
        "lock_timeout": "3s",
        "idle_in_transaction_session_timeout": "1min",
        "application_name": "despatch",
    }
    with engine.connect() as connection:
        found = {name: connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in wanted}
    engine.dispose()
    assert found == wanted
