"""What is decided about an entry that a source shows: to publish a state of it, or to ignore it."""

from dataclasses import dataclass
from datetime import datetime

from despatch.model import Details, Fetched, Revision, SourceId
from despatch.ports import KnownEntry


@dataclass(frozen=True, slots=True)
class Contact:
    """The circumstances in which entries were seen."""

    source: SourceId
    added_at: datetime
    """When the source was added."""
    first: bool
    """True until the source was read whole for the first time."""
    now: datetime
    fetched: Fetched
    backlog: bool = True
    """False for a replay: nothing of it is old news."""
    details: Details | None = None
    """What the publisher's own record says of the one entry that is seen."""
    late: bool = False
    """Found when a gap was repaired."""


@dataclass(frozen=True, slots=True)
class Publish:
    """A state that the source had not shown before."""

    revision: Revision
    known: KnownEntry
    """What to keep of it."""
    reason: str
    first_sight: bool = False
    """Nothing was known under its id before."""


@dataclass(frozen=True, slots=True)
class Ignore:
    """Nothing to tell anybody."""

    key: str
    reason: str
    known: KnownEntry | None = None
    """What to keep instead of what is kept; None: as it is."""
    reread: bool = False
    """True: its document has the last word, and should be read again."""
    first_sight: bool = False
    """Nothing was known under its id before, but its document was under another."""


Decision = Publish | Ignore
