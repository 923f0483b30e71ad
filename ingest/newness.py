"""What is new about the entries of a source: DESIGN.md's table of revisions, its left half. Pure.

Who is told of it is decided later, by the alert stage. Here: which release an entry belongs to,
and whether what it shows now is a state that its source had not shown before.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from despatch.fingerprint import digest, fingerprint, release_id, revision_id
from despatch.model import Cause, Details, Fetched, Release, Revision, SourceId
from despatch.ports import KnownEntry
from ingest.entry import Entry, bounded

MOST_PAST = 32
"""So many older states of an entry are kept, to know a cache that flips back."""

OLDER = "older than what is known"
OLDER_AGAIN = "an older text again"
"""Reasons for ignoring a cache that shows an old state."""

DOCUMENTS = frozenset({"page", "api"})
"""Texts from there are a document's own: what a feed says of it is a summary, at best."""

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


@dataclass(frozen=True, slots=True)
class _Verdict:
    cause: Cause | None
    reason: str
    keep: bool = True
    """False if what is kept of the entry stays as it is."""


def names_of(entries: Iterable[Entry]) -> tuple[set[str], set[str]]:
    """Return the keys and the addresses under which these entries may be known."""
    keys = {key for entry in entries for key in (entry.key, _key_and_link(entry))}
    return keys, {entry.address for entry in entries if entry.address}


def decide(
    entries: Sequence[Entry], known: Iterable[KnownEntry], contact: Contact
) -> list[Decision]:
    """Return one decision an entry, in order.

    `known` is what is kept under `names_of(entries)`; an entry may depend on one before it. The
    same entries against the same knowledge give the same revision ids, at any time.
    """
    memory = _Memory(known)
    decisions = []
    for entry in entries:
        key = memory.key_of(entry)
        decision = _decide(entry, key, memory, contact)
        if not decision.first_sight and memory.at_key(key) is None:
            decision = replace(decision, first_sight=True)
        if decision.known is not None:
            memory.keep(decision.known)
        decisions.append(decision)
    return decisions


def unknown(entries: Iterable[Entry], known: Iterable[KnownEntry]) -> list[Entry]:
    """Return the entries that were never seen under their key; `known` as for `decide`."""
    memory = _Memory(known)
    return [entry for entry in entries if memory.at_key(memory.key_of(entry)) is None]


def publish_next(
    entry: Entry, before: KnownEntry, cause: Cause, reason: str, contact: Contact
) -> Publish:
    """Return the revision that a known entry's new state is, as its document shows it."""
    print_ = fingerprint(entry.title, entry.text, entry.status)
    published = _publish_next(entry, print_, before, _Verdict(cause, reason), contact)
    return replace(published, known=replace(published.known, dated_at=before.dated_at))


def adopt(entry: Entry, before: KnownEntry, contact: Contact) -> KnownEntry:
    """Return what to keep of a known entry whose document's new state is nobody's news."""
    print_ = fingerprint(entry.title, entry.text, entry.status)
    return replace(_knowledge(entry, before, print_, contact), dated_at=before.dated_at)


class _Memory:
    """What is known of a source's entries, by key and by address."""

    def __init__(self, known: Iterable[KnownEntry]) -> None:
        self._by_key: dict[str, KnownEntry] = {}
        self._at: dict[str, dict[str, KnownEntry]] = {}
        for one in known:
            self.keep(one)

    def keep(self, known: KnownEntry) -> None:
        before = self._by_key.get(known.key)
        if before is not None and before.address and before.address != known.address:
            del self._at[before.address][known.key]
        self._by_key[known.key] = known
        if known.address:
            self._at.setdefault(known.address, {})[known.key] = known

    def key_of(self, entry: Entry) -> str:
        """Return the key of an entry; with its link, if its document repeats the id.

        An id that was given to one address first and to several later stays with the first.
        """
        if not self._by_key and not entry.repeated:
            return entry.key
        apart = _key_and_link(entry)
        if apart in self._by_key:
            return apart
        if not entry.repeated:
            return entry.key
        first = self._by_key.get(entry.key)
        return entry.key if first and first.address == entry.address else apart

    def at_key(self, key: str) -> KnownEntry | None:
        return self._by_key.get(key)

    def at_address(self, address: str | None) -> list[KnownEntry]:
        """Return what is known at an address, the latest state last."""
        found = self._at.get(address or "", {}).values()
        return sorted(found, key=lambda one: (one.number, one.key))


def _decide(entry: Entry, key: str, memory: _Memory, contact: Contact) -> Decision:
    print_ = fingerprint(entry.title, entry.text, entry.status)
    before = memory.at_key(key)
    if before is None:
        there = memory.at_address(entry.address)
        same = _same_document(entry, print_, there)
        if same is None:
            edition = digest(key, length=12) if there else ""
            return _publish_new(entry, key, print_, edition, contact)
        before = replace(same, key=key)
        if print_ == before.fingerprint:
            known = _knowledge(entry, before, print_, contact)
            return Ignore(key, "known under another id", known)
    if entry.text_from == "feed" and before.text_from in DOCUMENTS:
        return _left_to_its_document(entry, replace(before, key=key), memory)
    verdict = _judge(entry, print_, before, contact.now)
    if verdict.cause is not None:
        return _publish_next(entry, print_, before, verdict, contact)
    kept = _knowledge(entry, before, print_, contact) if verdict.keep else None
    return Ignore(key, verdict.reason, kept if kept != memory.at_key(key) else None)


