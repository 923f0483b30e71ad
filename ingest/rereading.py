"""When a document is read again, and what it means that something else stands there. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from despatch.errors import BadStatus, PermanentError, TransientError
from despatch.fingerprint import fingerprint
from despatch.model import Cause, Fetched, SourceId
from despatch.ports import DocumentRecord, KnownEntry
from despatch.shorten import shorten
from ingest.entry import Entry
from ingest.fulltext import Elsewhere, FullText, Gone, Read, Same, in_full
from ingest.newness import DOCUMENTS, Contact, Publish, adopt, publish_next
from ingest.reading import Ask

AGES = (
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(days=1),
    timedelta(days=3),
    timedelta(days=7),
    timedelta(days=14),
    timedelta(days=30),
)
"""At these ages a document is read again, and never later."""

FRESH = timedelta(days=3)
"""Whatever is dated within this counts from its first sight: many dates are a day's midnight."""

FIRST_TRY = timedelta(minutes=5)
LONGEST_TRY = timedelta(days=1)
NO_TIME = timedelta(minutes=1)
"""What could not be read in time is read so soon."""

ONCE_MORE = timedelta(hours=1)
"""What seems to be gone, and might not be, is asked for again so much later."""

Unread = TransientError | PermanentError | None
"""Why a document could not be read; None: there was no time."""


@dataclass(frozen=True, slots=True)
class Reread:
    """What a reading came to."""

    document: DocumentRecord
    """What to keep of the document."""
    publish: Publish | None = None
    known: KnownEntry | None = None
    """What to keep of its entry instead of what is kept; None: as it is."""


def next_reading(since: datetime, now: datetime) -> datetime | None:
    """Return when a document that was read is read again: at the next of `AGES`, if any."""
    return next((since + age for age in AGES if since + age > now), None)


def next_try(document: DocumentRecord, why: Unread, now: datetime) -> datetime | None:
    """Return when a document that could not be read is tried again.

    After 5 minutes, then three times as long each time, up to a day, or as long as the site asks.
    A document of another kind, or without a text, is only read at the next of `AGES`.
    """
    if isinstance(why, PermanentError) and not isinstance(why, BadStatus):
        return next_reading(document.since, now)
    grown = min(FIRST_TRY * 3 ** min(max(document.tries, 1) - 1, 9), LONGEST_TRY)
    wait = NO_TIME if why is None else grown
    if isinstance(why, TransientError) and why.retry_after is not None:
        wait = max(wait, why.retry_after)
    return now + wait if now + wait < document.since + AGES[-1] else None


def ask_of(document: DocumentRecord) -> Ask:
    """Return how a document is read again."""
    return Ask(
        address=document.link,
        read_as=document.read_as,
        content_api=document.content_api,
        validators=document.validators,
        body_sha256=document.body_sha256,
    )


def first_reading(
    entry: Entry,
    known: KnownEntry,
    source: SourceId,
    ask: Ask,
    read: Read | Unread,
    now: datetime,
) -> DocumentRecord:
    """Return what to keep of the document of an entry that was published just now."""
    document = DocumentRecord(
        source=source,
        key=known.key,
        release=known.release,
        address=known.address or ask.address,
        link=ask.address,
        host=ask.host,
        read_as=ask.read_as,
        content_api=ask.content_api,
        entry=entry.id,
        title=entry.title,
        since=_since(entry, now),
        due_at=None,
        language=entry.language,
        published_at=entry.published_at,
    )
    if not isinstance(read, Read):
        return failed(document, read, now)
    if isinstance(read.found, Gone):
        # Its feed shows it all the same: the site is asked once more before that counts.
        return failed(document, PermanentError(read.found.why), now)
    return _after(document, read, "read in full", now)


def failed(document: DocumentRecord, why: Unread, now: datetime) -> DocumentRecord:
    """Return what to keep of a document that could not be read, or that nobody had time for."""
    tried = replace(
        document,
        tries=document.tries + (why is not None),
        readings=document.readings + (why is not None),
        read_at=now if why is not None else document.read_at,
        outcome=shorten(str(why), 500) if why is not None else "there was no time to read it",
    )
    return replace(tried, due_at=next_try(tried, why, now))


