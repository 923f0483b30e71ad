"""What goes wrong with a Kafka client that uses no transactions, each shown on a real broker.

The traps are those of kafka-python 3.0.12. Four more have their tests in
tests/contracts/test_bus.py, which runs on Kafka too: a new group that misses the backlog, an
offset out of range that jumps in silence, a member paused beyond its session that wakes up, a
join that the end of a poll cuts off and that is never taken up again.
"""

import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType

from despatch.bus.kafka import KafkaBus
from despatch.errors import FencedError, OperatorError, ServerAway, TooLarge, TransientError
from despatch.model import DeadLetter
from despatch.ports import Batch, Message, Outgoing
from despatch.ports.bus import Reader
from despatch.runner import BLIP_TRIES
from despatch.testing.kafka_broker import SESSION, KafkaBroker
from despatch.topics import RETENTION, TopicSpec

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

SHORT = timedelta(milliseconds=200)
PATIENCE_S = 60


@pytest.fixture(scope="module")
def harmed(kafka_here: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """A broker to be killed and paused; whoever does so leaves it running."""
    with KafkaBroker(tmp_path_factory.mktemp("harmed")) as broker:
        yield broker


# Publishing


def test_broker_killed_while_publishing(harmed: KafkaBroker) -> None:
    """Through two `kill -9` of the broker nothing is lost or doubled, and each key keeps order."""
    with closing(a_bus(harmed)) as bus, ThreadPoolExecutor(3) as pool:
        topic = a_topic(bus, partitions=3)
        stop = threading.Event()
        acknowledged = [pool.submit(publish_until, bus, topic, name, stop) for name in "abc"]
        for _ in range(2):
            time.sleep(1)
            harmed.kill()
            time.sleep(1)
            harmed.start()
        time.sleep(1)
        stop.set()
        counts = {name: each.result() for name, each in zip("abc", acknowledged, strict=True)}

        found: dict[str, list[int]] = defaultdict(list)
        for message in bus.browse(topic):
            found[message.key].append(int(message.value))

    assert found == {name: list(range(count)) for name, count in counts.items()}
    assert min(counts.values()) > 100


def test_bytes_in_flight_are_bounded(harmed: KafkaBroker) -> None:
    """A frozen broker stops the publisher at its bound, then with an error; memory stays."""
    limit = 2_000_000
    with closing(
        a_bus(harmed, delivery_timeout=timedelta(seconds=5), max_in_flight_bytes=limit)
    ) as bus:
        topic = a_topic(bus, partitions=1)
        bus.publish([Outgoing(topic, "before", b"")])
        flood = [Outgoing(topic, f"k{n}", os.urandom(2_000)) for n in range(20_000)]
        before = resident_bytes()
        most = 0
        harmed.pause()
        try:
            with ThreadPoolExecutor(1) as pool:
                publishing = pool.submit(bus.publish, flood)
                while not publishing.done():
                    most = max(most, bus.bytes_in_flight)
                    time.sleep(0.01)
                with pytest.raises(TransientError):
                    publishing.result()
            assert limit * 0.9 < most <= limit
            assert resident_bytes() - before < 20_000_000
            assert bus.bytes_in_flight == 0
        finally:
            harmed.resume()

        publish_at_last(bus, [Outgoing(topic, "after", b"")])
        keys = [message.key for message in bus.browse(topic)]
        assert keys[0] == "before"
        assert keys[-1] == "after"


def test_refused_message(kafka_broker: KafkaBroker) -> None:
    """A message that the broker refuses is an error; it fails nobody else's, and nothing after it.

    kafka-python fails whatever else is in flight with the same error, and all that comes later.
    """
    with closing(a_bus(kafka_broker)) as bus, ThreadPoolExecutor(1) as pool:
        narrow, wide = a_topic(bus, partitions=1), a_topic(bus, partitions=1)
        set_config(kafka_broker, narrow, "max.message.bytes", "1000")
        stop = threading.Event()
        innocent = pool.submit(publish_until, bus, wide, "k", stop)  # raises TooLarge if hit
        for _ in range(5):
            with pytest.raises(TooLarge, match=r"max\.message\.bytes"):
                bus.publish([Outgoing(narrow, "k", os.urandom(5_000))])
        stop.set()

        count = innocent.result()
        numbers = [int(message.value) for message in bus.browse(wide)]
        assert count > 0
        assert set(range(count)) <= set(numbers)
        bus.publish([Outgoing(narrow, "k", b"small")])
        assert [message.value for message in bus.browse(narrow)] == [b"small"]


def test_every_acknowledgement_counts(kafka_broker: KafkaBroker) -> None:
    """A list with one refused message is an error, though the last of it was taken."""
    with closing(a_bus(kafka_broker)) as bus:
        narrow, wide = a_topic(bus, partitions=1), a_topic(bus, partitions=1)
        set_config(kafka_broker, narrow, "max.message.bytes", "1000")

        with pytest.raises(TooLarge, match=narrow):
            bus.publish(
                [Outgoing(narrow, "k", os.urandom(5_000))] + [Outgoing(wide, "k", b"")] * 10
            )


# Away


def test_broker_away_at_start(harmed: KafkaBroker) -> None:
    """A bus can be made while the broker is away; each call says so, and leaves no thread."""
    harmed.kill()
    with closing(a_bus(harmed)) as bus:
        threads = threading.active_count()
        for _ in range(3):
            with pytest.raises(ServerAway, match=harmed.servers[0]):
                bus.publish([Outgoing("any", "k", b"")])
            with pytest.raises(ServerAway, match=harmed.servers[0]):
                bus.reader(["any"], "g")
        assert threading.active_count() == threads

        harmed.start()
        topic = a_topic(bus, partitions=1)
        bus.publish([Outgoing(topic, "k", b"at last")])
        assert [message.value for message in bus.browse(topic)] == [b"at last"]


def test_broker_silent_at_start(harmed: KafkaBroker) -> None:
    """A frozen broker takes connections and says nothing: it counts as away, and leaves no thread.

    kafka-python's clients would go on knocking for ever once their constructor has raised.
    """
    with closing(a_bus(harmed)) as bus:
        threads = threading.active_count()
        harmed.pause()
        try:
            with pytest.raises(ServerAway):
                bus.extents("any")
        finally:
            harmed.resume()
        assert threading.active_count() == threads


def test_outage_while_reading(harmed: KafkaBroker) -> None:
    """In an outage polls return nothing or raise ServerAway; then reading goes on at its place."""
    with closing(a_bus(harmed)) as bus:
        topic, group = a_topic(bus, partitions=1), f"g-{uuid4().hex}"
        bus.publish([Outgoing(topic, "k", str(n).encode()) for n in range(10)])
        with closing(bus.reader([topic], group)) as reader:
            done = first_batch(reader, max_messages=4)
            reader.commit(done)
            in_hand = first_batch(reader, max_messages=3)
            harmed.kill()

            with pytest.raises(TransientError):
                reader.commit(in_hand)
            with pytest.raises(ServerAway):
                poll_for_ever(reader)
            reader.idle(timedelta(seconds=1))

            harmed.start()
            read = read_until(reader, 9, again=in_hand)
        assert read == [4, 5, 6, 7, 8, 9]
        assert bus.positions(group, topic) == {0: 10}


# Records


class NoText(str):
    """A header's name as a client in another language may write it."""

    __slots__ = ()

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return b"\xff"


def test_any_record_is_read(kafka_broker: KafkaBroker) -> None:
    """No record stops those behind it, whatever bytes it holds and however it is packed."""
    with closing(a_bus(kafka_broker)) as bus:
        topic = a_topic(bus, partitions=1)
        for codec in (None, "gzip", "lz4", "zstd"):
            with closing(
                KafkaProducer(bootstrap_servers=kafka_broker.servers, compression_type=codec)
            ) as producer:
                producer.send(topic, b"\xff\xfe" * 40, b"\xff\x00\xfe")
                producer.send(topic, None, b"k")
                # What comes as zstd is stored as it came; the broker mends names in the rest.
                name = "h" if codec == "zstd" else NoText("h")
                producer.send(topic, b"v", None, headers=[("h", b"\xff"), (name, b"")])
                producer.flush()
        kafka_broker.produce(topic, ["packed with snappy"], codec="snappy")
        bus.publish([Outgoing(topic, "k", b"behind it")])

        with closing(bus.reader([topic], f"g-{uuid4().hex}")) as reader:
            values = [message.value for message in messages_until(reader, b"behind it")]
            assert values == [b"\xff\xfe" * 40, b"", b"v"] * 4 + [
                b"packed with snappy",
                b"behind it",
            ]
        odd = next(bus.browse(topic))
        bus.publish([Outgoing(topic, odd.key, odd.value)])
        assert [m.key for m in bus.browse(topic) if m.key == odd.key] == [odd.key] * 5
        assert odd.key.encode("utf-8", "surrogateescape") == b"\xff\x00\xfe"


@pytest.mark.parametrize("why", ["packed with snappy", "header without text"])
def test_record_that_cannot_be_unpacked(kafka_broker: KafkaBroker, why: str) -> None:
    """In a topic that others made, what can't be unpacked is an error each time, never a spin."""
    with closing(a_bus(kafka_broker)) as bus:
        topic = f"test.{uuid4().hex}"
        with closing(KafkaAdminClient(bootstrap_servers=kafka_broker.servers)) as admin:
            admin.create_topics([topic], wait_for_metadata=True)
        if why == "packed with snappy":
            kafka_broker.produce(topic, [why], codec="snappy")
        else:
            bus.publish([Outgoing(topic, "k", b"", ((NoText("h"), b""),))])

        wrong = bus.check_topics([TopicSpec(topic, DeadLetter, 1, RETENTION)])
        assert any("compression.type" in sentence for sentence in wrong)
        with closing(bus.reader([topic], f"g-{uuid4().hex}")) as reader:
            for _ in range(3):
                with pytest.raises(OperatorError, match=rf"{topic}/0@0.*despatch topics check"):
                    first_batch(reader)


# Groups


def test_rebalances_do_not_hang(kafka_broker: KafkaBroker) -> None:
    """While members come and go without end, every message is read and nobody hangs."""
    with closing(a_bus(kafka_broker)) as bus:
        topic, group = a_topic(bus, partitions=6), f"g-{uuid4().hex}"
        seen: set[int] = set()
        stop = threading.Event()

        def come_and_go() -> None:
            while not stop.is_set():
                with closing(bus.reader([topic], group)) as reader:
                    for _ in range(10):
                        seen.update(read_and_commit(reader))

        with ThreadPoolExecutor(3) as pool:
            working = [pool.submit(come_and_go) for _ in range(3)]
            expected = set(range(300))
            for number in expected:
                bus.publish([Outgoing(topic, f"k{number}", str(number).encode())])
            deadline = time.monotonic() + PATIENCE_S
            while not expected <= seen and time.monotonic() < deadline:
                time.sleep(0.05)
            stop.set()
            for each in working:
                each.result()
        assert seen == expected


def test_batch_of_an_earlier_membership(kafka_broker: KafkaBroker) -> None:
    """A batch read before partitions were given out anew can't be committed or handed back.

    Kafka itself would take the commit: the member is in good standing.
    """
    with closing(a_bus(kafka_broker)) as bus:
        topic, group = a_topic(bus, partitions=1), f"g-{uuid4().hex}"
        bus.publish([Outgoing(topic, "k", str(n).encode()) for n in range(6)])
        with closing(bus.reader([topic], group)) as owner:
            stale = first_batch(owner, max_messages=2)
            with closing(bus.reader([topic], group)) as rival:
                owned = join_in(owner, rival)
                owned.commit(first_batch(owned))
            while bus.positions(group, topic) != {0: 6}:
                owner.poll(SHORT)

            with pytest.raises(FencedError):
                owner.commit(stale)
            owner.rewind(stale)

            assert list(owner.poll(timedelta(seconds=1))) == []
        assert bus.positions(group, topic) == {0: 6}


def test_a_join_that_lasts_is_said_at_each_poll_and_goes_on_when_it_can(
    kafka_broker: KafkaBroker,
) -> None:
    """A group waits for a member that hangs: often enough said, the runner makes it an alarm."""
    with closing(a_bus(kafka_broker, joins_within=timedelta(seconds=1))) as bus:
        topic, group = a_topic(bus, partitions=1), f"g-{uuid4().hex}"
        bus.publish([Outgoing(topic, "k", b"1")])
        with closing(bus.reader([topic], group)) as hanging:
            first_batch(hanging, max_messages=1)
            with closing(bus.reader([topic], group)) as reader:
                for _ in range(BLIP_TRIES):
                    with pytest.raises(ServerAway, match="no partitions"):
                        poll_for_ever(reader)
                    reader.idle(SHORT)

                hanging.close()
                for batch in polled_at_last(reader):
                    assert [message.value for message in batch.messages] == [b"1"]


def test_idle_takes_nothing(kafka_broker: KafkaBroker) -> None:
    """Waiting takes no message, also while the group gives partitions out anew."""
    with closing(a_bus(kafka_broker)) as bus:
        topic, group = a_topic(bus, partitions=4), f"g-{uuid4().hex}"
        bus.publish([Outgoing(topic, f"k{n}", str(n).encode()) for n in range(40)])
        with closing(bus.reader([topic], group)) as waits:
            with closing(bus.reader([topic], group)) as other, ThreadPoolExecutor(1) as pool:
                waiting = pool.submit(waits.idle, timedelta(seconds=3))
                some = read_for(other, timedelta(seconds=2))
                waiting.result()
            rest = set(some)
            while len(rest) < 40:
                rest |= set(read_and_commit(waits))
        assert rest == set(range(40))


# What the tests share


def a_bus(broker: KafkaBroker, **changed: object) -> KafkaBus:
    return KafkaBus(broker.servers, session=SESSION, **changed)  # type: ignore[arg-type]


def a_topic(bus: KafkaBus, partitions: int) -> str:
    spec = TopicSpec(f"test.{uuid4().hex}", DeadLetter, partitions, RETENTION)
    deadline = time.monotonic() + PATIENCE_S
    while True:  # a broker that was frozen has to join its cluster again
        try:
            assert bus.create_topics([spec]) == [spec.name]
        except ServerAway:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return spec.name


def set_config(broker: KafkaBroker, topic: str, name: str, value: str) -> None:
    with closing(KafkaAdminClient(bootstrap_servers=broker.servers)) as admin:
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, {name: value})])


