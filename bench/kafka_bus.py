"""The bus on one real broker, against bare kafka-python and confluent-kafka.

All give the same guarantee: idempotent, acknowledged by all replicas, every acknowledgement
waited for, positions committed after that. All compress with zstd and linger for 5 ms.
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from kafka import KafkaConsumer, KafkaProducer, OffsetAndMetadata

from bench.measure import Cost, Stopwatch, alternate
from bench.messages import in_parts, some_messages
from bench.peers import Missing as PeerMissing
from bench.peers import peer
from bench.report import Contest, Report
from despatch.bus.kafka import KafkaBus
from despatch.model import Revision
from despatch.ports import Batch, Message, Outgoing, Reader, SystemClock
from despatch.ports.bus import StartAt
from despatch.runner import Runner
from despatch.stages import Stage
from despatch.testing.kafka_broker import KafkaBroker
from despatch.testing.kafka_jars import Missing as BrokerMissing
from despatch.topics import RELEASES, TopicSpec, topic_specs
from processors.stage import Classifying
from processors.themes import load_themes

MESSAGES = 3_000
BATCH = 500

BUS = "Despatch's bus"
RUN = "Despatch's runner, passing on"
JUDGE = "Despatch's processors, judging"
BARE = "bare kafka-python"
CONFLUENT = "confluent-kafka"

_OUT = "bench.out"
_BATCH_BYTES = 128 * 1024
_FETCH_BYTES = 8_000_000

Servers = Sequence[str]


def run(runs: int, folder: Path) -> Report:
    """Return messages a second, published, and read and written on."""
    missing = []
    confluent: Any = None
    try:
        confluent = peer("confluent_kafka")
    except PeerMissing as exc:
        missing.append(str(exc))
    try:
        with KafkaBroker(folder / "broker") as broker:
            findings = _contests(broker.servers, confluent, runs)
    except BrokerMissing as exc:
        return Report("kafka", (), [str(exc)])
    return Report("kafka", findings, missing)


def _contests(servers: Servers, confluent: Any, runs: int) -> list[Contest]:
    themes = load_themes()
    with closing(KafkaBus(servers)) as bus:
        bus.create_topics([*topic_specs(t.id for t in themes), TopicSpec(_OUT, Revision)])
        bus.publish(some_messages(RELEASES, MESSAGES))
    messages = some_messages(_OUT, MESSAGES)
    publishing: dict[str, Callable[[], Cost]] = {
        BUS: partial(_publish, servers, messages),
        BARE: partial(_send, servers, messages),
    }
    reading: dict[str, Callable[[], Cost]] = {
        BUS: partial(_read_on, servers),
        RUN: lambda: _run(servers, _PassingOn()),
        JUDGE: lambda: _run(servers, Classifying(themes, SystemClock())),
        BARE: partial(_poll_on, servers),
    }
    if confluent is not None:
        publishing[CONFLUENT] = partial(_produce, confluent, servers, messages)
        reading[CONFLUENT] = partial(_consume_on, confluent, servers)
    size = sum(len(one.value) for one in messages) / len(messages)
    return [
        Contest(
            f"Publish {MESSAGES:,} messages of {size:,.0f} bytes, {BATCH} at a time",
            "messages",
            alternate(publishing, runs),
            [BARE, CONFLUENT],
        ),
        Contest(
            f"Read {MESSAGES:,} messages, write each on, commit: {BATCH} at most at a time",
            "messages",
            alternate(reading, runs),
            [BARE, CONFLUENT],
        ),
    ]


# Despatch


def _publish(servers: Servers, messages: Sequence[Outgoing]) -> Cost:
    with closing(KafkaBus(servers)) as bus:
        bus.publish(messages[:1])  # connects
        with Stopwatch() as watch:
            for part in in_parts(messages, BATCH):
                bus.publish(part)
    return watch.cost(len(messages))


def _read_on(servers: Servers) -> Cost:
    watch = Stopwatch()
    with closing(KafkaBus(servers)) as bus, closing(bus.reader([RELEASES], _group())) as reader:
        bus.publish(some_messages(_OUT, 1))  # connects
        left = MESSAGES
        while left:
            for batch in reader.poll(timedelta(seconds=1), max_messages=BATCH):
                watch.start()
                reader.commit(batch, [Outgoing(_OUT, m.key, m.value) for m in batch.messages])
                left -= len(batch.messages)
        watch.stop()
    return watch.cost(MESSAGES)


class _PassingOn:
    """A stage that writes what it reads."""

    name = "bench"
    topics: Sequence[str] = (RELEASES,)
    group = "bench"
    start_at: StartAt | None = None

    def handle(self, message: Message) -> tuple[Outgoing, ...]:
        return (Outgoing(_OUT, message.key, message.value),)

    def finish(
        self,
        reader: Reader,
        batch: Batch,
        results: Sequence[tuple[Outgoing, ...]],
        dead: Sequence[Outgoing],
    ) -> None:
        reader.commit(batch, [*(out for outs in results for out in outs), *dead])


class _Timed:
    """A stage in a new group, timed from its first message until it has finished the last."""

    start_at: StartAt | None = None

    def __init__(self, stage: Stage[tuple[Outgoing, ...]]) -> None:
        self.name = stage.name
        self.topics = stage.topics
        self.group = _group()
        self.watch = Stopwatch()
        self.done = threading.Event()
        self.dead = 0
        self._stage = stage
        self._left = MESSAGES

    def handle(self, message: Message) -> tuple[Outgoing, ...]:
        self.watch.start()
        return self._stage.handle(message)

    def finish(
        self,
        reader: Reader,
        batch: Batch,
        results: Sequence[tuple[Outgoing, ...]],
        dead: Sequence[Outgoing],
    ) -> None:
        self._stage.finish(reader, batch, results, dead)
        self.dead += len(dead)
        self._left -= len(batch.messages)
        if self._left <= 0:
            self.watch.stop()
            self.done.set()


def _run(servers: Servers, stage: Stage[tuple[Outgoing, ...]]) -> Cost:
    timed = _Timed(stage)
    with closing(KafkaBus(servers)) as bus:
        bus.publish(some_messages(_OUT, 1))  # connects
        Runner(timed, bus, SystemClock(), max_messages=BATCH).run(timed.done)
    if timed.dead:
        raise RuntimeError(f"{timed.dead} messages became dead letters")
    return timed.watch.cost(MESSAGES)


# kafka-python


def _send(servers: Servers, messages: Sequence[Outgoing]) -> Cost:
    with closing(_producer(servers)) as producer:
        _send_all(producer, [(one.key.encode(), one.value) for one in messages[:1]])
        with Stopwatch() as watch:
            for part in in_parts(messages, BATCH):
                _send_all(producer, [(one.key.encode(), one.value) for one in part])
    return watch.cost(len(messages))


def _poll_on(servers: Servers) -> Cost:
    consumer = KafkaConsumer(
        RELEASES,
        bootstrap_servers=list(servers),
        group_id=_group(),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_bytes=_FETCH_BYTES,
    )
    watch = Stopwatch()
    with closing(_producer(servers)) as producer:
        _send_all(producer, [(b"r", b"{}")])
        left = MESSAGES
        while left:
            polled = consumer.poll(timeout_ms=1_000, max_records=BATCH)
            if not polled:
                continue
            watch.start()
            records = [record for some in polled.values() for record in some]
            _send_all(producer, [(record.key, record.value) for record in records])
            consumer.commit(
                {at: OffsetAndMetadata(some[-1].offset + 1, "", -1) for at, some in polled.items()}
            )
            left -= len(records)
        watch.stop()
    consumer.close(autocommit=False)
    return watch.cost(MESSAGES)


def _producer(servers: Servers) -> Any:
    return KafkaProducer(
        bootstrap_servers=list(servers),
        enable_idempotence=True,
        acks="all",
        compression_type="zstd",
        linger_ms=5,
        batch_size=_BATCH_BYTES,
    )


def _send_all(producer: Any, records: Sequence[tuple[bytes, bytes]]) -> None:
    futures = [producer.send(_OUT, key=key, value=value) for key, value in records]
    for future in futures:
        future.get(timeout=60)


# confluent-kafka


def _produce(confluent: Any, servers: Servers, messages: Sequence[Outgoing]) -> Cost:
    producer = _confluent_producer(confluent, servers)
    _produce_all(producer, [(one.key.encode(), one.value) for one in messages[:1]])
    with Stopwatch() as watch:
        for part in in_parts(messages, BATCH):
            _produce_all(producer, [(one.key.encode(), one.value) for one in part])
    return watch.cost(len(messages))


def _consume_on(confluent: Any, servers: Servers) -> Cost:
    consumer = confluent.Consumer(
        {
            "bootstrap.servers": ",".join(servers),
            "group.id": _group(),
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "fetch.max.bytes": _FETCH_BYTES,
        }
    )
    producer = _confluent_producer(confluent, servers)
    _produce_all(producer, [(b"r", b"{}")])
    watch = Stopwatch()
    with closing(consumer):
        consumer.subscribe([RELEASES])
        left = MESSAGES
        while left:
            records = consumer.consume(BATCH, 0.1)
            if not records:
                continue
            watch.start()
            _produce_all(producer, [(record.key(), record.value()) for record in records])
            behind = {one.partition(): one.offset() + 1 for one in records}
            consumer.commit(
                offsets=[confluent.TopicPartition(RELEASES, p, at) for p, at in behind.items()],
                asynchronous=False,
            )
            left -= len(records)
        watch.stop()
    return watch.cost(MESSAGES)


def _confluent_producer(confluent: Any, servers: Servers) -> Any:
    return confluent.Producer(
        {
            "bootstrap.servers": ",".join(servers),
            "enable.idempotence": True,
            "acks": "all",
            "compression.type": "zstd",
            "linger.ms": 5,
            "batch.size": _BATCH_BYTES,
        }
    )


def _produce_all(producer: Any, records: Sequence[tuple[bytes, bytes]]) -> None:
    acknowledged: list[bool] = []
    for key, value in records:
        producer.produce(
            _OUT, key=key, value=value, on_delivery=lambda error, _m: acknowledged.append(not error)
        )
    producer.flush(60)
    if acknowledged.count(True) != len(records):
        raise RuntimeError(f"{acknowledged.count(True)} of {len(records)} were acknowledged")


def _group() -> str:
    return f"bench-{uuid4().hex}"
