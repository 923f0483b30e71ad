"""A store and a log of the test's own, and a clock that stands still."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from despatch.bus.local import LocalBus
from despatch.store.sql import SqlStore
from despatch.testing import FakeClock
from despatch.testing.stores import temporary_store
from despatch.topics import topic_specs


@pytest.fixture
def clock() -> FakeClock:
    """Noon of 2 March 2026."""
    return FakeClock()


@pytest.fixture
def store(tmp_path: Path, clock: FakeClock) -> Iterator[SqlStore]:
    """An empty store."""
    with temporary_store(tmp_path, clock=clock) as store:
        yield store


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[LocalBus]:
    """A log with every topic, one partition each."""
    with closing(LocalBus(tmp_path / "log.db")) as bus:
        bus.create_topics(topic_specs((), partitions=1))
        yield bus