def publish_until(bus: KafkaBus, topic: str, key: str, stop: threading.Event) -> int:
    """Publish numbers in lists of ten until stopped; return how many were acknowledged."""
    count = 0
    while not stop.is_set():
        numbers = range(count, count + 10)
        publish_at_last(bus, [Outgoing(topic, key, str(n).encode()) for n in numbers])
        count += 10
    return count


def publish_at_last(bus: KafkaBus, outgoing: Sequence[Outgoing]) -> None:
    """Publish, again while the broker is away."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return bus.publish(outgoing)
        except TransientError:
            if time.monotonic() > deadline:
                raise


def first_batch(reader: Reader, **limits: int) -> Batch:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        for batch in reader.poll(SHORT, **limits):
            return batch
    raise AssertionError("nothing came")


def poll_for_ever(reader: Reader) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        assert not reader.poll(SHORT)


def polled_at_last(reader: Reader) -> Sequence[Batch]:
    """Return what the first poll that takes anything takes, whatever others raise before."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        with suppress(ServerAway):
            if batches := reader.poll(SHORT):
                return batches
    raise AssertionError("nothing came")


def messages_until(reader: Reader, last: bytes) -> Sequence[Message]:
    read: list[Message] = []
    while not read or read[-1].value != last:
        read += first_batch(reader).messages
    return read


