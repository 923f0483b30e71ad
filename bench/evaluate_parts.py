"""A feed's parts against the whole of it: `python -m bench.evaluate_parts [FOLDER]`.

Only what is new in a feed is parsed (`ingest/familiar.py`), by a child that makes feedparser
cheaper (`ingest/leanparse.py`). Here each of the 2,343 documents in `feed-history-us-state.tar.xz`
of FOLDER is parsed whole, by feedparser as it comes and by a child, then in portions as a large one
is (`ingest/portions.py`), and then items of it alone, a third of them, other ones each time. A
difference is a failure (exit 1). The history is not part of the repository: without it the exit is
2.
"""

import argparse
import asyncio
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.evaluate_history import NAME, ROOT
from ingest.familiar import cut_feed
from ingest.feedchild import ChildParser
from ingest.feedparse import ParsedFeed, parse_feed
from ingest.portions import parse_portions

TYPE = "application/rss+xml"
ADDRESS = "https://example.gov/feed"
EACH = 3


def main() -> int:
    """Print what was found; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT.parent / "shared" / "data")
    path = parser.parse_args().folder / NAME
    if not path.is_file():
        sys.stderr.write(f"{path} is not there: name the folder that holds it\n")
        return 2
    began, documents, items, wrong = time.monotonic(), 0, 0, []
    with asyncio.Runner() as runner:
        child = runner.run(ChildParser(at_once=1).__aenter__())
        for name, body in _documents(path):
            whole = parse_feed(body, TYPE, ADDRESS)
            compared = _compared(body, whole, documents % EACH)
            documents += 1
            items += compared or 0
            by_child = runner.run(child.parse(body, TYPE, ADDRESS))
            in_portions = parse_portions(body, TYPE, ADDRESS, large_bytes=0, at_once=4)
            if not compared or not by_child == in_portions == whole:
                wrong.append(name)
        runner.run(child.__aexit__(None, None, None))
    took = time.monotonic() - began
    sys.stdout.write(
        f"{path.name}: {documents} documents parsed twice and in portions, "
        f"and {items} of their items alone, "
        f"in {took:.0f} s: "
        f"{len(wrong)} documents differ or can't be taken apart\n"
    )
    sys.stdout.writelines(f"  {name}\n" for name in wrong[:20])
    return 1 if wrong or not documents else 0


def _documents(path: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(path) as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file is not None:
                yield member.name, file.read()


def _compared(body: bytes, whole: ParsedFeed, first: int) -> int | None:
    """Return how many items gave alone what they give among the others; None if one did not."""
    cut = cut_feed(body, TYPE)
    if cut is None or len(whole.keys) != len(cut.items):
        return None
    chosen = range(first, len(cut.items), EACH)
    part = parse_feed(cut.part(chosen), TYPE, ADDRESS)
    entries = {entry.key: entry for entry in whole.entries}
    same = part.keys == tuple(whole.keys[number] for number in chosen) and all(
        entries.get(entry.key) == entry for entry in part.entries
    )
    return len(chosen) if same else None


if __name__ == "__main__":
    sys.exit(main())
