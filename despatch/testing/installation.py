"""An installation whose commands run as real processes, to be killed."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

DESPATCH = (sys.executable, "-m", "despatch.cli")
LOOPBACK = "127.0.0.0/8"
"""Where the tests' webhooks are: addresses inside are refused otherwise."""


class Installation:
    """A home folder, an environment, and the processes started in it."""

    def __init__(self, home: Path, environ: Mapping[str, str] | None = None) -> None:
        self.home = home
        self.logs = home / "logs"
        self.logs.mkdir(parents=True, exist_ok=True)
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        clean = {n: v for n, v in os.environ.items() if not n.startswith("DESPATCH_")}
        ours = {"DESPATCH_HOME": str(home), "DESPATCH_ALLOW_NETWORKS": LOOPBACK, "COLUMNS": "120"}
        self.environ = {**clean, **ours, **(environ or {})}

    def __enter__(self) -> "Installation":
        return self

    def __exit__(self, *_exc: object) -> None:
        for process in self.running.values():
            process.kill()
            process.wait()

    def run(self, *arguments: str, timeout: float = 120) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end; its exit code is not looked at."""
        return subprocess.run(
            [*DESPATCH, *arguments],
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def ask(self, *arguments: str) -> list[dict[str, Any]]:
        """Run a command that gives JSON lines, and return them; it must succeed or find faults."""
        done = self.run(*arguments)
        if done.returncode not in {0, 1}:
            raise AssertionError(f"{arguments} exited with {done.returncode}: {done.stderr}")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def start(self, name: str, *arguments: str) -> "subprocess.Popen[bytes]":
        """Start a command under a name; what it says goes into `logs/<name>.log`."""
        return self.start_program(name, *DESPATCH, *arguments)

    def start_program(self, name: str, *program: str) -> "subprocess.Popen[bytes]":
        """Start another program in the same way."""
        with (self.logs / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                program,
                env=self.environ,
                stdout=log,
                stderr=log,
                preexec_fn=_hear_ctrl_c,
            )
        self.running[name] = process
        return process

    def kill(self, name: str) -> None:
        """Kill a process at whichever instruction it stands."""
        self.running[name].send_signal(signal.SIGKILL)
        self.running.pop(name).wait()

    def stop(self, name: str, timeout: float = 60) -> int:
        """Ask a process to stop, and return its exit code."""
        process = self.running.pop(name)
        process.send_signal(signal.SIGTERM)
        return process.wait(timeout)

    def log(self, name: str) -> str:
        """Return what a process has said so far."""
        file = self.logs / f"{name}.log"
        return file.read_text(errors="replace") if file.exists() else ""


def _hear_ctrl_c() -> None:
    """A shell starts what runs beside it deaf to Ctrl-C, and Despatch keeps to that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def wait_for(true: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Return once something is true. Raises AssertionError that says what was waited for."""
    ends = time.monotonic() + seconds
    while not true():
        if time.monotonic() > ends:
            raise AssertionError(f"waited {seconds} s for {what}")
        time.sleep(0.05)


SUBJECTS: Sequence[tuple[str, str]] = (
    (
        "Ministers sign agreement on returns of illegal migrants",
        "The two governments signed a memorandum of understanding on illegal migration.\n\n"
        "Border officers will stop small boats and people smuggling gangs together.",
    ),
    (
        "New visa rules for seasonal workers",
        "The Home Office has published new immigration rules.\n\nAsylum seekers and refugees "
        "will get a decision on their visa sooner.",
    ),
    (
        "Joint statement after trade talks",
        "The governments of both countries issued a joint statement and agreed to strengthen "
        "bilateral cooperation.\n\nA new partnership between the two countries will follow.",
    ),
    (
        "Road works on the A1",
        "The work starts on Monday and will take four weeks.\n\nDrivers should allow more time.",
    ),
)


def generate_documents(count: int, seed: int = 1) -> list[dict[str, Any]]:
    """Return made-up documents on four subjects, none like another: JSONL rows for `replay`."""
    chance = random.Random(seed)  # noqa: S311 - the same documents each time are wanted
    documents = []
    for number in range(count):
        title, text = chance.choice(SUBJECTS)
        documents.append(
            {
                "id": f"doc-{number}",
                "url": f"https://example.gov/news/{number}",
                "title": f"{title} ({number})",
                "text": f"{text}\n\nNotice number {number}-{chance.randrange(10**9)}.",
                "date": "2023-08-09",
            }
        )
    return documents
