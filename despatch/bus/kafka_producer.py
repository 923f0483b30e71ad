"""Publishing to Kafka: idempotent, acknowledged by all replicas, bounded in bytes.

What kafka-python 3.0.12 does, each seen on a broker (tests/despatch/test_kafka_traps.py):
- It takes records without end while no broker answers, so the bound on bytes is ours.
- While it waits for a producer id, records outlive their delivery timeout, so the deadline is ours.
- One record that the broker refuses fails all others, whoever published them, with the same error,
  and the producer for good. So after any error it is made anew, and what one error would make a
  dead letter is published once more, message by message, by a producer that nobody shares.
"""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError

from despatch.bus.kafka_connect import Connector
from despatch.bus.kafka_errors import translate
from despatch.bus.kafka_records import size_of, to_record, too_large
from despatch.errors import LOG_AWAY, PermanentError, ServerAway, TooLarge
from despatch.ports.bus import Outgoing
from despatch.topics import MAX_MESSAGE_BYTES

_CLOSES_WITHIN_S = 5


class Publisher:
    """Publishes for all threads of a process over one producer, made at the first call."""

    def __init__(
        self,
        connector: Connector,
        check_topics: Callable[[set[str]], None],
        *,
        max_in_flight_bytes: int,
        delivery_timeout: timedelta,
    ) -> None:
        self._connector = connector
        self._check_topics = check_topics
        self._max_in_flight_bytes = max_in_flight_bytes
        self._delivery_timeout = delivery_timeout
        self._lock = threading.Lock()
        self._current: _Line | None = None
        self._known: set[str] = set()

    @property
    def bytes_in_flight(self) -> int:
        """Bytes that were handed to the producer and not yet acknowledged or given up."""
        line = self._current
        return 0 if line is None else line.room.used

    def publish(self, outgoing: Sequence[Outgoing]) -> None:
        """Append the messages, and wait for every acknowledgement; see `Bus.publish`."""
        for message in outgoing:
            if too_large(message):
                raise TooLarge(
                    f"a message of {len(message.value):,} bytes to {message.topic} is over the "
                    f"limit of {MAX_MESSAGE_BYTES:,}: cut its text"
                )
        if not outgoing:
            return
        self._know({message.topic for message in outgoing})
        line = self._line()
        try:
            self._send(line, outgoing)
        except PermanentError:
            self._retire(line)
            self._send_one_by_one(outgoing)
        except BaseException:
            self._retire(line)
            raise

    def close(self) -> None:
        """Let go of the producer; what was acknowledged stays."""
        with self._lock:
            line, self._current = self._current, None
        if line is not None:
            _abandon(line.producer)

    def _send(self, line: "_Line", outgoing: Sequence[Outgoing]) -> None:
        """Send, and wait until each message is acknowledged."""
        doing = f"publish to {', '.join(sorted({message.topic for message in outgoing}))}"
        try:
            futures = [self._append(line, message) for message in outgoing]
            deadline = time.monotonic() + self._delivery_timeout.total_seconds()
            for future in futures:
                future.get(timeout=max(0.0, deadline - time.monotonic()))
        except KafkaError as exc:
            raise translate(exc, doing) from exc

    def _append(self, line: "_Line", message: Outgoing) -> Any:
        size = size_of(message.key, message.value, message.headers)
        line.room.take(size, self._delivery_timeout)
        try:
            future = line.producer.send(**to_record(message))
        except BaseException:
            line.room.give(size)
            raise
        future.add_both(lambda _result: line.room.give(size))
        return future

    def _send_one_by_one(self, outgoing: Sequence[Outgoing]) -> None:
        """Publish with a producer of our own: an error is that of the message it is raised for."""
        line = self._open()
        try:
            for message in outgoing:
                self._send(line, [message])
        finally:
            _abandon(line.producer)

    def _know(self, topics: set[str]) -> None:
        """Ask once whether a topic is there: the producer itself would wait for it in vain."""
        unknown = topics - self._known
        if unknown:
            self._check_topics(unknown)
            self._known |= unknown

    def _line(self) -> "_Line":
        with self._lock:
            if self._current is None:
                self._current = self._open()
            return self._current

    def _retire(self, line: "_Line") -> None:
        """Give this producer up: whoever else waits for it learns so at once."""
        with self._lock:
            if self._current is line:
                self._current = None
                self._known.clear()
        _abandon(line.producer)

    def _open(self) -> "_Line":
        timeout_ms = self._delivery_timeout // timedelta(milliseconds=1)
        producer = self._connector.open(
            KafkaProducer,
            "publish",
            enable_idempotence=True,
            acks="all",
            compression_type="zstd",
            linger_ms=5,
            batch_size=128 * 1024,
            delivery_timeout_ms=timeout_ms,
            request_timeout_ms=min(10_000, timeout_ms // 2),
            max_block_ms=min(10_000, timeout_ms),
            allow_auto_create_topics=False,
            metrics_enabled=False,
        )
        return _Line(producer, Room(self._max_in_flight_bytes))


@dataclass(frozen=True, slots=True)
class _Line:
    """A producer and the bound on what it may hold."""

    producer: Any
    room: "Room"


class Room:
    """A bound on bytes: whoever wants more than is left waits until others gave theirs back."""

    def __init__(self, limit: int) -> None:
        self.used = 0
        self._limit = limit
        self._changed = threading.Condition()

    def take(self, size: int, wait: timedelta) -> None:
        """Take `size` bytes; alone, a message larger than the whole bound passes too.

        Raises ServerAway when there is no room within `wait`.
        """
        with self._changed:
            free = self._changed.wait_for(
                lambda: self.used == 0 or self.used + size <= self._limit, wait.total_seconds()
            )
            if not free:
                raise ServerAway(
                    f"publish: {self.used} bytes stand unacknowledged for {wait}: {LOG_AWAY}"
                )
            self.used += size

    def give(self, size: int) -> None:
        """Give bytes back."""
        with self._changed:
            self.used -= size
            self._changed.notify_all()


def _abandon(producer: Any) -> None:
    """Close a producer now: what it holds fails. Twice does no harm.

    Its own `close` would first wait for what no broker acknowledges, then raise and stay open.
    """
    producer._sender.force_close()
    with suppress(KafkaTimeoutError):
        producer.close(timeout=_CLOSES_WITHIN_S)
