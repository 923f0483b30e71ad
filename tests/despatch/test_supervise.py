"""The supervisor, with programs of the test's own in the place of stages."""

import resource
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from despatch.app.supervise import LONGEST_PAUSE, Supervisor, _Child


class Scripted(Supervisor):
    """Starts a Python program for each stage: `stages` names it and its lines."""

    def command(self, child: _Child) -> Sequence[str]:
        return [sys.executable, "-c", *child.arguments]


def supervised(*stages: tuple[str, str], stop: threading.Event | None = None) -> int:
    return Scripted([], [(name, [program]) for name, program in stages]).run(
        stop or threading.Event()
    )


def test_a_stage_that_needs_a_person_ends_all_with_its_code(tmp_path: Path) -> None:
    """Half an installation would be silent; the other stage is told to stop, not killed."""
    said = tmp_path / "said"
    ready = tmp_path / "ready"
    other = (
        "import signal, sys, time\n"
        "from pathlib import Path\n"
        f"def end(*_): Path({str(said)!r}).write_text('stopped'); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\n"
        f"Path({str(ready)!r}).touch()\n"
        "time.sleep(60)\n"
    )
    needy = (
        "import sys, time\n"
        "from pathlib import Path\n"
        f"while not Path({str(ready)!r}).exists(): time.sleep(0.01)\n"
        "sys.exit(78)\n"
    )
    assert supervised(("alert", other), ("process", needy)) == 78
    assert said.read_text() == "stopped"


def test_stages_stop_one_after_the_other_from_the_last_to_the_first(tmp_path: Path) -> None:
    """A stage stops before the one that takes what it gives, so nothing is left half-way."""

    def stage(name: str) -> tuple[str, str]:
        return name, (
            "import signal, sys, time\n"
            "from pathlib import Path\n"
            f"folder = Path({str(tmp_path)!r})\n"
            "def end(*_):\n"
            "    time.sleep(0.1)\n"
            f"    with (folder / 'said').open('a') as file: file.write('{name} ')\n"
            "    sys.exit(0)\n"
            "signal.signal(signal.SIGTERM, end)\n"
            f"(folder / 'up-{name}').touch()\n"
            "time.sleep(60)\n"
        )

    needy = (
        "import sys, time\n"
        "from pathlib import Path\n"
        f"while len(list(Path({str(tmp_path)!r}).glob('up-*'))) < 3: time.sleep(0.01)\n"
        "sys.exit(78)\n"
    )
    supervised(stage("alert"), stage("process"), stage("poll"), ("serve", needy))
    assert (tmp_path / "said").read_text().split() == ["poll", "process", "alert"]


@pytest.mark.parametrize("code", [0, 1, 70, 75, 76, -signal.SIGKILL])
def test_a_stage_that_ends_by_itself_is_started_again(tmp_path: Path, code: int) -> None:
    lives = tmp_path / "lives"
    program = (
        "import os, sys\n"
        "from pathlib import Path\n"
        f"lives = Path({str(lives)!r})\n"
        "lives.write_text((lives.read_text() if lives.exists() else '') + '.')\n"
        "if len(lives.read_text()) > 1: sys.exit(65)\n"
        f"os.kill(os.getpid(), {-code}) if {code} < 0 else sys.exit({code})\n"
    )
    assert supervised(("process", program)) == 65
    assert lives.read_text() == ".."


def test_pauses_grow_and_never_end_the_supervisor() -> None:
    """A stage that fails for a night is started once a minute, not given up by an overflow."""
    child = _Child("process", ())
    pauses = [Supervisor([], [])._pause(child) for _ in range(3_000)]
    assert pauses[:4] == [1, 2, 4, 8]
    assert set(pauses[10:]) == {LONGEST_PAUSE}


def test_a_stage_that_can_t_be_started_just_now_is_started_later(tmp_path: Path) -> None:
    """No process to be had is a passing trouble, and no reason to stop the others."""
    supervisor = Scripted([], [])
    child = _Child("process", ("pass",))
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, before[1]))
    try:
        supervisor._start(child)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert child.process is None
    assert child.failures == 1
    assert child.again_at > 0
