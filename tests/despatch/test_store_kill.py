"""A process that writes to a SQLite store is killed at random: all it was promised is there."""

import json
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from despatch.ports import Place
from despatch.testing.stores import temporary_store

ROUNDS = 15
PLACE = Place("cluster", "despatch.classified.v1", "topic", 0)

WRITER = """
import sys
from pathlib import Path
from despatch.ports import Body, Place
from despatch.testing.stores import temporary_store
from despatch.testing.subscribers import a_subscriber

place = Place("cluster", "despatch.classified.v1", "topic", 0)
with temporary_store(Path(sys.argv[1])) as store:
    while True:
        with store.transaction() as tx:
            number = tx.position("writer", place) or 0
            tx.add_subscriber(a_subscriber(str(number)))
            tx.keep_bodies([Body(str(number), bytes(20_000), a_subscriber().created_at)])
            tx.advance("writer", place, number, number + 1)
        print(number, flush=True)
"""


@pytest.mark.slow
def test_a_writer_killed_at_any_instant_loses_nothing_it_was_promised(tmp_path: Path) -> None:
    """And tears nothing: both rows of a transaction and its position stand or fall together."""
    chance = random.Random(20260302)
    with temporary_store(tmp_path):
        promised = -1
    for _ in range(ROUNDS):
        promised = max(promised, killed_writer(tmp_path, chance.uniform(0.0, 0.25)))
        with temporary_store(tmp_path) as store, store.transaction() as tx:
            position = tx.position("writer", PLACE) or 0
            assert position in {promised + 1, promised + 2}, "a promise was broken"
            there = [tx.subscriber_named(str(number)) for number in range(position + 1)]
            assert [one is not None for one in there] == [True] * position + [False]
            assert tx.body(str(position)) is None
            assert position == 0 or tx.body(str(position - 1)) is not None
        promised = position - 1
    with closing(sqlite3.connect(tmp_path / "store.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert promised > ROUNDS, "the writer was killed before it wrote: the test showed nothing"


def killed_writer(folder: Path, after_s: float) -> int:
    """Let a process write for a while, kill it, and return the last number it acknowledged."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        first = writer.stdout.readline()
        assert first, "the writer ended by itself"
        time.sleep(after_s)
        writer.send_signal(signal.SIGKILL)
        # A kill can cut a line in two: only a line that ends was said whole.
        rest = writer.stdout.read().split(b"\n")[:-1]
    return int(json.loads((rest or [first])[-1]))
