"""What the Kafka bus does beyond the contract suite: its topics, its errors, its bound."""

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka import KafkaAdminClient
from kafka import errors as kafka_errors
from kafka.admin import ConfigResource, ConfigResourceType

from despatch.bus.kafka import KafkaBus
from despatch.bus.kafka_errors import translate
from despatch.bus.kafka_producer import Room
from despatch.bus.kafka_records import to_message, to_ms, to_record
from despatch.errors import (
    DespatchError,
    FencedError,
    OperatorError,
    PermanentError,
    PositionLost,
    ServerAway,
    TransientError,
    UsageError,
)
from despatch.model import DeadLetter
from despatch.ports import Batch, Outgoing, Place
from despatch.testing.kafka_broker import SESSION, KafkaBroker
from despatch.topics import TopicSpec

WEEK = timedelta(days=7)
SHORT = timedelta(milliseconds=200)

KINDS = [
    kind
    for kind in vars(kafka_errors).values()
    if isinstance(kind, type) and issubclass(kind, kafka_errors.KafkaError)
]


@pytest.fixture
def bus(kafka_broker: KafkaBroker) -> Iterator[KafkaBus]:
    with closing(KafkaBus(kafka_broker.servers, session=SESSION)) as bus:
        yield bus


def spec(partitions: int = 1, retention: timedelta = WEEK) -> TopicSpec:
    return TopicSpec(f"test.{uuid4().hex}", DeadLetter, partitions, retention)


def told(kind: type[Exception], *arguments: object) -> DespatchError:
    return translate(kind(*arguments), "read it")


# Topics


@pytest.mark.kafka
def test_topics_as_made(bus: KafkaBus, kafka_broker: KafkaBroker) -> None:
    """A topic keeps messages for its retention, by the time the log took them, packed as zstd."""
    topic = spec()
    bus.create_topics([topic])

    resource = ConfigResource(ConfigResourceType.TOPIC, topic.name)
    with closing(KafkaAdminClient(bootstrap_servers=kafka_broker.servers)) as admin:
        described = admin.describe_configs([resource], config_filter="all")
    configs = {name: config["value"] for name, config in described["topic"][topic.name].items()}

    assert configs["retention.ms"] == str(7 * 24 * 3600 * 1000)
    assert configs["cleanup.policy"] == "delete"
    assert configs["message.timestamp.type"] == "LogAppendTime"
    assert configs["compression.type"] == "zstd"


@pytest.mark.kafka
def test_check_tells_what_differs(bus: KafkaBus, kafka_broker: KafkaBroker) -> None:
    """Retention and replication that differ are a sentence each: what is, what should be."""
    topic = spec()
    bus.create_topics([topic])
    longer = TopicSpec(topic.name, topic.model, 1, timedelta(days=90))

    (retention,) = bus.check_topics([longer])
    assert "retention.ms 7 days, not 90 days" in retention
    with closing(KafkaBus(kafka_broker.servers, replication=3)) as demanding:
        (copies,) = demanding.check_topics([topic])
    assert copies == f"{topic.name} is kept in 1 copies, not 3"


@pytest.mark.kafka
def test_too_many_copies(kafka_broker: KafkaBroker) -> None:
    """More copies than there are brokers names the setting."""
    with (
        closing(KafkaBus(kafka_broker.servers, replication=3)) as bus,
        pytest.raises(OperatorError, match="kafka_replication"),
    ):
        bus.create_topics([spec()])


def test_brokers_that_have_not_joined_their_cluster_yet_are_waited_for() -> None:
    """Copies that can't be made for now are not the operator's mistake."""
    said = "Unable to replicate the partition 1 time(s): All brokers are currently fenced"

    assert isinstance(told(kafka_errors.InvalidReplicationFactorError, said), ServerAway)
    assert isinstance(told(kafka_errors.InvalidReplicationFactorError, "too many"), OperatorError)


@pytest.mark.kafka
def test_topic_made_anew(bus: KafkaBus, kafka_broker: KafkaBroker) -> None:
    """A topic made anew under its old name has places of its own: kept positions don't fit."""
    topic = spec()
    bus.create_topics([topic])
    (before,) = bus.extents(topic.name)
    with closing(KafkaAdminClient(bootstrap_servers=kafka_broker.servers)) as admin:
        admin.delete_topics([topic.name])
    while bus.create_topics([topic]) == []:
        pass

    (after,) = bus.extents(topic.name)

    assert after.topic_id != before.topic_id
    assert after.cluster == before.cluster


# Groups


@pytest.mark.kafka
def test_move_within_the_log(bus: KafkaBus) -> None:
    """A group can't be moved to where the log holds nothing."""
    topic = spec()
    bus.create_topics([topic])
    for to in ({0: 1}, {0: -1}, {1: 0}):
        with pytest.raises(UsageError, match=topic.name):
            bus.move("g", topic.name, to)
    assert bus.positions("g", topic.name) == {}


@pytest.mark.kafka
def test_positions_never_go_back(bus: KafkaBus) -> None:
    """Behind what was committed, an earlier batch can be neither committed nor handed back."""
    topic, group = spec(), f"g-{uuid4().hex}"
    bus.create_topics([topic])
    bus.publish([Outgoing(topic.name, "k", b"") for _ in range(4)])
    with closing(bus.reader([topic.name], group)) as reader:
        batches: list[Batch] = []
        while len(batches) < 2:
            batches += reader.poll(SHORT, max_messages=2)
        earlier, later = batches
        reader.commit(later)

        with pytest.raises(FencedError):
            reader.commit(earlier)
        reader.rewind(earlier)

        assert not reader.poll(SHORT)
    assert bus.positions(group, topic.name) == {0: 4}


