"""The log goes to standard error as it is at the moment, and never stops the work."""

import contextlib
import io
import json
from collections.abc import Iterator

import pytest

from despatch import log


@pytest.fixture(autouse=True)
def configured() -> Iterator[None]:
    log.configure(level="info", json=True)
    yield
    log.configure(level="warning")


def test_an_event_and_its_data_are_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    log.get(stage="alerts").info("release taken", themes=2)
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["stage"], line["themes"]) == ("release taken", "alerts", 2)
    assert line["timestamp"].endswith("Z")


def test_less_than_the_level_is_not_said(capsys: pytest.CaptureFixture[str]) -> None:
    log.get().debug("too much")
    assert capsys.readouterr().err == ""


def test_a_long_value_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    log.get().info("seen", title="x" * 5_000)
    assert 1_000 < len(capsys.readouterr().err) < 1_500


def test_a_log_that_cannot_be_written_stops_nothing() -> None:
    closed = io.StringIO()
    closed.close()
    with contextlib.redirect_stderr(closed):
        log.get().error("nobody reads this")
