"""Sources in the store: what was added, who reads it now, how far it was read, what is known."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

from despatch.model import ReleaseId, SourceId, State
from despatch.ports.documents import DocumentRecord
from despatch.ports.polling import Due, Poll, Polling
from despatch.ports.watching import Gap

_NONE: Mapping[ReleaseId, str] = MappingProxyType({})


def host_of(settings: Mapping[str, Any]) -> str:
    """Return whom a source with these settings asks; see `SourceRecord.host`."""
    try:
        return (urlsplit(str(settings.get("address", ""))).hostname or "").rstrip(".")
    except ValueError:
        return ""


class SourceRecord(NamedTuple):  # each poll has one: see `ingest.source.Page`
    """A source as it was added."""

    id: SourceId
    kind: str
    """`feed` or `seed`: the module in `ingest/sources/` that reads it."""
    settings: Mapping[str, Any]
    """What that module's model holds, as JSON."""
    added_at: datetime
    state: State = "active"
    title: str = ""
    """What it calls itself, as it was read last."""

    def titled(self, title: str) -> "SourceRecord":
        """Return the same, as it calls itself now; an empty title says nothing."""
        return self._replace(title=title) if title else self

    @property
    def called(self) -> str:
        """What people call it: as its operator wrote, else as it calls itself; else nothing."""
        return str(self.settings.get("title") or "") or self.title

    @property
    def name(self) -> str:
        """What people are shown of it: what it is called, else its id."""
        return self.called or self.id

    @property
    def host(self) -> str:
        """Whom it asks, in small letters; empty if that is nobody, as for a folder."""
        return host_of(self.settings)


class Health(NamedTuple):  # as has this
    """How a source is, for `status` and `sources list`."""

    polled_at: datetime | None = None
    ok_at: datetime | None = None
    failures: int = 0
    """In a row."""
    problem: str = ""
    """The last failure's words; empty when all is well."""
    newest_at: datetime | None = None
    """When its newest release was seen."""


@dataclass(frozen=True, slots=True)
class KnownEntry:
    """What is kept of one entry of a source, to judge the next sight of it.

    `key` is the entry's identity within its source (feed id, else link, else content).
    """

    key: str
    release: ReleaseId
    address: str | None
    number: int
    """How many revisions of it were published."""
    fingerprint: str
    raw: str
    """Hash of the entry as the source gave it: equal raw is equal, whatever our cleaner does."""
    text_kind: str
    status: str
    updated_at: datetime | None
    text_from: str = "feed"
    """Where the text and the status were read that were judged last: see `Release.text_from`."""
    past: tuple[str, ...] = ()
    """Fingerprints and raw hashes it had before, newest last: an old one coming back may be a
    cache's flip."""
    dated_at: datetime | None = None
    """The date that its source gives it now: another one means that it was moved in its feed."""
    first_at: datetime | None = None
    """When it was seen first."""


class Leased(NamedTuple):  # and this
    """A source lent to one poller, with its cursor."""

    source: SourceRecord
    cursor: Mapping[str, Any]
    """What the source's own module keeps (validators, the body's hash); {} at first contact."""
    epoch: int
    """Grows with each lease: a late save under an older one is refused."""
    health: Health
    first_contact: bool
    """True until the source was read whole once: its health has no `ok_at` yet."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Under which keys, or canonical addresses, entries of a source may be known."""

    source: SourceId
    keys: Collection[str]
    addresses: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Body:
    """Fetched bytes, by their hash."""

    sha256: str
    data: bytes
    at: datetime


class Progress(NamedTuple):  # each poll has one: see `ingest.source.Page`
    """What a poller has to keep of one source, under its lease: all of it, or none."""

    source: SourceId
    epoch: int
    health: Health
    cursor: Mapping[str, Any] | None = None
    """Where it was read to; None: as it is."""
    entries: Sequence[KnownEntry] = ()
    bodies: Sequence[Body] = ()
    documents: Sequence[DocumentRecord] = ()
    """What is known now of the documents behind entries."""
    reread: Mapping[ReleaseId, str] = _NONE
    """Releases whose documents are read again at once, with the titles that their feed gives."""
    due: Due | None = None
    """When it is next due: it is given back. None: it is read on."""
    poll: Poll | None = None
    """For its history."""
    gap: Gap | None = None
    """One that was found."""
    title: str | None = None
    """What the source calls itself, if that is news; None: as it is."""