def judge(read: Read | Same, document: DocumentRecord, before: KnownEntry, now: datetime) -> Reread:
    """Return what it means that this stands now where a known document was."""
    if isinstance(read, Same):
        same = replace(_read_once(document, "unchanged", now), validators=read.validators)
        return Reread(replace(same, due_at=next_reading(document.since, now)))
    found = read.found
    if isinstance(found, Elsewhere):
        return Reread(_after(document, read, "", now))
    if isinstance(found, Gone):
        if before.status == "withdrawn":
            return Reread(_after(document, read, f"still gone: {found.why}", now))
        if not found.sure and not document.missing:
            return Reread(_seems_gone(document, found, now))
        entry = replace(_entry(document, before), status="withdrawn")
        return _told(entry, "withdrawn", found.why, document, before, read, now)
    entry = in_full(_entry(document, before), found)
    print_ = fingerprint(entry.title, entry.text, entry.status)
    if document.read_from not in {"", found.read_from} and print_ != before.fingerprint:
        moved = Read(Elsewhere(found.read_from), read.fetched, read.body, read.validators)
        return Reread(_after(document, moved, "", now))
    cause, reason = _cause(found, entry, print_, document, before)
    if cause is not None:
        return _told(entry, cause, reason, document, before, read, now)
    after = _after(document, read, reason, now)
    if print_ in before.past and print_ != before.fingerprint:
        return Reread(after)
    known = adopt(entry, before, _contact(document, read, now))
    return Reread(after, known=known if known != before else None)


def _cause(
    found: FullText, entry: Entry, print_: str, document: DocumentRecord, before: KnownEntry
) -> tuple[Cause | None, str]:
    """Return why a document's state is worth a revision; None: nobody's news, and why not."""
    if entry.status != before.status:
        if entry.status == "withdrawn":
            return "withdrawn", "its document says that it is withdrawn"
        return "restored", "its document is back after its withdrawal"
    if entry.status == "withdrawn":
        return None, "withdrawn still"
    if print_ == before.fingerprint:
        return None, "the text is the same"
    if before.text_from not in DOCUMENTS:
        return "completed", "its document was read"
    if found.raw == document.raw:
        return None, "unchanged; our cleaner is another"
    if found.made_by != document.made_by:
        return None, f"our reading is another: {found.made_by}"
    if print_ in before.past and not _is_newer(entry, before):
        return None, "an older text again"
    return "revised", "its document was changed"


def _is_newer(entry: Entry, before: KnownEntry) -> bool:
    at = entry.updated_at
    return at is not None and (before.updated_at is None or at > before.updated_at)


def _told(
    entry: Entry,
    cause: Cause,
    reason: str,
    document: DocumentRecord,
    before: KnownEntry,
    read: Read,
    now: datetime,
) -> Reread:
    publish = publish_next(entry, before, cause, reason, _contact(document, read, now))
    # What changed just now may change again soon: its age counts anew.
    since = document.since if cause == "completed" else now
    after = _after(replace(document, since=since), read, f"{cause}: {reason}", now)
    return Reread(after, publish, publish.known)


def _after(document: DocumentRecord, read: Read, outcome: str, now: datetime) -> DocumentRecord:
    """Return what to keep of a document once it was read."""
    after = _read_once(document, outcome, now)
    match read.found:
        case Elsewhere(to):
            after = replace(after, outcome=f"it leads to {to}", moved_to=to)
        case Gone(why=why):
            after = replace(after, outcome=outcome or why, moved_to="")
        case FullText() as full:
            after = replace(
                after,
                title=full.title or after.title,
                raw=full.raw,
                made_by=full.made_by,
                read_from=full.read_from,
                moved_to=full.read_from if full.read_from != document.address else "",
                body_sha256=read.fetched.body_sha256,
                validators=read.validators,
            )
    return replace(after, due_at=next_reading(after.since, now))


def _seems_gone(document: DocumentRecord, found: Gone, now: datetime) -> DocumentRecord:
    """Return what to keep of a document that may be gone: it is asked for once more."""
    once = _read_once(document, f"it seems to be gone: {found.why}", now)
    return replace(once, missing=1, due_at=now + ONCE_MORE)


def _read_once(document: DocumentRecord, outcome: str, now: datetime) -> DocumentRecord:
    readings = document.readings + 1
    return replace(document, tries=0, missing=0, readings=readings, read_at=now, outcome=outcome)


def _entry(document: DocumentRecord, before: KnownEntry) -> Entry:
    """Return the entry as the feed gave it, without the text: its document has that."""
    return Entry(
        key=before.key,
        stable=True,
        id=document.entry,
        address=before.address,
        title=document.title,
        text="",
        truncated=False,
        raw=before.raw,
        text_kind="full",
        text_from="api" if document.read_as == "govuk" else "page",
        published_at=document.published_at,
        updated_at=None,
        language=document.language,
    )


def _contact(document: DocumentRecord, read: Read, now: datetime) -> Contact:
    fetched: Fetched = read.fetched
    details = read.found.details if isinstance(read.found, FullText) else None
    return Contact(document.source, now, False, now, fetched, details=details)


def _since(entry: Entry, now: datetime) -> datetime:
    at = entry.updated_at or entry.published_at
    return at if at is not None and now - at > FRESH else now
