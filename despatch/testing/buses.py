"""What the contract suite of the bus asks of an implementation, beside the port itself."""

import json
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any, NamedTuple
from uuid import uuid4

from despatch.bus.local import LocalBus
from despatch.model import DeadLetter
from despatch.ports import Bus, Outgoing
from despatch.topics import RETENTION, TopicSpec

LOCAL_SESSION = timedelta(seconds=2)

ONE = TopicSpec("test.one.v1", DeadLetter, partitions=1, retention=timedelta(days=1))
SIX = TopicSpec("test.six.v1", DeadLetter, partitions=6)


class Shown(NamedTuple):
    """A message as another process showed it."""

    partition: int
    offset: int
    key: str
    value: str


class BusUnderTest:
    """One log, and what a test does to it: open it again, make names, use it from other processes.

    `opener` is a function of a module: other processes import it by name and call it with `where`.
    `forget(where, topic)` makes the log drop all that the topic holds now, as a retention would.
    """

    def __init__(
        self,
        where: str,
        opener: Callable[[str], Bus],
        forget: Callable[[str, str], None],
        *,
        session: timedelta,
        patience: timedelta = timedelta(seconds=30),
    ) -> None:
        self.where = where
        self.session = session
        """How long a silent member keeps its partitions."""
        self.patience = patience
        """How long the suite waits for what must come, before it fails."""
        self._opener = opener
        self._forget = forget
        self._stack = ExitStack()

    def open(self) -> Bus:
        """Return a further handle on the log, as another process would have; closed at the end."""
        return self._stack.enter_context(closing(self._opener(self.where)))

    def topic(self, partitions: int = 3, retention: timedelta = RETENTION) -> str:
        """Create a topic that nothing was ever published to, and return its name."""
        spec = self.spec(partitions, retention)
        assert self.open().create_topics([spec]) == [spec.name]
        return spec.name

    def spec(self, partitions: int = 3, retention: timedelta = RETENTION) -> TopicSpec:
        """Return what a topic that does not exist could be."""
        return TopicSpec(f"test.{uuid4().hex}.v1", DeadLetter, partitions, retention)

    def group(self) -> str:
        """Return the name of a group that never read anything."""
        return f"group-{uuid4().hex}"

    def forget(self, topic: str) -> None:
        """Make the log drop all that the topic holds now."""
        self._forget(self.where, topic)

    def member(self) -> "Member":
        """Start another process that uses the log on command; killed at the end."""
        name = f"{self._opener.__module__}:{self._opener.__qualname__}"
        return self._stack.enter_context(Member(name, self.where, self.patience))

    def close(self) -> None:
        """Close every handle and end every process."""
        self._stack.close()


def numbered(spec: TopicSpec, numbers: range) -> list[Outgoing]:
    """Return a message for each number, each with a key of its own: `k7`, `b"7"`."""
    return [Outgoing(spec.name, f"k{n}", str(n).encode()) for n in numbers]


def local_bus(folder: Path) -> BusUnderTest:
    """Return a new local log in a folder, for the suite."""
    where = folder / "log.db"
    return BusUnderTest(str(where), open_local, forget_local, session=LOCAL_SESSION)


def open_local(where: str) -> Bus:
    """Return a handle on a local log whose silent members are given up soon."""
    return LocalBus(Path(where), session=LOCAL_SESSION)


def forget_local(where: str, topic: str) -> None:
    """Drop all that a local log holds of a topic."""
    with closing(open_local(where)) as bus:
        bus.trim([TopicSpec(topic, DeadLetter)], datetime.now(UTC) + 2 * RETENTION)


class Member:
    """Another process with a handle on the log and, once joined, a reader."""

    def __init__(self, opener: str, where: str, patience: timedelta) -> None:
        self._patience = patience.total_seconds()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "despatch.testing.bus_member", opener, where],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def join(self, topic: str, group: str) -> None:
        """Become a member of a group."""
        self._ask(do="join", topic=topic, group=group)

    def poll(self, seconds: float = 1, max_messages: int = 500) -> list[Shown]:
        """Take a batch of each partition, and return their messages."""
        answer = self._ask(do="poll", seconds=seconds, max_messages=max_messages)
        return [Shown(*message) for message in answer["ok"]]

    def commit(self) -> str:
        """Commit what the last poll took; return the error's class, or an empty string."""
        return str(self._ask(do="commit").get("error", ""))

    def leave(self) -> None:
        """Close the reader."""
        self._ask(do="leave")

    def flood(self, topic: str, first: int) -> Iterator[int]:
        """Publish numbers until killed; yield each once its publishing was acknowledged."""
        return self._stream(do="flood", topic=topic, first=first)

    def relay(self, topic: str, group: str, to: str) -> Iterator[int]:
        """Publish what a topic holds to another, until killed; yield how many so far."""
        return self._stream(do="relay", topic=topic, group=group, to=to)

    def pause(self) -> None:
        """Stop the process between two instructions; `resume` lets it go on."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused process go on."""
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End the process at once, as `kill -9` and the kernel's out-of-memory killer do."""
        self._process.kill()
        self._process.wait()

    def __enter__(self) -> "Member":
        return self

    def __exit__(self, *_exc: object) -> None:
        self.kill()
        self._stdout.close()
        try:
            self._stdin.close()
        except BrokenPipeError:  # a command that the process never read
            self._process.stdin = None

    def _ask(self, **command: Any) -> dict[str, Any]:
        self._send(**command)
        ready, _, _ = select.select([self._stdout], [], [], self._patience)
        assert ready, f"the process did not answer {command} within {self._patience} s"
        line = self._stdout.readline()
        assert line, f"the process ended at {command}"
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _stream(self, **command: Any) -> Iterator[int]:
        self._send(**command)
        for line in self._stdout:
            yield json.loads(line)

    def _send(self, **command: Any) -> None:
        self._stdin.write(json.dumps(command).encode() + b"\n")
        self._stdin.flush()

    @property
    def _stdin(self) -> IO[bytes]:
        assert self._process.stdin is not None
        return self._process.stdin

    @property
    def _stdout(self) -> IO[bytes]:
        assert self._process.stdout is not None
        return self._process.stdout
