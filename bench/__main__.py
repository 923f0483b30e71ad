"""`python -m bench [NAME …]`: run the benchmarks and print what they found."""

import argparse
import contextlib
import importlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench import machine, report
from despatch import log

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "benchmarks.md"

BENCHMARKS: Mapping[str, str] = {
    "kafka": "bench.kafka_bus",
    "local": "bench.local_bus",
    "classify": "bench.classifying",
    "passes": "bench.passes",
    "match": "bench.matching",
    "grow": "bench.growing",
    "judge": "bench.judging",
    "take": "bench.taking",
    "deliver": "bench.delivering",
    "digests": "bench.digests",
    "receipts": "bench.receipts",
    "poll": "bench.polling",
    "backtest": "bench.looking_back",
    "path": "bench.whole_path",
}
"""Each is a module with `run(runs, folder) -> Report`, and maybe with `run_full` likewise."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; return 1 if a limit is broken, or CI could not measure something."""
    asked = _parse(arguments)
    log.configure(level="info")
    # Polls, stages and services must not be told where to go by whoever runs this.
    for name in [name for name in os.environ if name.startswith("DESPATCH_")]:
        del os.environ[name]
    whole = kept = True
    page = PAGE.read_text(encoding="utf-8") if asked.write else ""
    found = []
    for name in asked.names or BENCHMARKS:
        began, load = machine.now(), machine.load()
        result = _run(name, asked.runs, full=asked.full)
        made = machine.made(asked.runs, began, load)
        found.append({"made": made, **report.as_json(result)})
        whole = whole and bool(result.findings)
        kept = kept and result.kept
        if not asked.json:
            sys.stdout.write(f"{report.plain(result)}\n{made}\n\n")
            sys.stdout.flush()
        if asked.write and result.findings:
            page = report.replaced(page, name, report.markdown(result, made))
            PAGE.write_text(page, encoding="utf-8")
    if asked.json:
        json.dump(found, sys.stdout, indent=2)
        sys.stdout.write("\n")
    return 0 if kept and (whole or not os.environ.get("CI")) else 1


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Speed, as ratios.")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"which to run, of {', '.join(BENCHMARKS)}"
    )
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="rounds that count")
    parser.add_argument(
        "--full", action="store_true", help="with as many as a benchmark's limit names, if it can"
    )
    parser.add_argument("--json", action="store_true", help="every run's figures, as JSON")
    parser.add_argument("--write", action="store_true", help="put the tables into the docs")
    asked = parser.parse_args(arguments)
    for name in asked.names:
        if name not in BENCHMARKS:
            parser.error(f"there is no benchmark {name!r}: choose of {', '.join(BENCHMARKS)}")
    if asked.runs < 1:
        parser.error("--runs: at least one")
    return asked


def _run(name: str, runs: int, *, full: bool) -> report.Report:
    sys.stderr.write(f"{name} …\n")
    began = time.monotonic()
    module = importlib.import_module(BENCHMARKS[name])
    with (
        tempfile.TemporaryDirectory(prefix="despatch-bench-") as folder,
        Path(os.devnull).open("w") as nowhere,
        contextlib.redirect_stderr(nowhere),  # a service writes its log: it is part of the cost
    ):
        run = getattr(module, "run_full", module.run) if full else module.run
        result: report.Report = run(runs, Path(folder))
    sys.stderr.write(f"{name}: {time.monotonic() - began:.0f} s\n")
    return result


if __name__ == "__main__":
    sys.exit(main())
