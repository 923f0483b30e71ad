"""A clock that stands still until it is moved."""

from datetime import UTC, datetime, timedelta


class FakeClock:
    """Starts at noon of 2026-03-02, a Monday, UTC; `sleep` moves it and returns at once."""

    def __init__(self, at: datetime = datetime(2026, 3, 2, 12, tzinfo=UTC)) -> None:
        self.at = at
        self.slept: list[timedelta] = []

    def now(self) -> datetime:
        return self.at

    def sleep(self, wait: timedelta) -> None:
        self.slept.append(wait)
        self.move(wait)

    def move(self, by: timedelta) -> None:
        """Let time pass; negative for a clock that is set back."""
        self.at += by
