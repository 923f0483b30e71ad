"""What every implementation of the Bus port keeps to; each test's docstring is a rule of it."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from despatch.errors import OperatorError, PositionLost, TooLarge, UsageError
from despatch.ports import Batch, Message, Outgoing, Place
from despatch.testing.bus_reading import (
    SHORT,
    consume,
    drain,
    ends,
    first_poll,
    numbered,
    numbers,
    polls,
    read_all,
    read_for,
    settle,
    shown,
    tries,
)
from despatch.testing.buses import BusUnderTest, local_bus
from despatch.topics import MAX_MESSAGE_BYTES


@pytest.fixture(params=["local", pytest.param("kafka", marks=pytest.mark.kafka)])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BusUnderTest]:
    """One log of each kind."""
    if request.param == "local":
        under_test = local_bus(tmp_path)
    else:
        under_test = request.getfixturevalue("kafka_bus_factory")()
    with closing(under_test):
        yield under_test


# Reading and writing


def test_order_per_key(log: BusUnderTest) -> None:
    """Messages of one key stand in one partition, in the order in which they were published."""
    bus, topic = log.open(), log.topic()
    for number in range(0, 60, 6):
        bus.publish([numbered(topic, n, key=f"k{n % 5}") for n in range(number, number + 6)])

    read = read_all(log, bus, topic, 60)

    for key in {message.key for message in read}:
        of_key = [message for message in read if message.key == key]
        assert [int(m.value) for m in of_key] == sorted(int(m.value) for m in of_key)
        assert len({message.partition for message in of_key}) == 1
    assert len({message.partition for message in read}) > 1


def test_round_trip(log: BusUnderTest) -> None:
    """Any bytes, any key and any headers come back as they were, and when the log took them."""
    bus, topic = log.open(), log.topic(partitions=1)
    sent = [
        Outgoing(topic, "r-1", bytes(range(256)), (("b", bytes(range(256))), ("b", b""))),
        Outgoing(topic, "", b""),
        Outgoing(topic, "ключ 🔑\n", "é".encode(), (("name ü", b"1"),)),
    ]
    bus.publish(sent)

    read = read_all(log, bus, topic, 3)

    assert [Outgoing(m.topic, m.key, m.value, m.headers) for m in read] == sent
    assert [message.offset for message in read] == [0, 1, 2]
    assert all(abs(datetime.now(UTC) - message.at) < timedelta(minutes=5) for message in read)


def test_threads_publish(log: BusUnderTest) -> None:
    """Threads that share a bus lose nothing and keep their own order."""
    bus, topic = log.open(), log.topic()

    def publish(name: str) -> None:
        for number in range(25):
            bus.publish([numbered(topic, number, key=name)])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(publish, "abcd"))

    read = list(bus.browse(topic))
    for name in "abcd":
        assert [int(m.value) for m in read if m.key == name] == list(range(25))
    assert len(read) == 100


def test_hasty_polls(log: BusUnderTest) -> None:
    """A member whose polls wait for next to nothing joins its group all the same, and reads.

    kafka-python 3.0.12 forgets a join that a poll's end cuts off, and stays out of the group for
    ever, without a word.
    """
    bus, topic = log.open(), log.topic()
    bus.publish([numbered(topic, 1)])

    for wait_ms in (1, 2, 5):
        with closing(bus.reader([topic], log.group())) as reader:
            for _ in tries(log):
                if batches := reader.poll(timedelta(milliseconds=wait_ms)):
                    break

        assert numbers(batches[0].messages) == [1]


def test_limits(log: BusUnderTest) -> None:
    """A poll returns no more than its limits over all partitions together."""
    bus, topic = log.open(), log.topic()
    bus.publish([Outgoing(topic, f"k{n}", b"x" * 10_000) for n in range(40)])

    with closing(bus.reader([topic], log.group())) as reader:
        few = first_poll(log, reader, max_messages=7)
        small = first_poll(log, reader, max_bytes=25_000)

    assert 1 <= sum(len(batch.messages) for batch in few) <= 7
    assert 1 <= sum(len(m.value) for batch in small for m in batch.messages) <= 25_000


def test_one_message_passes_the_limit(log: BusUnderTest) -> None:
    """A message larger than the limit of bytes is returned alone, so that it can't block."""
    bus, topic = log.open(), log.topic(partitions=1)
    bus.publish([Outgoing(topic, "k", b"x" * 5_000), Outgoing(topic, "k", b"y" * 5_000)])

    with closing(bus.reader([topic], log.group())) as reader:
        (batch,) = first_poll(log, reader, max_bytes=1_000)
        (second,) = first_poll(log, reader, max_bytes=1_000)

    assert [m.value[:1] for m in batch.messages + second.messages] == [b"x", b"y"]


