"""Alarms: where a stage says that a person should look."""

from typing import Protocol

from despatch import log


class Alarms(Protocol):
    """Where a stage says that a person should look."""

    def open(self, key: str, text: str) -> None:
        """Say that something is wrong; the same key again only counts."""
        ...

    def close(self, key: str) -> None:
        """Say that it is well again; nothing, if it was not open."""
        ...


class LoggedAlarms:
    """Alarms that only stand in the log: what a stage without a store has."""

    def __init__(self) -> None:
        self._open: set[str] = set()

    def open(self, key: str, text: str) -> None:
        self._open.add(key)
        log.get().error("alarm", key=key, text=text)

    def close(self, key: str) -> None:
        if key in self._open:
            self._open.remove(key)
            log.get().info("alarm over", key=key)
