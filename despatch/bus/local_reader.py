"""A member of a group that reads a local log."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from sqlite3 import Connection

from despatch import log
from despatch.bus.local_file import LogFile
from despatch.bus.local_group import Heartbeat, Membership
from despatch.bus.local_log import Allowance, Partition, append, partitions, read, refuse_too_large
from despatch.errors import FencedError, TransientError
from despatch.ports import Batch, Clock, Outgoing, Place
from despatch.ports.bus import StartAt

_SHORTEST_PAUSE_S = 0.002
_LONGEST_PAUSE_S = 0.025
_TOUCH = timedelta(minutes=1)


@dataclass(slots=True)
class _Hold:
    """A partition that this member was given."""

    id: int
    place: Place
    epoch: int
    position: int | None
    """The group's position in the file, as this member left it."""
    done: int
    """What comes next to be committed."""
    cursor: int
    """What comes next to be read; beyond `done` while a batch is in hand."""


class LocalReader:
    """The Reader port on the file. A partition goes to another living member only between batches.

    A batch must be committed in order: one that does not join up with the last is refused as if
    the partition had another owner, because its commit would skip what lies between.
    """

    def __init__(
        self,
        file: LogFile,
        membership: Membership,
        heart: Heartbeat,
        clock: Clock,
        *,
        session: timedelta,
        start_at: StartAt | None,
        on_close: Callable[["LocalReader"], None],
    ) -> None:
        self._file = file
        self._membership = membership
        self._heart = heart
        self._clock = clock
        self._look_again_s = session.total_seconds() / 4
        self._start_at = start_at
        self._on_close = on_close
        self._epochs: Mapping[int, int] = {}
        self._holds: dict[int, _Hold] = {}
        self._turn = 0

    def poll(
        self, wait: timedelta, *, max_messages: int = 500, max_bytes: int = 8_000_000
    ) -> Sequence[Batch]:
        until = time.monotonic() + wait.total_seconds()
        while True:
            self._heart.touch()
            version = self._file.version()
            batches = self._take(self._settle(), Allowance(max_messages, max_bytes))
            now = time.monotonic()
            if batches or now >= until:
                return batches
            self._await_change(version, min(until, now + self._look_again_s))

    def commit(self, batch: Batch, outgoing: Sequence[Outgoing] = ()) -> None:
        refuse_too_large(outgoing)
        self._heart.touch()
        hold = self._hold(batch)
        try:
            with self._file.write() as db:
                self._fence(db, hold, batch)
                append(db, outgoing, self._clock.now())
                self._put_position(db, hold.id, batch.next)
        except FencedError:
            del self._holds[hold.id]  # if it is ours after all, the next poll finds where it stands
            raise
        hold.position = hold.done = batch.next
        hold.cursor = max(hold.cursor, batch.next)

    def rewind(self, batch: Batch) -> None:
        for hold in self._holds.values():
            if hold.place == batch.place:
                hold.cursor = max(hold.done, min(hold.cursor, batch.first))

    def idle(self, wait: timedelta) -> None:
        while wait > timedelta(0):
            self._heart.touch()
            self._clock.sleep(min(wait, _TOUCH))
            wait -= _TOUCH

    def close(self) -> None:
        self._heart.stop()
        try:
            self._membership.leave()
        except TransientError as exc:
            log.get().warning("group not left: others wait for a session", why=str(exc))
        finally:
            self._holds.clear()
            self._file.close()
            self._on_close(self)

    def _settle(self) -> Sequence[int]:
        """Bring what is held in line with the leases; return the partitions in this poll's order.

        The order moves on with every poll: a full partition must not keep the others waiting.
        """
        in_hand = {hold.id for hold in self._holds.values() if hold.cursor != hold.done}
        self._epochs = self._membership.settle(in_hand)
        for hold in tuple(self._holds.values()):
            if self._epochs.get(hold.id) != hold.epoch:
                del self._holds[hold.id]
        order = sorted(self._epochs)
        turn = self._turn % max(len(order), 1)
        return order[turn:] + order[:turn]

    def _take(self, order: Sequence[int], allowed: Allowance) -> Sequence[Batch]:
        # One view for extents and messages: what is dropped in between can't be skipped in silence.
        with self._file.read() as db:
            held = {p.id: p for topic in self._membership.topics for p in partitions(db, topic)}
            taken = [
                batch
                for id_ in order
                if (batch := self._batch(db, self._begun(db, held[id_]), held[id_], allowed))
            ]
        for batch in taken:
            self._hold(batch).cursor = batch.next
        self._turn += bool(taken)
        return taken

    def _batch(
        self, db: Connection, hold: _Hold, partition: Partition, allowed: Allowance
    ) -> Batch | None:
        messages = read(db, partition, hold.cursor, partition.extent.end, allowed)
        if not messages:
            return None
        return Batch(hold.place, hold.cursor, messages[-1].offset + 1, messages)

    def _begun(self, db: Connection, partition: Partition) -> _Hold:
        """Return what is held of a partition; of one just given, from where to read."""
        if (known := self._holds.get(partition.id)) is not None:
            return known
        row = db.execute(
            "SELECT next FROM positions WHERE reader_group = ? AND partition = ?",
            (self._membership.group, partition.id),
        ).fetchone()
        position = row[0] if row else None
        start = self._start_at(partition.place) if self._start_at else None
        if start is None:
            start = partition.extent.oldest if position is None else position
        epoch = self._epochs[partition.id]
        hold = _Hold(partition.id, partition.place, epoch, position, start, start)
        self._holds[hold.id] = hold
        return hold

    def _hold(self, batch: Batch) -> _Hold:
        for hold in self._holds.values():
            if hold.place == batch.place:
                return hold
        raise FencedError(f"{batch.place} was given to another member of the group")

    def _fence(self, db: Connection, hold: _Hold, batch: Batch) -> None:
        """Refuse a batch unless its partition is still ours and the position where we left it."""
        if not self._membership.owns(db, hold.id, hold.epoch):
            raise FencedError(f"{batch.place} was given to another member of the group")
        if batch.first != hold.done:
            raise FencedError(f"{batch.place}@{batch.first} is not next: {hold.done} is")
        row = db.execute(
            "SELECT next FROM positions WHERE reader_group = ? AND partition = ?",
            (self._membership.group, hold.id),
        ).fetchone()
        if (row[0] if row else None) != hold.position:
            raise FencedError(f"the group's position in {batch.place} was moved by another")

    def _put_position(self, db: Connection, partition: int, offset: int) -> None:
        db.execute(
            "INSERT INTO positions (reader_group, partition, next) VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET next = excluded.next",
            (self._membership.group, partition, offset),
        )

    def _await_change(self, version: int, until: float) -> None:
        """Return once another connection has changed the file, or at a monotonic time."""
        pause = _SHORTEST_PAUSE_S
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(pause, left))
            if self._file.version() != version:
                return
            pause = min(pause * 1.5, _LONGEST_PAUSE_S)