def test_too_large(log: BusUnderTest) -> None:
    """A value over the limit is refused before anything is sent; one at the limit passes."""
    bus, topic, group = log.open(), log.topic(partitions=1), log.group()
    too_large = Outgoing(topic, "k", b"x" * (MAX_MESSAGE_BYTES + 1))

    with pytest.raises(TooLarge, match=r"700,000"):
        bus.publish([numbered(topic, 1), too_large])
    assert ends(bus, topic) == {0: 0}

    bus.publish([Outgoing(topic, "k", b"x" * MAX_MESSAGE_BYTES)])
    with closing(bus.reader([topic], group)) as reader:
        (batch,) = first_poll(log, reader)
        with pytest.raises(TooLarge):
            reader.commit(batch, [numbered(topic, 1), too_large])
    assert ends(bus, topic) == {0: 1}
    assert bus.positions(group, topic).get(0, 0) == 0


# Positions


def test_commit(log: BusUnderTest) -> None:
    """A commit publishes what came of the batch and moves the position behind it."""
    bus, topic, results, group = log.open(), log.topic(1), log.topic(1), log.group()
    bus.publish([numbered(topic, n) for n in range(3)])

    with closing(bus.reader([topic], group)) as reader:
        (batch,) = first_poll(log, reader)
        reader.commit(batch, [Outgoing(results, "k", b"result", (("h", b"1"),))])
        assert log.open().positions(group, topic) == {0: 3}
        assert [m.value for m in log.open().browse(results)] == [b"result"]


def test_batches_join_up(log: BusUnderTest) -> None:
    """Each batch of a partition starts where the last one ended, also when read one by one."""
    bus, topic, group = log.open(), log.topic(partitions=1), log.group()
    bus.publish([numbered(topic, n) for n in range(10)])

    seen: list[Batch] = []
    with closing(bus.reader([topic], group)) as reader:
        while not seen or seen[-1].next < 10:
            (batch,) = first_poll(log, reader, max_messages=4)
            for single in batch.singles():
                reader.commit(single)
                assert bus.positions(group, topic) == {0: single.next}
            seen.append(batch)

    assert seen[0].first == 0
    assert [batch.first for batch in seen[1:]] == [batch.next for batch in seen[:-1]]


def test_uncommitted_is_read_again(log: BusUnderTest) -> None:
    """What a member took and did not commit is read again, and nothing is lost."""
    bus, topic, group = log.open(), log.topic(partitions=1), log.group()
    bus.publish([numbered(topic, n) for n in range(6)])
    with closing(bus.reader([topic], group)) as reader:
        (done,) = first_poll(log, reader, max_messages=2)
        reader.commit(done)
        (lost,) = first_poll(log, reader, max_messages=2)

    with closing(log.open().reader([topic], group)) as successor:
        (again,) = first_poll(log, successor)

    assert lost.first == again.first == 2
    assert numbers(again.messages) == [2, 3, 4, 5]


def test_rewind(log: BusUnderTest) -> None:
    """A batch handed back is returned again by the next poll; one not handed back is not."""
    bus, topic = log.open(), log.topic(partitions=1)
    bus.publish([numbered(topic, n) for n in range(4)])

    with closing(bus.reader([topic], log.group())) as reader:
        (batch,) = first_poll(log, reader, max_messages=2)
        (second,) = first_poll(log, reader, max_messages=2)
        assert numbers(second.messages) == [2, 3]
        reader.rewind(second)
        reader.rewind(batch)
        (again,) = first_poll(log, reader)
        assert again.first == batch.first
        assert numbers(again.messages) == [0, 1, 2, 3]
        assert not reader.poll(SHORT)


