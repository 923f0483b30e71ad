"""The bus on one SQLite file, for one machine: what `despatch up` runs on without a broker.

Any number of processes may use the file at once. One that is killed at any instruction leaves
everything that was acknowledged, and nothing half done (tests/despatch/test_local_bus.py).
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from sqlite3 import Connection
from uuid import uuid4

from despatch.bus.local_file import LogFile
from despatch.bus.local_group import Heartbeat, Membership, living
from despatch.bus.local_log import (
    Allowance,
    Partition,
    append,
    drop,
    offset_at,
    partitions,
    read,
    refuse_too_large,
)
from despatch.bus.local_reader import LocalReader
from despatch.errors import PositionLost, UsageError
from despatch.ports import Clock, Extent, Message, Outgoing, Place, SystemClock
from despatch.ports.bus import StartAt
from despatch.topics import TopicSpec

SESSION = timedelta(seconds=10)
BUSY = timedelta(seconds=5)
HANDLING = timedelta(minutes=5)

_PORTION_MESSAGES = 1_000
_PORTION_BYTES = 8_000_000
"""How much one transaction publishes, browses or drops: bounds the write-ahead file and memory."""


class LocalBus:
    """The Bus port on the file at `path`, made at first use; its folder must exist.

    `session`: how long a silent member keeps its partitions. `busy`: how long a locked file is
    waited for before Busy is raised. `handling`: how long a member may go without a call before
    it counts as hung.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Clock | None = None,
        session: timedelta = SESSION,
        busy: timedelta = BUSY,
        handling: timedelta = HANDLING,
    ) -> None:
        self._path = path
        self._clock = clock or SystemClock()
        self._session = session
        self._busy = busy
        self._handling = handling
        self._file = LogFile(path, busy)
        self._lock = threading.Lock()
        self._readers: list[LocalReader] = []

    def create_topics(self, specs: Sequence[TopicSpec]) -> Sequence[str]:
        with self._write() as db:
            return [spec.name for spec in specs if _create(db, spec)]

    def check_topics(self, specs: Sequence[TopicSpec]) -> Sequence[str]:
        with self._read() as db:
            return [fault for spec in specs for fault in _faults(db, spec)]

    def publish(self, outgoing: Sequence[Outgoing]) -> None:
        refuse_too_large(outgoing)
        for portion in _portions(outgoing):
            with self._write() as db:
                append(db, portion, self._clock.now())

    def reader(
        self, topics: Sequence[str], group: str, *, start_at: StartAt | None = None
    ) -> LocalReader:
        with self._read() as db:
            for topic in topics:
                partitions(db, topic)
        file = LogFile(self._path, self._busy)
        membership = Membership(file, group, topics, self._session)
        reader = LocalReader(
            file,
            membership,
            Heartbeat(
                LogFile(self._path, self._busy), membership.member, self._session, self._handling
            ),
            self._clock,
            session=self._session,
            start_at=start_at,
            on_close=self._forget,
        )
        with self._lock:
            self._readers.append(reader)
        return reader

    def browse(
        self,
        topic: str,
        *,
        since: datetime | None = None,
        partition: int | None = None,
        offset: int | None = None,
    ) -> Iterator[Message]:
        if offset is not None and partition is None:
            raise UsageError(f"an offset in {topic} needs the partition that it is in")
        with self._read() as db:
            chosen = partitions(db, topic)
            if partition is not None:
                chosen = (_numbered(chosen, partition),)
            starts = [_start(db, part, since, offset) for part in chosen]
        return self._messages(topic, zip(chosen, starts, strict=True))

    def extents(self, topic: str) -> Mapping[Place, Extent]:
        with self._read() as db:
            return {part.place: part.extent for part in partitions(db, topic)}

    def positions(self, group: str, topic: str) -> Mapping[int, int]:
        with self._read() as db:
            numbers = {part.id: part.place.partition for part in partitions(db, topic)}
            rows = db.execute(
                "SELECT partition, next FROM positions WHERE reader_group = ?", (group,)
            )
            return {numbers[id_]: offset for id_, offset in rows if id_ in numbers}

    def move(self, group: str, topic: str, to: Mapping[int, int] | datetime) -> None:
        with self._write() as db:
            if members := living(db, group, topic, self._session):
                raise UsageError(
                    f"{len(members)} member(s) of group {group} read {topic}: stop them first"
                )
            chosen = partitions(db, topic)
            if isinstance(to, datetime):
                moves = [(part, offset_at(db, part, to)) for part in chosen]
            else:
                moves = [(_numbered(chosen, number), offset) for number, offset in to.items()]
            for part, offset in moves:
                _move(db, group, part, offset)

    def trim(self, specs: Sequence[TopicSpec], now: datetime) -> int:
        return sum(
            self._trim(spec.name, number, now - spec.retention)
            for spec in specs
            for number in range(len(self.extents(spec.name)))
        )

    def close(self) -> None:
        with ExitStack() as stack:  # one that fails must not leave the others open
            stack.callback(self._file.close)
            for reader in self._readers:
                stack.callback(reader.close)

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with self._lock, self._file.read() as db:
            yield db

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with self._lock, self._file.write() as db:
            yield db

    def _forget(self, reader: LocalReader) -> None:
        with self._lock:
            if reader in self._readers:
                self._readers.remove(reader)

    def _messages(self, topic: str, spans: Iterator[tuple[Partition, int]]) -> Iterator[Message]:
        for part, start in spans:
            first, end = start, part.extent.end
            while first < end:
                with self._read() as db:
                    now = partitions(db, topic)[part.place.partition]
                    allowed = Allowance(_PORTION_MESSAGES, _PORTION_BYTES)
                    messages = read(db, now, first, end, allowed)
                yield from messages
                first = messages[-1].offset + 1 if messages else end

    def _trim(self, topic: str, number: int, cutoff: datetime) -> int:
        """Drop what a partition took before a time, a portion at a time: others get their turn."""
        dropped = 0
        while True:
            with self._write() as db:
                part = partitions(db, topic)[number]
                oldest = part.extent.oldest
                before = min(offset_at(db, part, cutoff), oldest + _PORTION_MESSAGES)
                if before == oldest:
                    return dropped
                dropped += drop(db, part, before)


