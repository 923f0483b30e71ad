"""How a test reads a bus: with patience, for a real log answers in its own time."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import timedelta

from despatch.errors import FencedError
from despatch.ports import Batch, Bus, Message, Outgoing, Reader
from despatch.testing.buses import BusUnderTest, Member, Shown

SHORT = timedelta(milliseconds=200)


def numbered(topic: str, number: int, key: str = "k") -> Outgoing:
    """Return a message whose value is a number."""
    return Outgoing(topic, key, str(number).encode())


def numbers(messages: Iterable[Message]) -> list[int]:
    """Return the numbers that messages carry."""
    return [int(message.value) for message in messages]


def ends(bus: Bus, topic: str) -> dict[int, int]:
    """Return where each partition ends, by its number."""
    return {place.partition: extent.end for place, extent in bus.extents(topic).items()}


def tries(log: BusUnderTest) -> Iterator[None]:
    """Yield until patience is over, then fail."""
    until = time.monotonic() + log.patience.total_seconds()
    while time.monotonic() < until:
        yield
    raise AssertionError(f"it did not come within {log.patience}")


def first_poll(log: BusUnderTest, reader: Reader, **limits: int) -> Sequence[Batch]:
    """Return what the first poll that returns anything returns."""
    for _ in tries(log):
        if batches := reader.poll(SHORT, **limits):
            return batches
    raise AssertionError


def polls(log: BusUnderTest, reader: Reader, count: int) -> Sequence[Batch]:
    """Return the first `count` batches, from however many polls."""
    batches: list[Batch] = []
    while len(batches) < count:
        batches += first_poll(log, reader)
    return batches


def shown(log: BusUnderTest, member: Member) -> Sequence[Shown]:
    """Return what another process's first poll that takes anything takes."""
    for _ in tries(log):
        if messages := member.poll():
            return messages
    raise AssertionError


def read_all(log: BusUnderTest, bus: Bus, topic: str, count: int) -> Sequence[Message]:
    """Read as a new group; return the messages in the order of each partition."""
    return consume(log, bus, topic, log.group(), count)


def consume(log: BusUnderTest, bus: Bus, topic: str, group: str, count: int) -> Sequence[Message]:
    """Read and commit `count` messages as a group, and leave."""
    read: list[Message] = []
    with closing(bus.reader([topic], group)) as reader:
        while len(read) < count:
            for batch in first_poll(log, reader):
                read += batch.messages
                reader.commit(batch)
        assert not reader.poll(SHORT)
    assert len(read) == count
    return read


def drain(log: BusUnderTest, expected: set[int], *readers: Reader) -> list[list[Message]]:
    """Read in turns and commit until all numbers were seen; return what each reader read."""
    shares: list[list[Message]] = [[] for _ in readers]
    for _ in tries(log):
        for share, reader in zip(shares, readers, strict=True):
            for batch in reader.poll(SHORT):
                try:
                    reader.commit(batch)
                except FencedError:  # members are still coming and going: another reads it
                    continue
                share += batch.messages
        if expected <= {number for share in shares for number in numbers(share)}:
            return shares
    raise AssertionError


def settle(log: BusUnderTest, bus: Bus, topic: str, *readers: Reader) -> None:
    """Let members come to their shares: until each has read something of one round."""
    for round_ in range(1, 100):
        of_round = range(-100 * round_, -100 * round_ + 40)
        bus.publish([numbered(topic, n, key=f"s{n}") for n in of_round])
        if all(drain(log, set(of_round), *readers)):
            return
    raise AssertionError("some member never got a partition")


def read_for(reader: Reader, wait: timedelta) -> Sequence[Message]:
    """Read and commit for some time."""
    read: list[Message] = []
    until = time.monotonic() + wait.total_seconds()
    while time.monotonic() < until:
        for batch in reader.poll(SHORT):
            read += batch.messages
            reader.commit(batch)
    return read
