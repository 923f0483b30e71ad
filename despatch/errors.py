"""The error tree: an error's class says what the runner does, its text what a person does next.

    DespatchError
    ├── TransientError       wait and try again; the place is kept
    │   ├── ServerAway       a broker, database or feed does not answer
    │   ├── Throttled        a site asks to be left alone for a while
    │   ├── Busy             somebody else holds the lock just now
    │   ├── NoRoom           too much is in hand just now
    │   └── StorageFull      no room on the disk
    ├── PermanentError       this one thing can never be handled: dead letter
    │   ├── TooLarge         over a stated limit
    │   └── BadStatus        a site answers that it will not, such as 404 or 410
    ├── FencedError          somebody else owns this now: drop the work, ask for a new place
    └── OperatorError        a person must act: the stage stops and says so
        ├── UsageError       a wrong command line or input
        ├── SettingsError    a wrong setting
        ├── SchemaError      the store's schema is older or newer than the code
        ├── NotWritable      a folder or file can't be written
        └── PositionLost     the log no longer holds what comes next

Exit codes are those of BSD's sysexits.h, so that a supervisor can tell them apart.
"""

from datetime import timedelta
from typing import ClassVar

LOG_AWAY = "no Kafka broker answers"
"""What an error says while the whole log is away: alarms that say it are of one outage."""


class DespatchError(Exception):
    """Root of the tree; `exit_code` is what a command that fails with it exits with."""

    exit_code: ClassVar[int] = 70  # EX_SOFTWARE


class TransientError(DespatchError):
    """Trying again later may help; `retry_after` is how long the other side asked us to wait.

    `status` is the HTTP status that it is, if it is one.
    """

    exit_code = 75  # EX_TEMPFAIL

    def __init__(
        self, message: str, *, retry_after: timedelta | None = None, status: int | None = None
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.status = status


class ServerAway(TransientError):
    """A broker, a database or a site does not answer."""

    exit_code = 69  # EX_UNAVAILABLE


class Throttled(TransientError):
    """A whole site asks to be left alone for `retry_after` (429 with Retry-After).

    `asked` is False if it had said so before, and was not asked again.
    """

    def __init__(self, message: str, *, retry_after: timedelta, host: str, asked: bool) -> None:
        super().__init__(message, retry_after=retry_after, status=429)
        self.host = host
        self.asked = asked


class Busy(TransientError):
    """Somebody else holds the lock just now."""


class NoRoom(TransientError):
    """There is no room for it in memory just now: too much else is in hand."""


class StorageFull(TransientError):
    """The disk has no room; the place is kept until there is."""

    exit_code = 74  # EX_IOERR


class PermanentError(DespatchError):
    """Trying again can't help: the message becomes a dead letter. `status` as above."""

    exit_code = 65  # EX_DATAERR

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class TooLarge(PermanentError):
    """Something is over a limit that its text names."""


class BadStatus(PermanentError):
    """A site answers with a status that asking again does not mend, such as 403, 404 or 410."""

    def __init__(self, message: str, *, status: int, address: str, body: bytes = b"") -> None:
        super().__init__(message, status=status)
        self.address = address
        """Who answered so, after redirects."""
        self.body = body
        """What a 410 says besides; empty for every other status."""


class FencedError(DespatchError):
    """Somebody else owns this now (a lease or a group membership ran out): nothing was changed."""

    exit_code = 75


class OperatorError(DespatchError):
    """A person must act before this can go on."""

    exit_code = 78  # EX_CONFIG


class UsageError(OperatorError):
    """The command line, or a file it names, is wrong."""

    exit_code = 2


class SettingsError(OperatorError):
    """A setting is wrong; the text names it and where it was read."""


class SchemaError(OperatorError):
    """The store's schema does not fit the code; the text says what to run."""


class NotWritable(OperatorError):
    """A folder or a file can't be created or written."""

    exit_code = 73  # EX_CANTCREAT


class PositionLost(OperatorError):
    """The log no longer holds what comes next: messages were dropped before they were read."""

    exit_code = 65
