"""What is new about the entries of a source: DESIGN.md's table of revisions, its left half. Pure.

Who is told of it is decided later, by the alert stage. Here: which release an entry belongs to,
and whether what it shows now is a state that its source had not shown before.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from despatch.fingerprint import digest, fingerprint
from despatch.model import Cause
from despatch.ports import KnownEntry
from ingest.decision import FUTURE, Contact, Decision, Ignore, Publish
from ingest.entry import Entry
from ingest.memory import Memory, names_of
from ingest.states import dated, knowledge, publish_new, publish_state
from ingest.verdict import OLDER, OLDER_AGAIN, Verdict, judge

__all__ = [
    "DOCUMENTS",
    "FUTURE",
    "OLDER",
    "OLDER_AGAIN",
    "Contact",
    "Decision",
    "Ignore",
    "Publish",
    "adopt",
    "decide",
    "names_of",
    "publish_next",
    "unknown",
]

DOCUMENTS = frozenset({"page", "api"})
"""Texts from there are a document's own: what a feed says of it is a summary, at best."""


def decide(
    entries: Sequence[Entry], known: Iterable[KnownEntry], contact: Contact
) -> list[Decision]:
    """Return one decision an entry, in order.

    `known` is what is kept under `names_of(entries)`; an entry may depend on one before it. The
    same entries against the same knowledge give the same revision ids, at any time.
    """
    memory = Memory(known)
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
    memory = Memory(known)
    return [entry for entry in entries if memory.at_key(memory.key_of(entry)) is None]


def publish_next(
    entry: Entry, before: KnownEntry, cause: Cause, reason: str, contact: Contact
) -> Publish:
    """Return the revision that a known entry's new state is, as its document shows it."""
    print_ = fingerprint(entry.title, entry.text, entry.status)
    published = publish_state(entry, print_, before, Verdict(cause, reason), contact)
    return replace(published, known=replace(published.known, dated_at=before.dated_at))


def adopt(entry: Entry, before: KnownEntry, contact: Contact) -> KnownEntry:
    """Return what to keep of a known entry whose document's new state is nobody's news."""
    print_ = fingerprint(entry.title, entry.text, entry.status)
    return replace(knowledge(entry, before, print_, contact), dated_at=before.dated_at)


def _decide(entry: Entry, key: str, memory: Memory, contact: Contact) -> Decision:
    print_ = fingerprint(entry.title, entry.text, entry.status)
    before = memory.at_key(key)
    if before is None:
        there = memory.at_address(entry.address)
        same = _same_document(entry, print_, there)
        if same is None:
            edition = digest(key, length=12) if there else ""
            return publish_new(entry, key, print_, edition, contact)
        before = replace(same, key=key)
        if print_ == before.fingerprint:
            known = knowledge(entry, before, print_, contact)
            return Ignore(key, "known under another id", known)
    if entry.text_from == "feed" and before.text_from in DOCUMENTS:
        return _left_to_its_document(entry, replace(before, key=key), memory)
    verdict = judge(entry, print_, before, contact.now)
    if verdict.cause is not None:
        return publish_state(entry, print_, before, verdict, contact)
    kept = knowledge(entry, before, print_, contact) if verdict.keep else None
    return Ignore(key, verdict.reason, kept if kept != memory.at_key(key) else None)


def _left_to_its_document(entry: Entry, before: KnownEntry, memory: Memory) -> Ignore:
    """A document was read at its own address: a feed that says something else has it read again."""
    kept = replace(before, raw=entry.raw, dated_at=dated(entry))
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
