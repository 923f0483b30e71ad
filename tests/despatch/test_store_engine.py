"""The settings that the store's promises stand on are in force, on every connection."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, text

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


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_a_stop_that_comes_while_a_connection_is_given_back_leaves_no_traceback(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, stop: type[BaseException]
) -> None:
    """As a second Ctrl-C does: it stops, what was not committed is undone, and that is all."""
    engine = breaking_as_given_back(tmp_path, stop())
    with pytest.raises(stop), engine.connect() as connection:
        connection.execute(text("CREATE TABLE lost (id INTEGER)"))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT name FROM sqlite_schema")).all() == []
    engine.dispose()
    assert caplog.records == []


def test_a_connection_that_can_t_be_given_back_is_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engine = breaking_as_given_back(tmp_path, OSError("no disk"))
    with engine.connect():
        pass
    engine.dispose()
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def breaking_as_given_back(folder: Path, raised: BaseException) -> Engine:
    """Return an engine that raises as a connection of it is given back for the first time."""
    engine = open_engine(read_url(f"sqlite:///{folder}/store.db"), timedelta(seconds=1))

    @event.listens_for(engine, "reset", once=True)
    def give_back(*_given: object) -> None:
        raise raised

    return engine
