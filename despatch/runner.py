"""Runs a stage: read a batch, handle it message by message, finish it, again, until told to stop.

What an error's class says is done here, and only here:
- TransientError: wait with growing pauses, keep the place, raise an alarm, try again.
- PermanentError: that one message becomes a dead letter; the rest goes on.
- FencedError: the partition has another owner now; drop the batch.
- OperatorError: stop.
- anything else is a fault of ours: tried three times, then a dead letter.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Generic, TypeVar

from despatch import log
from despatch.dead_letters import dead_headers, dead_letter
from despatch.errors import (
    DespatchError,
    FencedError,
    OperatorError,
    PermanentError,
    TransientError,
)
from despatch.ports import Alarms, Batch, Clock, LoggedAlarms, Message, Outgoing, Reader
from despatch.retry import pause_after
from despatch.stages import Readers, Stage, T, WorksAhead
from despatch.topics import DEAD
from despatch.watchdog import Watchdog

R = TypeVar("R")

TRIES = 3
"""How often an error that is our own fault is tried before it becomes a dead letter."""

FENCES = 3
"""So many times in a row nothing of what was read was ours, and the reader is opened anew."""

STEADY_AFTER = timedelta(minutes=1)
"""A stage that ran for so long, or finished a batch, ends the alarms that an earlier life left."""

BLIP = timedelta(seconds=10)
BLIP_TRIES = 4
"""A stage that waits raises an alarm at the fourth try (after 3.5 s), or for so long a pause."""

_NAP = timedelta(seconds=1)

_DECIDED = (TransientError, FencedError, OperatorError)
"""Errors that are no message's fault: what is done about them does not depend on which it was."""


