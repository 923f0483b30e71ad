"""What each error of a database becomes: class, text, and no secret."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import DBAPIError

from despatch.errors import (
    Busy,
    DespatchError,
    NotWritable,
    OperatorError,
    SchemaError,
    ServerAway,
    SettingsError,
    StorageFull,
    UsageError,
)
from despatch.store.failures import translated
from despatch.store.sql import SqlStore
from despatch.testing.postgres_server import PASSWORD, PostgresServer
from despatch.testing.stores import KEY, temporary_store
from despatch.testing.subscribers import a_channel, a_subscriber


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of a migrated store that nobody has open."""
    with temporary_store(tmp_path) as store, store.transaction():
        return tmp_path / "store.db"


def test_a_store_locked_by_another_process_is_busy(file: Path) -> None:
    with ExitStack() as opened:
        opened.enter_context(closing(sqlite3.connect(file))).execute("BEGIN IMMEDIATE")
        store = opened.enter_context(temporary_store(file.parent, busy=timedelta(milliseconds=20)))
        with pytest.raises(Busy, match=r"store\.db is locked"), store.transaction():
            pytest.fail("a transaction began under another's lock")


def test_a_full_disk_is_storage_full(file: Path) -> None:
    """`max_page_count` makes SQLite say what a full disk does."""
    url = make_url(f"sqlite:///{file}")
    engine = create_engine(url)

    def fill() -> None:
        with translated(url), engine.begin() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1")
            for _ in range(100):
                connection.exec_driver_sql(
                    "INSERT INTO bodies VALUES (hex(randomblob(32)), randomblob(9000), 1, '')"
                )

    with pytest.raises(StorageFull, match=r"no room on the disk of .*store\.db"):
        fill()
    engine.dispose()


def test_a_read_only_store_is_not_writable(file: Path) -> None:
    url = make_url(f"sqlite:///file:{file}?mode=ro&uri=true")
    engine = create_engine(url)
    wrong = pytest.raises(NotWritable, match=r"store\.db.* can't be written")
    with wrong, translated(url), engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM beats")
    engine.dispose()


def test_a_file_that_is_no_store_is_an_operators_error(file: Path) -> None:
    file.write_bytes(b"this is no database, whatever its name says. " * 200)
    wrong = pytest.raises(OperatorError, match=r"damaged.*backup.*\.recover")
    with temporary_store(file.parent) as store, wrong:
        store.check_schema()


