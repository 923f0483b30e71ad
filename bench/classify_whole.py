"""`despatch classify` itself on a whole file, on one core: releases a second, and its memory."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bench.measure import Cost, Stopwatch, alternate
from bench.report import Contest, Finding, Values

PASSES = 10
PASS_EVERY = 5
"""Of the documents, one in so many is in a pass."""

COMMAND = "despatch classify --experimental"
BARE = "unpack and read the JSON"

_READ = "import gzip, json, sys\nfor line in gzip.open(sys.argv[1]): json.loads(line)"
_PASSES = """
import resource, sys
from collections import deque
from processors.jsonl import classify_lines
from processors.themes import load_themes
lines, themes = open(sys.argv[1], "rb").readlines(), load_themes()
for _ in range(int(sys.argv[2])):
    deque(classify_lines(lines, themes), maxlen=0)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def whole_file(file: Path, documents: int, themes: int, runs: int) -> Contest:
    """Return what the command costs from its start to its end, and what reading alone does."""
    contenders: dict[str, Callable[[], Cost]] = {
        COMMAND: partial(
            _run, ("-m", "despatch.cli", "classify", str(file), "--experimental"), documents
        ),
        BARE: partial(_run, ("-c", _READ, str(file)), documents),
    }
    title = f"The command on {file.name}, {documents:,} releases, {themes} themes, one core"
    return Contest(title, "releases", alternate(contenders, runs, warm_ups=0), [BARE])


def memory(rows: Sequence[dict[str, Any]], folder: Path) -> Finding:
    """Return the most memory that a process had taken after its first pass and after its tenth."""
    file = folder / "passes.jsonl"
    few = rows[::PASS_EVERY]
    file.write_text("".join(json.dumps(row) + "\n" for row in few), "utf-8")
    command = [sys.executable, "-c", _PASSES, str(file), str(PASSES)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    a_mib = 2**20 if sys.platform == "darwin" else 2**10  # it counts in bytes there, in KiB here
    peaks = [int(line) / a_mib for line in done.stdout.split()]
    title = f"Memory over {PASSES} passes of {len(few):,} documents: the peak so far"
    return Values(title, "MiB", {"after the first": peaks[:1], "after the last": peaks[-1:]})


def _run(arguments: tuple[str, ...], documents: int) -> Cost:
    with Stopwatch() as watch:
        subprocess.run(  # noqa: S603
            [sys.executable, *arguments],
            stdout=subprocess.DEVNULL,
            preexec_fn=_one_core,
            check=True,
        )
    return watch.cost(documents)


def _one_core() -> None:
    if hasattr(os, "sched_setaffinity"):  # Linux alone; elsewhere it is one process all the same
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
