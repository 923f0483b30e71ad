"""A run of receipts: made and written, and how long the store is left to others meanwhile.

The limit: 100,000 of them are queued in five minutes, though the run leaves the store to others for
half of its time. Most subscribers had nothing; some were told of a few releases of the period.
"""

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from alerts.receipting import PAGE, Receipting
from bench import again
from bench.digest_store import another
from bench.measure import Cost, Stopwatch, alternate
from bench.outbox import MARK, copy_row, seal_channels
from bench.report import Contest, Limit, Limits, Report
from despatch.frequency import frequency
from despatch.ports import Place, SystemClock, Taken
from despatch.rubbish import settle
from despatch.testing.releases import a_classified, a_release, a_revision
from despatch.testing.stores import temporary_store
from despatch.testing.subscribers import a_channel, a_match, a_subscriber, a_subscription

COUNT, FULL_COUNT = 2_000, 100_000
SAMPLE = 5_000
"""So many at most are written by the peer."""
RELEASES = 200
"""Releases that were judged in the period."""
SHARE, MOST = 0.3, 8
"""Of the subscribers, how many were told of something, and of how many releases at most."""
MOST_S = 300.0

OURS = "Despatch"
BARE = "bare sqlite3, the same rows"
_COPIED = ("subscribers", "channels", "subscriptions", "subscription_channels", "receipts")
_PLACE = Place("bench", "despatch.classified.v1", "bench", 0)


def run(runs: int, folder: Path) -> Report:
    """Return receipts a second, and how long the run of the limit would take."""
    return _report(runs, folder, COUNT)


def run_full(runs: int, folder: Path) -> Report:
    """Return the same of a run as large as the limit names; the peer writes some of it."""
    return _report(runs, folder, FULL_COUNT)


def _report(runs: int, folder: Path, count: int) -> Report:
    due = _filled(folder / "due", count)
    settle()  # as every process that lasts does
    contenders: dict[str, Callable[[], Cost]] = {
        OURS: lambda: _made(another(due, "done"), count),
        BARE: lambda: again.written_again(
            due.with_name("done"), another(due, "bare"), _statements, page=PAGE, most=SAMPLE
        ),
    }
    title = f"{count:,} receipts that are due at one time, made and written with their deliveries"
    contest = Contest(
        title, "receipts", alternate(contenders, runs, warm_ups=min(1, runs - 1)), [BARE]
    )
    # The run pauses for as long as each page had the store.
    queued = [2 * FULL_COUNT * one.wall_s / count for one in contest.costs[OURS]]
    limits = {"100,000 receipts queued, pauses counted": Limit("s", MOST_S, queued)}
    return Report("receipts", [contest, Limits("What is promised", limits)])


def _filled(home: Path, count: int) -> Path:
    """Return the folder of a store in which so many receipts are due."""
    home.mkdir()
    now = SystemClock().now()
    with temporary_store(home) as store, store.transaction() as tx:
        who = a_subscriber(f"s{MARK}", receipt=frequency("daily 08:00 Europe/London"))
        channel = a_channel(who, f"json://127.0.0.1:9/s{MARK}")
        asked = a_subscription(channel, name=f"of s{MARK}")
        tx.add_subscriber(who)
        tx.add_channel(channel)
        tx.add_subscription(asked)
        for number in range(RELEASES):
            about = a_classified(a_revision(a_release(f"r{number}")))
            at = now - timedelta(minutes=number)
            tx.archive(Taken(about, _PLACE, number, at, "new: x"), best=True)
            tx.add_match(a_match(about, asked, matched_at=at))
    with closing(sqlite3.connect(home / "store.db")) as db, db:
        _have_due(db, now)
        told = _without_rows(db, "matches")
        for table in _COPIED:
            copy_row(db, table, {str(channel.id): "n-"}, count)
        _match_some(db, told, count)
        seal_channels(db, count, lambda number: f"json://127.0.0.1:9/s{number}")
    return home


def _have_due(db: sqlite3.Connection, now: datetime) -> None:
    due, since = (f"{at:%Y-%m-%d %H:%M:%S.%f}" for at in (now, now - timedelta(days=1)))
    db.execute("UPDATE receipts SET due_at = ?, since = ?", (due, since))


def _without_rows(db: sqlite3.Connection, table: str) -> list[tuple[object, ...]]:
    """Return a table's rows, which are there no more."""
    rows = db.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - our own names
    db.execute(f"DELETE FROM {table}")  # noqa: S608
    return rows


def _match_some(db: sqlite3.Connection, rows: list[tuple[object, ...]], count: int) -> None:
    chance = random.Random(7)  # noqa: S311 - the same receipts each time
    marks = ", ".join("?" for _ in rows[0])
    db.executemany(
        f"INSERT INTO matches VALUES ({marks})",  # noqa: S608 - our own marks
        (
            [str(v).replace(MARK, str(number)) if isinstance(v, str) else v for v in row]
            for number in range(count)
            if chance.random() < SHARE
            for row in chance.sample(rows, chance.randint(1, MOST))
        ),
    )


def _made(home: Path, count: int) -> Cost:
    with temporary_store(home) as store:
        receipting = Receipting(store, SystemClock())
        with Stopwatch() as watch:
            done = receipting.run_due()
    if done != count:
        raise RuntimeError(f"{done} of {count} receipts were made")
    return watch.cost(count)


def _statements(source: sqlite3.Connection, alerts: list[str]) -> Iterator[again.Statement]:
    """Yield what a page of a run wrote, as statements with their rows."""
    yield again.inserted(source, "alerts", "id", alerts)
    yield again.inserted(source, "deliveries", "alert", alerts)
    yield _MOVED, source.execute(_RECEIPTS.format(again.marks(alerts)), alerts).fetchall()


_RECEIPTS = (
    "SELECT due_at, since, receipts.subscriber FROM receipts JOIN alerts"
    " ON alerts.subscriber = receipts.subscriber WHERE id IN ({})"
)
_MOVED = "UPDATE receipts SET due_at = ?, since = ? WHERE subscriber = ?"
