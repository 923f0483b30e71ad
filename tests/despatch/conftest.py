"""An embedded installation in a folder, with the real bus and store; a local log alone."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from despatch.app import App
from despatch.bus.local import LocalBus
from despatch.settings import read
from despatch.testing import FakeClock
from despatch.testing.buses import ONE, SIX
from despatch.testing.installation import LOOPBACK


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def installed(tmp_path: Path, clock: FakeClock) -> Iterator[App]:
    with App(read(tmp_path / "home", environ={}, allow_networks=LOOPBACK), clock=clock) as app:
        yield app


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a local log is, or will be."""
    return tmp_path / "log.db"


@pytest.fixture
def bus(path: Path) -> Iterator[LocalBus]:
    """A local log with two empty topics, whose silent members keep their partitions."""
    with closing(LocalBus(path, session=timedelta(hours=1))) as bus:
        bus.create_topics([ONE, SIX])
        yield bus
