"""What the bus on one SQLite file promises beyond the contract of every bus."""

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from despatch.bus.local import LocalBus
from despatch.bus.local_file import LogFile
from despatch.bus.local_group import fair_share
from despatch.bus.local_log import partition_of
from despatch.errors import (
    Busy,
    FencedError,
    NotWritable,
    OperatorError,
    PositionLost,
    SchemaError,
    StorageFull,
    UsageError,
)
from despatch.model import DeadLetter
from despatch.ports import Outgoing
from despatch.testing import FakeClock
from despatch.testing.buses import local_bus
from despatch.topics import TopicSpec

ONE = TopicSpec("test.one.v1", DeadLetter, partitions=1, retention=timedelta(days=1))
SIX = TopicSpec("test.six.v1", DeadLetter, partitions=6)
SHORT = timedelta(milliseconds=100)
HOUR = timedelta(hours=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.db"


@pytest.fixture
def bus(path: Path) -> Iterator[LocalBus]:
    with closing(LocalBus(path, session=HOUR)) as bus:
        bus.create_topics([ONE, SIX])
        yield bus


def numbered(spec: TopicSpec, numbers: range) -> list[Outgoing]:
    return [Outgoing(spec.name, f"k{n}", str(n).encode()) for n in numbers]


# Killed at any instruction


@pytest.mark.slow
def test_acknowledged_is_kept(tmp_path: Path) -> None:
    """A publisher killed at any moment, twenty times, loses nothing that was acknowledged."""
    log, dice, acknowledged = local_bus(tmp_path), Random(7), []
    with closing(log):
        topic = log.topic()
        for start in range(0, 20_000, 1_000):
            publisher = log.member()
            answers = publisher.flood(topic, start)
            acknowledged += [next(answers) for _ in range(dice.randint(1, 40))]
            publisher.kill()
            acknowledged += answers

        messages = list(log.open().browse(topic))
        stands = [int(message.value) for message in messages]

    assert set(acknowledged) <= set(stands)
    assert len(stands) == len(set(stands)) <= len(acknowledged) + 20
    for number in range(3):
        offsets = [message.offset for message in messages if message.partition == number]
        assert offsets == list(range(len(offsets)))


@pytest.mark.slow
def test_outputs_and_position_are_one(tmp_path: Path) -> None:
    """A stage killed at any moment, six times, has published each of its outputs exactly once."""
    log, dice = local_bus(tmp_path), Random(7)
    with closing(log):
        bus, topic, results, group = log.open(), log.topic(), log.topic(), log.group()
        bus.publish([Outgoing(topic, f"k{n}", str(n).encode()) for n in range(1_200)])
        for _ in range(6):
            stage = log.member()
            totals = stage.relay(topic, group, results)
            for _ in range(dice.randint(1, 40)):
                next(totals)
            stage.kill()
        stage = log.member()
        for _ in stage.relay(topic, group, results):
            if sum(bus.positions(group, topic).values()) == 1_200:
                stage.kill()

        assert sorted(int(m.value) for m in bus.browse(results)) == list(range(1_200))


def test_a_failed_output_leaves_the_position(bus: LocalBus) -> None:
    """A commit whose output can't be published moves nothing and publishes nothing."""
    bus.publish(numbered(ONE, range(2)))
    with closing(bus.reader([ONE.name], "g")) as reader:
        (batch,) = reader.poll(SHORT)
        with pytest.raises(OperatorError, match="missing"):
            reader.commit(batch, [*numbered(SIX, range(5)), Outgoing("missing", "k", b"")])
        assert bus.positions("g", ONE.name) == {}
        assert list(bus.browse(SIX.name)) == []
        reader.commit(batch)


def test_a_commit_is_on_the_disk(path: Path) -> None:
    """Each transaction is synced in full: a power cut takes back nothing that returned."""
    file = LogFile(path, SHORT)
    with file.read() as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("PRAGMA synchronous").fetchone() == (2,)
    file.close()


# Groups


def test_close_frees_at_once(bus: LocalBus, path: Path) -> None:
    """A member that leaves frees its partitions at once, however long the session."""
    bus.publish(numbered(SIX, range(30)))
    with closing(LocalBus(path, session=HOUR)) as other:
        leaves, stays = bus.reader([SIX.name], "g"), other.reader([SIX.name], "g")
        assert len(leaves.poll(SHORT)) == 6
        assert stays.poll(SHORT) == []
        leaves.close()
        assert len(stays.poll(SHORT)) == 6


def test_closing_the_bus_leaves(bus: LocalBus, path: Path) -> None:
    """Closing the bus makes its readers leave, and ends their threads."""
    bus.publish(numbered(SIX, range(30)))
    other = LocalBus(path, session=HOUR)
    assert len(other.reader([SIX.name], "g").poll(SHORT)) == 6
    other.close()

    with closing(bus.reader([SIX.name], "g")) as reader:
        assert len(reader.poll(SHORT)) == 6
    assert not [t for t in threading.enumerate() if t.name.startswith("member ")]


def test_handed_over_between_batches(bus: LocalBus) -> None:
    """A newcomer gets its share as soon as its owner is done with its batches, and not before."""
    bus.publish(numbered(SIX, range(30)))
    with (
        closing(bus.reader([SIX.name], "g")) as owner,
        closing(bus.reader([SIX.name], "g")) as newcomer,
    ):
        batches = owner.poll(SHORT)
        assert len(batches) == 6
        assert newcomer.poll(timedelta(0)) == []
        assert owner.poll(timedelta(0)) == []
        assert newcomer.poll(timedelta(0)) == []
        for batch in batches:
            owner.commit(batch)
        bus.publish(numbered(SIX, range(30)))
        assert len(owner.poll(SHORT)) == 3
        assert len(newcomer.poll(SHORT)) == 3


def test_a_long_batch_keeps_its_member(path: Path) -> None:
    """A member whose batch takes longer than a session is not taken for dead."""
    with closing(LocalBus(path, session=timedelta(seconds=1))) as bus:
        bus.create_topics([ONE])
        bus.publish(numbered(ONE, range(3)))
        works, waits = bus.reader([ONE.name], "g"), bus.reader([ONE.name], "g")
        (batch,) = works.poll(SHORT)
        assert waits.poll(timedelta(seconds=2)) == []
        works.commit(batch)


def test_a_hung_member_is_fenced(path: Path) -> None:
    """A member that shows no life for longer than a batch may take loses its partitions."""
    session = timedelta(milliseconds=300)
    with closing(LocalBus(path, session=session, handling=session)) as bus:
        bus.create_topics([ONE])
        bus.publish(numbered(ONE, range(3)))
        hangs, takes_over = bus.reader([ONE.name], "g"), bus.reader([ONE.name], "g")
        (batch,) = hangs.poll(SHORT)
        (taken,) = takes_over.poll(timedelta(seconds=20))
        assert taken == batch
        with pytest.raises(FencedError):
            hangs.commit(batch, numbered(ONE, range(3, 6)))
        takes_over.commit(taken)
        assert bus.positions("g", ONE.name) == {0: 3}
        assert len(list(bus.browse(ONE.name))) == 3


def test_position_moved_behind_an_owner(bus: LocalBus, path: Path) -> None:
    """A position that another hand moved is not overwritten, though the lease is still held."""
    bus.publish(numbered(ONE, range(3)))
    with closing(bus.reader([ONE.name], "g")) as reader:
        (batch,) = reader.poll(SHORT)
        with closing(sqlite3.connect(path)) as db, db:
            db.execute("INSERT INTO positions SELECT 'g', id, 2 FROM partitions LIMIT 1")
        with pytest.raises(FencedError, match="moved"):
            reader.commit(batch)
        (rest,) = reader.poll(SHORT)
        assert rest.first == 2
        reader.commit(rest)


def test_batches_are_committed_in_order(bus: LocalBus) -> None:
    """A commit that would skip a batch in hand is refused; both are read again."""
    bus.publish(numbered(ONE, range(4)))
    with closing(bus.reader([ONE.name], "g")) as reader:
        (first,) = reader.poll(SHORT, max_messages=2)
        (second,) = reader.poll(SHORT, max_messages=2)
        with pytest.raises(FencedError, match="not next"):
            reader.commit(second)
        (again,) = reader.poll(SHORT)
        assert again.messages == first.messages + second.messages


members = st.lists(st.integers(0, 7), min_size=1, max_size=5, unique=True)


@given(
    living=members,
    owners=st.lists(st.one_of(st.none(), st.integers(0, 7)), max_size=9),
    first=st.integers(0, 4),
    dice=st.randoms(use_true_random=False),
)
def test_fair_share(living: list[int], owners: list[int | None], first: int, dice: Random) -> None:
    """Members that each do only their own part come to equal shares, and never fight."""
    names = [f"m{n}" for n in living]
    leases = {n: None if o is None else f"m{o}" for n, o in enumerate(owners)}
    for _ in range(2):  # once to give up what is too much, once to take what became free
        for me in dice.sample(names, len(names)):
            change = fair_share(me, names, leases, set(), first)
            assert all(leases[n] not in names for n in change.take)
            assert all(leases[n] == me for n in change.release)
            leases |= dict.fromkeys(change.take, me) | dict.fromkeys(change.release)
    shares = [sum(owner == me for owner in leases.values()) for me in names]
    assert sum(shares) == len(leases)
    assert max(shares) - min(shares) <= 1
    assert all(fair_share(me, names, leases, set(), first) == ((), ()) for me in names), (
        "a settled group moves nothing"
    )


def test_in_hand_is_kept() -> None:
    """A partition with a batch in hand is not given up."""
    change = fair_share("a", ["a", "b"], dict.fromkeys(range(4), "a"), {0, 1, 2})
    assert change == ((), (3,))


def test_keys_stay_where_they_are() -> None:
    """A key's partition never changes from one version to the next: order would be lost."""
    assert [partition_of(key, 6) for key in ("", "r-1", "r-2", "ключ")] == [0, 4, 1, 2]


# Offsets and times


def test_holes(bus: LocalBus, path: Path) -> None:
    """Offsets with holes are read like any others, and positions still join up."""
    bus.publish(numbered(ONE, range(6)))
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DELETE FROM messages WHERE value IN (?, ?, ?)", (b"0", b"2", b"3"))
    with closing(bus.reader([ONE.name], "g")) as reader:
        (batch,) = reader.poll(SHORT, max_messages=2)
        assert (batch.first, batch.next) == (0, 5)
        assert [message.offset for message in batch.messages] == [1, 4]
        for single in batch.singles():
            reader.commit(single)
        (rest,) = reader.poll(SHORT)
        assert (rest.first, rest.next) == (5, 6)


def test_dropped_in_front_of_a_reader(bus: LocalBus) -> None:
    """What is dropped in front of a reader at work is an error, and stays one."""
    bus.publish(numbered(ONE, range(4)))
    with closing(bus.reader([ONE.name], "g")) as reader:
        (batch,) = reader.poll(SHORT, max_messages=1)
        reader.commit(batch)
        bus.trim([ONE], datetime.now(UTC) + timedelta(days=2))
        for _ in range(2):
            with pytest.raises(PositionLost, match=r"offsets 4 up to 4, but 1 comes next"):
                reader.poll(SHORT)


def test_position_beyond_the_end(bus: LocalBus) -> None:
    """A position that the log never reached (an older copy was put back) is an error too."""
    with (
        closing(bus.reader([ONE.name], "g", start_at=lambda _place: 7)) as reader,
        pytest.raises(PositionLost, match="7 comes next"),
    ):
        reader.poll(SHORT)


def test_trim(path: Path) -> None:
    """Only what is older than its topic's retention is dropped, and counted."""
    clock = FakeClock()
    with closing(LocalBus(path, clock=clock)) as bus:
        bus.create_topics([ONE, SIX])
        for start in (0, 1_500, 3_000):
            bus.publish(numbered(ONE, range(start, start + 1_500)))
            bus.publish(numbered(SIX, range(6)))
            clock.move(timedelta(hours=10))

        assert bus.trim([ONE, SIX], clock.now()) == 1_500
        assert bus.trim([ONE, SIX], clock.now()) == 0
        assert [int(m.value) for m in bus.browse(ONE.name)] == list(range(1_500, 4_500))
        assert bus.trim([ONE], clock.now() + timedelta(days=1)) == 3_000
        bus.publish(numbered(ONE, range(1)))
        assert [message.offset for message in bus.browse(ONE.name)] == [4_500]


def test_a_clock_set_back(path: Path) -> None:
    """Times in a partition never go back, so that a time can be looked up."""
    clock = FakeClock()
    with closing(LocalBus(path, clock=clock)) as bus:
        bus.create_topics([ONE])
        noon = clock.now()
        bus.publish(numbered(ONE, range(1)))
        clock.move(-HOUR)
        bus.publish(numbered(ONE, range(1, 2)))
        clock.move(2 * HOUR)
        bus.publish(numbered(ONE, range(2, 3)))

        assert [m.at - noon for m in bus.browse(ONE.name)] == [timedelta(0), timedelta(0), HOUR]
        assert [int(m.value) for m in bus.browse(ONE.name, since=noon + SHORT)] == [2]


def test_wrong_places(bus: LocalBus) -> None:
    """An offset or a partition that there is not is a wrong input, and the text names it."""
    with pytest.raises(UsageError, match="no partition 6: it has 0 to 5"):
        bus.browse(SIX.name, partition=6)
    with pytest.raises(UsageError, match="needs the partition"):
        bus.browse(SIX.name, offset=1)
    with pytest.raises(UsageError, match="holds 0 to 0, not 3"):
        bus.move("g", SIX.name, {1: 3})


# The file


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
