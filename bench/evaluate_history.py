"""A real feed's history, polled as it was: `python -m bench.evaluate_history [FOLDER]`.

`feed-history-us-state.tar.xz` of FOLDER is one RSS feed as 2,343 polls saw it over more than a
year: a window of ten items, with edits, a cache that flips, two returns to an old window, and a
pause in which it published unseen. The numbers are known, and any other is a failure (exit 1). It
is not part of the repository: without it the exit is 2.

- `new` counts every id once, whatever release it belongs to: 2,031. They are 2,030 releases, for
  one briefing was published again after half an hour, the same words at the same address under
  another id: nobody is told twice of it.
- `revised` counts what a reader would see as another title or text. By the bytes 162 items were
  edited 183 times; where that only moved markup or spaces, nobody is told.
- `flapped` counts the polls in which an entry was shown in an older state than the one before.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from despatch import log
from despatch.app import App
from despatch.app.history import poll_history
from despatch.model import Revision
from despatch.settings import read
from despatch.topics import RELEASES, decode
from ingest.saved import Window

ROOT = Path(__file__).parents[1]
NAME = "feed-history-us-state.tar.xz"

KNOWN: Mapping[str, object] = {
    "polls": 2_343,
    "new": 2_031,
    "revised": 132,
    "flapped": 10,
    "gaps": 1,
    "releases": 2_030,
    "releases revised": 122,
    "backlog": 10,
    "texts told twice": 0,
    "gap": "2021-08-14 00:26 to 2022-02-01 01:07",
}
"""What must be found."""


def main() -> int:
    """Print what was found; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT.parent / "shared" / "data")
    path = parser.parse_args().folder / NAME
    if not path.is_file():
        sys.stderr.write(f"{path} is not there: name the folder that holds it\n")
        return 2
    log.configure(level="error")
    began, used = time.monotonic(), time.process_time()
    found = poll(path)
    took, cpu = time.monotonic() - began, time.process_time() - used
    wrong = [name for name, value in KNOWN.items() if found[name] != value]
    lines = [f"{path.name}: polled in {took:.0f} s ({cpu:.0f} s of CPU, parsers not counted)"]
    for name, value in found.items():
        lines.append(f"  {name:<20}{value}" + (f", not {KNOWN[name]}" if name in wrong else ""))
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if wrong else 0


def poll(path: Path) -> dict[str, object]:
    """Poll the history into an installation of its own; return what came of it."""
    with (
        tempfile.TemporaryDirectory(prefix="despatch-evaluate-") as folder,
        App(read(Path(folder) / "log", environ={})) as app,
        App(read(Path(folder) / "memory", environ={})) as memory,
    ):
        polling = poll_history(
            app, memory, path, Window(), keep_bodies=False, progress=lambda *_so_far: None
        )
        polled = asyncio.run(polling)
        revisions = [decode(Revision, message.value) for message in app.bus.browse(RELEASES)]
    causes = Counter(revision.cause for revision in revisions)
    states = Counter((one.release.id, one.fingerprint) for one in revisions)
    gaps = [f"{gap.since:%Y-%m-%d %H:%M} to {gap.until:%Y-%m-%d %H:%M}" for gap in polled.gaps]
    return {
        "polls": polled.polls,
        "new": polled.first_seen,
        "revised": causes["revised"],
        "flapped": polled.flapped,
        "gaps": len(gaps),
        "releases": causes["new"],
        "releases revised": len({r.release.id for r in revisions if r.cause == "revised"}),
        "backlog": sum(revision.backlog for revision in revisions),
        "texts told twice": len(states) - sum(1 for count in states.values() if count == 1),
        "gap": ", ".join(gaps),
    }


if __name__ == "__main__":
    sys.exit(main())
