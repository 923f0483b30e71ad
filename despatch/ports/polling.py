"""What is kept of when a source is polled: when next and why, and how the last polls went."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

from despatch.model import SourceId

POLLS_KEPT = 30
"""So many polls of a source are remembered."""


class Due(NamedTuple):  # each poll has one: see `ingest.source.Page`
    """When a source is polled next, and what decided it."""

    at: datetime
    why: str = ""
    """In words: `the server asked for 20 min (Cache-Control)`; empty if nothing was polled yet."""
    held_until: datetime | None = None
    """Until then the server wants to be left alone (Retry-After): an operator waits too."""


class Poll(NamedTuple):  # likewise
    """One poll of a source, as its history keeps it."""

    at: datetime
    """When it ended."""
    outcome: str
    """`fetched`, `not modified`, `unchanged`, `ended` or `failed`."""
    took: timedelta
    status: int | None = None
    """The HTTP status, if there was an answer."""
    new: int = 0
    changed: int = 0
    problem: str = ""


class Polling(Protocol):
    """The part of a transaction that is about when and where sources are polled."""

    def change_settings(self, source: SourceId, epoch: int, settings: Mapping[str, Any]) -> None:
        """Give a source that is lent to us other settings. Raises FencedError if it no longer is.

        The next lease has them.
        """
        ...

    def hold_host(self, host: str, until: datetime, why: str) -> None:
        """Leave a host alone until then: no source of it is lent. A longer wait stays."""
        ...

    def held(self, now: datetime) -> Mapping[SourceId, Due]:
        """Return the sources that want to be left alone, by themselves or with their host.

        Each with the end of that, and whose word it is.
        """
        ...

    def due(self, source: SourceId) -> Due | None:
        """Return when a source is polled next and why; None if there is no such source.

        A host that is held holds its sources.
        """
        ...

    def cursor(self, source: SourceId) -> Mapping[str, Any] | None:
        """Return where a source was read to, for a look that leases nothing and saves nothing.

        None if there is no such source.
        """
        ...

    def polls_of(self, source: SourceId) -> Sequence[Poll]:
        """Return a source's last polls, newest first, at most `POLLS_KEPT`."""
        ...
