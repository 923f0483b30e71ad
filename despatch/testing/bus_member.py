"""A process that uses a bus on command, so that a test can pause or kill it at any moment.

    python -m despatch.testing.bus_member MODULE:FUNCTION WHERE

`FUNCTION(WHERE)` opens the bus. Each line of standard input is a command in JSON, each line of
standard output its answer; `Member` in `despatch.testing.buses` speaks it.
"""

import importlib
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import count
from typing import Any

from despatch.errors import DespatchError
from despatch.ports import Batch, Bus, Message, Outgoing, Reader


class _Served:
    """A bus, and the one reader and batches that the commands speak of."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._reader: Reader | None = None
        self._batches: Sequence[Batch] = ()

    def answer(self, command: Mapping[str, Any]) -> Any:
        verb = getattr(self, f"do_{command['do']}")
        return verb(**{name: value for name, value in command.items() if name != "do"})

    def do_join(self, topic: str, group: str) -> None:
        self._reader = self._bus.reader([topic], group)

    def do_poll(self, seconds: float, max_messages: int) -> list[tuple[int, int, str, str]]:
        self._batches = self._joined.poll(timedelta(seconds=seconds), max_messages=max_messages)
        return [_shown(message) for batch in self._batches for message in batch.messages]

    def do_commit(self) -> None:
        for batch in self._batches:
            self._joined.commit(batch)

    def do_leave(self) -> None:
        self._joined.close()

    def do_flood(self, topic: str, first: int) -> None:
        """Publish `first`, `first + 1` … one by one; print each number once it is durable."""
        for number in count(first):
            self._bus.publish([Outgoing(topic, f"k{number % 7}", str(number).encode())])
            _say(number)

    def do_relay(self, topic: str, group: str, to: str) -> None:
        """Read batches of one to three; commit each with as many outputs; print the total."""
        reader = self._bus.reader([topic], group)
        total = 0
        while True:
            for batch in reader.poll(timedelta(seconds=1), max_messages=1 + total % 3):
                reader.commit(batch, [Outgoing(to, m.key, m.value) for m in batch.messages])
                total += len(batch.messages)
                _say(total)

    @property
    def _joined(self) -> Reader:
        assert self._reader is not None, "no `join` came before"
        return self._reader


def _shown(message: Message) -> tuple[int, int, str, str]:
    return message.partition, message.offset, message.key, message.value.decode()


def _say(answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main(opener: str, where: str) -> None:
    """Answer commands until standard input ends."""
    module, function = opener.split(":")
    bus: Bus = getattr(importlib.import_module(module), function)(where)
    served = _Served(bus)
    for line in sys.stdin:
        try:
            _say({"ok": served.answer(json.loads(line))})
        except DespatchError as exc:
            _say({"error": type(exc).__name__, "text": str(exc)})
    bus.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
