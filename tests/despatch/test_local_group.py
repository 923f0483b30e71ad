"""How members of a group share what a local log holds, and how a stale one is told."""

import sqlite3
import threading
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from despatch.bus.local import LocalBus
from despatch.bus.local_group import fair_share
from despatch.bus.local_log import partition_of
from despatch.errors import (
    FencedError,
    UsageError,
)
from despatch.model import DeadLetter
from despatch.testing.buses import ONE, SIX, numbered
from despatch.topics import TopicSpec

SHORT = timedelta(milliseconds=100)
HOUR = timedelta(hours=1)


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


@pytest.mark.slow
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


def test_lost_and_regained(path: Path) -> None:
    """A member that gets a partition back reads on where its successor left it."""
    session = timedelta(milliseconds=300)
    with closing(LocalBus(path, session=session, handling=session)) as bus:
        bus.create_topics([ONE])
        bus.publish(numbered(ONE, range(2)))
        sleeps = bus.reader([ONE.name], "g")
        (batch,) = sleeps.poll(SHORT)
        sleeps.commit(batch)
        bus.publish(numbered(ONE, range(2, 4)))
        with closing(bus.reader([ONE.name], "g")) as takes_over:
            (taken,) = takes_over.poll(timedelta(seconds=20))
            takes_over.commit(taken)
        bus.publish(numbered(ONE, range(4, 5)))
        (rest,) = sleeps.poll(timedelta(seconds=20))
        assert (rest.first, rest.next) == (4, 5)


def test_moved_while_asleep(path: Path) -> None:
    """A member that slept while an operator moved its group reads from where it was moved to."""
    session = timedelta(milliseconds=300)
    with closing(LocalBus(path, session=session, handling=session)) as bus:
        bus.create_topics([ONE])
        bus.publish(numbered(ONE, range(2)))
        sleeps = bus.reader([ONE.name], "g")
        (batch,) = sleeps.poll(SHORT)
        sleeps.commit(batch)
        moved = False
        while not moved:
            try:
                bus.move("g", ONE.name, {0: 0})
                moved = True
            except UsageError:  # it does not sleep for a session yet
                time.sleep(0.05)
        (again,) = sleeps.poll(SHORT)
        assert again == batch


def test_single_partitions_are_spread(bus: LocalBus) -> None:
    """Topics of one partition don't all go to the same member."""
    specs = [TopicSpec(f"test.{n}.v1", DeadLetter, partitions=1) for n in range(8)]
    bus.create_topics(specs)
    topics = [spec.name for spec in specs]
    with closing(bus.reader(topics, "g")) as one, closing(bus.reader(topics, "g")) as other:
        for _ in range(3):
            one.poll(timedelta(0))
            other.poll(timedelta(0))
        bus.publish([message for spec in specs for message in numbered(spec, range(1))])
        shares = [len(one.poll(SHORT)), len(other.poll(SHORT))]
        assert sum(shares) == 8
        assert all(shares)


def test_no_partition_waits_for_a_full_one(bus: LocalBus) -> None:
    """Every partition gets its turn, even if the first one alone fills each poll."""
    bus.publish(numbered(SIX, range(300)))
    with closing(bus.reader([SIX.name], "g")) as reader:
        seen = {batch.place for _ in range(6) for batch in reader.poll(SHORT, max_messages=5)}
    assert len(seen) == 6


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
