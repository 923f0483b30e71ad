"""Migrations make exactly the tables of the code, on both databases, whoever runs them."""

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text

from despatch.errors import NotWritable, SchemaError
from despatch.store import schema
from despatch.store.sql import SqlStore
from despatch.store.tables import metadata
from despatch.testing.postgres_server import PostgresServer
from despatch.testing.stores import KEY
from despatch.testing.subscribers import a_subscriber, a_subscription

MIGRATE = (
    "import sys; from despatch.store.sql import SqlStore; sys.stdin.readline();"
    f"print(*SqlStore(sys.argv[1], keys=['{KEY}']).migrate())"
)


ADA = "('u-ada', 'ada', '2026-03-02 11:59:00.000000')"


def upgrade(connection: Connection, version: str) -> None:
    """Bring a database to a version that is not the newest."""
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    config.attributes |= {"connection": connection, "applied": []}
    command.upgrade(config, version)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without a schema."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    yield server.new_database()


def test_a_migrated_store_has_exactly_the_tables_of_the_code(url: str) -> None:
    with closing(SqlStore(url, keys=[KEY])) as store:
        assert store.migrate()[-1] == schema.HEAD
    engine = create_engine(url)
    with engine.connect() as connection:
        migrated = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(migrated, metadata) == []
    engine.dispose()


def test_the_comparison_sees_what_a_migration_forgot(url: str) -> None:
    """A check that can't fail is none: every kind of difference that matters is taken out."""
    with closing(SqlStore(url, keys=[KEY])) as store:
        store.migrate()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP INDEX ix_deliveries_due")
        connection.exec_driver_sql("DROP TABLE beats")
        connection.exec_driver_sql("ALTER TABLE alerts DROP COLUMN event")
        migrated = MigrationContext.configure(connection, opts={"compare_type": True})
        found = {difference[0] for difference in compare_metadata(migrated, metadata)}
    engine.dispose()
    assert found == {"add_index", "add_table", "add_column"}


def test_processes_that_migrate_at_once_do_it_once(url: str) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", MIGRATE, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=60)[0].strip() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert [answer.split()[-1:] for answer in sorted(answers)] == [[], [], [schema.HEAD]]


def test_a_store_that_was_never_migrated_says_what_to_run(url: str) -> None:
    with closing(SqlStore(url, keys=[KEY])) as store:
        with pytest.raises(SchemaError, match="run `despatch migrate`"):
            store.check_schema()
        with pytest.raises(SchemaError, match="run `despatch migrate`"), store.transaction():
            pytest.fail("a transaction began without a schema")


def test_looking_for_a_store_that_is_not_there_makes_no_file(tmp_path: Path) -> None:
    wrong = pytest.raises(SchemaError, match="no store at")
    with closing(SqlStore(f"sqlite:///{tmp_path}/store.db", keys=[KEY])) as store, wrong:
        store.check_schema()
    assert list(tmp_path.iterdir()) == []


def test_a_new_store_is_its_owners_only(tmp_path: Path) -> None:
    with closing(SqlStore(f"sqlite:///{tmp_path}/store.db", keys=[KEY])) as store:
        store.migrate()
        with store.transaction():
            modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    assert modes == dict.fromkeys(("store.db", "store.db-wal", "store.db-shm"), 0o600)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    wrong = pytest.raises(NotWritable, match=r"no/store\.db can't be created")
    with closing(SqlStore(f"sqlite:///{tmp_path}/no/store.db", keys=[KEY])) as store, wrong:
        store.migrate()


def test_a_folder_with_a_percent_sign_in_its_name_is_fine(tmp_path: Path) -> None:
    folder = tmp_path / "100% new"
    folder.mkdir()
    with closing(SqlStore(f"sqlite:///{folder}/store.db", keys=[KEY])) as store:
        assert store.migrate()[-1] == schema.HEAD


