"""What a stage is, and what the runner asks of a log."""

from collections.abc import Sequence
from typing import Protocol, TypeVar, runtime_checkable

from despatch.ports import Batch, Message, Outgoing, Reader
from despatch.ports.bus import StartAt

T = TypeVar("T")


class Readers(Protocol):
    """What the runner asks of a log: `despatch.ports.Bus` has it."""

    def reader(
        self, topics: Sequence[str], group: str, *, start_at: StartAt | None = None
    ) -> Reader:
        """Return a member of a group: see `despatch.ports.Bus`."""
        ...


class Stage(Protocol[T]):
    """What a stage does with a message; the runner does all the rest."""

    @property
    def name(self) -> str:
        """`processors`, `alerts`: in logs, alarms and dead letters."""
        ...

    @property
    def topics(self) -> Sequence[str]:
        """What it reads."""
        ...

    @property
    def group(self) -> str:
        """Under which its positions are kept."""
        ...

    @property
    def start_at(self) -> StartAt | None:
        """Where to start in a partition, for a stage that keeps its own positions."""
        ...

    def handle(self, message: Message) -> T:
        """Return what comes of one message, without effect on anything outside.

        Raises PermanentError if nothing ever can.
        """
        ...

    def finish(
        self, reader: Reader, batch: Batch, results: Sequence[T], dead: Sequence[Outgoing]
    ) -> None:
        """Make what came of a batch durable, with its dead letters, and commit the batch.

        `results` are those of the messages that could be handled, in order.
        """
        ...


@runtime_checkable
class WorksAhead(Protocol):
    """A stage that may begin with messages before they are handled, in processes of its own."""

    def prepare(self, messages: Sequence[Message]) -> None:
        """Hear which messages are handled next, in this order."""
        ...