class Reading(Polling, Protocol):
    """The part of a store's transaction that pollers work with.

    What many pollers' worth of sources need is asked for and kept at once: a transaction, and most
    statements, cost the same for a hundred sources as for one.
    """

    def add_source(self, source: SourceRecord) -> bool:
        """Add a source; False if its id is known (nothing is changed then).

        A removed one is made anew: its cursor and health are forgotten, what is known of its
        entries is not, so that none of them is news again.
        """
        ...

    def sources(self) -> Sequence[tuple[SourceRecord, Health, datetime | None]]:
        """Return every source with its health and when it is next due, by id; no removed ones."""
        ...

    def active_sources(self, due_by: datetime | None = None) -> Sequence[SourceId]:
        """Return the ids of the sources that are polled, in order; with a time, those due by then.

        A source whose host is held (`hold_host`) is not due before that is over.
        """
        ...

    def set_source_state(self, source: SourceId, state: State) -> bool:
        """Pause, resume or remove; False if there is no such source."""
        ...

    def lease_source(
        self,
        source: SourceId,
        owner: str,
        now: datetime,
        lease: timedelta,
        *,
        asking: bool = True,
    ) -> Leased | None:
        """Lend a source to one poller, and its host with it.

        None if it is paused or unknown, if it or its host is lent to another poller, or if either
        is held (`held`) and this poller doesn't have the source already. Without `asking` its host
        is neither lent nor in the way: who only changes what is kept asks nobody.
        """
        ...

    def lease_sources(
        self, wanted: Collection[SourceId], owner: str, now: datetime, lease: timedelta
    ) -> Sequence[Leased]:
        """Lend those of these sources that `lease_source` would lend, in no order."""
        ...

    def lease_due(
        self, owner: str, now: datetime, lease: timedelta, limit: int, *, per_host: int = 0
    ) -> Sequence[Leased]:
        """Lend the sources that are due, longest due first, and their hosts likewise.

        Never more than `per_host` sources of a host are lent at a time, so that one slow host with
        many sources does not keep all others waiting; 0: as many as are due.
        """
        ...

    def known_entries(
        self, source: SourceId, keys: Collection[str], addresses: Collection[str] = ()
    ) -> Sequence[KnownEntry]:
        """Return what is known of the entries with these keys or these canonical addresses."""
        ...

    def known_of(self, asked: Sequence[Asked]) -> Mapping[SourceId, Sequence[KnownEntry]]:
        """Return what `known_entries` returns, for many sources; perhaps more of each."""
        ...

    def keep(self, progress: Sequence[Progress]) -> Collection[SourceId]:
        """Keep what is given, at most one of a source; return the sources of which nothing is kept.

        Those are the ones whose lease is no longer ours: run out and lent to another, or ended.
        Given none, it keeps nothing: the store makes ready what it needs to keep some later.
        """
        ...

    def save_cursor(
        self,
        source: SourceId,
        epoch: int,
        cursor: Mapping[str, Any],
        entries: Sequence[KnownEntry],
        health: Health,
    ) -> None:
        """Keep where a source was read to. Raises FencedError if the lease is no longer ours."""
        ...

    def release_source(
        self, source: SourceId, epoch: int, due: Due, health: Health, poll: Poll | None = None
    ) -> None:
        """Give a source back, say when it is next due, and remember the poll, if there was one.

        Raises FencedError likewise.
        """
        ...

    def keep_bodies(self, bodies: Sequence[Body]) -> None:
        """Keep fetched bytes by their hash, compressed; the same bytes again are kept longer."""
        ...

    def body(self, sha256: str) -> bytes | None:
        """Return kept bytes, or None once they are forgotten."""
        ...

    def forget_bodies(self, before: datetime) -> int:
        """Drop bodies last seen before a time; return how many."""
        ...
