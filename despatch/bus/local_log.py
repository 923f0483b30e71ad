"""Topics and messages in the file of a local log. Functions over an open transaction."""

import json
import sqlite3
import sys
from bisect import bisect_left
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from despatch.bus.local_file import OFFSET_BITS
from despatch.errors import OperatorError, PositionLost, TooLarge
from despatch.ports import Extent, Message, Outgoing, Place
from despatch.ports.bus import Headers
from despatch.topics import MAX_MESSAGE_BYTES

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition as it stands in the file."""

    id: int
    place: Place
    extent: Extent
    last_at: int

    def row(self, offset: int) -> int:
        """Return the row id of the message at an offset."""
        return (self.id << OFFSET_BITS) + offset


@dataclass(slots=True)
class Allowance:
    """How much may still be read; the first message always fits."""

    messages: int
    size: int
    untouched: bool = True

    def take(self, size: int) -> bool:
        """Count one message, if it fits."""
        if not self.untouched and (self.messages < 1 or size > self.size):
            self.messages = 0
            return False
        self.untouched = False
        self.messages -= 1
        self.size -= size
        return True


def partition_of(key: str, partitions: int) -> int:
    """Return the partition that a key's messages go to: the same on every machine, for ever."""
    hashed = blake2b(key.encode(), digest_size=8).digest()
    return int.from_bytes(hashed, "big") % partitions


def stamp(at: datetime) -> int:
    """Return a time as the file keeps it: whole microseconds since 1970."""
    return (at - _EPOCH) // _MICROSECOND


def refuse_too_large(outgoing: Sequence[Outgoing]) -> None:
    """Raise TooLarge if a value is over the limit."""
    for message in outgoing:
        if len(message.value) > MAX_MESSAGE_BYTES:
            raise TooLarge(
                f"a message for {message.topic} with key {message.key!r} has "
                f"{len(message.value):,} bytes; the limit is {MAX_MESSAGE_BYTES:,}"
            )


def partitions(db: sqlite3.Connection, topic: str) -> tuple[Partition, ...]:
    """Return a topic's partitions by number. Raises OperatorError if there is no such topic."""
    rows = db.execute(
        "SELECT p.id, log.cluster, t.name, t.uuid, p.number, p.oldest, p.end, p.last_at"
        " FROM log, topics t JOIN partitions p ON p.topic = t.id"
        " WHERE t.name = ? ORDER BY p.number",
        (topic,),
    )
    found = tuple(
        Partition(id_, Place(cluster, name, uuid, number), Extent(oldest, end), last_at)
        for id_, cluster, name, uuid, number, oldest, end, last_at in rows
    )
    if not found:
        raise OperatorError(f"the log has no topic {topic}: run `despatch topics create`")
    return found


def append(db: sqlite3.Connection, outgoing: Sequence[Outgoing], now: datetime) -> None:
    """Put messages at the end of their partitions, in order.

    A message's time is never before that of the one ahead of it, even if the machine's clock was
    set back, so that a time can be looked up and a retention drops from the front.
    """
    topics = {name: partitions(db, name) for name in {message.topic for message in outgoing}}
    at = stamp(now)
    ends: dict[int, int] = {}
    rows = []
    for message in outgoing:
        choice = topics[message.topic]
        to = choice[partition_of(message.key, len(choice))]
        offset = ends.get(to.id, to.extent.end)
        ends[to.id] = offset + 1
        headers = _headers_text(message.headers)
        rows.append((to.row(offset), max(at, to.last_at), message.key, headers, message.value))
    db.executemany(
        "INSERT INTO messages (id, at, key, headers, value) VALUES (?, ?, ?, ?, ?)", rows
    )
    db.executemany(
        "UPDATE partitions SET end = ?, last_at = max(last_at, ?) WHERE id = ?",
        [(end, at, id_) for id_, end in ends.items()],
    )


def read(
    db: sqlite3.Connection, partition: Partition, first: int, end: int, allowed: Allowance
) -> tuple[Message, ...]:
    """Return messages from an offset up to, without, another, as many as are allowed.

    Raises PositionLost if the log no longer holds the first, or does not hold it yet.
    """
    place, extent = partition.place, partition.extent
    if not extent.oldest <= first <= extent.end:
        raise PositionLost(
            f"{place} holds offsets {extent.oldest} up to {extent.end}, but {first} comes next: "
            f"what lies between was dropped unread or the log is an older copy. "
            f"To go on without it, start at {extent.oldest} or later"
        )
    found = db.execute(
        "SELECT id, at, key, headers, value FROM messages WHERE id >= ? AND id < ?"
        " ORDER BY id LIMIT ?",
        (partition.row(first), partition.row(end), max(allowed.messages, 0)),
    )
    messages = []
    with closing(found) as rows:
        for id_, at, key, headers, value in rows:
            if not allowed.take(len(value) + len(headers) + len(key)):
                break
            offset = id_ - partition.row(0)
            when = _EPOCH + at * _MICROSECOND
            messages.append(
                Message(place.topic, place.partition, offset, key, value, _headers(headers), when)
            )
    return tuple(messages)


def offset_at(db: sqlite3.Connection, partition: Partition, since: datetime) -> int:
    """Return the offset of the first message taken at or after a time; the end if none was."""

    def at(offset: int) -> int:
        row = db.execute(
            "SELECT at FROM messages WHERE id >= ? AND id < ? ORDER BY id LIMIT 1",
            (partition.row(offset), partition.row(partition.extent.end)),
        ).fetchone()
        return int(row[0]) if row else sys.maxsize

    extent = partition.extent
    offsets = range(extent.oldest, extent.end)
    return extent.oldest + bisect_left(offsets, stamp(since), key=at)


def drop(db: sqlite3.Connection, partition: Partition, before: int) -> int:
    """Drop a partition's messages before an offset; return how many went."""
    gone = db.execute(
        "DELETE FROM messages WHERE id >= ? AND id < ?", (partition.row(0), partition.row(before))
    ).rowcount
    db.execute("UPDATE partitions SET oldest = ? WHERE id = ?", (before, partition.id))
    return gone


def _headers_text(headers: Headers) -> str:
    # Latin-1 gives every byte its character: any bytes stand in JSON, and the text stays readable.
    if not headers:
        return "[]"
    return json.dumps([(name, value.decode("latin-1")) for name, value in headers])


def _headers(text: str) -> Headers:
    return tuple((name, value.encode("latin-1")) for name, value in json.loads(text))
