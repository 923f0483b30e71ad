"""The embedded log against bare sqlite3 with the same durability: WAL, FULL, a commit a batch."""

import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path

from bench.machine import file_system
from bench.measure import Cost, Stopwatch, alternate
from bench.messages import in_parts, some_messages
from bench.report import Contest, Report
from despatch.bus.local import LocalBus
from despatch.model import Revision
from despatch.ports import Outgoing
from despatch.topics import TopicSpec

MESSAGES = 3_000
SINGLES = 300
BATCH = 500

OURS = "Despatch's local log"
BARE = "bare sqlite3"

_IN, _OUT = "bench.in", "bench.out"
_TOPICS = [TopicSpec(name, Revision) for name in (_IN, _OUT)]
_TABLES = """
CREATE TABLE messages (id INTEGER PRIMARY KEY, topic TEXT, at INTEGER, key TEXT, headers TEXT,
                       value BLOB);
CREATE TABLE position (next INTEGER);
INSERT INTO position VALUES (0);
"""
_INSERT = "INSERT INTO messages (topic, at, key, headers, value) VALUES (?, ?, ?, '[]', ?)"


def run(runs: int, folder: Path) -> Report:
    """Return what publishing, one by one and in batches, and reading on cost."""
    messages = some_messages(_IN, MESSAGES)
    names = count()

    def fresh() -> Path:
        return folder / f"{next(names)}.db"

    def contest(title: str, work: dict[str, Callable[[Path], Cost]]) -> Contest:
        turns = {name: partial(lambda do: do(fresh()), do) for name, do in work.items()}
        return Contest(title, "messages", alternate(turns, runs), [BARE])

    kind = file_system(folder) or "a file system of unknown kind"
    return Report(
        "local",
        [
            contest(
                f"Publish {MESSAGES:,} messages, {BATCH} a transaction, on {kind}",
                {
                    OURS: lambda file: _publish(file, messages, BATCH),
                    BARE: lambda file: _insert(file, messages, BATCH),
                },
            ),
            contest(
                f"Publish {SINGLES} messages one by one: a commit that survives a power cut each",
                {
                    OURS: lambda file: _publish(file, messages[:SINGLES], 1),
                    BARE: lambda file: _insert(file, messages[:SINGLES], 1),
                },
            ),
            contest(
                f"Read {MESSAGES:,} messages, write each on, move the position: {BATCH} at most "
                "a transaction",
                {
                    OURS: lambda file: _read_on(file, messages),
                    BARE: lambda file: _select_on(file, messages),
                },
            ),
        ],
    )


def _publish(file: Path, messages: Sequence[Outgoing], size: int) -> Cost:
    with closing(LocalBus(file)) as bus:
        bus.create_topics(_TOPICS)
        with Stopwatch() as watch:
            for part in in_parts(messages, size):
                bus.publish(part)
    return watch.cost(len(messages))


def _insert(file: Path, messages: Sequence[Outgoing], size: int) -> Cost:
    with closing(_opened(file)) as db, Stopwatch() as watch:
        for part in in_parts(messages, size):
            _append(db, part)
    return watch.cost(len(messages))


def _read_on(file: Path, messages: Sequence[Outgoing]) -> Cost:
    with closing(LocalBus(file)) as bus:
        bus.create_topics(_TOPICS)
        bus.publish(messages)
        with closing(bus.reader([_IN], "bench")) as reader, Stopwatch() as watch:
            left = len(messages)
            while left:
                for batch in reader.poll(timedelta(seconds=1), max_messages=BATCH):
                    reader.commit(batch, [Outgoing(_OUT, m.key, m.value) for m in batch.messages])
                    left -= len(batch.messages)
    return watch.cost(len(messages))


def _select_on(file: Path, messages: Sequence[Outgoing]) -> Cost:
    with closing(_opened(file)) as db:
        _append(db, messages)
        at = 0
        with Stopwatch() as watch:
            for _part in in_parts(messages, BATCH):
                rows = db.execute(
                    "SELECT id, topic, at, key, value FROM messages WHERE id > ? ORDER BY id"
                    " LIMIT ?",
                    (at, BATCH),
                ).fetchall()
                db.execute("BEGIN IMMEDIATE")
                db.executemany(_INSERT, [(_OUT, *row[2:]) for row in rows])
                at = rows[-1][0]
                db.execute("UPDATE position SET next = ?", (at + 1,))
                db.execute("COMMIT")
    return watch.cost(len(messages))


def _opened(file: Path) -> sqlite3.Connection:
    db = sqlite3.connect(file, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.executescript(_TABLES)
    return db


def _append(db: sqlite3.Connection, messages: Sequence[Outgoing]) -> None:
    at = time.time_ns() // 1_000
    db.execute("BEGIN IMMEDIATE")
    db.executemany(_INSERT, [(one.topic, at, one.key, one.value) for one in messages])
    db.execute("COMMIT")
