"""One of several workers that drain a benchmark's store: `python -m bench.drain_worker HOME`.

A process of its own, as each `despatch deliver` is. Says "ready" when all is loaded, begins at the
first line that it is sent and ends when its input does.
"""

import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen

from alerts.channels import Senders
from alerts.deliver import DeliveryWorker
from despatch import log
from despatch.guard import EVERYWHERE
from despatch.ports import Store, SystemClock
from despatch.rubbish import settle
from despatch.testing.stores import temporary_store

_CLOCK = SystemClock()


def a_worker(store: Store) -> DeliveryWorker:
    """Return a worker as an installation would have it, that may send to this machine."""
    senders = Senders(mail_from="Alerts <alerts@example.org>", allow_networks=EVERYWHERE)
    senders.load()
    return DeliveryWorker(store, senders, _CLOCK, owner="bench")


@contextmanager
def workers(home: Path, count: int) -> Iterator[list["Popen[str]"]]:
    """Yield so many processes that wait to be told to begin; all have ended at the end."""
    command = [sys.executable, "-m", "bench.drain_worker", str(home)]
    started = [
        Popen(command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, text=True, bufsize=1)  # noqa: S603
        for _ in range(count)
    ]
    try:
        for one in started:
            if one.stdout is None or one.stdout.readline() != "ready\n":
                raise RuntimeError("a worker did not start")
        yield started
    finally:
        for one in started:
            one.communicate()


def begin(started: "list[Popen[str]]") -> None:
    """Let them begin."""
    for one in started:
        if one.stdin is not None:
            one.stdin.write("\n")


def until_drained(home: Path) -> None:
    """Return when no delivery waits for anything; takes no lock, as the store's own reads do.

    Asks the index of what waits: to read the whole table so often would cost a third of a core.
    """
    waits = "SELECT 1 FROM deliveries WHERE due_at IS NOT NULL LIMIT 1"
    with closing(sqlite3.connect(home / "store.db")) as db:
        while db.execute(waits).fetchone() is not None:
            _CLOCK.sleep(timedelta(milliseconds=20))


def main(home: Path) -> int:
    """Deliver until the end of the input."""
    log.configure(level="info")  # to where nobody reads: standard output is a pipe, and would fill
    with temporary_store(home) as store:
        with store.transaction() as tx:
            tx.next_delivery_at()
        worker = a_worker(store)
        settle()
        stop = threading.Event()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        delivering = threading.Thread(target=worker.run, args=(stop,))
        delivering.start()
        sys.stdin.read()
        stop.set()
        delivering.join()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
