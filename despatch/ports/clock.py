"""The time, as a port: tests hand in a clock that they move."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Wall-clock time for decisions and records, and waiting."""

    def now(self) -> datetime:
        """Return the time, UTC-aware. May jump when the machine's clock is set."""
        ...

    def sleep(self, wait: timedelta) -> None:
        """Return after `wait`. Negative waits return at once."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, wait: timedelta) -> None:
        time.sleep(max(0.0, wait.total_seconds()))
