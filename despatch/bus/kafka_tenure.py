"""What a member of a Kafka group has in hand of each partition, and who gives and takes them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from kafka import TopicPartition
from kafka.consumer.subscription_state import ConsumerRebalanceListener

from despatch.ports.bus import Batch, Extent, Outgoing, Place


class Lookups:
    """What a reader asks of the bus about its partitions."""

    def __init__(
        self,
        extents: Callable[[str], Mapping[Place, Extent]],
        positions: Callable[[str, str], Mapping[int, int]],
        publish: Callable[[Sequence[Outgoing]], None],
    ) -> None:
        self.extents = extents
        self.positions = positions
        self.publish = publish


class Tenure:
    """A partition while it is ours: which offsets the stage has in hand.

    From `start`, behind what it committed, up to `next`, behind what it was given last.
    """

    def __init__(self, place: Place, start: int) -> None:
        self.place = place
        self.start = start
        self.next = start

    def holds(self, batch: Batch) -> bool:
        """Tell whether the batch was given out in this tenure and is still in hand."""
        return batch.place == self.place and self.start <= batch.first and batch.next <= self.next


class Member(Protocol):
    """Who is told what the group gives and takes."""

    def given(self, partitions: Iterable[TopicPartition]) -> None:
        """Take note of a new assignment. Called on Kafka's own thread: must not wait."""

    def taken(self) -> None:
        """Take note that all partitions are gone. Called on Kafka's own thread: must not wait."""


class Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python has no types
    """Passes on what the group gives and takes. Blocks nothing: it runs on the I/O thread."""

    def __init__(self, member: Member) -> None:
        self._member = member

    def on_partitions_revoked(self, _revoked: Iterable[TopicPartition]) -> None:
        self._member.taken()

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self._member.given(assigned)