@pytest.mark.kafka
def test_start_is_asked_anew(bus: KafkaBus) -> None:
    """Each time partitions are given out, `start_at` is asked again, and nothing before it read."""
    topic, group = spec(partitions=2), f"g-{uuid4().hex}"
    bus.create_topics([topic])
    bus.publish([Outgoing(topic.name, f"k{n}", b"") for n in range(50)])
    ends = {place.partition: extent.end for place, extent in bus.extents(topic.name).items()}
    asked: list[Place] = []

    def start_at(place: Place) -> int:
        asked.append(place)
        return ends[place.partition] - 1

    with closing(bus.reader([topic.name], group, start_at=start_at)) as stays:
        while len(asked) < 2:
            stays.poll(SHORT)
        with closing(bus.reader([topic.name], group, start_at=start_at)) as comes:
            read: list[Batch] = []
            while len(asked) < 4:
                for reader in (comes, stays):
                    read += reader.poll(SHORT)
    assert {batch.first - ends[batch.place.partition] for batch in read} <= {-1}


# Without a broker


def test_nothing_connects_before_the_first_call() -> None:
    """A bus can be made, and closed, for a broker that does not exist."""
    threads = threading.active_count()
    bus = KafkaBus(["no-such-host.invalid:9092"])
    bus.close()
    assert threading.active_count() == threads
    with pytest.raises(ServerAway, match=r"no-such-host\.invalid"):
        bus.extents("t")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_is_told(kind: type[kafka_errors.KafkaError]) -> None:
    """Each of Kafka's errors has its answer; what may pass makes no dead letter and stops none."""
    error = told(kind, "of something")
    assert str(error).startswith("read it: ")
    if kind.retriable and not issubclass(kind, tuple(STOPS)):
        assert isinstance(error, TransientError)


STOPS = [kafka_errors.UnknownTopicOrPartitionError, kafka_errors.UnknownTopicIdError]
"""Kafka calls these retriable: a topic may be on its way. Ours are made before they are used."""


@pytest.mark.parametrize(
    "kind, ours, names",
    [
        (kafka_errors.KafkaTimeoutError, ServerAway, "no Kafka broker answers"),
        (kafka_errors.NotEnoughReplicasError, ServerAway, "can't do that just now"),
        (kafka_errors.CommitFailedError, FencedError, "poll again"),
        (kafka_errors.OffsetOutOfRangeError, PositionLost, "no longer holds"),
        (kafka_errors.InvalidRecordError, PermanentError, "refuses"),
        (kafka_errors.SaslAuthenticationFailedError, OperatorError, "kafka_password"),
        (kafka_errors.TopicAuthorizationFailedError, OperatorError, "kafka_username"),
        (kafka_errors.UnsupportedVersionError, OperatorError, "Apache Kafka 4"),
        (kafka_errors.UnknownTopicOrPartitionError, OperatorError, "despatch topics create"),
        (kafka_errors.OutOfOrderSequenceNumberError, TransientError, "OutOfOrder"),
    ],
)
def test_answers(kind: type[Exception], ours: type[DespatchError], names: str) -> None:
    """An error's class says what the runner does, its text what a person does next."""
    error = told(kind)
    assert type(error) is ours
    assert names in str(error)


def test_a_broker_that_is_away_is_said_without_the_clients_own_affairs() -> None:
    error = translate(kafka_errors.NodeNotReadyError("No node_id provided"), "ask for topics")

    assert str(error) == (
        "ask for topics: no Kafka broker answers: is it started, and within reach?"
    )


@given(key=st.binary(), value=st.binary())
def test_records_keep_their_bytes(key: bytes, value: bytes) -> None:
    """Whatever bytes a record's key and value are, they are published again as they were read."""
    read = to_message(
        SimpleNamespace(
            topic="t", partition=0, offset=1, key=key, value=value, headers=[], timestamp=0
        )
    )
    again = to_record(Outgoing("t", read.key, read.value, read.headers))
    assert (again["key"], again["value"]) == (key, value)


@given(st.timedeltas(timedelta(0), timedelta(days=100 * 365)))
def test_moments_in_milliseconds(since_1970: timedelta) -> None:
    """A moment becomes the first whole millisecond that is not before it."""
    at = datetime(1970, 1, 1, tzinfo=UTC) + since_1970
    back = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=to_ms(at))
    assert timedelta(0) <= back - at < timedelta(milliseconds=1)


# The bound


def test_room_is_bounded() -> None:
    """Bytes beyond the bound wait until others are given back."""
    room, taken = Room(10), threading.Event()
    room.take(6, SHORT)

    def take() -> None:
        room.take(5, timedelta(seconds=30))
        taken.set()

    waiting = threading.Thread(target=take)
    waiting.start()
    assert not taken.wait(0.05)
    room.give(6)
    waiting.join()
    assert room.used == 5


def test_room_runs_out() -> None:
    """When nothing is given back in time, the broker counts as away."""
    room = Room(10)
    room.take(6, SHORT)
    with pytest.raises(ServerAway, match="6 bytes"):
        room.take(5, SHORT)
    assert room.used == 6


def test_room_lets_one_pass() -> None:
    """A message larger than the whole bound passes when it is alone."""
    room = Room(10)
    room.take(100, SHORT)
    room.give(100)
    assert room.used == 0
