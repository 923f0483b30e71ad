"""What the bus on one SQLite file promises beyond the contract of every bus."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from despatch.bus.local import LocalBus
from despatch.errors import (
    FencedError,
    OperatorError,
    PositionLost,
    UsageError,
)
from despatch.ports import Outgoing
from despatch.testing import FakeClock
from despatch.testing.buses import ONE, SIX, local_bus, numbered

SHORT = timedelta(milliseconds=100)
HOUR = timedelta(hours=1)


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


def test_a_batch_out_of_turn_is_refused(bus: LocalBus) -> None:
    """Its commit would skip the batch before it, which may still fail."""
    bus.create_topics([ONE])
    bus.publish(numbered(ONE, range(2)))
    with closing(bus.reader([ONE.name], "g")) as reader:
        [first] = reader.poll(SHORT, max_messages=1)
        [second] = reader.poll(SHORT, max_messages=1)
        with pytest.raises(FencedError, match="is not next"):
            reader.commit(second)
        assert bus.positions("g", ONE.name) == {}
        assert [message.offset for message in reader.poll(SHORT)[0].messages] == [0, 1]
    assert first.next == second.first


def test_a_hung_owner_is_fenced_before_its_successor_has_finished(path: Path) -> None:
    """The position stands where both began: the lease alone tells who may move it."""
    brief = timedelta(milliseconds=200)
    with (
        closing(LocalBus(path, session=brief, handling=timedelta(0))) as hung,
        closing(LocalBus(path, session=brief)) as bus,
    ):
        bus.create_topics([ONE])
        bus.publish(numbered(ONE, range(2)))
        with closing(hung.reader([ONE.name], "g")) as paused:
            [late] = paused.poll(SHORT)
            with closing(bus.reader([ONE.name], "g")) as successor:
                taken = successor.poll(timedelta(seconds=30))
                with pytest.raises(FencedError, match="given to another"):
                    paused.commit(late, [Outgoing(ONE.name, "k", b"twice")])
                successor.commit(taken[0])
        assert bus.positions("g", ONE.name) == {0: 2}
        assert [message.value for message in bus.browse(ONE.name)] == [b"0", b"1"]


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
