"""What the contract suites need to run on real servers."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from despatch.store.sql import SqlStore
from despatch.testing.buses import BusUnderTest
from despatch.testing.kafka_broker import SESSION, KafkaBroker, forget_records, open_kafka_bus
from despatch.testing.postgres_server import PostgresServer
from despatch.testing.stores import StoreUnderTest, migrated_file


@pytest.fixture(scope="session")
def kafka_bus_factory(kafka_broker: KafkaBroker) -> Callable[[], BusUnderTest]:
    """Make handles on one broker; topics and groups have names of their own in each test."""
    where = ",".join(kafka_broker.servers)
    return lambda: BusUnderTest(where, open_kafka_bus, forget_records, session=SESSION)


@pytest.fixture(scope="session")
def empty_databases(postgres_server: PostgresServer) -> list[str]:
    """URLs of migrated databases without a row: to make one takes longer than most tests."""
    return []


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StoreUnderTest]:
    """A migrated database of the test's own, without a row."""
    if request.param == "sqlite":
        file = tmp_path / "store.db"
        file.write_bytes(migrated_file())
        with closing(StoreUnderTest(f"sqlite:///{file}")) as database:
            yield database
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    empty: list[str] = request.getfixturevalue("empty_databases")
    with closing(StoreUnderTest(empty.pop() if empty else server.new_database())) as database:
        database.open().migrate()
        yield database
    if not database.changed:
        database.clear()
        empty.append(database.url)


@pytest.fixture
def store(database: StoreUnderTest) -> SqlStore:
    """A handle on that database."""
    return database.open()
