"""Runs a stage: read a batch, handle it message by message, finish it, again, until told to stop.

What an error's class says is done here, and only here:
- TransientError: wait with growing pauses, keep the place, raise an alarm, try again.
- PermanentError: that one message becomes a dead letter; the rest goes on.
- FencedError: the partition has another owner now; drop the batch.
- OperatorError: stop.
- anything else is a fault of ours: tried three times, then a dead letter.
"""

import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Generic, NoReturn, Protocol, TypeVar

from despatch import log
from despatch.errors import FencedError, OperatorError, PermanentError, TransientError
from despatch.fingerprint import digest
from despatch.model import DeadLetter
from despatch.ports import Batch, Bus, Clock, Message, Outgoing, Reader
from despatch.ports.bus import Headers, StartAt
from despatch.topics import DEAD

T = TypeVar("T")
R = TypeVar("R")

TRIES = 3
"""How often an error that is our own fault is tried before it becomes a dead letter."""

EXIT_STUCK = 76
"""Exit code of a stage whose watchdog found it stuck: the supervisor starts it again."""

DEAD_HEADERS = "despatch-dead-"
"""Prefix of the headers that a dead letter carries."""

_PAUSES = tuple(timedelta(seconds=s) for s in (0.5, 1, 2, 5, 10, 20, 30))


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


class Alarms(Protocol):
    """Where a stage says that a person should look."""

    def open(self, key: str, text: str) -> None:
        """Say that something is wrong; the same key again only counts."""
        ...

    def close(self, key: str) -> None:
        """Say that it is well again."""
        ...


class LoggedAlarms:
    """Alarms that only stand in the log: what a stage without a store has."""

    def open(self, key: str, text: str) -> None:
        log.get().error("alarm", key=key, text=text)

    def close(self, key: str) -> None:
        log.get().info("alarm over", key=key)


class Watchdog:
    """Ends the process if it shows no progress for too long: a hung call can't be called back."""

    def __init__(self, name: str, stuck_after: timedelta = timedelta(minutes=5)) -> None:
        self._name = name
        self._stuck_after = stuck_after.total_seconds()
        self._seen = time.monotonic()
        self._stop = threading.Event()

    def touch(self) -> None:
        """Say that there is progress."""
        self._seen = time.monotonic()

    @property
    def age(self) -> timedelta:
        """How long ago there was progress."""
        return timedelta(seconds=time.monotonic() - self._seen)

    def __enter__(self) -> "Watchdog":
        threading.Thread(target=self._watch, name=f"watchdog {self._name}", daemon=True).start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stop.set()

    def _watch(self) -> None:
        while not self._stop.wait(min(1.0, self._stuck_after / 4)):
            if self.age.total_seconds() > self._stuck_after:
                self._end()

    def _end(self) -> NoReturn:
        log.get().critical("stage stuck", stage=self._name, seconds=int(self.age.total_seconds()))
        for thread, frame in sys._current_frames().items():
            sys.stderr.write(f"thread {thread}\n{''.join(traceback.format_stack(frame))}\n")
        sys.stderr.flush()
        os._exit(EXIT_STUCK)


