"""Asking and telling the cluster about topics and groups: what no producer or consumer does."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from kafka import KafkaAdminClient, OffsetAndMetadata, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, OffsetSpec
from kafka.errors import (
    KafkaError,
    NoError,
    TopicAlreadyExistsError,
    UnknownMemberIdError,
    UnknownTopicOrPartitionError,
    for_code,
)

from despatch.bus.kafka_connect import Connector
from despatch.bus.kafka_errors import translate
from despatch.bus.kafka_records import to_ms
from despatch.errors import OperatorError, UsageError
from despatch.ports.bus import Extent, Place
from despatch.ports.clock import Clock
from despatch.topics import TopicSpec

T = TypeVar("T")

_TRIES_FOR_S = 6.0
"""How long a passing error, such as a leader being elected, is tried again."""

_PAUSE = timedelta(milliseconds=200)


class Admin:
    """Asks the cluster, for all threads of a process; connects at the first question."""

    def __init__(self, connector: Connector, clock: Clock, replication: int) -> None:
        self._connector = connector
        self._clock = clock
        self._replication = replication
        self._lock = threading.Lock()
        self._client: Any = None

    def close(self) -> None:
        """Let go of the connection."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def require(self, topics: Iterable[str]) -> None:
        """Raise OperatorError if a topic is missing."""
        self._described(sorted(topics))

    def create(self, specs: Sequence[TopicSpec]) -> Sequence[str]:
        """Create what is missing, wait until it can be used, and return its names."""
        present = self._present([spec.name for spec in specs])
        missing = {spec.name: self._wanted(spec) for spec in specs if spec.name not in present}
        if not missing:
            return []
        answer = self._ask(
            "create topics", lambda client: client.create_topics(missing, raise_errors=False)
        )
        created = [topic["name"] for topic in answer["topics"] if _created(topic)]
        self._ask("create topics", lambda client: client.wait_for_topics(list(missing)))
        return [spec.name for spec in specs if spec.name in created]

    def check(self, specs: Sequence[TopicSpec]) -> Sequence[str]:
        """Return what is wrong with topics, a sentence each."""
        present = self._present([spec.name for spec in specs])
        configs = self._configs(list(present))
        wrong: list[str] = []
        for spec in specs:
            if spec.name not in present:
                wrong.append(f"{spec.name} is missing: run `despatch topics create`")
            else:
                wrong += self._faults(spec, present[spec.name], configs[spec.name])
        return wrong

    def places(self, topic: str) -> Sequence[Place]:
        """Return every partition of a topic, with the identities of cluster and topic."""
        cluster = self._ask("ask for the cluster", lambda client: client.describe_cluster())
        described = self._described([topic])[topic]
        return [
            Place(cluster["cluster_id"], topic, str(described["topic_id"]), number)
            for number in range(len(described["partitions"]))
        ]

    def extents(self, topic: str) -> Mapping[Place, Extent]:
        """Return what each partition of a topic holds."""
        places = {_partition_of(place): place for place in self.places(topic)}
        oldest = self._offsets(places, OffsetSpec.EARLIEST)
        ends = self._offsets(places, OffsetSpec.LATEST)
        return {place: Extent(oldest[tp], ends[tp]) for tp, place in places.items()}

    def offsets_at(self, topic: str, at: datetime) -> Mapping[int, int | None]:
        """Return each partition's first offset that the log took at or after a moment."""
        partitions = [_partition_of(place) for place in self.places(topic)]
        found = self._offsets(partitions, max(0, to_ms(at)))
        return {tp.partition: None if offset < 0 else offset for tp, offset in found.items()}

    def positions(self, group: str, topic: str) -> Mapping[int, int]:
        """Return a group's next offset by partition of a topic."""
        kept = self._ask(
            f"ask for the positions of {group}", lambda client: client.list_group_offsets(group)
        )[group]
        return {
            tp.partition: position.offset
            for tp, position in sorted(kept.items())
            if tp.topic == topic and position.offset >= 0
        }

    def move(self, group: str, topic: str, offsets: Mapping[int, int]) -> None:
        """Set a group's positions; raises UsageError if a member of the group is alive."""
        described = self._ask(
            f"ask who is in {group}", lambda client: client.describe_groups([group])
        )
        if described[group]["members"]:
            raise UsageError(_BUSY.format(group))
        to = {TopicPartition(topic, n): OffsetAndMetadata(o, "", -1) for n, o in offsets.items()}
        results = self._ask(f"move {group}", lambda client: client.alter_group_offsets(group, to))
        for error in results.values():
            if error is UnknownMemberIdError:  # somebody joined just now
                raise UsageError(_BUSY.format(group))
            if error is not NoError:
                raise translate(error(), f"move {group}")

    def _wanted(self, spec: TopicSpec) -> Mapping[str, Any]:
        return {
            "num_partitions": spec.partitions,
            "replication_factor": self._replication,
            "configs": _topic_configs(spec),
        }

    def _faults(
        self, spec: TopicSpec, described: Mapping[str, Any], configs: Mapping[str, str]
    ) -> Iterable[str]:
        partitions = described["partitions"]
        if len(partitions) != spec.partitions:
            yield f"{spec.name} has {len(partitions)} partitions, not {spec.partitions}"
        copies = min(len(each["replica_nodes"]) for each in partitions)
        if copies < self._replication:
            yield f"{spec.name} is kept in {copies} copies, not {self._replication}"
        for name, wanted in _topic_configs(spec).items():
            found = configs.get(name)
            if found != wanted:
                yield (
                    f"{spec.name} has {name} {_spoken(name, found)}, not {_spoken(name, wanted)}: "
                    f"kafka-configs.sh --alter --topic {spec.name} --add-config {name}={wanted}"
                )

    def _configs(self, topics: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        if not topics:
            return {}
        resources = [ConfigResource(ConfigResourceType.TOPIC, topic) for topic in topics]
        answer = self._ask(
            "check topics",
            lambda client: client.describe_configs(resources, config_filter="all"),
        )
        return {
            topic: {name: config["value"] for name, config in configs.items()}
            for topic, configs in answer[ConfigResourceType.TOPIC.name.lower()].items()
        }

    def _present(self, topics: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        """Return what the cluster says of those of the topics that are there."""
        if not topics:
            return {}
        answer = self._ask("ask for topics", lambda client: client.describe_topics(list(topics)))
        present: dict[str, Mapping[str, Any]] = {}
        for topic in answer:
            error = for_code(topic["error_code"])
            if error is NoError:
                present[topic["name"]] = topic
            elif error is not UnknownTopicOrPartitionError:
                raise translate(error(), f"ask for {topic['name']}")
        return present

    def _described(self, topics: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        present = self._present(topics)
        missing = [topic for topic in topics if topic not in present]
        if missing:
            raise OperatorError(f"{', '.join(missing)} is missing: run `despatch topics create`")
        return present

    def _offsets(
        self, partitions: Iterable[TopicPartition], at: "OffsetSpec | int"
    ) -> Mapping[TopicPartition, int]:
        specs = dict.fromkeys(partitions, at)
        found = self._ask("ask for offsets", lambda client: client.list_partition_offsets(specs))
        return {partition: answer.offset for partition, answer in found.items()}

    def _ask(self, doing: str, call: Callable[[Any], T]) -> T:
        """Ask, and ask again for a few seconds while the answer is `not now`."""
        deadline = time.monotonic() + _TRIES_FOR_S
        client = self._connected(doing)
        while True:
            try:
                return call(client)
            except KafkaError as exc:
                if not exc.retriable or time.monotonic() > deadline:
                    raise translate(exc, doing) from exc
            self._clock.sleep(_PAUSE)

    def _connected(self, doing: str) -> Any:
        with self._lock:
            if self._client is None:
                self._client = self._connector.open(
                    KafkaAdminClient, doing, request_timeout_ms=5_000
                )
            return self._client


_BUSY = "a member of {0} is reading: stop its stage, wait ten seconds, then move it"


def _topic_configs(spec: TopicSpec) -> Mapping[str, str]:
    return {
        "retention.ms": str(spec.retention // timedelta(milliseconds=1)),
        "cleanup.policy": "delete",
        # A message's time is when the log took it, whatever the producer's clock says.
        "message.timestamp.type": "LogAppendTime",
        # The broker packs anew what others packed in a way that we can't unpack (snappy).
        "compression.type": "zstd",
    }


def _spoken(config: str, value: str | None) -> str:
    """Return a config's value for people: `7 days` for a retention of 604,800,000 ms."""
    if config != "retention.ms" or value is None:
        return f"{value}"
    time = timedelta(milliseconds=int(value))
    if time < timedelta(0):
        return "for ever"
    return f"{time.days} days" if time == timedelta(days=time.days) else f"{time}"


def _created(answer: Mapping[str, Any]) -> bool:
    error = for_code(answer["error_code"])
    if error is NoError:
        return True
    if error is TopicAlreadyExistsError:  # another process was faster
        return False
    raise translate(error(answer["error_message"]), f"create {answer['name']}")


def _partition_of(place: Place) -> TopicPartition:
    return TopicPartition(place.topic, place.partition)