def _create(db: Connection, spec: TopicSpec) -> bool:
    made = db.execute(
        "INSERT INTO topics (name, uuid) VALUES (?, ?) ON CONFLICT DO NOTHING",
        (spec.name, uuid4().hex),
    )
    if made.rowcount < 1:
        return False
    db.executemany(
        "INSERT INTO partitions (topic, number) VALUES (?, ?)",
        [(made.lastrowid, number) for number in range(spec.partitions)],
    )
    return True


def _faults(db: Connection, spec: TopicSpec) -> Iterator[str]:
    """Say what is wrong with a topic. Its retention can't be: `trim` goes by the settings."""
    (count,) = db.execute(
        "SELECT count(*) FROM partitions JOIN topics ON topics.id = topic WHERE name = ?",
        (spec.name,),
    ).fetchone()
    if not count:
        yield f"topic {spec.name} is missing: run `despatch topics create`"
    elif count != spec.partitions:
        yield f"topic {spec.name} has {count} partitions, the settings say {spec.partitions}"


def _portions(outgoing: Sequence[Outgoing]) -> Iterator[Sequence[Outgoing]]:
    portion: list[Outgoing] = []
    size = 0
    for message in outgoing:
        portion.append(message)
        size += len(message.value)
        if len(portion) == _PORTION_MESSAGES or size >= _PORTION_BYTES:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def _numbered(chosen: Sequence[Partition], number: int) -> Partition:
    if not 0 <= number < len(chosen):
        topic = chosen[0].place.topic
        raise UsageError(f"{topic} has no partition {number}: it has 0 to {len(chosen) - 1}")
    return chosen[number]


def _start(db: Connection, part: Partition, since: datetime | None, offset: int | None) -> int:
    """Return where browsing a partition begins; with a time and an offset, the later of both."""
    oldest = part.extent.oldest
    if offset is not None and offset < oldest:
        raise PositionLost(f"{part.place} begins at {oldest}: {offset} was dropped; begin there")
    return max(oldest, offset or 0, offset_at(db, part, since) if since else 0)


def _move(db: Connection, group: str, part: Partition, offset: int) -> None:
    extent = part.extent
    if not extent.oldest <= offset <= extent.end:
        raise UsageError(f"{part.place} holds {extent.oldest} to {extent.end}, not {offset}")
    db.execute(
        "INSERT INTO positions (reader_group, partition, next) VALUES (?, ?, ?)"
        " ON CONFLICT DO UPDATE SET next = excluded.next",
        (group, part.id, offset),
    )
    # A paused member that nobody missed may still hold the lease: its next commit must fail.
    db.execute(
        "UPDATE leases SET member = NULL WHERE reader_group = ? AND partition = ?",
        (group, part.id),
    )
