"""What is new: a test for each row of the table of revisions, and what must never happen."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from despatch.fingerprint import release_id
from despatch.model import Fetched, Revision, SourceId
from despatch.ports import KnownEntry
from ingest.entry import Entry, make_entry, tell_apart
from ingest.newness import (
    Contact,
    Decision,
    Ignore,
    Publish,
    decide,
    names_of,
    publish_next,
    unknown,
)

ADDED = datetime(2026, 3, 1, tzinfo=UTC)
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

LINK = "https://example.gov/a"


def entry(words: str = "The rules change.", **changed: object) -> Entry:
    parts: dict[str, object] = {
        "id": "tag:a",
        "link": LINK,
        "title": "Visas",
        "text": words,
        "raw": (words, changed.get("link", LINK)),
        "text_kind": "full",
        "text_from": "feed",
        "published_at": NOW - HOUR,
    }
    made = make_entry(**(parts | changed))  # type: ignore[arg-type]
    assert made is not None
    return made


class Watch:
    """A source as one poller sees it, poll after poll."""

    def __init__(self) -> None:
        self.known: dict[str, KnownEntry] = {}
        self.now = NOW
        self.first = True

    def see(self, *entries: Entry, save: bool = True, backlog: bool = True) -> list[Decision]:
        """Poll; without `save`, the poller is killed before it saves the cursor."""
        decisions = decide(entries, self.look_up(entries), self.contact(backlog))
        if save:
            self.known |= {d.known.key: d.known for d in decisions if d.known}
            self.first = False
        self.now += HOUR
        return decisions

    def look_up(self, entries: Iterable[Entry]) -> list[KnownEntry]:
        keys, addresses = names_of(entries)
        return [k for k in self.known.values() if k.key in keys or k.address in addresses]

    def contact(self, backlog: bool) -> Contact:
        fetched = Fetched(address="https://example.gov/feed", at=self.now, body_sha256="0" * 64)
        return Contact(SourceId("example"), ADDED, self.first, self.now, fetched, backlog)


def published(decisions: Iterable[Decision]) -> list[Revision]:
    return [d.revision for d in decisions if isinstance(d, Publish)]


def only(decisions: list[Decision]) -> Revision:
    """Return the one revision that came of one entry."""
    (decision,) = decisions
    assert isinstance(decision, Publish), decision
    return decision.revision


def reason(decisions: list[Decision]) -> str:
    """Return why nobody is told of the one entry."""
    (decision,) = decisions
    assert isinstance(decision, Ignore), decision
    return decision.reason


def test_an_unknown_release_is_new() -> None:
    revision = only(Watch().see(entry()))

    assert (revision.cause, revision.number, revision.replaces) == ("new", 1, None)
    assert revision.release.id == release_id("https://example.gov/a")
    assert revision.release.edition == ""
    assert revision.release.entry == "tag:a"
    assert revision.observed_at == NOW


def test_the_full_text_after_a_summary_completes_it() -> None:
    watch = Watch()
    first = only(watch.see(entry("In short.", text_kind="summary")))

    second = only(watch.see(entry("In full.")))

    assert (second.cause, second.number, second.replaces) == ("completed", 2, first.fingerprint)
    assert second.release.id == first.release.id


def test_a_full_text_that_says_what_the_summary_said_is_nobodys_news() -> None:
    watch = Watch()
    watch.see(entry("The same.", text_kind="summary"))

    assert reason(watch.see(entry("The same.", raw=("fuller",)))).startswith("the full text says")
    assert reason(watch.see(entry("The same.", raw=("fuller",)))) == "unchanged"


def test_a_summary_of_what_is_known_in_full_is_nobodys_news() -> None:
    watch = Watch()
    watch.see(entry("In full."))

    assert reason(watch.see(entry("In short.", text_kind="summary"))).startswith("a summary")
    assert reason(watch.see(entry("In full."))) == "unchanged"


def test_the_publishers_changed_text_is_a_revision() -> None:
    watch = Watch()
    first = only(watch.see(entry()))

    second = only(watch.see(entry("The rules change in May.")))

    assert (second.cause, second.number, second.replaces) == ("revised", 2, first.fingerprint)
    assert second.release.id == first.release.id
    assert second.id != first.id


def test_the_very_same_entry_again_is_nobodys_news() -> None:
    watch = Watch()
    watch.see(entry())

    (decision,) = watch.see(entry())

    assert decision == Ignore("tag:a", "unchanged", None)


def test_equal_text_with_updated_moved_is_nobodys_news() -> None:
    watch = Watch()
    watch.see(entry(updated_at=NOW - HOUR))

    assert reason(watch.see(entry(updated_at=NOW))) == "unchanged"
    assert watch.known["tag:a"].updated_at == NOW


def test_equal_text_in_other_markup_is_nobodys_news() -> None:
    watch = Watch()
    watch.see(entry())

    assert reason(watch.see(entry(raw=("<p>other markup</p>",)))) == "the text is the same"


def test_our_cleaners_new_version_is_nobodys_news() -> None:
    watch = Watch()
    watch.see(entry("The rules change."))

    cleaned_otherwise = entry("The rules  CHANGE.", raw=("The rules change.", LINK))

    assert reason(watch.see(cleaned_otherwise)) == "unchanged; our cleaner is another"
    assert reason(watch.see(cleaned_otherwise)) == "unchanged"
    assert only(watch.see(entry("The rules stay."))).cause == "revised"


def test_a_cache_that_flips_back_is_nobodys_news() -> None:
    watch = Watch()
    watch.see(entry("A"))
    watch.see(entry("B"))

    assert reason(watch.see(entry("A"))) == "an older text again"
    assert reason(watch.see(entry("B"))) == "unchanged"
    assert reason(watch.see(entry("A"))) == "an older text again"
    assert only(watch.see(entry("C"))).number == 3


def test_a_cache_that_flips_back_to_older_markup_is_nobodys_news_and_known_for_what_it_is() -> None:
    watch = Watch()
    watch.see(entry("A", raw=("<p>A</p>",)))
    watch.see(entry("A", raw=("<b>A</b>",)))

    assert reason(watch.see(entry("A", raw=("<p>A</p>",)))) == "an older text again"
    assert reason(watch.see(entry("A", raw=("<b>A</b>",)))) == "unchanged"


def test_an_entry_keeps_when_it_was_first_seen_and_the_date_that_it_bears_now() -> None:
    watch = Watch()
    watch.see(entry("A", updated_at=NOW - HOUR))
    watch.see(entry("B", updated_at=NOW))

    known = watch.known["tag:a"]
    assert (known.first_at, known.dated_at) == (NOW, NOW)


def test_what_is_found_when_a_gap_is_repaired_is_late() -> None:
    watch = Watch()
    contact = replace(watch.contact(backlog=True), first=False, late=True)

    assert only(decide([entry()], [], contact)).late
    assert not only(watch.see(entry())).late


def test_a_flip_with_its_old_updated_is_nobodys_news() -> None:
    watch = Watch()
    watch.see(entry("A", updated_at=NOW - 2 * HOUR))
    watch.see(entry("B", updated_at=NOW - HOUR))

    assert reason(watch.see(entry("A", updated_at=NOW - 2 * HOUR))) == "older than what is known"


def test_an_older_state_that_was_never_seen_is_nobodys_news() -> None:
    """A cache may hold a state between two that we saw; `updated` tells that it is past."""
    watch = Watch()
    watch.see(entry("C", updated_at=NOW))

    assert reason(watch.see(entry("B", updated_at=NOW - HOUR))) == "older than what is known"
    assert reason(watch.see(entry("C", updated_at=NOW))) == "unchanged"


def test_a_genuine_return_to_an_old_text_is_a_revision() -> None:
    watch = Watch()
    first = only(watch.see(entry("A", updated_at=NOW - 2 * HOUR)))
    second = only(watch.see(entry("B", updated_at=NOW - HOUR)))

    third = only(watch.see(entry("A", updated_at=NOW)))

    assert (third.cause, third.number) == ("revised", 3)
    assert (third.fingerprint, third.replaces) == (first.fingerprint, second.fingerprint)


def test_an_updated_in_the_future_does_not_make_what_follows_look_older() -> None:
    watch = Watch()
    watch.see(entry("A", updated_at=NOW + timedelta(days=300)))

    assert only(watch.see(entry("B", updated_at=NOW + HOUR))).cause == "revised"


def test_a_withdrawal_and_the_return_from_it() -> None:
    watch = Watch()
    first = only(watch.see(entry()))

    gone = only(watch.see(entry(status="withdrawn")))
    again = reason(watch.see(entry(status="withdrawn")))
    back = only(watch.see(entry()))

    assert (gone.cause, gone.number, gone.release.status) == ("withdrawn", 2, "withdrawn")
    assert again == "unchanged"
    assert (back.cause, back.number, back.fingerprint) == ("restored", 3, first.fingerprint)


def test_a_new_id_at_a_known_address_with_another_text_is_a_new_release() -> None:
    watch = Watch()
    first = only(watch.see(entry("Week 1", id="tag:1")))

    second = only(watch.see(entry("Week 2", id="tag:2")))
    third = only(watch.see(entry("Week 2, corrected", id="tag:2")))

    assert (second.cause, second.number, second.replaces) == ("new", 1, None)
    assert second.release.address == first.release.address
    assert second.release.edition != ""
    assert second.release.id != first.release.id
    assert (third.cause, third.release.id) == ("revised", second.release.id)
    assert third.release.edition == second.release.edition


def test_two_releases_at_one_address_in_one_document_are_two() -> None:
    decisions = Watch().see(entry("Week 1", id="tag:1"), entry("Week 2", id="tag:2"))

    first, second = published(decisions)
    assert first.release.id != second.release.id
    assert first.release.edition == ""


def test_a_new_id_at_a_known_address_with_the_same_text_is_the_same_release() -> None:
    watch = Watch()
    first = only(watch.see(entry(id="tag:1")))

    assert reason(watch.see(entry(id="tag:2"))) == "known under another id"
    assert only(watch.see(entry("Changed.", id="tag:2"))).release.id == first.release.id


@pytest.mark.parametrize(
    "before,after",
    [
        (
            {"id": "tag:www.gov.uk,2005:/x", "link": "https://www.gov.uk/x"},
            {"id": "https://www.gov.uk/x#2026-03-02T10:00:00Z", "link": "https://www.gov.uk/x"},
        ),
        (
            {"id": "https://www.gov.uk/x#2026-03-01T10:00:00Z", "link": "https://www.gov.uk/x"},
            {"id": "https://www.gov.uk/x#2026-03-02T10:00:00Z", "link": "https://www.gov.uk/x"},
        ),
        (
            {"id": "http://example.gov/a", "link": "http://example.gov/a"},
            {"id": "https://example.gov/a/", "link": "https://example.gov/a/"},
        ),
        ({"link": LINK}, {"link": LINK + "?utm_source=feed&utm_medium=rss"}),
        ({"id": ""}, {"id": "tag:a"}),
        ({"id": "tag:a"}, {"id": ""}),
    ],
    ids=["families", "versions", "https", "tracking", "ids come", "ids go"],
)
def test_one_document_under_two_names_is_one_release(
    before: dict[str, str], after: dict[str, str]
) -> None:
    """The text changes at the same time, so that nothing but the name can tell."""
    watch = Watch()
    first = only(watch.see(entry("Before.", **before)))

    second = only(watch.see(entry("After.", **after)))

    assert (second.cause, second.release.id) == ("revised", first.release.id)


def test_an_entry_that_moves_stays_the_same_release() -> None:
    watch = Watch()
    first = only(watch.see(entry()))

    assert reason(watch.see(entry(link="https://example.gov/b"))) == "the text is the same"
    moved = only(watch.see(entry("Changed.", link="https://example.gov/b")))
    assert moved.release.id == first.release.id
    assert moved.release.address == "https://example.gov/b"


def test_a_document_without_an_address_is_named_by_its_source_and_id() -> None:
    revision = only(Watch().see(entry(link="")))

    assert revision.release.id == release_id(None, source="example", entry="tag:a")


def test_one_id_for_several_addresses_is_several_releases_for_ever() -> None:
    watch = Watch()
    items = [entry(f"Item {n}", id="1", link=f"https://example.gov/{n}") for n in range(4)]

    first = published(watch.see(items[0]))
    then = published(watch.see(*tell_apart(items[:3])))
    again = published(watch.see(*tell_apart(items[:3])))
    alone = published(watch.see(items[2]))
    later = published(watch.see(*tell_apart(items[1:])))

    assert [len(some) for some in (first, then, again, alone, later)] == [1, 2, 0, 0, 1]
    assert all(revision.cause == "new" for revision in first + then + later)
    assert len({revision.release.id for revision in first + then + later}) == 4


def test_two_versions_of_one_item_in_a_document_are_two_revisions() -> None:
    first, second = published(Watch().see(entry("Before."), entry("After.")))

    assert (first.cause, second.cause) == ("new", "revised")
    assert first.release.id == second.release.id


@pytest.mark.parametrize(
    "dates,backlog",
    [
        ({"published_at": ADDED - HOUR}, True),
        ({"published_at": None}, True),
        ({"published_at": None, "updated_at": ADDED - HOUR}, True),
        ({"published_at": NOW + timedelta(days=30)}, True),
        ({"published_at": ADDED + HOUR}, False),
        ({"published_at": None, "updated_at": ADDED + HOUR}, False),
        ({"published_at": NOW + HOUR}, False),
    ],
)
def test_backlog_is_what_is_dated_before_the_source_was_added_or_undated(
    dates: dict[str, datetime | None], backlog: bool
) -> None:
    assert only(Watch().see(entry(**dates))).backlog is backlog  # type: ignore[arg-type]


def test_after_the_first_contact_nothing_is_backlog() -> None:
    watch = Watch()
    watch.see(entry(id="tag:1", link="https://example.gov/1"))

    assert only(watch.see(entry(published_at=None))).backlog is False


def test_a_replay_has_no_backlog() -> None:
    assert only(Watch().see(entry(published_at=None), backlog=False)).backlog is False


def test_a_date_in_the_future_is_kept_as_given() -> None:
    ahead = NOW + timedelta(days=3_000)

    assert only(Watch().see(entry(published_at=ahead))).release.published_at == ahead


def test_a_wait_for_the_same_poll_gives_the_same_ids_at_another_time() -> None:
    one, other = Watch(), Watch()
    other.now += timedelta(days=2)

    assert only(one.see(entry())).id == only(other.see(entry())).id


_STATES = st.builds(
    entry,
    words=st.sampled_from(["A", "B", "C"]),
    id=st.sampled_from(["1", "2", ""]),
    link=st.sampled_from(["https://example.gov/a", "https://example.gov/b", ""]),
    text_kind=st.sampled_from(["full", "summary"]),
    status=st.sampled_from(["live", "live", "withdrawn"]),
    updated_at=st.sampled_from([None, NOW - 2 * HOUR, NOW - HOUR, NOW]),
)
_POLLS = st.lists(st.lists(_STATES, max_size=4).map(tell_apart), min_size=1, max_size=6)


@given(_POLLS)
def test_killed_before_the_cursor_is_saved_the_next_poll_repeats_the_same_ids(
    polls: list[list[Entry]],
) -> None:
    watch = Watch()
    for entries in polls:
        lost = published(watch.see(*entries, save=False))
        repeated = published(watch.see(*entries))

        assert [r.id for r in repeated] == [r.id for r in lost]
        assert [r.backlog for r in repeated] == [r.backlog for r in lost]


@given(_POLLS)
def test_a_document_that_stays_the_same_brings_nothing_for_long(polls: list[list[Entry]]) -> None:
    """Nothing the second time; the third, where an id moved to another address in between.

    Save where one document itself shows two states of one thing: it flips by itself.
    """
    watch = Watch()
    for entries in polls:
        before = {one.key: one.address for one in watch.known.values()}
        watch.see(*entries)
        if any(before.get(e.key, e.address) != e.address for e in entries):
            watch.see(*entries)
        keys = [e.key for e in entries] + [e.address for e in entries if e.address]
        if len(set(keys)) == len(keys):
            assert published(watch.see(*entries)) == []


@given(_POLLS)
def test_no_revision_id_is_given_twice_to_different_states(polls: list[list[Entry]]) -> None:
    watch = Watch()
    seen: dict[str, tuple[str, str]] = {}
    for entries in polls:
        for revision in published(watch.see(*entries)):
            state = (revision.release.id, revision.fingerprint)
            assert seen.setdefault(revision.id, state) == state


def test_a_state_under_another_id_is_judged_as_under_the_first() -> None:
    """Found by chance: a live text of before and the mark of its withdrawal were kept as one."""
    watch = Watch()
    first, withdrawn = entry("A", id="1"), entry("C", id="1", status="withdrawn")
    assert [r.cause for r in published(watch.see(first))] == ["new"]
    assert [r.cause for r in published(watch.see(withdrawn))] == ["withdrawn"]
    assert [r.cause for r in published(watch.see(entry("A", id="")))] == ["restored"]
    [again] = published(watch.see(entry("C", id="", status="withdrawn")))
    assert (again.cause, again.replaces == again.fingerprint) == ("withdrawn", False)
    assert published(watch.see(entry("C", id="", status="withdrawn"))) == []


@given(_POLLS)
def test_a_revision_replaces_the_one_before_it(polls: list[list[Entry]]) -> None:
    watch = Watch()
    for entries in polls:
        before = dict(watch.known)
        for revision in published(watch.see(*entries)):
            assert (revision.number == 1) == (revision.cause == "new")
            assert (revision.replaces is None) == (revision.cause == "new")
            assert revision.replaces != revision.fingerprint
        assert set(before) <= set(watch.known)


def test_what_is_kept_of_the_past_has_a_limit() -> None:
    watch = Watch()
    for n in range(100):
        watch.see(entry(f"Text {n}"))

    assert watch.known["tag:a"].number == 100
    assert len(watch.known["tag:a"].past) == 32


def summary(words: str = "In short.", **changed: object) -> Entry:
    return entry(words, text_kind="summary", **changed)


def read_in_full(of: Entry, words: str = "In full.", **changed: object) -> Entry:
    """Return an entry with the text of its document, as the feed's item all the same."""
    fields: dict[str, object] = {"text": words, "text_kind": "full", "text_from": "api"}
    return replace(of, **(fields | changed))  # type: ignore[arg-type]


