"""A member of a Kafka group: batches in, positions out, and never a position that is not ours.

Each time the group gives out partitions, all that this member knew of them is forgotten and asked
anew: a *tenure*. A batch can be committed or handed back in the tenure that it was read in only.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from kafka import KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.coordinator.base import MemberState
from kafka.errors import CorruptRecordError, KafkaError, NoOffsetForPartitionError
from kafka.errors import UnsupportedCodecError as UnknownCodec

from despatch import log
from despatch.bus.kafka_connect import Connector
from despatch.bus.kafka_errors import translate, translated
from despatch.bus.kafka_records import size_of, to_message
from despatch.bus.kafka_tenure import Listener, Lookups, Tenure
from despatch.errors import FencedError, OperatorError, ServerAway, TransientError
from despatch.ports.bus import Batch, Message, Outgoing, Place, StartAt
from despatch.ports.clock import Clock

HANDLES_WITHIN = timedelta(minutes=5)
"""A member that polls no sooner loses its partitions (max.poll.interval.ms)."""

_ASKS_AFTER_S = 5.0
"""A member that hears nothing for as long asks whether there is a broker at all."""

JOINS_WITHIN = HANDLES_WITHIN + timedelta(minutes=1)
"""The group waits for a member that polls no more, and goes on without it after HANDLES_WITHIN."""

_ANSWERS_WITHIN_MS = 3_000
_COMMITS_WITHIN_MS = 10_000
_SLICE = timedelta(milliseconds=500)


class KafkaReader:
    """One member of a group; see the port `Reader`."""

    def __init__(
        self,
        connector: Connector,
        lookups: Lookups,
        topics: Sequence[str],
        group: str,
        *,
        start_at: StartAt | None,
        session: timedelta,
        joins_within: timedelta,
        clock: Clock,
    ) -> None:
        self._lookups = lookups
        self._topics = tuple(topics)
        self._group = group
        self._start_at = start_at
        self._clock = clock
        self._tenures: dict[TopicPartition, Tenure] = {}
        self._given: set[TopicPartition] = set()
        """Given to us and not yet positioned: paused until then, so that nothing is fetched."""
        self._broken: OperatorError | None = None
        self._closed = False
        self._heard_at = time.monotonic()
        self._joins_within_s = joins_within.total_seconds()
        self._joining_since: float | None = None
        session_ms = session // timedelta(milliseconds=1)
        self._consumer: Any = connector.open(
            KafkaConsumer,
            f"join {group}",
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_uncommitted",
            session_timeout_ms=session_ms,
            heartbeat_interval_ms=min(3_000, session_ms // 3),
            max_poll_interval_ms=HANDLES_WITHIN // timedelta(milliseconds=1),
            request_timeout_ms=10_000,
            fetch_max_bytes=8_000_000,
            allow_auto_create_topics=False,
            metrics_enabled=False,
        )
        self._consumer.subscribe(self._topics, listener=Listener(self))

    def poll(
        self, wait: timedelta, *, max_messages: int = 500, max_bytes: int = 8_000_000
    ) -> Sequence[Batch]:
        if self._broken is not None:
            raise self._broken
        deadline = time.monotonic() + wait.total_seconds()
        while True:
            left_ms = max(0, int(1_000 * (deadline - time.monotonic())))
            records = self._fetch(left_ms, max_messages)
            if records:
                self._heard_at = time.monotonic()
                return self._batches(records, max_bytes)
            if self._given:
                self._settle()
            if (took_s := self._keep_joining()) > self._joins_within_s:
                raise ServerAway(  # at each poll as long as it lasts
                    f"{self._group} has given out no partitions for {took_s:.0f} s: "
                    "does one of its members hang?"
                )
            if time.monotonic() >= deadline:
                self._ask_if_silent()
                return ()

    def commit(self, batch: Batch, outgoing: Sequence[Outgoing] = ()) -> None:
        tenure = self._held(batch)
        if outgoing:
            self._lookups.publish(outgoing)
        partition = _partition_of(batch.place)
        with translated(f"commit {batch.place} of {self._group}"):
            self._consumer.commit(
                {partition: OffsetAndMetadata(batch.next, "", -1)}, timeout_ms=_COMMITS_WITHIN_MS
            )
        tenure.start = batch.next
        self._heard_at = time.monotonic()

    def rewind(self, batch: Batch) -> None:
        partition = _partition_of(batch.place)
        tenure = self._tenures.get(partition)
        if tenure is not None and tenure.holds(batch):
            self._consumer.seek(partition, batch.first)
            tenure.next = batch.first

    def idle(self, wait: timedelta) -> None:
        deadline = time.monotonic() + wait.total_seconds()
        paused = self._consumer.assignment() - self._given
        self._consumer.pause(*paused)
        try:
            while (left := timedelta(seconds=deadline - time.monotonic())) > timedelta(0):
                self._stay(min(left, _SLICE))
        finally:
            self._consumer.resume(*(paused & self._consumer.assignment()) - self._given)

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            try:
                with translated(f"leave {self._group}"):
                    self._consumer.close(autocommit=False, timeout_ms=_ANSWERS_WITHIN_MS)
            except TransientError as exc:
                log.get().warning("group not left: others wait for a session", why=str(exc))

    def given(self, partitions: Iterable[TopicPartition]) -> None:
        """Take note of a new assignment. Called on Kafka's own thread: must not wait."""
        self._tenures.clear()
        self._given = set(partitions)
        self._consumer.pause(*self._given)

    def taken(self) -> None:
        """Take note that all partitions are gone. Called on Kafka's own thread: must not wait."""
        self._tenures.clear()
        self._given.clear()

    def _fetch(self, wait_ms: int, max_messages: int) -> Mapping[TopicPartition, Sequence[Any]]:
        try:
            records: Mapping[TopicPartition, Sequence[Any]] = self._consumer.poll(
                timeout_ms=wait_ms, max_records=max_messages
            )
        except NoOffsetForPartitionError:  # a new group: `_settle` starts it at the oldest
            return {}
        except (CorruptRecordError, UnknownCodec, UnicodeDecodeError) as exc:
            # The next poll of this consumer would spin for ever (kafka-python 3.0.12).
            at = ", ".join(f"{held.place}@{held.next}" for held in self._tenures.values())
            error = exc if isinstance(exc, KafkaError) else CorruptRecordError(str(exc))
            self._broken = OperatorError(str(translate(error, f"read behind one of {at}")))
            raise self._broken from exc
        except KafkaError as exc:
            raise translate(exc, f"read {', '.join(self._topics)}") from exc
        return records

    def _keep_joining(self) -> float:
        """Take a join up again that the end of a poll cut off; return for how many s it has lasted.

        kafka-python 3.0.12 drops one that new metadata caused, if the poll ends between its two
        answers: it wants no join then and is in none, and never reads again.
        """
        coordinator = self._consumer._coordinator
        if coordinator.state is not MemberState.REBALANCING:
            self._joining_since = None
            return 0.0
        coordinator.request_rejoin()
        now = time.monotonic()
        self._joining_since = self._joining_since or now
        return now - self._joining_since

    def _settle(self) -> None:
        """Start the partitions that we were just given where they must start."""
        for topic in sorted({partition.topic for partition in self._given}):
            kept = self._lookups.positions(self._group, topic)
            for place, extent in self._lookups.extents(topic).items():
                partition = _partition_of(place)
                if partition in self._given:
                    start = self._start_at(place) if self._start_at is not None else None
                    if start is None:
                        start = kept.get(place.partition, extent.oldest)
                    self._consumer.seek(partition, start)
                    self._tenures[partition] = Tenure(place, start)
        self._consumer.resume(*self._given)
        self._given = set()

    def _batches(
        self, records: Mapping[TopicPartition, Sequence[Any]], max_bytes: int
    ) -> Sequence[Batch]:
        batches: list[Batch] = []
        left = max_bytes
        for partition, fetched in records.items():
            fits: list[Message] = []
            for record in fetched:
                message = to_message(record)
                left -= size_of(message.key, message.value, message.headers)
                if left < 0 and (fits or batches):
                    self._consumer.seek(partition, record.offset)
                    break
                fits.append(message)
            if fits:
                batches.append(self._given_out(partition, tuple(fits)))
        return batches

    def _given_out(self, partition: TopicPartition, messages: tuple[Message, ...]) -> Batch:
        tenure = self._tenures[partition]
        first, tenure.next = tenure.next, messages[-1].offset + 1
        return Batch(tenure.place, first, tenure.next, messages)

    def _held(self, batch: Batch) -> Tenure:
        tenure = self._tenures.get(_partition_of(batch.place))
        stable = self._consumer.group_metadata().state is MemberState.STABLE
        if tenure is None or not stable or not tenure.holds(batch):
            raise FencedError(
                f"{batch.place} from {batch.first} on is not ours in {self._group} now: poll again"
            )
        return tenure

    def _stay(self, wait: timedelta) -> None:
        """Poll with everything paused: joins again if need be, and takes nothing."""
        begin = time.monotonic()
        try:
            self._consumer.poll(timeout_ms=wait // timedelta(milliseconds=1))
            self._keep_joining()
        except NoOffsetForPartitionError:
            pass
        except KafkaError as exc:
            error = translate(exc, f"stay in {self._group}")
            if not isinstance(error, TransientError):
                raise error from exc
        self._clock.sleep(wait - timedelta(seconds=time.monotonic() - begin))

    def _ask_if_silent(self) -> None:
        """Raise ServerAway if nothing was heard for a while and nobody answers when asked.

        kafka-python's poll returns empty during an outage, as if there were nothing to read.
        """
        if time.monotonic() - self._heard_at < _ASKS_AFTER_S:
            return
        any_partition = TopicPartition(self._topics[0], 0)
        with translated(f"ask for the coordinator of {self._group}"):
            self._consumer.committed(any_partition, timeout_ms=_ANSWERS_WITHIN_MS)
        self._heard_at = time.monotonic()


def _partition_of(place: Place) -> TopicPartition:
    return TopicPartition(place.topic, place.partition)
