"""Publishing to Kafka: idempotent, acknowledged by all replicas, bounded in bytes.

kafka-python takes records without end while no broker answers (57,000 in ten seconds were seen),
so the bound is ours. After an error that leaves it open whether a record was written, the producer
is made anew: that is the one advice that holds for every client of Kafka.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError

from despatch import log
from despatch.bus.kafka_connect import Connector
from despatch.bus.kafka_errors import translate
from despatch.bus.kafka_records import size_of, to_record, too_large
from despatch.errors import DespatchError, ServerAway, TooLarge, TransientError
from despatch.ports.bus import Outgoing
from despatch.topics import MAX_MESSAGE_BYTES

_GRACE = timedelta(seconds=5)
"""Beyond the delivery timeout, for the producer's own clockwork to give up a record."""

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
        self._delivery_timeout = delivery_timeout
        self._room = Room(max_in_flight_bytes)
        self._lock = threading.Lock()
        self._current: _Lent | None = None
        self._known: set[str] = set()

    @property
    def bytes_in_flight(self) -> int:
        """Bytes that were handed to the producer and not yet acknowledged or given up."""
        return self._room.used

    def publish(self, outgoing: Sequence[Outgoing]) -> None:
        """Append the messages, and wait for every acknowledgement; see `Bus.publish`."""
        for message in outgoing:
            if too_large(message):
                raise TooLarge(
                    f"a message of {len(message.value):,} bytes to {message.topic} is over the limit "
                    f"of {MAX_MESSAGE_BYTES:,}: cut its text"
                )
        if not outgoing:
            return
        self._know({message.topic for message in outgoing})
        with self._borrowed() as lent:
            error = self._send_all(lent.producer, outgoing)
            if isinstance(error, TransientError):
                self._retire(lent)
            if error is not None:
                raise error from error.__cause__

    def close(self) -> None:
        """Let go of the producer; what was acknowledged stays."""
        with self._lock:
            lent, self._current = self._current, None
        if lent is not None:
            lent.close()

    def _send_all(self, producer: Any, outgoing: Sequence[Outgoing]) -> DespatchError | None:
        """Send, wait until each message is decided, and return the first error."""
        futures: list[Any] = []
        error: DespatchError | None = None
        try:
            # What was sent before an error stays in the list, and is waited for.
            futures.extend(self._send(producer, message) for message in outgoing)
        except KafkaError as exc:
            error = _caused(exc)
        except ServerAway as exc:
            error = exc
        deadline = time.monotonic() + (self._delivery_timeout + _GRACE).total_seconds()
        for future in futures:
            try:
                future.get(timeout=max(0.0, deadline - time.monotonic()))
            except KafkaError as exc:
                error = error or _caused(exc)
        return error

    def _send(self, producer: Any, message: Outgoing) -> Any:
        size = size_of(message.key, message.value, message.headers)
        self._room.take(size, self._delivery_timeout)
        try:
            future = producer.send(**to_record(message))
        except BaseException:
            self._room.give(size)
            raise
        future.add_both(lambda _result: self._room.give(size))
        return future

    def _know(self, topics: set[str]) -> None:
        """Ask once whether a topic is there: the producer itself would wait for it in vain."""
        unknown = topics - self._known
        if unknown:
            self._check_topics(unknown)
            self._known |= unknown

    @contextmanager
    def _borrowed(self) -> "Iterator[_Lent]":
        with self._lock:
            if self._current is None:
                self._current = _Lent(self._open())
            lent = self._current
            lent.users += 1
        try:
            yield lent
        finally:
            with self._lock:
                lent.users -= 1
                over = lent is not self._current and lent.users == 0
            if over:
                lent.close()

    def _retire(self, lent: "_Lent") -> None:
        """Give nobody this producer any more; its last user closes it."""
        with self._lock:
            if self._current is lent:
                self._current = None
                self._known.clear()

    def _open(self) -> Any:
        timeout_ms = self._delivery_timeout // timedelta(milliseconds=1)
        return self._connector.open(
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


class _Lent:
    """A producer and how many threads publish through it just now."""

    def __init__(self, producer: Any) -> None:
        self.producer = producer
        self.users = 0

    def close(self) -> None:
        try:
            self.producer.close(timeout=_CLOSES_WITHIN_S)
        except KafkaTimeoutError:  # it hung; its threads are daemons and hold no acknowledgement
            log.get().warning("kafka producer did not close")


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
                    f"publish: {self.used} bytes stand unacknowledged for {wait}: no Kafka broker "
                    "answers"
                )
            self.used += size

    def give(self, size: int) -> None:
        """Give bytes back."""
        with self._changed:
            self.used -= size
            self._changed.notify_all()


def _caused(exc: KafkaError) -> DespatchError:
    error = translate(exc, "publish")
    error.__cause__ = exc
    return error
