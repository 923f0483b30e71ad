"""Servers that tests share: started once, when the first test asks."""

import os
from collections.abc import Iterator
from typing import NoReturn

import pytest

from despatch.testing.kafka_broker import KafkaBroker
from despatch.testing.kafka_jars import Missing
from despatch.testing.postgres_server import PostgresServer


@pytest.fixture(scope="session")
def kafka_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """A broker for all tests that don't harm it; without Java and Maven they skip."""
    broker = KafkaBroker(tmp_path_factory.mktemp("kafka"))
    try:
        broker.start()
    except Missing as missing:
        absent(missing)
    yield broker
    broker.kill()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A server for all tests that don't harm it; each takes a `new_database`."""
    try:
        server = PostgresServer()
    except Missing as missing:
        absent(missing)
    with server:
        yield server


def absent(missing: Missing) -> NoReturn:
    """Skip the test for want of a server; in CI, where nothing may be left out, fail it."""
    if os.environ.get("CI") == "true":
        pytest.fail(str(missing), pytrace=False)
    pytest.skip(str(missing))
