"""When a document is read again, and what it means that something else stands there."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from despatch.errors import BadStatus, PermanentError, ServerAway, TransientError
from despatch.fingerprint import canonical_address, fingerprint, release_id
from despatch.model import Details, Fetched, Linked, Revision, SourceId
from despatch.ports import DocumentRecord, KnownEntry, Validators
from ingest.entry import Entry, make_entry
from ingest.fulltext import Elsewhere, FullText, Gone, Read, Same
from ingest.reading import Ask
from ingest.rereading import (
    AGES,
    LONGEST_TRY,
    NO_TIME,
    Reread,
    failed,
    first_reading,
    judge,
    next_reading,
    next_try,
)

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LINK = "http://example.gov/ports/"
ADDRESS = canonical_address(LINK)
FIRST = "In full."


def a_document(**changed: Any) -> DocumentRecord:
    fields: dict[str, Any] = {
        "source": SourceId("example"),
        "key": "tag:a",
        "release": release_id(ADDRESS),
        "address": ADDRESS,
        "link": LINK,
        "host": "example.gov",
        "read_as": "page",
        "content_api": "",
        "entry": "tag:a",
        "title": "Ports",
        "since": NOW,
        "due_at": None,
        "readings": 1,
        "read_from": ADDRESS,
        "raw": "raw of In full.",
        "made_by": "reader 1",
    }
    return DocumentRecord(**(fields | changed))


def known(words: str = FIRST, **changed: Any) -> KnownEntry:
    status = changed.get("status", "live")
    fields: dict[str, Any] = {
        "key": "tag:a",
        "release": release_id(ADDRESS),
        "address": ADDRESS,
        "number": 1,
        "fingerprint": fingerprint("Ports", words, status),
        "raw": "raw of the feed",
        "text_kind": "full",
        "status": status,
        "updated_at": None,
        "text_from": "page",
        "dated_at": NOW - HOUR,
    }
    return KnownEntry(**(fields | changed))


def full(words: str = FIRST, **changed: Any) -> FullText:
    fields: dict[str, Any] = {
        "text": words,
        "text_from": "page",
        "read_from": ADDRESS,
        "raw": f"raw of {words}",
        "made_by": "reader 1",
    }
    return FullText(**(fields | changed))


def read(found: FullText | Elsewhere | Gone) -> Read:
    fetched = Fetched(address=LINK, at=NOW, body_sha256="1" * 64, http_status=200)
    return Read(found, fetched, b"bytes", Validators("e", "m"))


def judged(
    found: FullText | Elsewhere | Gone,
    before: KnownEntry | None = None,
    document: DocumentRecord | None = None,
) -> Reread:
    return judge(read(found), document or a_document(), before or known(), NOW + HOUR)


def only(reread: Reread) -> Revision:
    assert reread.publish is not None, reread.document.outcome
    assert reread.known == reread.publish.known
    return reread.publish.revision


def nothing(reread: Reread) -> str:
    """Return why nobody is told."""
    assert reread.publish is None
    return reread.document.outcome


def test_readings_thin_with_age_and_end_after_a_month() -> None:
    at, ages = NOW, []
    while (due := next_reading(NOW, at)) is not None:
        ages.append(due - NOW)
        at = due
    assert tuple(ages) == AGES
    assert ages[-1] == 30 * DAY


def test_a_failure_is_tried_again_ever_later_up_to_a_day() -> None:
    at, document, waits = NOW, a_document(), []
    for _ in range(9):
        document = failed(document, ServerAway("timeout: …"), at)
        assert document.due_at is not None
        waits.append(document.due_at - at)
        at = document.due_at
    minutes = [wait / timedelta(minutes=1) for wait in waits]
    assert minutes[:6] == [5, 15, 45, 135, 405, 1215]
    assert set(waits[6:]) == {LONGEST_TRY}
    assert document.outcome == "timeout: …"


def test_no_failure_is_tried_for_more_than_a_month() -> None:
    old = a_document(since=NOW - 30 * DAY)
    assert failed(old, ServerAway("timeout: …"), NOW).due_at is None


def test_a_site_that_asks_for_a_longer_wait_gets_it() -> None:
    slow = TransientError("http 503", retry_after=6 * HOUR)
    assert failed(a_document(), slow, NOW).due_at == NOW + 6 * HOUR


def test_what_is_no_page_is_read_no_more_often_than_what_is() -> None:
    pdf = PermanentError("not a page: … is application/pdf")
    assert failed(a_document(), pdf, NOW).due_at == NOW + AGES[0]
    missing = BadStatus("http 404: …", status=404, address=LINK)
    assert failed(a_document(), missing, NOW).due_at == NOW + timedelta(minutes=5)


def test_what_there_was_no_time_for_is_read_soon_and_counts_as_no_try() -> None:
    document = failed(a_document(readings=0), None, NOW)
    assert (document.due_at, document.tries, document.readings) == (NOW + NO_TIME, 0, 0)


@given(st.integers(0, 10_000), st.timedeltas(timedelta(0), 60 * DAY))
def test_whatever_fails_however_often_the_next_try_lies_ahead(tries: int, age: timedelta) -> None:
    document = a_document(since=NOW - age, tries=tries)
    for why in (ServerAway("x"), PermanentError("x"), None):
        due = next_try(document, why, NOW)
        assert due is None or NOW < due <= NOW + 30 * DAY


def an_entry(**changed: Any) -> Entry:
    parts: dict[str, Any] = {
        "id": "tag:a",
        "link": LINK,
        "title": "Ports",
        "text": "In short.",
        "raw": ("In short.",),
        "text_kind": "summary",
        "text_from": "feed",
        "updated_at": NOW,
    }
    entry = make_entry(**(parts | changed))
    assert entry is not None
    return entry


def first(found: Any, **changed: Any) -> DocumentRecord:
    return first_reading(
        an_entry(**changed), known(), SourceId("example"), Ask(LINK, "page"), found, NOW
    )


def test_a_document_that_was_read_first_is_kept_as_it_was_read() -> None:
    document = first(read(full()))
    assert document.link == LINK
    assert (document.read_from, document.raw, document.made_by) == (
        ADDRESS,
        "raw of In full.",
        "reader 1",
    )
    assert (document.validators, document.body_sha256) == (Validators("e", "m"), "1" * 64)
    assert (document.readings, document.due_at) == (1, NOW + HOUR)


def test_an_old_release_is_read_again_as_seldom_as_its_age_says() -> None:
    assert first(read(full()), updated_at=NOW - 8 * DAY).due_at == NOW + 6 * DAY
    assert first(read(full()), updated_at=NOW - 40 * DAY).due_at is None
    midnight = NOW - timedelta(hours=12)
    assert first(read(full()), updated_at=midnight).due_at == NOW + HOUR


def test_what_a_feed_shows_though_its_site_says_it_is_gone_is_asked_for_once_more() -> None:
    document = first(read(Gone("http 410")))
    assert (document.read_from, document.tries) == ("", 1)
    assert document.due_at == NOW + HOUR
    assert judged(Gone("http 410"), known(text_from="feed"), document).publish is not None


def test_a_document_that_is_unchanged_is_nobodys_news() -> None:
    same = judge(Same(Validators("new", None)), a_document(), known(), NOW + HOUR)
    assert nothing(same) == "unchanged"
    assert same.document.validators == Validators("new", None)
    assert same.document.due_at == NOW + 6 * HOUR
    assert nothing(judged(full())) == "the text is the same"


def test_another_text_is_a_revision_and_its_age_counts_anew() -> None:
    details = Details(topics=(Linked(title="Ports"),))
    reread = judged(full("Changed.", details=details))

    revision = only(reread)
    assert (revision.cause, revision.number) == ("revised", 2)
    assert revision.replaces == known().fingerprint
    assert revision.release.details == details
    assert revision.fetched.body_sha256 == "1" * 64
    assert not revision.backlog
    assert reread.document.due_at == NOW + 2 * HOUR
    assert reread.known is not None
    assert (reread.known.raw, reread.known.dated_at) == ("raw of the feed", NOW - HOUR)


def test_the_first_full_text_completes_a_summary() -> None:
    summary = known("In short.", text_from="feed", text_kind="summary")
    unread = a_document(read_from="", raw="", made_by="")

    assert only(judged(full(), summary, unread)).cause == "completed"
    as_said = judged(full("In short."), summary, unread)
    assert nothing(as_said) == "the text is the same"
    assert as_said.known is not None
    assert as_said.known.text_from == "page"


def test_a_cleaner_of_ours_that_is_another_tells_nobody() -> None:
    cleaned_anew = judged(full("In full, cleaned anew.", raw="raw of In full."))
    assert nothing(cleaned_anew) == "unchanged; our cleaner is another"
    assert cleaned_anew.known is not None
    assert cleaned_anew.known.fingerprint == fingerprint("Ports", "In full, cleaned anew.")


def test_a_version_of_trafilatura_that_is_another_tells_nobody_once() -> None:
    upgraded = judged(full("Menu. In full.", made_by="reader 2"))
    assert nothing(upgraded) == "our reading is another: reader 2"
    assert upgraded.known is not None

    changed = judged(full("Changed.", made_by="reader 2"), upgraded.known, upgraded.document)
    assert only(changed).cause == "revised"


def test_an_older_text_again_is_a_caches_flip_and_a_newer_date_is_none() -> None:
    flipped = known("Changed.", past=(known().fingerprint,), updated_at=NOW)
    at = a_document(raw="raw of Changed.")

    assert nothing(judged(full(), flipped, at)) == "an older text again"
    assert judged(full(), flipped, at).known is None
    back = full(updated_at=NOW + HOUR)
    assert only(judged(back, flipped, at)).cause == "revised"


@pytest.mark.parametrize("found", [full(status="withdrawn"), Gone("http 410")])
def test_what_is_withdrawn_or_gone_is_withdrawn(found: FullText | Gone) -> None:
    reread = judged(found)
    assert only(reread).cause == "withdrawn"
    assert only(reread).release.status == "withdrawn"
    assert reread.known is not None

    again = judged(found, reread.known, reread.document)
    assert nothing(again).startswith(("withdrawn still", "still gone"))
    back = judged(full(), reread.known, reread.document)
    assert (only(back).cause, only(back).number) == ("restored", 3)


def test_a_withdrawn_document_that_is_edited_or_then_gone_is_nobodys_news() -> None:
    withdrawn = judged(full(status="withdrawn"))
    assert withdrawn.known is not None
    edited = judged(full("Edited.", status="withdrawn"), withdrawn.known, withdrawn.document)
    assert nothing(edited) == "withdrawn still"
    assert nothing(judged(Gone("http 410"), withdrawn.known)).startswith("still gone")


def test_what_may_be_a_site_under_repair_is_gone_only_if_it_is_so_twice() -> None:
    doubtful = Gone("it redirects to the front page", sure=False)
    once = judged(doubtful)
    assert nothing(once) == "it seems to be gone: it redirects to the front page"
    assert once.document.due_at == NOW + 2 * HOUR

    assert only(judged(doubtful, known(), once.document)).cause == "withdrawn"
    repaired = judged(full(), known(), once.document)
    assert nothing(repaired) == "the text is the same"
    assert nothing(judged(doubtful, known(), repaired.document)).startswith("it seems")


def test_an_address_that_leads_elsewhere_is_noted() -> None:
    there = "https://example.gov/other"
    for found in (Elsewhere(there), full("Other.", read_from=there)):
        reread = judged(found)
        assert nothing(reread) == f"it leads to {there}"
        assert reread.document.moved_to == there
        assert reread.known is None


def test_the_same_document_at_another_address_is_followed_there() -> None:
    there = "https://example.gov/other"
    moved = judged(full(read_from=there))
    assert nothing(moved) == "the text is the same"
    assert (moved.document.read_from, moved.document.moved_to) == (there, there)

    edited = judged(full("Changed.", read_from=there), known(), moved.document)
    assert only(edited).cause == "revised"


def test_the_same_reading_gives_the_same_revision_whenever_it_is_repeated() -> None:
    one = judge(read(full("Changed.")), a_document(), known(), NOW + HOUR)
    other = judge(read(full("Changed.")), a_document(), known(), NOW + DAY)
    assert only(one).id == only(other).id


def test_a_title_of_its_own_is_kept_and_else_the_feeds() -> None:
    assert only(judged(full("Changed."))).release.title == "Ports"
    own = judged(full("Changed.", title="Ports and ferries"))
    assert only(own).release.title == own.document.title == "Ports and ferries"
    assert only(judged(Gone("x"), known(), replace(own.document))).release.title == (
        "Ports and ferries"
    )