def read_until(reader: Reader, last: int, *, again: Batch) -> list[int]:
    """Hand a batch back, then read and commit through an outage that ends."""
    reader.rewind(again)
    read: list[int] = []
    deadline = time.monotonic() + PATIENCE_S
    while (not read or read[-1] < last) and time.monotonic() < deadline:
        try:
            for batch in reader.poll(SHORT):
                reader.commit(batch)
                read += [int(message.value) for message in batch.messages]
        except (ServerAway, FencedError):
            continue
    return read


def read_and_commit(reader: Reader) -> list[int]:
    """Poll once; return what could be committed."""
    read: list[int] = []
    for batch in reader.poll(SHORT):
        try:
            reader.commit(batch)
        except FencedError:
            continue
        read += [int(message.value) for message in batch.messages]
    return read


def read_for(reader: Reader, wait: timedelta) -> list[int]:
    read: list[int] = []
    until = time.monotonic() + wait.total_seconds()
    while time.monotonic() < until:
        read += read_and_commit(reader)
    return read


def join_in(owner: Reader, rival: Reader) -> Reader:
    """Poll both in turns until one partition has changed hands, or come back to its owner."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        for reader in (rival, owner):
            for batch in reader.poll(SHORT):
                if batch.first == 0 and batch.next == 6:
                    reader.rewind(batch)
                    return reader
    raise AssertionError("the group gave the partition to nobody")


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
