"""The revision that an entry's state is, and what is kept of the entry from then on. Pure.

The same state after the same knowledge gives the same revision id, at any time.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from despatch.fingerprint import digest, release_id, revision_id
from despatch.model import Cause, Release, Revision
from despatch.ports import KnownEntry
from ingest.decision import Contact, Publish
from ingest.entry import Entry
from ingest.verdict import Verdict

MOST_PAST = 32
"""So many older states of an entry are kept, to know a cache that flips back."""

FUTURE = timedelta(days=1)
"""A date further ahead than this is no date to judge by: somebody pinned or mistyped it."""


def publish_new(entry: Entry, key: str, print_: str, edition: str, contact: Contact) -> Publish:
    """Return the first revision of a release; with an edition where its address has had others."""
    release = release_id(entry.address, edition=edition, source=contact.source, entry=key)
    known = KnownEntry(
        key=key,
        release=release,
        address=entry.address,
        number=1,
        fingerprint=print_,
        raw=entry.raw,
        text_kind=entry.text_kind,
        status=entry.status,
        updated_at=_until_now(entry.updated_at, contact.now),
        dated_at=dated(entry),
        first_at=contact.now,
        text_from=entry.text_from,
    )
    reason = "its address is known, with another document" if edition else "never seen before"
    revision = _revision(entry, known, edition, "new", None, contact)
    return Publish(revision, known, reason, first_sight=True)


def publish_state(
    entry: Entry, print_: str, before: KnownEntry, verdict: Verdict, contact: Contact
) -> Publish:
    """Return the revision that a known entry's next state is, as it was judged."""
    if verdict.cause is None:
        raise ValueError("nothing to publish")
    known = knowledge(entry, before, print_, contact)
    known = replace(known, number=before.number + 1)
    edition = _edition_of(before)
    revision = _revision(entry, known, edition, verdict.cause, before.fingerprint, contact)
    return Publish(revision, known, verdict.reason)


def knowledge(entry: Entry, before: KnownEntry, print_: str, contact: Contact) -> KnownEntry:
    """Return what to keep of an entry now; `updated_at` only grows, and never beyond now."""
    dates = [at for at in (before.updated_at, entry.updated_at) if at is not None]
    return replace(
        before,
        address=entry.address or before.address,
        fingerprint=print_,
        raw=entry.raw,
        text_kind=entry.text_kind,
        status=entry.status,
        updated_at=_until_now(max(dates, default=None), contact.now),
        past=_past(before, now={print_, entry.raw}),
        dated_at=dated(entry),
        text_from=entry.text_from,
    )


def dated(entry: Entry) -> datetime | None:
    """Return the date by which its feed orders an entry, as far as we can tell."""
    return entry.updated_at or entry.published_at


def _revision(
    entry: Entry,
    known: KnownEntry,
    edition: str,
    cause: Cause,
    replaces: str | None,
    contact: Contact,
) -> Revision:
    release = Release(
        id=known.release,
        address=entry.address,
        edition=edition,
        source=contact.source,
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
        details=contact.details,
    )
    return Revision(
        id=revision_id(known.release, contact.source, known.number, known.fingerprint),
        release=release,
        cause=cause,
        fingerprint=known.fingerprint,
        replaces=replaces,
        number=known.number,
        observed_at=contact.now,
        backlog=_is_backlog(entry, contact),
        late=contact.late,
        fetched=contact.fetched,
    )


def _past(before: KnownEntry, now: set[str]) -> tuple[str, ...]:
    """Return the states that an entry had and no longer has, newest last."""
    left = [one for one in (before.raw, before.fingerprint) if one not in now]
    kept = [one for one in before.past if one not in now and one not in left]
    return (*kept, *left)[-MOST_PAST:]


def _edition_of(before: KnownEntry) -> str:
    """Return the edition of a known release: the one that its id was made with."""
    for edition in ("", digest(before.key, length=12)):
        if before.address and release_id(before.address, edition=edition) == before.release:
            return edition
    return ""


def _is_backlog(entry: Entry, contact: Contact) -> bool:
    """Old news: seen at first contact, and dated before the source was added, or undated."""
    if not (contact.first and contact.backlog):
        return False
    at = entry.published_at or entry.updated_at
    return at is None or at < contact.added_at or at > contact.now + FUTURE


def _until_now(at: datetime | None, now: datetime) -> datetime | None:
    """A date ahead of us must not make all that follows look older."""
    return None if at is None else min(at, now)
