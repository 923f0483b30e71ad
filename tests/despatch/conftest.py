"""An embedded installation in a folder, with the real bus and store."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from despatch.app import App
from despatch.settings import read
from despatch.testing import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def installed(tmp_path: Path, clock: FakeClock) -> Iterator[App]:
    with App(read(tmp_path / "home", environ={}), clock=clock) as app:
        yield app
