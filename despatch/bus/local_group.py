"""Who reads what: the members of a group share partitions by leases in the file of a local log.

A member says that it lives every third of a session. Each one works out its own fair share, gives
up what is over it, and takes what is free or was a dead member's; a lease's epoch goes up whenever
it is taken, so that an owner that was asleep can be told from its successor.

Time is the machine's monotonic clock, which all processes see alike: setting the machine's clock
neither kills a member nor keeps a dead one alive. After a restart of the machine it begins again,
so a time in the future is a dead member's.
"""

import sqlite3
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import uuid4

from despatch import log
from despatch.bus.local_file import LogFile
from despatch.bus.local_log import partition_of, partitions
from despatch.errors import DespatchError


class Change(NamedTuple):
    """What a member does to come to its fair share: partition ids."""

    take: tuple[int, ...]
    release: tuple[int, ...]


def fair_share(
    me: str,
    members: Sequence[str],
    owners: Mapping[int, str | None],
    in_hand: Collection[int],
    first: int = 0,
) -> Change:
    """Return how a member comes to its share of partitions, as far as it can alone.

    `members` are the living ones in an order that all agree on; the one at `first` is the first
    to get one more where shares can't be equal. What is in hand is kept until it is done with.
    """
    place = (members.index(me) - first) % len(members)
    share = len(owners) // len(members) + (place < len(owners) % len(members))
    mine = [partition for partition, owner in owners.items() if owner == me]
    free = [partition for partition, owner in owners.items() if owner not in members]
    done = [partition for partition in mine if partition not in in_hand]
    return Change(
        take=tuple(free[: max(share - len(mine), 0)]),
        release=tuple(done[: max(len(mine) - share, 0)]),
    )


def living(db: sqlite3.Connection, group: str, topic: str, session: timedelta) -> tuple[str, ...]:
    """Return a group's members on a topic that have shown life within a session, eldest first."""
    now = _now_ms()
    rows = db.execute(
        "SELECT member FROM members WHERE reader_group = ? AND topic = ?"
        " AND seen_ms > ? AND seen_ms <= ? ORDER BY joined_ms, member",
        (group, topic, now - session // timedelta(milliseconds=1), now),
    )
    return tuple(member for (member,) in rows)


class Membership:
    """One member of one group, and the leases it holds."""

    def __init__(
        self, file: LogFile, group: str, topics: Sequence[str], session: timedelta
    ) -> None:
        self.member = uuid4().hex
        self.group = group
        self.topics = tuple(dict.fromkeys(topics))
        self._file = file
        self._session = session

    def settle(self, in_hand: Collection[int]) -> Mapping[int, int]:
        """Come to the fair share as far as possible; return the epochs of the leases held."""
        with self._file.read() as db:
            change = self._change(db, in_hand)
            if change == Change((), ()):
                return self._epochs(db)
        with self._file.write() as db:
            self._enter(db)
            if change := self._change(db, in_hand):
                self._apply(db, change)
            return self._epochs(db)

    def owns(self, db: sqlite3.Connection, partition: int, epoch: int) -> bool:
        """Tell whether a lease is still this member's, of this epoch."""
        return self._epochs(db).get(partition) == epoch

    def leave(self) -> None:
        """Be no member any more: its leases are free at once."""
        with self._file.write() as db:
            db.execute("DELETE FROM members WHERE member = ?", (self.member,))

    def _change(self, db: sqlite3.Connection, in_hand: Collection[int]) -> Change | None:
        """Return what is to be done over all topics; None if the member is not in the file."""
        held: dict[int, str | None] = dict(
            db.execute(
                "SELECT partition, member FROM leases WHERE reader_group = ?", (self.group,)
            ).fetchall()
        )
        take: tuple[int, ...] = ()
        release: tuple[int, ...] = ()
        for topic in self.topics:
            members = living(db, self.group, topic, self._session)
            if self.member not in members:
                return None
            owners = {p.id: held.get(p.id) for p in partitions(db, topic)}
            first = partition_of(topic, len(members))
            change = fair_share(self.member, members, owners, in_hand, first)
            take += change.take
            release += change.release
        return Change(take, release)

    def _enter(self, db: sqlite3.Connection) -> None:
        """Stand in the file as a living member, and clear the dead away."""
        now = _now_ms()
        oldest = now - self._session // timedelta(milliseconds=1)
        db.execute("DELETE FROM members WHERE seen_ms <= ? OR seen_ms > ?", (oldest, now))
        db.executemany(
            "INSERT INTO members (reader_group, topic, member, joined_ms, seen_ms)"
            " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET seen_ms = excluded.seen_ms",
            [(self.group, topic, self.member, now, now) for topic in self.topics],
        )

    def _apply(self, db: sqlite3.Connection, change: Change) -> None:
        db.executemany(
            "INSERT INTO leases (reader_group, partition, member, epoch) VALUES (?, ?, ?, 1)"
            " ON CONFLICT DO UPDATE SET member = excluded.member, epoch = epoch + 1",
            [(self.group, partition, self.member) for partition in change.take],
        )
        db.executemany(
            "UPDATE leases SET member = NULL WHERE reader_group = ? AND partition = ?",
            [(self.group, partition) for partition in change.release],
        )

    def _epochs(self, db: sqlite3.Connection) -> dict[int, int]:
        return dict(
            db.execute(
                "SELECT partition, epoch FROM leases WHERE reader_group = ? AND member = ?",
                (self.group, self.member),
            ).fetchall()
        )


class Heartbeat:
    """Keeps a member alive while a batch is handled, but not for ever: a hung one must lose it.

    Runs in a thread and on a connection of its own from `start` to `stop`.
    """

    def __init__(self, file: LogFile, member: str, session: timedelta, handling: timedelta) -> None:
        self._file = file
        self._member = member
        self._every_s = session.total_seconds() / 3
        self._handling_s = handling.total_seconds()
        self._touched = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"member {member}", daemon=True)

    def touch(self) -> None:
        """Say that the member itself is at work; the first time starts the heartbeat."""
        self._touched = time.monotonic()
        if self._thread.ident is None:
            self._thread.start()

    def stop(self) -> None:
        """End the thread and its connection."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            while not self._stop.wait(self._every_s):
                if time.monotonic() - self._touched < self._handling_s:
                    self._beat()
        finally:
            self._file.close()

    def _beat(self) -> None:
        try:
            with self._file.write() as db:
                db.execute(
                    "UPDATE members SET seen_ms = ? WHERE member = ?", (_now_ms(), self._member)
                )
        except DespatchError as exc:  # the member's own next call meets it too, and says so
            log.get().warning("membership not renewed", member=self._member, why=str(exc))


def _now_ms() -> int:
    return time.monotonic_ns() // 1_000_000
