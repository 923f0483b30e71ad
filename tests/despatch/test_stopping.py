"""A process that is told to stop does so in order, however often it is told."""

import signal
import subprocess
import sys

import pytest

STAGE = """
import signal, sys
from despatch.app.running import stop_on_signal
with stop_on_signal() as stop:
    print("up", flush=True)
    stop.wait()
    print("asked", flush=True)
    sys.stdin.readline()
sys.stdin.readline()
print("done", flush=True)
"""
"""It ends in two steps, each when it is given a line: inside the block and after it."""


def told_twice(number: int) -> tuple[str, int]:
    """Return what a stage that gets a signal in each step says last, and its exit code."""
    with subprocess.Popen(
        [sys.executable, "-c", STAGE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as stage:
        assert stage.stdin is not None
        assert stage.stdout is not None
        for said in ("up\n", "asked\n"):
            assert stage.stdout.readline() == said
            stage.send_signal(number)
        said, _err = stage.communicate("\n\n", timeout=60)
        return said, stage.returncode


def test_a_stop_that_comes_twice_is_one_stop() -> None:
    """From the supervisor, and from systemd or Docker, who tell the whole group."""
    assert told_twice(signal.SIGTERM) == ("done\n", 0)


def test_a_second_ctrl_c_ends_at_once() -> None:
    assert told_twice(signal.SIGINT) == ("", 130)


def test_a_stop_while_the_process_ends_already_changes_nothing() -> None:
    """After the block, while files are closed."""
    program = STAGE.replace("    sys.stdin.readline()\n", "").replace(
        "sys.stdin.readline()", "print('closing', flush=True); sys.stdin.readline()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as stage:
        assert stage.stdout is not None
        assert stage.stdout.readline() == "up\n"
        stage.send_signal(signal.SIGTERM)
        assert [stage.stdout.readline() for _ in range(2)] == ["asked\n", "closing\n"]
        stage.send_signal(signal.SIGTERM)
        said, _err = stage.communicate("\n", timeout=60)
    assert (said, stage.returncode) == ("done\n", 0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_handled_a_signal_before_handles_it_again(number: signal.Signals) -> None:
    from despatch.app.running import stop_on_signal

    before = signal.getsignal(number)
    with stop_on_signal():
        pass
    assert signal.getsignal(number) is before