def test_groups_are_independent(log: BusUnderTest) -> None:
    """Each group reads everything and has its own positions."""
    bus, topic, one, other = log.open(), log.topic(partitions=1), log.group(), log.group()
    bus.publish([numbered(topic, n) for n in range(3)])

    for group in (one, other):
        with closing(bus.reader([topic], group)) as reader:
            (batch,) = first_poll(log, reader)
            assert numbers(batch.messages) == [0, 1, 2]
            if group == one:
                reader.commit(batch)

    assert bus.positions(one, topic) == {0: 3}
    assert bus.positions(other, topic) == {}


def test_start_at(log: BusUnderTest) -> None:
    """A reader starts where `start_at` says; where it says nothing, at the group's position."""
    bus, topic, other, group = log.open(), log.topic(1), log.topic(1), log.group()
    bus.publish([numbered(name, n) for n in range(5) for name in (topic, other)])
    bus.move(group, topic, {0: 1})
    bus.move(group, other, {0: 2})
    asked: list[Place] = []

    def start_at(place: Place) -> int | None:
        asked.append(place)
        return 4 if place.topic == topic else None

    with closing(bus.reader([topic, other], group, start_at=start_at)) as reader:
        batches = {batch.place.topic: batch for batch in polls(log, reader, 2)}
        assert numbers(batches[topic].messages) == [4]
        assert numbers(batches[other].messages) == [2, 3, 4]
        for batch in batches.values():
            reader.commit(batch)

    assert set(asked) == {*bus.extents(topic), *bus.extents(other)}
    assert bus.positions(group, topic) == bus.positions(group, other) == {0: 5}


def test_replay_from_an_offset(log: BusUnderTest) -> None:
    """A group that is moved to an offset reads from there."""
    bus, topic, group = log.open(), log.topic(partitions=1), log.group()
    bus.publish([numbered(topic, n) for n in range(5)])
    consume(log, bus, topic, group, 5)

    bus.move(group, topic, {0: 3})

    assert bus.positions(group, topic) == {0: 3}
    assert numbers(consume(log, bus, topic, group, 2)) == [3, 4]


def test_replay_from_a_time(log: BusUnderTest) -> None:
    """A group that is moved to a time reads what the log took then and later."""
    bus, topic, group = log.open(), log.topic(), log.group()
    bus.publish([numbered(topic, n, key=f"k{n}") for n in range(9)])
    time.sleep(0.02)  # times in the log may be whole milliseconds
    bus.publish([numbered(topic, n, key=f"k{n}") for n in range(9, 18)])
    consume(log, bus, topic, group, 18)
    since = min(m.at for m in bus.browse(topic) if int(m.value) >= 9)

    bus.move(group, topic, since)

    expected = list(range(9, 18))
    assert sorted(numbers(bus.browse(topic, since=since))) == expected
    assert sorted(numbers(consume(log, bus, topic, group, 9))) == expected
    bus.move(group, topic, datetime.now(UTC) + timedelta(days=1))
    assert bus.positions(group, topic) == ends(bus, topic)


def test_move_needs_a_still_group(log: BusUnderTest) -> None:
    """A group that a member is reading can't be moved."""
    bus, topic, group = log.open(), log.topic(partitions=1), log.group()
    bus.publish([numbered(topic, 1)])

    with closing(bus.reader([topic], group)) as reader:
        first_poll(log, reader)
        with pytest.raises(UsageError, match=group):
            bus.move(group, topic, {0: 0})


# Looking


def test_browse(log: BusUnderTest) -> None:
    """Browsing yields what stands in the topic at the call, from where it was asked, and ends."""
    bus, topic = log.open(), log.topic()
    bus.publish([numbered(topic, n, key=f"k{n}") for n in range(30)])

    everything = bus.browse(topic)
    bus.publish([numbered(topic, 99, key=f"k{n}") for n in range(30)])

    seen = list(everything)
    assert sorted(numbers(seen)) == list(range(30))
    by_partition = {p: [m.offset for m in seen if m.partition == p] for p in range(3)}
    assert all(offsets == list(range(len(offsets))) for offsets in by_partition.values())
    end = ends(bus, topic)[1]
    from_one = [(m.partition, m.offset) for m in bus.browse(topic, partition=1, offset=2)]
    assert from_one == [(1, offset) for offset in range(2, end)]
    assert list(bus.browse(topic, partition=1, offset=end)) == []
    assert list(bus.browse(log.topic())) == []


