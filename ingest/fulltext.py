"""What is read at a document's own address, and the entry that it makes. Pure."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from despatch.model import Details, Fetched, Status, TextFrom
from despatch.ports import Validators
from ingest.entry import Entry
from ingest.text import cut_text


@dataclass(frozen=True, slots=True)
class FullText:
    """A document, as it is just now."""

    text: str
    """Clean, and not cut yet."""
    text_from: TextFrom
    read_from: str
    """The canonical address of the document that this is."""
    raw: str
    """Hash of what was given, before any cleaning."""
    made_by: str = ""
    """What found the text, with its version; empty if `raw` says all. Another finds another."""
    title: str = ""
    """Empty if the feed's own is better."""
    published_at: datetime | None = None
    updated_at: datetime | None = None
    language: str | None = None
    status: Status = "live"
    details: Details | None = None


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The address leads to something that can't be read from here."""

    to: str


@dataclass(frozen=True, slots=True)
class Gone:
    """The document was taken down: 410, or a redirect to nothing."""

    why: str
    sure: bool = True
    """False: a site under repair may answer so for all its pages; it is asked once more."""


@dataclass(frozen=True, slots=True)
class Read:
    """What a reading found, and the bytes that it was found in."""

    found: FullText | Elsewhere | Gone
    fetched: Fetched
    body: bytes
    validators: Validators = field(default_factory=Validators)


@dataclass(frozen=True, slots=True)
class Same:
    """The very bytes that were read before: a 304, or the same hash."""

    validators: Validators


def in_full(entry: Entry, full: FullText) -> Entry:
    """Return an entry with the text of its document; its identity stays the feed's."""
    cut = cut_text(full.text)
    return replace(
        entry,
        title=full.title or entry.title,
        text=cut.text,
        truncated=cut.truncated,
        text_kind="full",
        text_from=full.text_from,
        published_at=entry.published_at or full.published_at,
        updated_at=entry.updated_at or full.updated_at,
        language=full.language or entry.language,
        status=full.status,
    )
