"""The file of a local log: who may use it, and what is said when it can't be."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from despatch.bus.local import LocalBus
from despatch.bus.local_file import LogFile
from despatch.errors import (
    Busy,
    NotWritable,
    OperatorError,
    SchemaError,
    StorageFull,
)
from despatch.testing.buses import ONE, numbered

SHORT = timedelta(milliseconds=100)
HOUR = timedelta(hours=1)


def test_made_by_many_at_once(path: Path) -> None:
    """Processes that find no file at the same time make one between them."""

    def create(bus: LocalBus) -> int:
        with closing(bus):
            return len(bus.create_topics([ONE]))

    with ThreadPoolExecutor(8) as pool:
        created = list(pool.map(create, [LocalBus(path) for _ in range(8)]))

    assert sum(created) == 1


def test_locked(bus: LocalBus, path: Path) -> None:
    """A file that another process keeps locked is busy; reading goes on."""
    bus.publish(numbered(ONE, range(1)))
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as db,
        closing(LocalBus(path, busy=SHORT)) as impatient,
    ):
        db.execute("BEGIN IMMEDIATE")
        with pytest.raises(Busy, match=str(path)):
            impatient.publish(numbered(ONE, range(1, 2)))
        assert len(list(impatient.browse(ONE.name))) == 1
        db.execute("ROLLBACK")
        impatient.publish(numbered(ONE, range(1, 2)))


def test_full(path: Path) -> None:
    """No room is told, what stands stays, and it goes on once there is room again."""
    file = LogFile(path, SHORT)
    fill = "INSERT INTO messages VALUES (1, 0, 'k', '[]', zeroblob(1000000))"
    with closing(file):
        with file.read() as db:
            db.execute("PRAGMA max_page_count = 30")
        with pytest.raises(StorageFull, match=str(path)), file.write() as db:
            db.execute(fill)
        with file.read() as db:
            assert db.execute("SELECT count(*) FROM messages").fetchone() == (0,)
            db.execute("PRAGMA max_page_count = 3000")
        with file.write() as db:
            db.execute(fill)


def test_not_writable(tmp_path: Path) -> None:
    """A place where no file can be made is named."""
    for path in (tmp_path / "missing" / "log.db", tmp_path):
        with closing(LocalBus(path)) as bus, pytest.raises(NotWritable, match=str(path)):
            bus.create_topics([ONE])


def test_not_a_log(tmp_path: Path) -> None:
    """A file that is no log is refused, named, and left as it is."""
    text, foreign, newer = (tmp_path / name for name in ("text", "foreign", "newer"))
    text.write_text("not a database, but long enough to be looked at" * 100)
    with closing(sqlite3.connect(foreign)) as db, db:
        db.execute("CREATE TABLE theirs (x)")
    with closing(LocalBus(newer)) as bus:
        bus.create_topics([])
    with closing(sqlite3.connect(newer)) as db:
        db.execute("PRAGMA user_version = 2")

    for path, error, says in (
        (text, OperatorError, "move it away"),
        (foreign, SchemaError, "some other program's"),
        (newer, SchemaError, "version 2"),
    ):
        with closing(LocalBus(path)) as bus, pytest.raises(error, match=f"{path}.*{says}"):
            bus.create_topics([ONE])
    assert text.read_text().startswith("not a database")


def test_damaged(bus: LocalBus, path: Path) -> None:
    """A log without its tables is told with the way out."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DROP TABLE messages")
    with pytest.raises(OperatorError, match="`despatch topics create`"):
        bus.publish(numbered(ONE, range(1)))


def test_removed_while_in_use(bus: LocalBus, path: Path) -> None:
    """Nothing is acknowledged into a file that was removed, nor awaited from it in silence."""
    reader = bus.reader([ONE.name], "g")
    assert reader.poll(SHORT) == []
    moved = path.rename(path.with_name("aside.db"))
    with pytest.raises(OperatorError, match="removed or replaced"):
        bus.publish(numbered(ONE, range(1)))
    with pytest.raises(OperatorError, match="removed or replaced"):
        reader.poll(SHORT)
    moved.rename(path)
    bus.publish(numbered(ONE, range(1)))
    assert len(reader.poll(SHORT)) == 1


def test_a_commit_is_on_the_disk(path: Path) -> None:
    """Each transaction is synced in full: a power cut takes back nothing that returned."""
    file = LogFile(path, SHORT)
    with file.read() as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("PRAGMA synchronous").fetchone() == (2,)
    file.close()
