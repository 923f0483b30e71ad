"""What a known entry's state is, compared with the one before it. Pure."""

from dataclasses import dataclass
from datetime import datetime

from despatch.model import Cause
from despatch.ports import KnownEntry
from ingest.entry import Entry

OLDER = "older than what is known"
OLDER_AGAIN = "an older text again"
"""Reasons for ignoring a cache that shows an old state."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a state is, and why."""

    cause: Cause | None
    """None: it is nobody's news."""
    reason: str
    keep: bool = True
    """False if what is kept of the entry stays as it is."""


def judge(entry: Entry, print_: str, before: KnownEntry, now: datetime) -> Verdict:
    """Return what an entry's state is, compared with the one before it."""
    if _is_older(entry, before, now):
        return Verdict(None, OLDER, keep=False)
    if entry.status != before.status:
        if entry.status == "withdrawn":
            return Verdict("withdrawn", "it is withdrawn")
        return Verdict("restored", "it is back after its withdrawal")
    if entry.text_kind != before.text_kind:
        if entry.text_kind == "summary":
            return Verdict(None, "a summary of what is known in full", keep=False)
        if print_ != before.fingerprint:
            return Verdict("completed", "the full text has come")
        return Verdict(None, "the full text says what the summary said")
    if entry.raw == before.raw:
        if print_ == before.fingerprint:
            return Verdict(None, "unchanged")
        return Verdict(None, "unchanged; our cleaner is another")
    if not {print_, entry.raw}.isdisjoint(before.past) and not _is_newer(entry, before):
        return Verdict(None, OLDER_AGAIN, keep=False)
    if print_ == before.fingerprint:
        return Verdict(None, "the text is the same")
    return Verdict("revised", "the publisher changed the text")


def _is_older(entry: Entry, before: KnownEntry, now: datetime) -> bool:
    """A cache may show an older state that we never saw: its `updated` tells."""
    if entry.updated_at is None or before.updated_at is None or entry.raw == before.raw:
        return False
    return min(entry.updated_at, now) < before.updated_at


def _is_newer(entry: Entry, before: KnownEntry) -> bool:
    if entry.updated_at is None:
        return False
    return before.updated_at is None or entry.updated_at > before.updated_at
