"""How long an immediate alert waits, with nothing else to do and in the middle of a run of digests.

From the moment at which it is decided, before the store is asked for, until the receiver has it.
Digests are composed by this process and all is sent by another, as an installation has it.
"""

import sqlite3
import statistics
import threading
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from alerts.digesting import Digesting
from bench.digest_store import filled, some_releases
from bench.drain_worker import begin, workers
from bench.report import Values
from bench.server import Server
from despatch.model import AlertId
from despatch.ports import Store, SystemClock
from despatch.testing.stores import temporary_store
from despatch.testing.subscribers import a_channel, a_subscriber, a_subscription, an_alert

IDLE = 20
"""Alerts that are sent while nothing else is to do."""
EVERY = timedelta(milliseconds=400)
_TO_COMPOSE = "SELECT 1 FROM digests WHERE waits_until IS NOT NULL LIMIT 1"
_TO_SEND = "SELECT 1 FROM deliveries WHERE due_at IS NOT NULL AND lane = 'bulk' LIMIT 1"
_CLOCK = SystemClock()


@dataclass(frozen=True)
class Waited:
    """What was measured."""

    values: Values
    during_s: list[float]
    whole: Values
    """How long the run took."""
    queued_s: float
    """Until the last digest was composed and queued, pauses counted."""


def waits(folder: Path, digests: int) -> Waited:
    """Return the waits before and during a run of so many digests over webhooks to one host."""
    with Server() as server:
        url = f"json://127.0.0.1:{server.port}/sink"
        home = filled(folder / "waits", digests, lambda _number: url)
        with temporary_store(home) as store, workers(home, 1) as started:
            begin(started)
            writer = _Writer(store, f"json://127.0.0.1:{server.port}/sink?to=desk")
            for _ in range(IDLE):
                writer.write()
            _until(home, "lane = 'urgent'")
            idle, _ = writer.waited(home), writer.forget()
            queued_s, sent_s = _write_during(store, home, writer)
            _until(home, "1")
            during = writer.waited(home)
    return Waited(
        _values(digests, idle, during), during, _whole(digests, queued_s, sent_s), queued_s
    )


def _write_during(store: Store, home: Path, writer: "_Writer") -> tuple[float, float]:
    """Write an alert now and then until every digest is composed and sent.

    Return how long it took until all were composed, and until all were sent, in seconds.
    """
    stop = threading.Event()
    digesting = Digesting(store, _CLOCK)
    running = threading.Thread(target=digesting.run, args=(stop,))
    began, queued_s = time.monotonic(), 0.0
    running.start()
    try:
        while not _none(home, _TO_SEND) or not queued_s:
            if not queued_s and _none(home, _TO_COMPOSE):
                queued_s = time.monotonic() - began
            writer.write()
        return queued_s, time.monotonic() - began
    finally:
        stop.set()
        running.join()


class _Writer:
    """Writes immediate alerts, and notes when each was decided."""

    def __init__(self, store: Store, url: str) -> None:
        who = a_subscriber("desk")
        self._store = store
        self._who = who
        self._channel = a_channel(who, url)
        self._asked = a_subscription(self._channel, name="of desk")
        self._about = some_releases()[0]
        self._numbers = count()
        self._decided: dict[str, datetime] = {}
        with store.transaction() as tx:
            tx.add_subscriber(who)
            tx.add_channel(self._channel)
            tx.add_subscription(self._asked)

    def write(self) -> None:
        """Write one, and rest."""
        id_ = AlertId(f"a-urgent-{next(self._numbers)}")
        self._decided[id_] = now = _CLOCK.now()
        alert = an_alert(
            self._about, self._who, id=id_, subscriptions=(self._asked.id,), created_at=now
        )
        with self._store.transaction() as tx:
            tx.add_alert(alert, [self._channel.id], now)
        _CLOCK.sleep(EVERY)

    def waited(self, home: Path) -> list[float]:
        """Return how long each took to arrive, in seconds."""
        asked = (
            "SELECT deliveries.alert, attempts.at, attempts.took_ms FROM deliveries"
            " JOIN attempts ON attempts.delivery = deliveries.id WHERE lane = 'urgent'"
        )
        with closing(sqlite3.connect(home / "store.db")) as db:
            arrived = {
                alert: datetime.fromisoformat(at).replace(tzinfo=UTC) + timedelta(milliseconds=ms)
                for alert, at, ms in db.execute(asked)
            }
        return [(arrived[id_] - at).total_seconds() for id_, at in self._decided.items()]

    def forget(self) -> None:
        """Begin anew."""
        self._decided.clear()


def _none(home: Path, which: str) -> bool:
    with closing(sqlite3.connect(home / "store.db")) as db:
        return db.execute(which).fetchone() is None


def _until(home: Path, which: str) -> None:
    """Return when none of these deliveries waits for anything."""
    with closing(sqlite3.connect(home / "store.db")) as db:
        asked = f"SELECT count(*) FROM deliveries WHERE due_at IS NOT NULL AND {which}"  # noqa: S608
        while db.execute(asked).fetchone() != (0,):
            _CLOCK.sleep(timedelta(milliseconds=20))


def _values(digests: int, idle: list[float], during: list[float]) -> Values:
    typical = statistics.median(idle)
    return Values(
        f"An immediate alert, from its decision to its arrival: alone, and in a run of {digests:,} "
        "digests that are composed and sent meanwhile",
        "ms",
        {
            "alone": [1_000 * one for one in idle],
            "in the run": [1_000 * one for one in during],
            "in the run, in units of one alone (not ms)": [one / typical for one in during],
        },
    )


def _whole(digests: int, queued_s: float, sent_s: float) -> Values:
    return Values(
        f"All {digests:,} digests: composed by one process and sent by another, to one host",
        "s",
        {"until the last was queued": [queued_s], "until the last was sent": [sent_s]},
    )
