"""What is due is found by an index: a page of it costs the same however much is due.

Counted in steps of SQLite's virtual machine, which are the same each time.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from despatch.frequency import frequency
from despatch.ports import Transaction
from despatch.store.sql import SqlStore
from despatch.testing import a_classified
from despatch.testing.releases import SEEN
from despatch.testing.stores import temporary_store
from despatch.testing.subscribers import a_channel, a_subscriber, a_subscription
from despatch.testing.waiting import an_item_due

FEW, MANY, PAGE = 40, 800, 10
LATER = SEEN + timedelta(days=365 * 99)


@contextmanager
def counted_steps() -> Iterator[list[int]]:
    """Yield a list with the number of steps that SQLite takes from now on."""
    steps = [0]

    def step() -> None:
        steps[0] += 1

    def listen(connection: sqlite3.Connection, _record: object) -> None:
        connection.set_progress_handler(step, 1)

    event.listen(Engine, "connect", listen)
    try:
        yield steps
    finally:
        event.remove(Engine, "connect", listen)


def fill(store: SqlStore, count: int) -> None:
    """Have a digest and a receipt due at one time for each of so many subscribers."""
    about = a_classified()
    with store.transaction() as tx:
        for number in range(count):
            who = a_subscriber(f"{number}", receipt=frequency("daily 08:00 Europe/London"))
            channel = a_channel(who)
            asked = a_subscription(channel, name=f"of {number}")
            tx.add_subscriber(who)
            tx.add_channel(channel)
            tx.add_subscription(asked)
            tx.wait([an_item_due(asked, about, SEEN)], SEEN)


def steps_of(home: Path, count: int, ask: Callable[[Transaction], int]) -> int:
    """Return what a page costs where so many are due."""
    home.mkdir()
    with temporary_store(home) as store:
        fill(store, count)
        store.close()
        with counted_steps() as steps, store.transaction() as tx:
            before = steps[0]
            assert ask(tx) == PAGE
            return steps[0] - before


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda tx: len(tx.due_digests(LATER, PAGE)), id="digests"),
        pytest.param(lambda tx: len(tx.due_receipts(LATER, PAGE)), id="receipts"),
    ],
)
def test_a_page_costs_the_same_however_much_is_due(
    tmp_path: Path, ask: Callable[[Transaction], int]
) -> None:
    few, many = (steps_of(tmp_path / str(count), count, ask) for count in (FEW, MANY))
    assert 0 < many < 1.5 * few
