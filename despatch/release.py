"""Releases as they travel: what was observed, where from, and what was found in it.

All of it is had from `despatch.model`.
"""

from typing import Literal

from pydantic import Field

from despatch.facts import Facts
from despatch.frozen import Frozen, Instant
from despatch.vocabulary import (
    Cause,
    ReleaseId,
    RevisionId,
    SourceId,
    Status,
    TextFrom,
    TextKind,
    ThemeId,
)


class Fetched(Frozen):
    """Where and when the bytes came from, so that an alert can be traced to them."""

    address: str
    """What was read: a URL, or the name of a saved file."""
    at: Instant
    body_sha256: str
    """Hex SHA-256 of the bytes; the store keeps them, compressed, for 30 days."""
    http_status: int | None = None


class Linked(Frozen):
    """Something that a publisher files a release under: an organisation, a place, a topic."""

    title: str
    address: str | None = None
    """Its own page."""


class Change(Frozen):
    """What a publisher says it changed."""

    at: Instant | None
    note: str


class Details(Frozen):
    """What a publisher's own record says of a release besides its text, such as GOV.UK's.

    Each list holds at most 30 of what there is: docs/reference/release-details.md.
    """

    document_type: str | None = None
    """The publisher's own word for it, such as `press_release`."""
    organisations: tuple[Linked, ...] = ()
    """Who published it; the one that answers for it first."""
    world_locations: tuple[Linked, ...] = ()
    topics: tuple[Linked, ...] = ()
    changes: tuple[Change, ...] = ()
    """Newest first."""
    withdrawn_at: Instant | None = None
    withdrawn_why: str = ""
    """The publisher's notice, as plain text."""


class Release(Frozen):
    """One government document, as one source showed it."""

    id: ReleaseId
    address: str | None
    """Canonical address, or None for a document that has none."""
    edition: str = ""
    """Empty for the first release seen at its address, else what tells it apart."""
    source: SourceId
    source_title: str = ""
    """What the source is called, by its operator or by itself; empty where neither says."""
    entry: str
    """The source's own id for it, as given."""
    title: str = Field(min_length=1)
    text: str
    """Plain text; paragraphs stand apart by an empty line."""
    text_kind: TextKind
    text_from: TextFrom
    truncated: bool = False
    published_at: Instant | None = None
    updated_at: Instant | None = None
    language: str | None = None
    """BCP 47 tag as the source gave it."""
    status: Status = "live"
    details: Details | None = None
    """None where no record of the publisher's was read."""

    @property
    def publisher(self) -> Linked:
        """Who published it, as far as its record says, else its source; with its own address."""
        named = self.details.organisations if self.details is not None else ()
        return Linked(title=named[0].title if named else self.source_name, address=self.address)

    @property
    def source_name(self) -> str:
        """What people are shown of its source: its title, else its id."""
        return self.source_title or self.source


class Revision(Frozen):
    """One observed state of a release: the message on `despatch.releases.v1`."""

    id: RevisionId
    """Deterministic: the same observation repeated after a crash has the same id."""
    release: Release
    cause: Cause
    fingerprint: str
    replaces: str | None = None
    """The fingerprint that this one replaces at its source; None for the first."""
    number: int = Field(ge=1)
    """1 for the first revision of the release that its source showed, then 2, 3, …"""
    observed_at: Instant
    backlog: bool = False
    """Seen at first contact and dated before the source was added: archived, nobody told."""
    late: bool = False
    """From a repaired gap: told as late."""
    fetched: Fetched


class Evidence(Frozen):
    """One span of text behind a theme: `release.<field>[start:end] == text`."""

    field: Literal["title", "text"]
    start: int = Field(ge=0)
    end: int = Field(gt=0)
    text: str
    weight: float
    """Log-odds that it adds; negative speaks against."""


class ThemeScore(Frozen):
    """A theme that a release belongs to, and why."""

    theme: ThemeId
    version: str
    """The theme file's version and a hash of its content: the same version, the same result."""
    score: float = Field(ge=0, le=1)
    evidence: tuple[Evidence, ...]
    experimental: bool = False
    """The theme has not been measured on labels yet."""


class Classified(Frozen):
    """A revision with its themes: the message on `despatch.classified.v1` and the theme topics."""

    id: str
    """Deterministic: revision id and the versions of all themes that were asked, and of facts."""
    revision: Revision
    themes: tuple[ThemeScore, ...]
    classified_at: Instant
    facts: Facts | None = None
    """What the text says; None where it is not in English, or found no room in the message."""
    quiet: bool = False
    """History judged anew (`despatch reclassify`): it is archived, and nobody is told."""
    language: str = ""
    """What the text is written in, as far as it can be told: `en`, `cy`; empty where it can't."""
    translation_of: ReleaseId | None = None
    """The release whose translation it is, as its address says; there may be no such release."""
    signature: tuple[int, ...] = ()
    """What near copies of the text have in common: `similarity` in despatch/signature.py."""
