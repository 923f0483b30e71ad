"""What is decided about an entry that a source shows: to publish a state of it, or to ignore it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from despatch.fingerprint import revision_id
from despatch.model import Cause, Details, Fetched, Release, Revision, SourceId
from despatch.ports import KnownEntry
from ingest.entry import Entry

FUTURE = timedelta(days=1)
"""A date further ahead than this is no date to judge by: somebody pinned or mistyped it."""


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
    source_title: str = ""
    """What the source is called, if anything."""


@dataclass(frozen=True, slots=True)
class Publish:
    """A state that the source had not shown before."""

    entry: Entry
    known: KnownEntry
    """What to keep of it."""
    cause: Cause
    reason: str
    contact: Contact
    edition: str = ""
    replaces: str | None = None
    """The fingerprint of the state before it."""
    first_sight: bool = False
    """Nothing was known under its id before."""

    @property
    def revision(self) -> Revision:
        """What is published, made when it is asked for: of a large feed, a thousand at a time."""
        entry, known, contact = self.entry, self.known, self.contact
        return Revision(
            id=revision_id(known.release, contact.source, known.number, known.fingerprint),
            release=self._release(),
            cause=self.cause,
            fingerprint=known.fingerprint,
            replaces=self.replaces,
            number=known.number,
            observed_at=contact.now,
            backlog=_is_backlog(entry, contact),
            late=contact.late,
            fetched=contact.fetched,
        )

    def _release(self) -> Release:
        entry = self.entry
        return Release(
            id=self.known.release,
            address=entry.address,
            edition=self.edition,
            source=self.contact.source,
            source_title=self.contact.source_title,
            entry=entry.id or entry.key,
            title=entry.title,
            text=entry.text,
            text_kind=entry.text_kind,
            text_from=entry.text_from,
            truncated=entry.truncated,
            published_at=entry.published_at,
            updated_at=entry.updated_at,
            language=entry.language,
            status=entry.status,
            details=self.contact.details,
        )


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


def _is_backlog(entry: Entry, contact: Contact) -> bool:
    """Old news: seen at first contact, and dated before the source was added, or undated."""
    if not (contact.first and contact.backlog):
        return False
    at = entry.published_at or entry.updated_at
    return at is None or at < contact.added_at or at > contact.now + FUTURE
