"""The revision that an entry's state is, and what is kept of the entry from then on. Pure.

The same state after the same knowledge gives the same revision id, at any time.
"""

from dataclasses import replace
from datetime import datetime

from despatch.fingerprint import digest, release_id
from despatch.ports import KnownEntry
from ingest.decision import Contact, Publish
from ingest.entry import Entry
from ingest.verdict import Verdict

MOST_PAST = 32
"""So many older states of an entry are kept, to know a cache that flips back."""


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
    return Publish(entry, known, "new", reason, contact, edition, first_sight=True)


def publish_state(
    entry: Entry, print_: str, before: KnownEntry, verdict: Verdict, contact: Contact
) -> Publish:
    """Return the revision that a known entry's next state is, as it was judged."""
    if verdict.cause is None:
        raise ValueError("nothing to publish")
    known = knowledge(entry, before, print_, contact)
    known = replace(known, number=before.number + 1)
    edition, replaces = _edition_of(before), before.fingerprint
    return Publish(entry, known, verdict.cause, verdict.reason, contact, edition, replaces)


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


def _until_now(at: datetime | None, now: datetime) -> datetime | None:
    """A date ahead of us must not make all that follows look older."""
    return None if at is None else min(at, now)
