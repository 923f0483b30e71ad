"""A stage in a thread, and the sign of life beside it: neither ends without anybody knowing."""

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from despatch.app import App
from despatch.app.running import StageThread, own_stages, wait_until_done
from despatch.errors import DespatchError, OperatorError
from despatch.ports import Outgoing
from despatch.settings import read
from despatch.testing import FakeClock, a_revision
from despatch.testing.stages import GivenStage
from despatch.topics import RELEASES, encode


def at_fault(_stop: threading.Event) -> None:
    raise ZeroDivisionError("a fault of ours")


def stopped(_stop: threading.Event) -> None:
    raise OperatorError("run despatch migrate")


def until_told(stop: threading.Event) -> None:
    stop.wait()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fault_of_ours_in_a_stage_s_thread_is_its_problem() -> None:
    """Python prints it and goes on: whoever waits for the thread must hear of it."""
    thread = StageThread("given", at_fault)
    thread.start()
    with pytest.raises(DespatchError, match="given ended by a fault"):
        thread.stop()


def test_what_ended_a_stage_is_raised_as_it_is() -> None:
    thread = StageThread("given", stopped)
    thread.start()
    with pytest.raises(OperatorError, match="despatch migrate"):
        thread.stop()


def test_a_stage_that_was_told_to_stop_has_no_problem() -> None:
    thread = StageThread("given", until_told)
    thread.start()
    thread.stop()
    assert thread.problem is None


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_waiting_for_a_stage_that_fell_over_ends(installed: App) -> None:
    revision = a_revision()
    installed.bus.publish([Outgoing(RELEASES, revision.release.id, encode(revision))])
    thread = StageThread("processors", at_fault)
    thread.start()
    until = installed.clock.now() + timedelta(seconds=5)
    with pytest.raises(DespatchError, match="processors ended by a fault"):
        wait_until_done(installed, [thread], until=until)


class Needy(App):
    """An installation whose processors need a person at once."""

    def classifying(self) -> Any:
        return GivenStage({b"a": [OperatorError("run despatch migrate")]})


def test_stages_of_one_s_own_end_all_though_one_ended_badly(
    tmp_path: Path, clock: FakeClock
) -> None:
    with Needy(read(tmp_path / "home", environ={}), clock=clock) as app:
        app.bus.publish([Outgoing(RELEASES, "r", b"a")])
        with pytest.raises(OperatorError, match="despatch migrate"), own_stages(app) as threads:
            threads[0].join(30)
        assert not any(thread.is_alive() for thread in threads)
