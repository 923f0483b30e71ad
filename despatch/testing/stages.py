"""A reader over a list, and a stage whose behaviour is given: to try the runner by itself."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from despatch.ports import Batch, Message, Outgoing, Place, Reader
from despatch.ports.bus import StartAt

PLACE = Place("cluster", "despatch.releases.v1", "topic", 0)


def some_messages(*values: bytes) -> tuple[Message, ...]:
    """Return messages at offsets 0, 1, 2, … of one partition."""
    at = datetime(2026, 3, 2, 12, tzinfo=UTC)
    return tuple(
        Message(PLACE.topic, PLACE.partition, offset, f"r-{offset}", value, (), at)
        for offset, value in enumerate(values)
    )


class ListReader:
    """Gives its messages once as one batch, then whatever is handed back; then calls `on_empty`."""

    def __init__(
        self, messages: Sequence[Message], on_empty: Callable[[], None] = lambda: None
    ) -> None:
        self.committed: list[Message] = []
        self.outgoing: list[Outgoing] = []
        self.idled: list[timedelta] = []
        self.closed = False
        self._waiting = list(messages)
        self._on_empty = on_empty

    def poll(
        self, wait: timedelta, *, max_messages: int = 500, max_bytes: int = 8_000_000
    ) -> Sequence[Batch]:
        taken, self._waiting = self._waiting[:max_messages], self._waiting[max_messages:]
        if not taken:
            self._on_empty()
            return ()
        return (Batch(PLACE, taken[0].offset, taken[-1].offset + 1, tuple(taken)),)

    def commit(self, batch: Batch, outgoing: Sequence[Outgoing] = ()) -> None:
        self.outgoing += outgoing
        self.committed += batch.messages

    def rewind(self, batch: Batch) -> None:
        self._waiting = [*batch.messages, *self._waiting]

    def idle(self, wait: timedelta) -> None:
        self.idled.append(wait)

    def close(self) -> None:
        self.closed = True


class ReaderBus:
    """A bus that has one reader to give; for the runner nothing more is needed."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def reader(
        self, topics: Sequence[str], group: str, *, start_at: StartAt | None = None
    ) -> Reader:
        return self._reader


class GivenStage:
    """Raises the errors given for a value, one a try, then passes the value on."""

    name = "given"
    topics = (PLACE.topic,)
    group = "given"
    start_at: StartAt | None = None

    def __init__(
        self,
        errors: Mapping[bytes, Sequence[Exception]] | None = None,
        finish_errors: Sequence[Exception] = (),
        poison: bytes | None = None,
    ) -> None:
        self.handled: list[bytes] = []
        self._errors = {value: list(those) for value, those in (errors or {}).items()}
        self._finish_errors = list(finish_errors)
        self._poison = poison

    def handle(self, message: Message) -> bytes:
        if self._errors.get(message.value):
            raise self._errors[message.value].pop(0)
        self.handled.append(message.value)
        return message.value

    def finish(
        self, reader: Reader, batch: Batch, results: Sequence[bytes], dead: Sequence[Outgoing]
    ) -> None:
        if self._finish_errors:
            raise self._finish_errors.pop(0)
        if self._poison is not None and self._poison in results:
            raise ValueError("the store refuses this one")
        outgoing = [Outgoing("out", "key", value) for value in results]
        reader.commit(batch, [*outgoing, *dead])