def test_extents(log: BusUnderTest) -> None:
    """Extents tell what each partition holds, and places are the same for every handle."""
    bus, topic = log.open(), log.topic(partitions=2)
    bus.publish([numbered(topic, n, key=f"k{n}") for n in range(10)])

    extents = bus.extents(topic)

    assert sorted(place.partition for place in extents) == [0, 1]
    assert sum(extent.end - extent.oldest for extent in extents.values()) == 10
    assert log.open().extents(topic) == extents
    assert all(place.cluster and place.topic_id for place in extents)
    assert {p.topic_id for p in extents}.isdisjoint(p.topic_id for p in bus.extents(log.topic()))


def test_position_lost(log: BusUnderTest) -> None:
    """A position whose messages were dropped is an error that says so, never a silent jump."""
    bus, topic, group = log.open(), log.topic(partitions=1), log.group()
    bus.publish([numbered(topic, n) for n in range(4)])
    bus.move(group, topic, {0: 2})
    log.forget(topic)
    bus.publish([numbered(topic, 4)])

    with closing(bus.reader([topic], group)) as reader, pytest.raises(PositionLost, match=topic):
        first_poll(log, reader)
    with pytest.raises(PositionLost, match=topic):
        next(bus.browse(topic, partition=0, offset=3))
    assert [(e.oldest, e.end) for e in bus.extents(topic).values()] == [(4, 5)]
    assert numbers(bus.browse(topic)) == [4]
    assert numbers(consume(log, bus, topic, log.group(), 1)) == [4]


# Topics


def test_missing_topic(log: BusUnderTest) -> None:
    """A topic that is missing is an error that names it and the command that makes it."""
    bus, missing = log.open(), log.spec().name
    says = rf"{missing}.*`despatch topics create`"

    with pytest.raises(OperatorError, match=says):
        bus.publish([numbered(missing, 1)])
    with pytest.raises(OperatorError, match=says):
        next(bus.browse(missing))
    with pytest.raises(OperatorError, match=says):
        bus.extents(missing)
    with pytest.raises(OperatorError, match=says), closing(bus.reader([missing], "g")) as reader:
        reader.poll(log.patience)


def test_create_topics(log: BusUnderTest) -> None:
    """Creating topics names those that were missing, and changes none that stands."""
    bus, spec, further = log.open(), log.spec(partitions=2), log.spec()

    assert bus.create_topics([spec]) == [spec.name]
    bus.publish([numbered(spec.name, 1)])
    assert bus.create_topics([spec, further]) == [further.name]

    assert len(bus.extents(spec.name)) == 2
    assert numbers(bus.browse(spec.name)) == [1]


def test_check_topics(log: BusUnderTest) -> None:
    """Checking names what is missing and what differs, and is silent when all is well."""
    bus, spec, missing = log.open(), log.spec(partitions=2), log.spec()
    bus.create_topics([spec])
    other = type(spec)(spec.name, spec.model, 5, spec.retention)

    assert bus.check_topics([spec]) == []
    (absent,) = bus.check_topics([spec, missing])
    assert missing.name in absent
    assert "`despatch topics create`" in absent
    (differs,) = bus.check_topics([other])
    assert spec.name in differs
    assert "2" in differs
    assert "5" in differs


# Groups


def test_members_share(log: BusUnderTest) -> None:
    """Steady members of a group share the partitions and read every message once in total."""
    bus, topic, group = log.open(), log.topic(partitions=4), log.group()
    with (
        closing(log.open().reader([topic], group)) as one,
        closing(log.open().reader([topic], group)) as other,
    ):
        settle(log, bus, topic, one, other)
        bus.publish([numbered(topic, n, key=f"s{n}") for n in range(80)])
        shares = drain(log, set(range(80)), one, other)

    assert sorted(numbers(shares[0] + shares[1])) == list(range(80))
    assert all(shares)
    assert {m.partition for m in shares[0]}.isdisjoint(m.partition for m in shares[1])


def test_member_leaves(log: BusUnderTest) -> None:
    """What a member that leaves was reading goes to the others."""
    bus, topic, group = log.open(), log.topic(partitions=4), log.group()
    with closing(log.open().reader([topic], group)) as stays:
        with closing(log.open().reader([topic], group)) as leaves:
            settle(log, bus, topic, stays, leaves)
        bus.publish([numbered(topic, n, key=f"s{n}") for n in range(40)])
        (read,) = drain(log, set(range(40)), stays)

    assert {m.partition for m in read} == {0, 1, 2, 3}


