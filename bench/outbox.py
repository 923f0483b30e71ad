"""A store with one release's immediate alerts to as many subscribers, and workers that drain it.

What is measured begins with the first claim and ends when every outcome is recorded.
"""

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from itertools import count
from pathlib import Path

from pydantic import SecretStr

from bench.drain_worker import begin, until_drained, workers
from bench.measure import Cost, Stopwatch, cpu_of, cpu_s
from despatch.model import Classified
from despatch.ports import Store, SystemClock
from despatch.store.secrets import Secrets
from despatch.testing.installation import generate_documents
from despatch.testing.releases import a_classified, a_release, a_revision
from despatch.testing.stores import KEY, temporary_store
from despatch.testing.subscribers import a_channel, a_subscriber, a_subscription, an_alert

_CLOCK = SystemClock()
MARK = "@@"
"""Stands for a subscriber's number until rows are copied."""
_COPIED = (
    "subscribers",
    "channels",
    "subscriptions",
    "subscription_channels",
    "alerts",
    "deliveries",
)
_names = count()


def a_release_s_alert() -> Classified:
    """Return what all alerts are about."""
    (row,) = generate_documents(1)
    release = a_release("bench", title=row["title"], text=row["text"])
    return a_classified(a_revision(release))


def drained(folder: Path, deliveries: int, url_of: Callable[[int], str], processes: int) -> Cost:
    """Deliver to so many subscribers, each with a channel of their own; hold it to all of them.

    By so many processes that deliver, as the setting `deliverers` has it: that they start up is
    not counted, and their processor time is.
    """
    home = folder / f"store-{next(_names)}"
    home.mkdir()
    with temporary_store(home) as store:
        _fill(home, store, deliveries, url_of)
        before = cpu_s()
        with workers(home, processes) as started:
            ready = sum(cpu_of(one.pid) for one in started)
            with Stopwatch() as watch:
                begin(started)
                until_drained(home)
        used = cpu_s() - before - ready
        with store.transaction() as tx:
            counts = tx.counts().deliveries
    if counts.get("delivered", 0) != deliveries:
        raise RuntimeError(f"of {deliveries} deliveries {dict(counts)} are recorded")
    (home / "store.db").unlink()
    return Cost(deliveries, watch.cost(deliveries).wall_s, used)


def _fill(home: Path, store: Store, deliveries: int, url_of: Callable[[int], str]) -> None:
    """Add one subscriber with an alert by the store, and copy their rows for all others.

    To add a hundred thousand one by one takes longer than to deliver to them.
    """
    who = a_subscriber(f"s{MARK}")
    channel = a_channel(who, url_of(0))
    asked = a_subscription(channel, name=f"of s{MARK}")
    alert = an_alert(
        a_release_s_alert(),
        who,
        reason=f"your subscription “{asked.name}” asks for migration",
        subscriptions=(asked.id,),
        created_at=_CLOCK.now(),
    )
    with store.transaction() as tx:
        tx.add_subscriber(who)
        tx.add_channel(channel)
        tx.add_subscription(asked)
        tx.add_alert(alert, [channel.id], _CLOCK.now())
    with closing(sqlite3.connect(home / "store.db")) as db, db:
        (delivery,) = db.execute("SELECT id FROM deliveries").fetchone()
        ids = {channel.id: "n-", alert.id: "a-", delivery: "y-"}
        for table in _COPIED:
            copy_row(db, table, ids, deliveries)
        seal_channels(db, deliveries, url_of)


def copy_row(db: sqlite3.Connection, table: str, ids: Mapping[str, str], count: int) -> None:
    """Copy a table's one row, with every id in it another one."""
    found = db.execute(f"SELECT * FROM {table}")  # noqa: S608 - our own names
    names = [column[0] for column in found.description]
    row = found.fetchone()
    marks = ", ".join("?" for _ in names)
    db.execute(f"DELETE FROM {table}")  # noqa: S608
    insert = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608
    db.executemany(insert, ([copied(value, ids, n) for value in row] for n in range(count)))


def copied(value: object, ids: Mapping[str, str], number: int) -> object:
    """Return a value of the copy of a number."""
    if not isinstance(value, str):
        return value
    for id_, prefix in ids.items():
        value = value.replace(id_, f"{prefix}{number:024x}")
    return value.replace(MARK, str(number))


def seal_channels(db: sqlite3.Connection, count: int, url_of: Callable[[int], str]) -> None:
    """Give each channel its own encrypted URL."""
    secrets = Secrets([KEY], "the benchmark")
    sealed = (secrets.seal(SecretStr(url_of(number))) for number in range(count))
    db.executemany(
        "UPDATE channels SET url = ?, url_hash = ?, url_key = ? WHERE id = ?",
        ((one.url, one.hash, one.key, f"n-{n:024x}") for n, one in enumerate(sealed)),
    )