class Runner(Generic[T]):
    """Runs one stage over one reader, in the thread that calls `run`."""

    def __init__(
        self,
        stage: Stage[T],
        bus: Bus,
        clock: Clock,
        *,
        alarms: Alarms | None = None,
        stuck_after: timedelta = timedelta(minutes=5),
        max_messages: int = 500,
    ) -> None:
        self.stage = stage
        self.watchdog = Watchdog(stage.name, stuck_after)
        self.handled = 0
        """Messages finished since the start."""
        self.dead = 0
        """Dead letters among them."""
        self.waiting_for = ""
        """What the stage waits for, in words; empty while it runs."""
        self._bus = bus
        self._clock = clock
        self._alarms = alarms or LoggedAlarms()
        self._max_messages = max_messages
        self._log = log.get(stage=stage.name)

    def run(self, stop: threading.Event, *, on_idle: Callable[[], None] | None = None) -> None:
        """Run until `stop` is set; then finish the batch in hand and leave the group.

        `on_idle` is called whenever nothing was there to read. Raises OperatorError when a
        person must act first.
        """
        with self.watchdog:
            reader = self._persist(self._open, None, stop)
            if reader is None:
                return
            try:
                while not stop.is_set():
                    wait = timedelta(milliseconds=200)
                    poll = partial(reader.poll, wait, max_messages=self._max_messages)
                    batches = self._persist(poll, reader, stop)
                    for batch in batches or ():
                        self._finish(reader, batch, stop)
                    if not batches and on_idle is not None:
                        on_idle()
            finally:
                reader.close()

    def _open(self) -> Reader:
        return self._bus.reader(self.stage.topics, self.stage.group, start_at=self.stage.start_at)

    def _finish(self, reader: Reader, batch: Batch, stop: threading.Event) -> None:
        """Handle a batch whole; if that fails for good, one message after the other."""
        try:
            self._attempt(reader, batch, stop)
        except FencedError as exc:
            self._log.warning("batch dropped", place=str(batch.place), why=str(exc))
            reader.rewind(batch)
        except TransientError:  # only once told to stop: the place is kept
            reader.rewind(batch)
        except OperatorError:
            raise
        except Exception as exc:
            if len(batch.messages) > 1:
                self._log.warning("batch taken apart", place=str(batch.place), why=repr(exc)[:300])
                for single in batch.singles():
                    if not stop.is_set():
                        self._finish(reader, single, stop)
                    else:
                        reader.rewind(single)
                return
            letter = self._letter(batch.messages[0], exc, TRIES)
            self._persist(partial(self.stage.finish, reader, batch, (), (letter,)), reader, stop)
            self._count(batch, 1)

    def _attempt(self, reader: Reader, batch: Batch, stop: threading.Event) -> None:
        results: list[T] = []
        dead: list[Outgoing] = []
        for message in batch.messages:
            try:
                results.append(self._handle(message, reader, stop))
            except (TransientError, FencedError, OperatorError):
                raise
            except Exception as exc:
                tries = 1 if isinstance(exc, PermanentError) else TRIES
                dead.append(self._letter(message, exc, tries))
        faults = 0
        pauses = 0
        while True:
            try:
                self.stage.finish(reader, batch, results, dead)
            except TransientError as exc:
                if stop.is_set():
                    raise
                self._wait(exc, reader, pauses)
                pauses += 1
            except (PermanentError, FencedError, OperatorError):
                raise
            except Exception:
                faults += 1
                if faults == TRIES:
                    raise
            else:
                break
        self._well()
        self._count(batch, len(dead))

    def _handle(self, message: Message, reader: Reader, stop: threading.Event) -> T:
        faults = 0
        pauses = 0
        while True:
            self.watchdog.touch()
            try:
                return self.stage.handle(message)
            except TransientError as exc:
                if stop.is_set():
                    raise
                self._wait(exc, reader, pauses)
                pauses += 1
            except (PermanentError, FencedError, OperatorError):
                raise
            except Exception as exc:
                faults += 1
                self._log.warning("message failed", error=repr(exc)[:300], tries=faults)
                if faults == TRIES:
                    raise

    def _persist(
        self, call: Callable[[], R], reader: Reader | None, stop: threading.Event
    ) -> R | None:
        """Call until it works; None if told to stop first."""
        pauses = 0
        while True:
            self.watchdog.touch()
            try:
                result = call()
            except TransientError as exc:
                if stop.is_set():
                    return None
                self._wait(exc, reader, pauses)
                pauses += 1
            else:
                self._well()
                return result

    def _wait(self, exc: TransientError, reader: Reader | None, pauses: int) -> None:
        pause = exc.retry_after or _PAUSES[min(pauses, len(_PAUSES) - 1)]
        if not self.waiting_for:
            self._alarms.open(f"stage {self.stage.name} waits", f"{self.stage.name}: {exc}")
        self.waiting_for = str(exc)
        self._log.warning("waiting", why=str(exc), seconds=pause.total_seconds(), tries=pauses + 1)
        self.watchdog.touch()
        if reader is None:
            self._clock.sleep(pause)
            return
        try:
            reader.idle(pause)
        except (TransientError, FencedError):
            self._clock.sleep(pause)

    def _well(self) -> None:
        if self.waiting_for:
            self._log.info("going on", after=self.waiting_for)
            self.waiting_for = ""
            self._alarms.close(f"stage {self.stage.name} waits")

    def _count(self, batch: Batch, dead: int) -> None:
        self.handled += len(batch.messages)
        self.dead += dead
        self.watchdog.touch()

    def _letter(self, message: Message, exc: Exception, tries: int) -> Outgoing:
        letter = dead_letter(self.stage.name, message, exc, tries, self._clock)
        self._log.error(
            "dead letter",
            id=letter.id,
            topic=message.topic,
            partition=message.partition,
            offset=message.offset,
            reason=letter.reason,
        )
        self._alarms.open(
            f"dead letters of {self.stage.name}",
            f"{self.stage.name} could not handle {message.topic}/{message.partition}"
            f"@{message.offset}: {letter.reason}. See it: despatch dead show {letter.id}",
        )
        return Outgoing(DEAD, message.key, message.value, message.headers + dead_headers(letter))


def dead_letter(
    stage: str, message: Message, exc: Exception, tries: int, clock: Clock
) -> DeadLetter:
    """Return who could not handle a message, when, why, and where it stands."""
    return DeadLetter(
        id="d-" + digest(stage, message.topic, str(message.partition), str(message.offset)),
        stage=stage,
        failed_at=clock.now(),
        error=type(exc).__name__,
        reason=(str(exc) or repr(exc))[:1_000],
        tries=tries,
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
    )


def dead_headers(letter: DeadLetter) -> Headers:
    """Return a dead letter as headers, such as `("despatch-dead-stage", b"processors")`."""
    return tuple(
        (DEAD_HEADERS + name.replace("_", "-"), str(value).encode())
        for name, value in letter.model_dump(mode="json").items()
    )


def read_dead_letter(message: Message) -> DeadLetter:
    """Return the dead letter that a message of the dead topic is; the last failure's, if several.

    Raises PermanentError if the headers don't say.
    """
    fields = {
        name.removeprefix(DEAD_HEADERS).replace("-", "_"): value.decode("utf-8", "replace")
        for name, value in message.headers
        if name.startswith(DEAD_HEADERS)
    }
    try:
        return DeadLetter.model_validate_strings(fields)
    except ValueError as exc:
        raise PermanentError(
            f"{message.topic}/{message.partition}@{message.offset} is no dead letter: {exc}"
        ) from exc