@pytest.mark.slow
def test_member_is_killed(log: BusUnderTest) -> None:
    """A member killed with a batch in hand loses nothing: the others read it after a session."""
    bus, topic, group = log.open(), log.topic(partitions=2), log.group()
    bus.publish([numbered(topic, n, key=f"s{n}") for n in range(20)])
    killed = log.member()
    killed.join(topic, group)
    assert shown(log, killed)
    killed.kill()

    with closing(log.open().reader([topic], group)) as survivor:
        (read,) = drain(log, set(range(20)), survivor)

    assert sorted(numbers(read)) == list(range(20))


@pytest.mark.slow
def test_killed_stage_loses_no_output(log: BusUnderTest) -> None:
    """A stage killed between its outputs and its position repeats outputs, and loses none."""
    bus, topic, results, group = log.open(), log.topic(), log.topic(), log.group()
    bus.publish([numbered(topic, n, key=f"k{n}") for n in range(150)])
    for before_the_kill in (1, 20, 8):
        stage = log.member()
        totals = stage.relay(topic, group, results)
        for _ in range(before_the_kill):
            next(totals)
        stage.kill()

    stage = log.member()
    totals = stage.relay(topic, group, results)
    for _ in tries(log):
        next(totals, None)
        if bus.positions(group, topic) == ends(bus, topic):
            break

    assert set(numbers(bus.browse(results))) == set(range(150))


@pytest.mark.slow
def test_paused_member_is_fenced(log: BusUnderTest) -> None:
    """An owner that wakes up after another took over can't commit, and may go on reading."""
    bus, topic, group = log.open(), log.topic(partitions=1), log.group()
    bus.publish([numbered(topic, n) for n in range(4)])
    paused = log.member()
    paused.join(topic, group)
    assert len(shown(log, paused)) == 4
    paused.pause()

    with closing(log.open().reader([topic], group)) as successor:
        (read,) = drain(log, set(range(4)), successor)
        assert sorted(numbers(read)) == [0, 1, 2, 3]
        bus.publish([numbered(topic, 4)])
        (batch,) = first_poll(log, successor)
        successor.commit(batch)
        paused.resume()
        assert paused.commit() == "FencedError"
        assert bus.positions(group, topic) == {0: 5}
    bus.publish([numbered(topic, 5)])
    assert [message.value for message in shown(log, paused)] == ["5"]
    assert paused.commit() == ""
    assert bus.positions(group, topic) == {0: 6}


@pytest.mark.slow
def test_idle_keeps_membership(log: BusUnderTest) -> None:
    """A member that waits longer than a session keeps its partitions and its batch."""
    bus, topic, group = log.open(), log.topic(partitions=2), log.group()
    with (
        closing(log.open().reader([topic], group)) as waits,
        closing(log.open().reader([topic], group)) as other,
        ThreadPoolExecutor(1) as pool,
    ):
        settle(log, bus, topic, waits, other)
        bus.publish([numbered(topic, n, key=f"s{n}") for n in range(20)])
        batches = first_poll(log, waits)
        elsewhere = pool.submit(read_for, other, 1.5 * log.session)
        waits.idle(1.5 * log.session)
        for batch in batches:
            waits.commit(batch)

    mine = {m.partition for batch in batches for m in batch.messages}
    theirs = {message.partition for message in elsewhere.result()}
    assert mine.isdisjoint(theirs)
    assert mine | theirs == {0, 1}


# Batches


@given(
    first=st.integers(0, 100),
    steps=st.lists(st.integers(1, 5), min_size=1, max_size=20),
)
def test_singles_join_up(first: int, steps: Sequence[int]) -> None:
    """A batch taken apart covers the same positions without a hole, though offsets have some."""
    offsets = [first + sum(steps[: n + 1]) - 1 for n in range(len(steps))]
    at = datetime(2026, 3, 2, tzinfo=UTC)
    messages = tuple(Message("t", 0, offset, "k", b"", (), at) for offset in offsets)
    batch = Batch(Place("c", "t", "i", 0), first, offsets[-1] + 1, messages)

    singles = list(batch.singles())

    assert [single.messages for single in singles] == [(message,) for message in messages]
    assert [single.first for single in singles] == [first, *(s.next for s in singles[:-1])]
    assert singles[-1].next == batch.next
    assert all(s.first <= s.messages[0].offset == s.next - 1 for s in singles)