def test_a_damaged_store_is_an_operators_error(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[4096:] = os.urandom(len(data) - 4096)
    file.write_bytes(data)
    wrong = pytest.raises(OperatorError, match="damaged")
    with temporary_store(file.parent) as store, wrong, store.transaction() as tx:
        tx.counts()


def test_an_unknown_column_is_a_schema_error(file: Path) -> None:
    with closing(sqlite3.connect(file)) as other:
        other.execute("ALTER TABLE beats DROP COLUMN detail")
    wrong = pytest.raises(SchemaError, match="despatch migrate")
    with temporary_store(file.parent) as store, wrong, store.transaction() as tx:
        tx.beats()


def test_all_connections_in_use_is_busy(file: Path) -> None:
    url = make_url(f"sqlite:///{file}")
    engine = create_engine(url, pool_size=1, max_overflow=0, pool_timeout=0.01)
    wrong = pytest.raises(Busy, match="every connection")
    with engine.connect(), wrong, translated(url), engine.connect():
        pytest.fail("a second connection of one")
    engine.dispose()


@pytest.mark.parametrize(
    "url",
    ["mysql://ada:s3cret@host/db", "sqlite://", "sqlite:///:memory:", "ada:s3cret@host", ""],
)
def test_a_url_that_is_no_store_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(SettingsError, match=r"sqlite:///PATH") as caught:
        SqlStore(url, keys=[KEY])
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_postgresql_goes_by_several_names(scheme: str) -> None:
    with closing(SqlStore(f"{scheme}://ada:s3cret@db.example/despatch", keys=[KEY])) as store:
        assert repr(store) == "SqlStore('postgresql+psycopg://ada:***@db.example/despatch')"


def test_what_is_no_databases_error_passes_as_it_is(file: Path) -> None:
    wrong = pytest.raises(ZeroDivisionError)
    with temporary_store(file.parent) as store, wrong, store.transaction():
        raise ZeroDivisionError


def test_an_error_chain_shows_no_parameters(file: Path) -> None:
    """The text of the database's own error is logged with ours: it must hold no value."""
    with temporary_store(file.parent) as store:
        with closing(sqlite3.connect(file)) as other:
            other.execute("DROP TABLE channels")
        caught: list[BaseException] = []
        try:
            with store.transaction() as tx:
                tx.add_subscriber(a_subscriber())
                tx.add_channel(a_channel(shown="shown-but-not-logged"))
        except SchemaError as exc:
            caught = [exc, *filter(None, [exc.__cause__])]
    assert len(caught) == 2
    assert "u-ada" not in "".join(map(str, caught))


STATES: list[tuple[str, type[DespatchError]]] = [
    ("55P03", Busy),
    ("40P01", Busy),
    ("40001", Busy),
    ("53300", Busy),
    ("25006", ServerAway),
    ("25P03", ServerAway),
    ("57P01", ServerAway),
    ("57P03", ServerAway),
    ("08006", ServerAway),
    ("53100", StorageFull),
    ("42P01", SchemaError),
    ("42703", SchemaError),
    ("23503", UsageError),
    ("28P01", OperatorError),
    ("42501", OperatorError),
    ("XX001", OperatorError),
    ("22001", DespatchError),
]


@pytest.mark.parametrize("state, expected", STATES, ids=[state for state, _ in STATES])
def test_each_sqlstate_has_its_error(state: str, expected: type[DespatchError]) -> None:
    error = psycopg.errors.lookup(state)("what the server said\nDETAIL: more")
    url = make_url("postgresql+psycopg://ada:s3cret@db.example/despatch")
    with pytest.raises(DespatchError) as caught, translated(url):
        raise DBAPIError("SELECT 1", None, error)
    assert type(caught.value) is expected
    assert "s3cret" not in str(caught.value)
    assert "DETAIL" not in str(caught.value)


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A server that the test may harm; skips where the shared one would."""
    with PostgresServer() as server:
        yield server


@pytest.mark.postgres
def test_a_server_that_is_killed_is_away_and_served_from_again_once_back(
    postgres_server: PostgresServer, own_server: PostgresServer
) -> None:
    """What was committed before is there; what was open is not; the store needs no restart."""
    with closing(SqlStore(own_server.url, keys=[KEY])) as store:
        store.migrate()
        with store.transaction() as tx:
            tx.add_subscriber(a_subscriber("committed"))

        def lose() -> None:
            with store.transaction() as tx:
                tx.add_subscriber(a_subscriber("lost"))
                own_server.kill()
                tx.add_subscriber(a_subscriber("never"))

        with pytest.raises(ServerAway, match=rf"127\.0\.0\.1:{own_server.port}"):
            lose()
        with pytest.raises(ServerAway) as caught, store.transaction():
            pytest.fail("a transaction began without a server")
        assert PASSWORD not in str(caught.value)
        own_server.start()
        with store.transaction() as tx:
            found = [tx.subscriber_named(name) for name in ("committed", "lost", "never")]
        own_server.stop()
        own_server.start()
        with store.transaction() as tx:
            assert tx.subscriber_named("committed") == found[0] == a_subscriber("committed")
    assert found[1:] == [None, None]


@pytest.mark.postgres
@pytest.mark.parametrize("wrong", ["password", "user", "database"])
def test_a_server_that_refuses_us_is_an_operators_error_without_the_password(
    postgres_server: PostgresServer, wrong: str
) -> None:
    url = make_url(postgres_server.url)
    password = "wr0ng" if wrong == "password" else PASSWORD
    user = "nobody" if wrong == "user" else "despatch"
    database = "none" if wrong == "database" else "postgres"
    url = url.set(password=password, username=user, database=database)
    refused = pytest.raises(OperatorError, match="does not let us in")
    known = url.render_as_string(hide_password=False)
    with closing(SqlStore(known, keys=[KEY])) as store, refused as caught:
        store.check_schema()
    assert PASSWORD not in str(caught.value)
    assert "wr0ng" not in str(caught.value)


@pytest.mark.postgres
def test_a_session_that_the_server_ended_is_away_and_nothing_of_it_stays(
    postgres_server: PostgresServer,
) -> None:
    """As it ends one that stood still in a transaction: see the engine's settings."""
    url = postgres_server.new_database()
    with closing(SqlStore(url, keys=[KEY])) as store:
        store.migrate()

        def lose() -> None:
            with store.transaction() as tx:
                tx.add_subscriber(a_subscriber())
                postgres_server.execute(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                    f" WHERE datname = '{url.rpartition('/')[2]}'"
                )

        with pytest.raises(ServerAway):
            lose()
        with store.transaction() as tx:
            assert tx.subscriber_named("ada") is None
