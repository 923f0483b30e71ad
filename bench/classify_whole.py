"""`despatch classify` itself on a whole file, on one core, with facts and without."""

import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench.measure import Cost, Stopwatch, alternate
from bench.report import Contest

COMMAND = "despatch classify --experimental"
BARE = "unpack and read the JSON"

_READ = "import gzip, json, sys\nfor line in gzip.open(sys.argv[1]): json.loads(line)"


def whole_file(file: Path, documents: int, themes: int, runs: int) -> Contest:
    """Return what the command costs from its start to its end, and what reading alone does."""
    contenders: dict[str, Callable[[], Cost]] = {
        COMMAND: partial(
            _run, ("-m", "despatch.cli", "classify", str(file), "--experimental"), documents
        ),
        f"{COMMAND} --facts": partial(
            _run,
            ("-m", "despatch.cli", "classify", str(file), "--experimental", "--facts"),
            documents,
        ),
        BARE: partial(_run, ("-c", _READ, str(file)), documents),
    }
    title = f"The command on {file.name}, {documents:,} releases, {themes} themes, one core"
    return Contest(title, "releases", alternate(contenders, runs, warm_ups=0), [BARE])


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
