"""A store with a digest due for each of many subscribers, each of other releases."""

import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from itertools import cycle, islice
from pathlib import Path

from bench.outbox import MARK, copied, copy_row, seal_channels
from despatch.frequency import HOURLY
from despatch.model import Classified
from despatch.ports import SystemClock
from despatch.testing.installation import generate_documents
from despatch.testing.releases import a_classified, a_release, a_revision
from despatch.testing.stores import temporary_store
from despatch.testing.subscribers import a_channel, a_subscriber, a_subscription
from despatch.testing.waiting import an_item_due
from processors.classify import classifier
from processors.themes import load_themes

RELEASES, EACH = 60, 10
"""A digest has so many of so many releases: hardly any two are the same."""
CHARS = 4_000

_COPIED = ("subscribers", "channels", "subscriptions", "subscription_channels", "digests")


def some_releases() -> list[Classified]:
    """Return releases of a few themes, judged as the processors do."""
    judge = classifier(load_themes())
    rows = generate_documents(RELEASES * 40)
    texts = cycle(row["text"] for row in rows)
    found = []
    for number, row in enumerate(rows[:RELEASES]):
        text = "\n\n".join(islice(texts, 40))[:CHARS]
        made = a_classified(a_revision(a_release(f"r{number}", title=row["title"], text=text)))
        found.append(made.model_copy(update={"themes": judge.classify(row["title"], text)}))
    return found


def filled(home: Path, count: int, url_of: Callable[[int], str]) -> Path:
    """Return the folder of a store in which so many digests are due."""
    home.mkdir()
    with temporary_store(home) as store:
        now = SystemClock().now()
        who = a_subscriber(f"s{MARK}")
        channel = a_channel(who, url_of(0))
        asked = a_subscription(channel, name=f"of s{MARK}", frequency=HOURLY)
        items = [an_item_due(asked, about, now) for about in some_releases()]
        with store.transaction() as tx:
            tx.add_subscriber(who)
            tx.add_channel(channel)
            tx.add_subscription(asked)
            tx.wait(items, now)
    with closing(sqlite3.connect(home / "store.db")) as db, db:
        ids = {str(channel.id): "n-"}
        for table in _COPIED:
            copy_row(db, table, ids, count)
        _copy_items(db, count)
        seal_channels(db, count, url_of)
    return home


def another(home: Path, name: str) -> Path:
    """Return the folder of a copy of a store that nobody has open."""
    folder = home.with_name(name)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(home, folder)
    return folder


def _copy_items(db: sqlite3.Connection, count: int) -> None:
    chance = random.Random(7)  # noqa: S311 - the same digests each time
    rows = db.execute("SELECT * FROM items").fetchall()
    marks = ", ".join("?" for _ in rows[0])
    db.execute("DELETE FROM items")
    db.executemany(
        f"INSERT INTO items VALUES ({marks})",  # noqa: S608 - our own marks
        (
            [copied(value, {}, number) for value in row]
            for number in range(count)
            for row in chance.sample(rows, EACH)
        ),
    )
