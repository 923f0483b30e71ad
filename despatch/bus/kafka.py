"""The bus on Apache Kafka 4: at least once, and no Kafka transactions (docs/adr).

Order of a stage's work: handle a batch, publish, wait for *every* acknowledgement, then commit the
positions. A crash in between repeats outputs and loses none; each carries an id that tells the
repeat. What kafka-python 3.0.12 does otherwise than one would think, and what is done about it,
stands at the place where it is done; tests/despatch/test_kafka_traps.py shows each on a broker.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from kafka import TopicPartition

from despatch.bus.kafka_admin import Admin
from despatch.bus.kafka_browse import browse
from despatch.bus.kafka_connect import Connector
from despatch.bus.kafka_producer import Publisher
from despatch.bus.kafka_reader import JOINS_WITHIN, KafkaReader
from despatch.bus.kafka_security import KafkaSecurity
from despatch.bus.kafka_tenure import Lookups
from despatch.errors import PositionLost, UsageError
from despatch.ports.bus import Extent, Message, Outgoing, Place, StartAt
from despatch.ports.clock import Clock, SystemClock
from despatch.topics import TopicSpec

__all__ = ["KafkaBus", "KafkaSecurity"]

SESSION = timedelta(seconds=10)
DELIVERY_TIMEOUT = timedelta(seconds=60)
MAX_IN_FLIGHT_BYTES = 32 * 1024 * 1024


class KafkaBus:
    """The bus on a Kafka cluster; see the port `Bus`. Connects at the first call, not before."""

    def __init__(
        self,
        servers: Sequence[str],
        *,
        security: KafkaSecurity | None = None,
        clock: Clock | None = None,
        replication: int = 1,
        max_in_flight_bytes: int = MAX_IN_FLIGHT_BYTES,
        client_id: str = "despatch",
        session: timedelta = SESSION,
        delivery_timeout: timedelta = DELIVERY_TIMEOUT,
        joins_within: timedelta = JOINS_WITHIN,
    ) -> None:
        self._clock = clock or SystemClock()
        self._session = session
        self._joins_within = joins_within
        self._connector = Connector(servers, security or KafkaSecurity(), client_id)
        self._admin = Admin(self._connector, self._clock, replication)
        self._publisher = Publisher(
            self._connector,
            self._admin.require,
            max_in_flight_bytes=max_in_flight_bytes,
            delivery_timeout=delivery_timeout,
        )

    @property
    def bytes_in_flight(self) -> int:
        """Bytes that were given to the producer and stand unacknowledged."""
        return self._publisher.bytes_in_flight

    def create_topics(self, specs: Sequence[TopicSpec]) -> Sequence[str]:
        return self._admin.create(specs)

    def check_topics(self, specs: Sequence[TopicSpec]) -> Sequence[str]:
        return self._admin.check(specs)

    def publish(self, outgoing: Sequence[Outgoing]) -> None:
        self._publisher.publish(outgoing)

    def reader(
        self, topics: Sequence[str], group: str, *, start_at: StartAt | None = None
    ) -> KafkaReader:
        self._admin.require(topics)
        return KafkaReader(
            self._connector,
            Lookups(self.extents, self.positions, self.publish),
            topics,
            group,
            start_at=start_at,
            session=self._session,
            joins_within=self._joins_within,
            clock=self._clock,
        )

    def browse(
        self,
        topic: str,
        *,
        since: datetime | None = None,
        partition: int | None = None,
        offset: int | None = None,
    ) -> Iterator[Message]:
        spans: dict[TopicPartition, Extent] = {}
        starts = self._admin.offsets_at(topic, since) if since is not None else {}
        for place, extent in self.extents(topic).items():
            if partition in (None, place.partition):
                start = starts.get(place.partition, extent.oldest)
                start = extent.end if start is None else start
                if offset is not None:
                    start = _still_there(place, extent, offset)
                spans[TopicPartition(topic, place.partition)] = Extent(start, extent.end)
        if offset is not None and len(spans) != 1:
            raise UsageError(f"an offset stands in one partition of {topic}: say in which")
        return browse(self._connector, spans, f"browse {topic}")

    def extents(self, topic: str) -> Mapping[Place, Extent]:
        return self._admin.extents(topic)

    def positions(self, group: str, topic: str) -> Mapping[int, int]:
        return self._admin.positions(group, topic)

    def move(self, group: str, topic: str, to: Mapping[int, int] | datetime) -> None:
        extents = {place.partition: extent for place, extent in self.extents(topic).items()}
        if isinstance(to, datetime):
            found = self._admin.offsets_at(topic, to)
            to = {
                number: extents[number].end if offset is None else offset
                for number, offset in found.items()
            }
        for number, offset in to.items():
            if number not in extents:
                raise UsageError(f"{topic} has no partition {number}")
            if not extents[number].oldest <= offset <= extents[number].end:
                raise UsageError(
                    f"{topic}/{number} holds offsets {extents[number].oldest} to "
                    f"{extents[number].end}, not {offset}"
                )
        self._admin.move(group, topic, to)

    def trim(self, specs: Sequence[TopicSpec], now: datetime) -> int:
        """Return 0: Kafka drops by itself what is older than a topic's retention."""
        return 0

    def close(self) -> None:
        self._publisher.close()
        self._admin.close()


def _still_there(place: Place, extent: Extent, offset: int) -> int:
    if offset < extent.oldest:
        raise PositionLost(
            f"{place} no longer holds offset {offset}: its oldest message is {extent.oldest}"
        )
    return min(offset, extent.end)
