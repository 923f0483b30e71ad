"""The `reader` library polling, in a process of its own: `python -m bench.peer_reader URL FEEDS`.

Prints, as JSON, what each phase cost. It stands on other versions of our own dependencies.
"""

import json
import sys
import tempfile
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.measure import Stopwatch


def main() -> None:
    """Poll as `bench.polling` has everybody poll."""
    server, feeds = sys.argv[1], int(sys.argv[2])
    import reader as library

    with tempfile.TemporaryDirectory(prefix="despatch-bench-") as folder:
        reader: Any = library.make_reader(str(Path(folder) / "reader.db"))
        for number in range(feeds):
            reader.add_feed(f"{server}/feed/{number}")
        said = {}
        for phase, before in phases(lambda path: _ask(server, path)):
            before()
            with Stopwatch() as watch:
                reader.update_feeds(scheduled=False)
            cost = watch.cost(feeds)
            said[phase] = {"wall_s": cost.wall_s, "cpu_s": cost.cpu_s}
        said["entries"] = reader.get_entry_counts().total
        reader.close()
    sys.stdout.write(json.dumps(said))


def phases(ask: Callable[[str], object]) -> list[tuple[str, Callable[[], object]]]:
    """Return the names of the phases, and what the server is asked to do before each."""
    return [
        ("first", lambda: ask("/validators/on")),
        ("304", lambda: None),
        ("unchanged", lambda: ask("/validators/off")),
        ("one new", lambda: ask("/news")),
    ]


def _ask(server: str, path: str) -> None:
    connection = HTTPConnection(urlsplit(server).netloc, timeout=60)
    try:
        connection.request("GET", path)
        connection.getresponse().read()
    finally:
        connection.close()


if __name__ == "__main__":
    main()
