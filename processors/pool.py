"""Judging in processes of their own: the same outcomes, in the same order, on several cores.

What a worker makes of a message is what the stage itself would make of it. A worker that dies
costs nothing: what it had in hand is judged again, one message at a time, and one that kills
whoever judges it becomes a dead letter, so that the stage lives.
"""

import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime
from multiprocessing import connection, get_context, parent_process

from despatch import log
from despatch.errors import PermanentError
from despatch.ports import Message, Outgoing
from despatch.rubbish import settle

AT_ONCE = 8
"""Messages that a worker is given together: fewer, and the way there and back is what it does."""

TRIES = 2
"""So often a message kills the worker that judges it by itself, and no more are given to it."""

Outgoings = tuple[Outgoing, ...]
Judge = Callable[[Message, datetime], Outgoings]
Results = list[Outgoings | PermanentError]


class JudgePool:
    """So many worker processes, started with the first batch. One thread's own.

    `make` makes a worker's judge; it goes to the workers by name, so it is no lambda.
    """

    def __init__(self, make: Callable[[], Judge], workers: int) -> None:
        self._make = make
        self._workers = workers
        self._pool: ProcessPoolExecutor | None = None
        self._ahead: dict[tuple[int, int], tuple[Future[Results], int]] = {}
        self._log = log.get(stage="processors")

    def begin(self, messages: Sequence[Message], now: datetime) -> None:
        """Begin with messages that will be asked for, in this order; earlier ones are let go."""
        self._ahead.clear()
        for first in range(0, len(messages), AT_ONCE):
            some = messages[first : first + AT_ONCE]
            future = self._submit(some, now)
            self._ahead |= {_place(one): (future, at) for at, one in enumerate(some)}

    def outcome(self, message: Message, now: datetime) -> Outgoings:
        """Return what is to be published of a message, whether it was begun with or not.

        Raises PermanentError as judging does, and for a message that kills whoever judges it.
        """
        ahead = self._ahead.pop(_place(message), None)
        result = self._result(*ahead) if ahead else None
        for _try in range(TRIES):
            if result is None:
                result = self._result(self._submit([message], now), 0)
        if result is None:
            raise PermanentError(f"it killed {TRIES} processes that judged it and nothing else")
        if isinstance(result, PermanentError):
            raise result
        return result

    def close(self) -> None:
        """End the workers; what they have in hand is not waited for longer than it takes."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def _result(self, future: "Future[Results]", at: int) -> Outgoings | PermanentError | None:
        """Return an outcome; None if the worker died, by whose fault ever."""
        try:
            return future.result()[at]
        except BrokenProcessPool:
            self._log.warning("a process that judges has died; what it had is judged again")
            self.close()
            return None

    def _submit(self, messages: Sequence[Message], now: datetime) -> "Future[Results]":
        if self._pool is None:
            # Not forked: a fork of a process with threads may hold a lock that nobody lets go.
            self._pool = ProcessPoolExecutor(
                self._workers,
                mp_context=get_context("spawn"),
                initializer=_start,
                initargs=(self._make,),
            )
        try:
            return self._pool.submit(_judge, tuple(messages), now)
        except BrokenProcessPool:  # it died while nothing was asked of it
            self.close()
            return self._submit(messages, now)


def _place(message: Message) -> tuple[int, int]:
    return message.partition, message.offset


_own: list[Judge] = []
"""A worker's own judge."""


def _start(make: Callable[[], Judge]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C asks the stage to stop, which asks us
    threading.Thread(target=_end_with_the_stage, daemon=True).start()
    _own[:] = [make()]
    settle()


def _end_with_the_stage() -> None:
    """End when the stage was killed: nobody else would ever tell us."""
    stage = parent_process()
    if stage is not None:
        connection.wait([stage.sentinel])
        os._exit(1)


def _judge(messages: Sequence[Message], now: datetime) -> Results:
    return [_outcome(message, now) for message in messages]


def _outcome(message: Message, now: datetime) -> Outgoings | PermanentError:
    try:
        return _own[0](message, now)
    except PermanentError as exc:
        return exc
