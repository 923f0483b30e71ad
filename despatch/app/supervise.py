"""`up`: every stage as a process of its own, started, started again, stopped in order."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event

from despatch import log

STAGES = ("serve", "alert", "process", "poll")
"""Started in this order; stopped from the last to the first, so that nothing is left half-way."""

STOP_WITHIN = 30.0
"""Seconds that a stage has to stop by itself."""

STEADY_AFTER = 60.0
"""Seconds after which a stage that ran counts as well again."""

LONGEST_PAUSE = 60.0
"""Seconds at most between a stage's end and its next start."""

PR_SET_PDEATHSIG = 1
"""prctl(2): a stage gets SIGTERM when its supervisor dies, so none is left running alone."""

GIVE_UP = frozenset({2, 65, 73, 78})
"""Exit codes that starting again does not mend: a person must act (see despatch/errors.py)."""


@dataclass
class _Child:
    name: str
    arguments: tuple[str, ...]
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    failures: int = 0
    again_at: float = 0.0


@dataclass
class Supervisor:
    """Runs `despatch <stage>` processes until told to stop.

    A stage that ends by itself is started again after 1, 2, 4 … at most 60 seconds. One that
    says that a person must act ends everything: half an installation would be silent.
    """

    options: Sequence[str]
    """What stands before the stage's name: `--home DIR` and so on."""
    stages: Sequence[tuple[str, Sequence[str]]]
    """Each stage's command and its own options."""
    _children: list[_Child] = field(default_factory=list)

    def run(self, stop: Event) -> int:
        """Run until `stop` is set or a stage needs a person; return the exit code."""
        self._children = [_Child(name, tuple(options)) for name, options in self.stages]
        try:
            while not stop.is_set():
                for child in self._children:
                    code = self._look_after(child)
                    if code is not None:
                        return code
                stop.wait(0.2)
            return 0
        finally:
            self._stop_all()

    def _look_after(self, child: _Child) -> int | None:
        now = time.monotonic()
        if child.process is None:
            if now >= child.again_at:
                self._start(child)
            return None
        code = child.process.poll()
        if code is None:
            if child.failures and now - child.started > STEADY_AFTER:
                child.failures = 0
            return None
        child.process = None
        if code in GIVE_UP:
            log.get(stage=child.name).error("stage needs a person", exit_code=code)
            return code
        pause = self._pause(child)
        log.get(stage=child.name).warning("stage ended", exit_code=code, again_in_s=pause)
        return None

    def _pause(self, child: _Child) -> float:
        """Have a stage wait before it is started again; return for how many seconds."""
        pause = min(LONGEST_PAUSE, 2.0 ** min(child.failures, 10))
        child.failures += 1
        child.again_at = time.monotonic() + pause
        return pause

    def command(self, child: _Child) -> Sequence[str]:
        """Return what starts a stage."""
        started = [sys.executable, "-m", "despatch.cli", *self.options, child.name]
        return [*started, *child.arguments]

    def _start(self, child: _Child) -> None:
        # Ctrl-C reaches the whole process group; the stages leave it to us to stop them in order.
        try:
            child.process = subprocess.Popen(  # noqa: S603 - our own command, no shell
                self.command(child), preexec_fn=_before_exec(os.getpid())
            )
        except OSError as exc:  # too little memory or too many processes, for now
            pause = self._pause(child)
            log.get(stage=child.name).error("stage not started", why=str(exc), again_in_s=pause)
            return
        child.started = time.monotonic()
        log.get(stage=child.name).info("stage started", pid=child.process.pid)

    def _stop_all(self) -> None:
        for child in reversed(self._children):
            if child.process is None or child.process.poll() is not None:
                continue
            child.process.send_signal(signal.SIGTERM)
            try:
                code = child.process.wait(STOP_WITHIN)
            except subprocess.TimeoutExpired:
                child.process.kill()
                code = child.process.wait()
            log.get(stage=child.name).info("stage stopped", exit_code=code)


def _before_exec(parent: int) -> Callable[[], None]:
    """Return what a stage's process does before it becomes the stage."""
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def prepare() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if libc is not None:
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # the supervisor died before we asked to be told
            os._exit(1)

    return prepare
