"""The log goes to standard error as it is at the moment, and never stops the work."""

import contextlib
import io
import json
from collections.abc import Iterator

import pytest
import structlog

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


class Minute:
    """A clock for `Seldom`, and what it let through."""

    def __init__(self) -> None:
        self.at = 0.0
        self.seldom = log.Seldom(lambda: self.at)

    def says(self, event: str, level: str = "warning", **data: object) -> dict[str, object] | None:
        try:
            return dict(self.seldom(None, level, {"event": event, **data}))
        except structlog.DropEvent:
            return None


def test_a_warning_that_repeats_is_said_once_a_minute_with_how_often_it_came() -> None:
    minute = Minute()
    waits = {"stage": "alerts", "why": "the store is away"}
    assert minute.says("waiting", tries=1, **waits)
    minute.at = 59
    assert minute.says("waiting", tries=2, **waits) is None
    minute.at = 60
    assert (
        minute.says("waiting", tries=3, **waits)
        == {
            "event": "waiting",
            "tries": 3,
            "times_more": 1,
        }
        | waits
    )


def test_another_reason_another_stage_and_what_is_no_warning_are_said_at_once() -> None:
    minute = Minute()
    assert minute.says("waiting", stage="alerts", why="away")
    assert minute.says("waiting", stage="alerts", why="starting up")
    assert minute.says("waiting", stage="digests", why="away")
    assert minute.says("waiting", stage="alerts")
    assert minute.says("waiting", "error", stage="alerts", why="away")


def test_reasons_that_never_come_again_take_no_memory_for_ever() -> None:
    minute = Minute()
    for number in range(1_000):
        minute.at = number
        minute.says("waiting", why=f"port {number}")
    assert len(minute.seldom._said) <= 2 * log.SELDOM_S + 1