class Runner(Generic[T]):
    """Runs one stage over one reader, in the thread that calls `run`."""

    def __init__(
        self,
        stage: Stage[T],
        bus: Readers,
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
        self._waits = f"stage {stage.name} waits"
        self._stopped = f"stage {stage.name} stopped"
        self._began = clock.now()
        self._alarmed = False
        """Whether we have said that we wait; a blip is no reason to wake a person."""
        self._steady = False
        self._fences = 0
        """How often in a row nothing of what was read could be finished."""
        self._log = log.get(stage=stage.name)

    def run(self, stop: threading.Event, *, on_idle: Callable[[], None] | None = None) -> None:
        """Run until `stop` is set; then finish the batch in hand and leave the group.

        `on_idle` is called whenever nothing was there to read. Raises OperatorError when a
        person must act first.
        """
        with self.watchdog:
            try:
                while not stop.is_set():
                    self._read(stop, on_idle)
            except OperatorError as exc:
                text = f"{self.stage.name} stopped, and a person must act: {exc}"
                with suppress(DespatchError):  # the alarms' own store may be what is wrong
                    self._alarms.open(self._stopped, text)
                raise

    def _read(self, stop: threading.Event, on_idle: Callable[[], None] | None) -> None:
        """Be a member of the group until told to stop, or until too much of it was not ours."""
        reader = self._persist(self._open, None, stop)
        if reader is None:
            return
        self._fences = 0
        try:
            while not stop.is_set() and self._fences < FENCES:
                wait = timedelta(milliseconds=200)
                poll = partial(reader.poll, wait, max_messages=self._max_messages)
                batches = self._persist(poll, reader, stop)
                before = self.handled
                for batch in batches or ():
                    self._finish(reader, batch, stop)
                if batches:
                    self._fences = 0 if self.handled > before else self._fences + 1
                elif on_idle is not None:
                    on_idle()
                self._grow_steady()
        finally:
            reader.close()

    def _open(self) -> Reader:
        return self._bus.reader(self.stage.topics, self.stage.group, start_at=self.stage.start_at)

    def _finish(self, reader: Reader, batch: Batch, stop: threading.Event) -> None:
        """Handle a batch; one that is not ours any more, or that a stop cut short, is handed back.

        Its place is kept, so whoever has the partition next reads it again.
        """
        try:
            self._whole_or_apart(reader, batch, stop)
        except FencedError as exc:
            self._log.warning("batch dropped", place=str(batch.place), why=str(exc))
            reader.rewind(batch)
        except TransientError:  # only once told to stop
            reader.rewind(batch)

    def _whole_or_apart(self, reader: Reader, batch: Batch, stop: threading.Event) -> None:
        """Handle a batch whole; if that fails for good, one message after the other."""
        try:
            self._attempt(reader, batch, stop)
        except _DECIDED:
            raise
        except Exception as exc:
            if len(batch.messages) == 1:
                self._bury(reader, batch, exc, stop)
                return
            self._log.warning("batch taken apart", place=str(batch.place), why=repr(exc)[:300])
            for single in batch.singles():
                if stop.is_set():
                    reader.rewind(single)
                else:
                    self._finish(reader, single, stop)

    def _attempt(self, reader: Reader, batch: Batch, stop: threading.Event) -> None:
        results: list[T] = []
        dead: list[Outgoing] = []
        if isinstance(self.stage, WorksAhead):
            self.stage.prepare(batch.messages)
        for message in batch.messages:
            try:
                results.append(self._insist(partial(self.stage.handle, message), reader, stop))
            except _DECIDED:
                raise
            except Exception as exc:
                dead.append(self._letter(message, exc))
        self._insist(partial(self.stage.finish, reader, batch, results, dead), reader, stop)
        self._well()
        self._count(batch, len(dead))

    def _bury(self, reader: Reader, batch: Batch, exc: Exception, stop: threading.Event) -> None:
        """Make a dead letter of a message that was handled, and then could not be finished."""
        letter = self._letter(batch.messages[0], exc)
        self._insist(partial(self.stage.finish, reader, batch, (), (letter,)), reader, stop)
        self._well()
        self._count(batch, 1)

    def _insist(self, call: Callable[[], R], reader: Reader, stop: threading.Event) -> R:
        """Call until it works; a fault of ours is tried three times.

        Raises TransientError once told to stop, and at once whatever waiting does not mend.
        """
        faults = 0
        pauses = 0
        while True:
            self.watchdog.touch()
            try:
                return call()
            except TransientError as exc:
                if stop.is_set():
                    raise
                pauses += 1
                self._wait(exc, reader, pauses, stop)
            except (PermanentError, FencedError, OperatorError):
                raise
            except Exception as exc:
                faults += 1
                self._log.warning("fault", error=repr(exc)[:300], tries=faults)
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
                pauses += 1
                self._wait(exc, reader, pauses, stop)
            else:
                self._well()
                return result

    def _wait(
        self, exc: TransientError, reader: Reader | None, tries: int, stop: threading.Event
    ) -> None:
        """Wait in naps: told to stop, it ends with the one it is in."""
        pause = pause_after(exc, tries)
        if not self._alarmed and (tries >= BLIP_TRIES or pause >= BLIP):
            self._alarmed = True
            self._alarms.open(self._waits, f"{self.stage.name}: {exc}")
        self.waiting_for = str(exc)
        self._log.warning("waiting", why=str(exc), seconds=pause.total_seconds(), tries=tries)
        while pause > timedelta(0) and not stop.is_set():
            self.watchdog.touch()
            self._nap(min(pause, _NAP), reader)
            pause -= _NAP

    def _nap(self, wait: timedelta, reader: Reader | None) -> None:
        if reader is None:
            self._clock.sleep(wait)
            return
        try:
            reader.idle(wait)
        except (TransientError, FencedError):
            self._clock.sleep(wait)

    def _well(self) -> None:
        if self.waiting_for:
            self._log.info("going on", after=self.waiting_for)
            self.waiting_for = ""
            if self._alarmed:
                self._alarmed = False
                self._alarms.close(self._waits)

    def _grow_steady(self) -> None:
        """End, once all is well, what an earlier life that was killed or gave up left open."""
        if self._steady or self.waiting_for:
            return
        if self.handled or self._clock.now() - self._began >= STEADY_AFTER:
            self._steady = True
            self._alarms.close(self._stopped)
            self._alarms.close(self._waits)

    def _count(self, batch: Batch, dead: int) -> None:
        self.handled += len(batch.messages)
        self.dead += dead
        self.watchdog.touch()

    def _letter(self, message: Message, exc: Exception) -> Outgoing:
        tries = 1 if isinstance(exc, PermanentError) else TRIES
        letter = dead_letter(self.stage.name, message, exc, tries, self._clock.now())
        self._log.error(
            "dead letter",
            id=letter.id,
            topic=message.topic,
            partition=message.partition,
            offset=message.offset,
            reason=letter.reason,
        )
        key = f"dead letters of {self.stage.name}"
        self._alarms.open(
            key,
            f"{self.stage.name} could not handle {message.topic}/{message.partition}"
            f"@{message.offset}: {letter.reason}. See it: despatch dead show {letter.id}. "
            f"Once it is seen to: despatch alarms close '{key}'",
        )
        return Outgoing(DEAD, message.key, message.value, message.headers + dead_headers(letter))
