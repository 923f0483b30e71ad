"""Runs one send within its time limit, whatever the code that sends does."""

import threading
from collections.abc import Callable
from datetime import timedelta

from despatch.ports import Sent


def within(limit: timedelta, send: Callable[[], Sent]) -> Sent:
    """Return what a send returned; `in doubt` if it took longer than `limit`.

    A send can't be called back: it goes on in its thread, which does not keep the process alive.
    An error that it raised is a temporary failure, named by its class alone: an error's text from
    a stranger's code can hold the channel's secret.
    """
    call = _Call(send)
    call.start()
    call.join(limit.total_seconds())
    if call.sent is not None:
        return call.sent
    if call.error is not None:
        return Sent("temporary", f"the channel's own code failed: {type(call.error).__name__}")
    return Sent("in doubt", f"no end within {limit.total_seconds():.0f} s; it may have arrived")


class _Call(threading.Thread):
    """A send in a thread of its own, and what came of it."""

    def __init__(self, send: Callable[[], Sent]) -> None:
        super().__init__(name="send", daemon=True)
        self.sent: Sent | None = None
        self.error: Exception | None = None
        self._send = send

    def run(self) -> None:
        try:
            self.sent = self._send()
        except Exception as exc:  # noqa: BLE001 - apprise's plugins are strangers' code
            self.error = exc