def test_what_a_feed_says_of_a_release_whose_document_was_read_is_nobodys_news() -> None:
    watch = Watch()
    first = only(watch.see(read_in_full(summary())))

    (decision,) = watch.see(summary())

    assert (first.cause, first.release.text_from) == ("new", "api")
    assert decision == Ignore("tag:a", "its document has the last word")


def test_another_summary_of_it_has_its_document_read_again_once() -> None:
    watch = Watch()
    watch.see(read_in_full(summary()))

    again, then = (watch.see(summary("In other words."))[0] for _ in range(2))

    assert isinstance(again, Ignore)
    assert isinstance(then, Ignore)
    assert (again.reread, then.reread) == (True, False)
    assert again.known is not None
    assert again.known.fingerprint == watch.known["tag:a"].fingerprint


def test_a_live_summary_of_what_its_document_says_is_withdrawn_restores_nothing() -> None:
    watch = Watch()
    watch.see(read_in_full(summary(), status="withdrawn"))

    assert reason(watch.see(summary("In other words."))) == "its document has the last word"


def test_another_id_at_the_address_of_a_document_that_was_read_is_that_document() -> None:
    watch = Watch()
    release = only(watch.see(read_in_full(summary()))).release

    (decision,) = watch.see(summary("Other words.", id="tag:b"))

    assert isinstance(decision, Ignore)
    assert decision.known is not None
    assert (decision.known.key, decision.known.release) == ("tag:b", release.id)
    assert decision.reread


def test_an_entry_is_unknown_until_its_key_was_seen() -> None:
    watch = Watch()
    watch.see(summary())
    both = [summary("Other words."), summary(id="tag:b")]

    assert unknown(both, watch.look_up(both)) == both[1:]


def test_the_next_state_of_a_known_entry_keeps_its_release_and_its_order() -> None:
    watch = Watch()
    first = only(watch.see(summary()))
    before = watch.known["tag:a"]

    found = publish_next(
        read_in_full(summary()), before, "completed", "it was read", watch.contact(backlog=True)
    )

    assert (found.revision.number, found.revision.replaces) == (2, first.fingerprint)
    assert found.revision.release.id == first.release.id
    assert (found.known.text_from, found.known.raw, found.reason) == (
        "api",
        before.raw,
        "it was read",
    )
