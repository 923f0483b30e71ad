"""A watchdog: ends a process that hangs, so that its supervisor starts it again."""

import os
import sys
import threading
import time
import traceback
from datetime import timedelta
from typing import NoReturn

from despatch import log

EXIT_STUCK = 76
"""Exit code of a stage whose watchdog found it stuck: the supervisor starts it again."""


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
        try:
            log.get().critical(
                "stage stuck", stage=self._name, seconds=int(self.age.total_seconds())
            )
            for thread, frame in sys._current_frames().items():
                sys.stderr.write(f"thread {thread}\n{''.join(traceback.format_stack(frame))}\n")
            sys.stderr.flush()
        finally:  # whatever is wrong with standard error: a stuck process ends
            os._exit(EXIT_STUCK)