def _left_to_its_document(entry: Entry, before: KnownEntry, memory: _Memory) -> Ignore:
    """A document was read at its own address: a feed that says something else has it read again."""
    kept = replace(before, raw=entry.raw, dated_at=_dated(entry))
    changed = kept != memory.at_key(kept.key)
    reason = "its document has the last word"
    return Ignore(kept.key, reason, kept if changed else None, reread=changed)


def _same_document(entry: Entry, print_: str, there: list[KnownEntry]) -> KnownEntry | None:
    """Return whose document an unknown id shows, of those at its address; None: a new release.

    A new id of the feed's own at a known address, with another text, is a new release: addresses
    are used again (11 times among 2,031 items of a real feed). Where the feed gives no ids, or
    did not then, and where a summary can't be compared with a full text, it is the same.
    """
    for one in reversed(there):
        if print_ in {one.fingerprint, *one.past}:
            return one
    if not there:
        return None
    latest = there[-1]
    had_ids = not latest.key.startswith(("link ", "content "))
    comparable = latest.text_kind == entry.text_kind
    return None if entry.stable and had_ids and comparable else latest


def _judge(entry: Entry, print_: str, before: KnownEntry, now: datetime) -> _Verdict:
    """Return what an entry's state is, compared with the one before it."""
    if _is_older(entry, before, now):
        return _Verdict(None, OLDER, keep=False)
    if entry.status != before.status:
        if entry.status == "withdrawn":
            return _Verdict("withdrawn", "it is withdrawn")
        return _Verdict("restored", "it is back after its withdrawal")
    if entry.text_kind != before.text_kind:
        if entry.text_kind == "summary":
            return _Verdict(None, "a summary of what is known in full", keep=False)
        if print_ != before.fingerprint:
            return _Verdict("completed", "the full text has come")
        return _Verdict(None, "the full text says what the summary said")
    if entry.raw == before.raw:
        if print_ == before.fingerprint:
            return _Verdict(None, "unchanged")
        return _Verdict(None, "unchanged; our cleaner is another")
    if not {print_, entry.raw}.isdisjoint(before.past) and not _is_newer(entry, before):
        return _Verdict(None, OLDER_AGAIN, keep=False)
    if print_ == before.fingerprint:
        return _Verdict(None, "the text is the same")
    return _Verdict("revised", "the publisher changed the text")


def _is_older(entry: Entry, before: KnownEntry, now: datetime) -> bool:
    """A cache may show an older state that we never saw: its `updated` tells."""
    if entry.updated_at is None or before.updated_at is None or entry.raw == before.raw:
        return False
    return min(entry.updated_at, now) < before.updated_at


def _is_newer(entry: Entry, before: KnownEntry) -> bool:
    if entry.updated_at is None:
        return False
    return before.updated_at is None or entry.updated_at > before.updated_at


def _publish_new(entry: Entry, key: str, print_: str, edition: str, contact: Contact) -> Publish:
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
        dated_at=_dated(entry),
        first_at=contact.now,
        text_from=entry.text_from,
    )
    reason = "its address is known, with another document" if edition else "never seen before"
    revision = _revision(entry, known, edition, "new", None, contact)
    return Publish(revision, known, reason, first_sight=True)


def _publish_next(
    entry: Entry, print_: str, before: KnownEntry, verdict: _Verdict, contact: Contact
) -> Publish:
    if verdict.cause is None:
        raise ValueError("nothing to publish")
    known = _knowledge(entry, before, print_, contact)
    known = replace(known, number=before.number + 1)
    edition = _edition_of(before)
    revision = _revision(entry, known, edition, verdict.cause, before.fingerprint, contact)
    return Publish(revision, known, verdict.reason)


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


def _knowledge(entry: Entry, before: KnownEntry, print_: str, contact: Contact) -> KnownEntry:
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
        dated_at=_dated(entry),
        text_from=entry.text_from,
    )


def _past(before: KnownEntry, now: set[str]) -> tuple[str, ...]:
    """Return the states that an entry had and no longer has, newest last."""
    left = [one for one in (before.raw, before.fingerprint) if one not in now]
    kept = [one for one in before.past if one not in now and one not in left]
    return (*kept, *left)[-MOST_PAST:]


def _dated(entry: Entry) -> datetime | None:
    """Return the date by which its feed orders an entry, as far as we can tell."""
    return entry.updated_at or entry.published_at


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


def _key_and_link(entry: Entry) -> str:
    return bounded(f"{entry.key}|{entry.address or ''}")