def test_the_newest_migration_is_the_version_that_the_code_needs() -> None:
    files = sorted((Path(schema.__file__).parent / "migrations" / "versions").glob("v[0-9]*.py"))
    versions = [
        importlib.import_module(f"despatch.store.migrations.versions.{file.stem}") for file in files
    ]
    revisions = [version.revision for version in versions]
    assert revisions == [f"{number + 1:04d}" for number in range(len(files))]
    assert [version.down_revision for version in versions] == [None, *revisions[:-1]]
    assert revisions[-1] == schema.HEAD


def test_a_subscription_to_themes_becomes_one_with_a_filter(url: str) -> None:
    """0002: what was kept as `themes` meant any of them."""
    old = a_subscription(themes=("migration", "trade")).model_dump(mode="json")
    old = {name: old[name] for name in old if name not in {"filter", "frequency"}}
    kept = {
        "id": old["id"],
        "subscriber": old["subscriber"],
        "payload": json.dumps(old | {"themes": ["migration", "trade"]}),
    }
    engine = create_engine(url)
    with engine.begin() as connection:
        upgrade(connection, "0001")
        values = "(:subscriber, 'ada', '2026-03-02 11:59:00.000000')"
        connection.execute(text(f"INSERT INTO subscribers VALUES {values}"), kept)
        values = "(:id, :subscriber, 'active', '2026-03-02 11:59:00.000000', :payload)"
        connection.execute(text(f"INSERT INTO subscriptions VALUES {values}"), kept)
    engine.dispose()
    with closing(SqlStore(url, keys=[KEY])) as store:
        store.migrate()
        with store.transaction() as tx:
            assert tx.subscribers() == [a_subscriber()]
            assert tx.subscriptions() == [a_subscription(themes=("migration", "trade"))]


def test_the_log_of_subscriptions_begins_with_those_that_there_are(url: str) -> None:
    """0003: whoever follows the log from its beginning knows all of them."""
    engine = create_engine(url)
    with engine.begin() as connection:
        upgrade(connection, "0002")
        connection.execute(text(f"INSERT INTO subscribers (id, name, created_at) VALUES {ADA}"))
        for name, minute, state in (("b", 58, "paused"), ("a", 59, "active")):
            row = f"('s-{name}', 'u-ada', '{state}', '2026-03-02 11:{minute}:00.000000', '{{}}')"
            connection.execute(text(f"INSERT INTO subscriptions VALUES {row}"))
    engine.dispose()
    with closing(SqlStore(url, keys=[KEY])) as store:
        store.migrate()
        with store.transaction() as tx:
            log = [
                (one.version, one.subscription, one.change)
                for one in tx.subscription_changes(0, limit=9)
            ]
    assert log == [(1, "s-b", "paused"), (2, "s-a", "active")]


def test_alarms_that_are_open_were_told_before_messages_were_grouped(url: str) -> None:
    """Whoever migrates with alarms open is not told of them again."""
    engine = create_engine(url)
    with engine.begin() as connection:
        upgrade(connection, "0004")
        for key, closed in (("open", "NULL"), ("over", "'2026-03-02 11:59:00.000000'")):
            row = f"('{key}', 'x', '2026-03-02 11:58:00.000000', "
            row += f"'2026-03-02 11:58:00.000000', 1, {closed})"
            connection.execute(
                text(
                    "INSERT INTO alarms (key, text, opened_at, last_at, times, closed_at) "
                    f"VALUES {row}"
                )
            )
    engine.dispose()
    with closing(SqlStore(url, keys=[KEY])) as store:
        store.migrate()
        with store.transaction() as tx:
            assert [(one.key, one.over_at) for one in tx.notices()] == [("open", None)]


def test_no_migration_leads_back() -> None:
    for file in (Path(schema.__file__).parent / "migrations" / "versions").glob("v[0-9]*.py"):
        module = importlib.import_module(f"despatch.store.migrations.versions.{file.stem}")
        assert not hasattr(module, "downgrade")
