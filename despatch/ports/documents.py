"""What is kept of documents that are read at their own address: when again, and what was found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol

from despatch.model import ReleaseId, SourceId
from despatch.ports.fetch import Validators

ReadAs = Literal["page", "govuk"]
"""How a document is read: as a page, or through GOV.UK's Content API."""


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """The document behind an entry, which is read again now and then."""

    source: SourceId
    key: str
    """The entry's identity within its source."""
    release: ReleaseId
    address: str
    """The release's canonical address."""
    link: str
    """Where the document is asked for."""
    host: str
    """Who is asked."""
    read_as: ReadAs
    content_api: str
    """Where GOV.UK's Content API is; empty for a page."""
    entry: str
    """The entry's own id, as given."""
    title: str
    """As the entry gave it."""
    since: datetime
    """From when on its age counts."""
    due_at: datetime | None
    """When it is read again; None: no more."""
    language: str | None = None
    published_at: datetime | None = None
    tries: int = 0
    """Readings in a row that failed."""
    missing: int = 0
    """Readings in a row that found nothing there, and may be mistaken."""
    readings: int = 0
    """How often it was read, or tried."""
    read_at: datetime | None = None
    """When last."""
    outcome: str = ""
    """What the last reading came to, in words."""
    read_from: str = ""
    """The canonical address of the document whose text is known; empty before it was read."""
    moved_to: str = ""
    """Where its address led to instead, at the last reading."""
    raw: str = ""
    """Hash of what was read, before any cleaning."""
    made_by: str = ""
    """What made a text of it: texts that others made can't be compared."""
    body_sha256: str = ""
    validators: Validators = field(default_factory=Validators)


class Documents(Protocol):
    """The part of a transaction that documents are."""

    def keep_documents(self, documents: Sequence[DocumentRecord]) -> None:
        """Keep documents, each in the place of what was kept of its entry."""
        ...

    def read_soon(self, source: SourceId, titles: Mapping[ReleaseId, str], now: datetime) -> None:
        """Let a source's documents of these releases be due now, if it has any.

        A reading that is under way is too old by then: saving it is refused.

        A page has the title that its feed gives it: with another one it is judged anew, whatever
        the page itself says.
        """
        ...

    def lease_documents(
        self, owner: str, now: datetime, lease: timedelta, limit: int, *, a_host: int
    ) -> Sequence[DocumentRecord]:
        """Lend documents that are due, longest due first, of active sources.

        At most `limit`, at most `a_host` of one host, and none of a host that wants to be left
        alone or of which another owner holds any: what a host is asked stays within one poller's
        pace.
        """
        ...

    def save_document(self, document: DocumentRecord, owner: str) -> None:
        """Keep what a reading came to, and give the document back.

        Raises FencedError if it is lent to this owner no longer.
        """
        ...

    def unread(self) -> Mapping[SourceId, int]:
        """Return how many documents of each source could not be read yet, and are tried again."""
        ...

    def documents_of(self, release: ReleaseId) -> Sequence[DocumentRecord]:
        """Return what is kept of a release's documents, by source."""
        ...
