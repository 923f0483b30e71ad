"""Servers that tests share, started once, when the first test asks; how properties are tried."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import settings

from despatch.testing.kafka_broker import KafkaBroker
from despatch.testing.kafka_jars import Missing, jars
from despatch.testing.postgres_server import PostgresServer

# No test times anything, so no example has a deadline. At home properties look at other examples
# each time; in CI at the same ones, so that a change is not judged by chance.
settings.register_profile("home", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "home")


@pytest.fixture(scope="session")
def kafka_here() -> None:
    """Whoever starts a broker of their own asks for this first: without Kafka they skip."""
    try:
        jars()
    except Missing as missing:
        absent(missing)


@pytest.fixture(scope="session")
def kafka_broker(
    kafka_here: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[KafkaBroker]:
    """A broker for all tests that don't harm it."""
    with KafkaBroker(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A server for all tests that don't harm it; each takes a `new_database`."""
    try:
        server = PostgresServer()
    except Missing as missing:
        absent(missing)
    with server:
        yield server


@pytest.fixture
def memory_told() -> None:
    """Who measures a process's memory asks for this first."""
    if not Path("/proc/self/smaps_rollup").exists():
        absent(Missing("memory is measured by /proc/PID/smaps_rollup: run this test on Linux"))


def absent(missing: Missing) -> NoReturn:
    """Skip the test for want of a server; in CI, where nothing may be left out, fail it."""
    if os.environ.get("CI") == "true":
        pytest.fail(str(missing), pytrace=False)
    pytest.skip(str(missing))
