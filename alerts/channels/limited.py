"""Runs a send that blocks within its time limit, whatever the code that sends does."""

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta

from despatch.ports import Sent


async def within(limit: timedelta, send: Callable[[], Sent]) -> Sent:
    """Return what a send returned; `in doubt` if it took longer than `limit`.

    A send can't be called back: it goes on in its thread, which does not keep the process alive.
    An error that it raised is a temporary failure, named by its class alone: an error's text from
    a stranger's code can hold the channel's secret.
    """
    call = _Call(send, asyncio.get_running_loop())
    call.start()
    try:
        await asyncio.wait_for(call.ended.wait(), limit.total_seconds())
    except TimeoutError:
        said = f"timeout: no end within {limit.total_seconds():.0f} s; it may have arrived"
        return Sent("in doubt", said)
    if call.sent is not None:
        return call.sent
    return Sent("temporary", f"fault: the channel's own code failed: {type(call.error).__name__}")


class _Call(threading.Thread):
    """A send in a thread of its own, and what came of it."""

    def __init__(self, send: Callable[[], Sent], loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(name="send", daemon=True)
        self.ended = asyncio.Event()
        self.sent: Sent | None = None
        self.error: Exception | None = None
        self._send = send
        self._loop = loop

    def run(self) -> None:
        try:
            self.sent = self._send()
        except Exception as exc:  # noqa: BLE001 - apprise's plugins are strangers' code
            self.error = exc
        try:
            self._loop.call_soon_threadsafe(self.ended.set)
        except RuntimeError:  # the loop is closed: nobody waits any more
            return
