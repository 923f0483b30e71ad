"""An embedded installation in a folder, with the real bus and store; a local log alone."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from despatch.app import App
from despatch.bus.local import LocalBus
from despatch.cli import run
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
def home(tmp_path: Path) -> Path:
    """Where an installation is, or will be."""
    return tmp_path / "home"


@pytest.fixture
def cli(home: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a command in that home; return what it says on both outputs. It must end as told."""

    def call(*arguments: str, code: int = 0) -> str:
        got = run(["--home", str(home), *arguments])
        said = capfd.readouterr()
        assert got == code, said
        return said.out + said.err

    return call


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
