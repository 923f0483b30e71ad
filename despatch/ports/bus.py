"""The bus: a keyed, partitioned, durable log. A message's key is its release's id."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from despatch.topics import TopicSpec

Headers = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to be published."""

    topic: str
    key: str
    value: bytes
    headers: Headers = ()


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it stands in the log."""

    topic: str
    partition: int
    offset: int
    key: str
    value: bytes
    headers: Headers
    at: datetime
    """When the log took it."""


@dataclass(frozen=True, slots=True)
class Place:
    """One partition of one topic of one log.

    Cluster and topic id tell a log that was made anew under the same name from the one that a
    kept position speaks of.
    """

    cluster: str
    topic: str
    topic_id: str
    partition: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}"


@dataclass(frozen=True, slots=True)
class Batch:
    """Messages of one partition, in order, and the positions before and after them.

    `first <= messages[0].offset` (offsets can have holes) and `next == messages[-1].offset + 1`.
    Never empty.
    """

    place: Place
    first: int
    next: int
    messages: tuple[Message, ...]

    def singles(self) -> "Iterator[Batch]":
        """Yield the same messages as batches of one, whose positions join up without a hole."""
        first = self.first
        for message in self.messages:
            yield replace(self, first=first, next=message.offset + 1, messages=(message,))
            first = message.offset + 1


@dataclass(frozen=True, slots=True)
class Extent:
    """What a partition holds: offsets from `oldest` up to, without, `end`."""

    oldest: int
    end: int


StartAt = Callable[[Place], int | None]
"""Where a reader starts in a partition that it was just given; None: the group's kept position."""


class Reader(Protocol):
    """One member of a group. A partition is read by one member of a group at a time.

    Not to be shared between threads. A member that is dead or paused for longer than the
    session (10 s) loses its partitions to the others; if it wakes up it learns so by a
    FencedError at its next commit, and may go on polling. Handling a batch may take longer than
    the session: the adapter keeps the membership alive meanwhile, up to 5 minutes.
    """

    def poll(
        self, wait: timedelta, *, max_messages: int = 500, max_bytes: int = 8_000_000
    ) -> Sequence[Batch]:
        """Return what there is to read, at most one batch a partition; empty after `wait`.

        Keeps the order within a partition. Starts, in a partition just given, where `start_at`
        says, else at the group's position, else at the oldest message: a new group misses
        nothing. The limits hold over all batches together, save that one message always passes.
        What is returned is not returned again to this member unless it calls `rewind`.
        Raises ServerAway; PositionLost when the log no longer holds what comes next (never a
        silent jump).
        """
        ...

    def commit(self, batch: Batch, outgoing: Sequence[Outgoing] = ()) -> None:
        """Publish what came of a batch, then move the group's position behind it.

        When it returns, both are durable. After a crash in between, the outputs may stand in
        the log and the batch be read again, never the reverse (`local` does both or neither).
        Raises FencedError if the partition was given to another member meanwhile: nothing of a
        later owner's position is changed; TransientError: unknown, so rewind and repeat.
        """
        ...

    def rewind(self, batch: Batch) -> None:
        """Hand a batch back: the next poll returns its messages again."""
        ...

    def idle(self, wait: timedelta) -> None:
        """Wait without taking anything, and stay a member: for waiting out a TransientError."""
        ...

    def close(self) -> None:
        """Leave the group: its partitions are free for others at once."""
        ...


class Bus(Protocol):
    """The log. Shared between threads; each reader is one thread's own.

    All methods raise ServerAway when the log can't be reached, StorageFull when it has no room,
    OperatorError when a topic is missing (its text says `despatch topics create`).
    """

    def create_topics(self, specs: Sequence[TopicSpec]) -> Sequence[str]:
        """Create the topics that are missing and return their names. Never changes one."""
        ...

    def check_topics(self, specs: Sequence[TopicSpec]) -> Sequence[str]:
        """Return what is wrong with the topics, a sentence each: missing, partitions, retention."""
        ...

    def publish(self, outgoing: Sequence[Outgoing]) -> None:
        """Append the messages; when it returns, all of them are durable.

        Messages with the same key keep their order. If it raises, any of them may stand in the
        log: publish all again, their ids tell the repeats. Raises TooLarge before anything is
        sent if a value is over `MAX_MESSAGE_BYTES`. Holds a bounded number of bytes in flight.
        """
        ...

    def reader(
        self, topics: Sequence[str], group: str, *, start_at: StartAt | None = None
    ) -> Reader:
        """Return a new member of a group."""
        ...

    def browse(
        self,
        topic: str,
        *,
        since: datetime | None = None,
        partition: int | None = None,
        offset: int | None = None,
    ) -> Iterator[Message]:
        """Yield what stands in a topic now, without a group; ends at the end as of the call.

        From the first message that the log took at or after `since`, or from `offset` in
        `partition`; else from the oldest. In order within a partition. An `offset` older than
        the oldest raises PositionLost.
        """
        ...

    def extents(self, topic: str) -> Mapping[Place, Extent]:
        """Return what each partition of a topic holds."""
        ...

    def positions(self, group: str, topic: str) -> Mapping[int, int]:
        """Return a group's next offset by partition; partitions never committed are absent."""
        ...

    def move(self, group: str, topic: str, to: Mapping[int, int] | datetime) -> None:
        """Set a group's positions: replay from an offset or a time. No member may be reading.

        Raises UsageError if a member is.
        """
        ...

    def trim(self, specs: Sequence[TopicSpec], now: datetime) -> int:
        """Drop what is older than its topic's retention; return how many messages went.

        A log that does so by itself (Kafka) returns 0.
        """
        ...

    def close(self) -> None:
        """Let go of connections and files. What was published stays."""
        ...
