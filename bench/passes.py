"""The memory of `despatch classify` over ten passes of the same documents, with facts and without.

The command itself reads them from its standard input, which a thread of the same process writes:
after each pass, it says the most memory that the process has had so far. What is learnt of words is
learnt in the first pass; from then on nothing may grow.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.classifying import REAL, REAL_NUMBER, real_or_made_up
from bench.report import Limit, Limits, Report, Values

PASSES = 10
DOCUMENTS = 1_000
MOST_GROWTH_MIB = 8

_COMMAND = """
import os, sys, threading
from despatch.cli import main
from despatch.cli.matching import peak_rss_mib

file, passes = sys.argv[1], int(sys.argv[2])
reading, writing = os.pipe()

def write():
    with open(writing, "wb") as lines:
        for _ in range(passes):
            with open(file, "rb") as documents:
                for line in documents:
                    lines.write(line)
            lines.flush()
            print("peak", peak_rss_mib(), file=sys.stderr, flush=True)

os.dup2(reading, 0)
sys.argv = ["despatch", "classify", "-", *sys.argv[3:]]
threading.Thread(target=write, daemon=True).start()
main()
"""


def run(runs: int, folder: Path) -> Report:
    """Return the memory after each of ten passes of a thousand documents."""
    return _report(*real_or_made_up(DOCUMENTS), runs, folder)


def run_full(runs: int, folder: Path) -> Report:
    """Return the same for all the real releases, where they are at hand."""
    return _report(*real_or_made_up(REAL_NUMBER, every=1), runs, folder)


def _report(rows: Sequence[dict[str, Any]], what: str, runs: int, folder: Path) -> Report:
    file = folder / "passes.jsonl"
    with file.open("w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row) + "\n" for row in rows)
    values, limits = {}, {}
    for name, options in (("despatch classify", ()), ("despatch classify --facts", ("--facts",))):
        peaks = [_peaks(file, folder, ("--experimental", *options)) for _ in range(runs)]
        for at in (0, PASSES // 2 - 1, PASSES - 1):
            values[f"{name}, after pass {at + 1}"] = [each[at] for each in peaks]
        growth = [each[-1] - each[0] for each in peaks]
        limits[f"growth of {name} from pass 1 to {PASSES}"] = Limit("MiB", MOST_GROWTH_MIB, growth)
    title = f"{PASSES} passes of {len(rows):,} {what} through the command: the most memory so far"
    missing = [] if REAL.exists() else [f"real releases: there is no {REAL.name} at hand"]
    return Report(
        "passes", [Values(title, "MiB", values), Limits("What is promised", limits)], missing
    )


def _peaks(file: Path, folder: Path, options: Sequence[str]) -> list[float]:
    """Return the most memory so far after each pass, in MiB."""
    command = [sys.executable, "-c", _COMMAND, str(file), str(PASSES), *options]
    done = subprocess.run(  # noqa: S603
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=True,
        env={"DESPATCH_HOME": str(folder / "home"), "PATH": "/usr/bin:/bin"},
    )
    said = (line.split() for line in done.stderr.splitlines())
    return [float(words[1]) for words in said if words[:1] == ["peak"]]
