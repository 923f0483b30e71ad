"""What every store promises of sources, their leases and cursors, and of fetched bytes."""

from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest

from despatch.errors import FencedError
from despatch.model import ReleaseId, SourceId
from despatch.ports import (
    Asked,
    Body,
    Due,
    Health,
    KnownEntry,
    Leased,
    Poll,
    Progress,
    SourceRecord,
    Store,
)
from despatch.testing.stores import StoreUnderTest

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
LEASE = timedelta(minutes=2)
WELL = Health(polled_at=NOW, ok_at=NOW, newest_at=NOW)


def a_source(name: str = "govuk", **changed: Any) -> SourceRecord:
    fields: dict[str, Any] = {
        "id": SourceId(name),
        "kind": "feed",
        "settings": {"url": "https://example.gov/feed.atom", "deep": [1, None, "é"]},
        "added_at": NOW,
    }
    return SourceRecord(**(fields | changed))


def an_entry(key: str = "tag:1", **changed: Any) -> KnownEntry:
    fields: dict[str, Any] = {
        "key": key,
        "release": ReleaseId(f"r-{key}"),
        "address": f"https://example.gov/{key}",
        "number": 1,
        "fingerprint": "1:aa",
        "raw": "bb",
        "text_kind": "full",
        "status": "live",
        "updated_at": NOW,
        "past": ("1:00", "1:01"),
    }
    return KnownEntry(**(fields | changed))


def lent(store: Store, name: str = "govuk", owner: str = "one", now: datetime = NOW) -> Leased:
    with store.transaction() as tx:
        leased = tx.lease_source(SourceId(name), owner, now, LEASE)
    assert leased is not None
    return leased


@pytest.fixture
def govuk(store: Store) -> SourceId:
    with store.transaction() as tx:
        assert tx.add_source(a_source())
    return SourceId("govuk")


def test_a_source_comes_back_as_it_was_added_and_is_due_at_once(
    store: Store, govuk: SourceId
) -> None:
    with store.transaction() as tx:
        assert tx.sources() == [(a_source(), Health(), NOW)]


def test_adding_a_known_source_changes_nothing(store: Store, govuk: SourceId) -> None:
    with store.transaction() as tx:
        assert not tx.add_source(a_source(kind="seed"))
        assert tx.sources()[0][0].kind == "feed"


def test_a_removed_source_is_added_anew_and_its_entries_stay_known(
    store: Store, govuk: SourceId
) -> None:
    leased = lent(store)
    with store.transaction() as tx:
        tx.save_cursor(govuk, leased.epoch, {"etag": "x"}, [an_entry()], WELL)
        tx.set_source_state(govuk, "removed")
    later = NOW + timedelta(days=9)
    again = a_source(settings={"address": "https://example.gov/b"}, added_at=later)
    with store.transaction() as tx:
        assert tx.add_source(again)
        assert tx.sources() == [(again, Health(), later)]
        assert tx.known_entries(govuk, ["tag:1"]) == [an_entry()]
    with pytest.raises(FencedError), store.transaction() as tx:
        tx.save_cursor(govuk, leased.epoch, {"etag": "late"}, [], WELL)
    fresh = lent(store, owner="two", now=later)
    assert (fresh.cursor, fresh.first_contact) == ({}, True)


def test_where_a_source_was_read_to_can_be_seen_without_leasing_it(
    store: Store, govuk: SourceId
) -> None:
    leased = lent(store)
    with store.transaction() as tx:
        assert tx.cursor(govuk) == {}
        tx.save_cursor(govuk, leased.epoch, {"etag": '"a"'}, [], WELL)
        assert tx.cursor(govuk) == {"etag": '"a"'}
        tx.save_cursor(govuk, leased.epoch, {}, [], WELL)
        assert tx.cursor(SourceId("nobody")) is None


def test_sources_are_listed_by_id_without_removed_ones(store: Store) -> None:
    with store.transaction() as tx:
        for name in ("c", "a", "b"):
            tx.add_source(a_source(name))
        assert tx.set_source_state(SourceId("b"), "removed")
        assert [record.id for record, _, _ in tx.sources()] == ["a", "c"]


def test_the_state_of_an_unknown_source_cannot_be_set(store: Store) -> None:
    with store.transaction() as tx:
        assert not tx.set_source_state(SourceId("nothing"), "paused")


def test_a_lease_hands_out_cursor_health_and_first_contact(store: Store, govuk: SourceId) -> None:
    leased = lent(store)
    assert leased == Leased(a_source(), {}, leased.epoch, Health(), first_contact=True)


def test_a_source_is_lent_to_one_poller_at_a_time(store: Store, govuk: SourceId) -> None:
    lent(store, owner="one")
    with store.transaction() as tx:
        assert tx.lease_source(govuk, "two", NOW + LEASE / 2, LEASE) is None


def test_its_own_poller_is_lent_a_source_again_under_a_new_epoch(
    store: Store, govuk: SourceId
) -> None:
    first, second = lent(store, owner="one"), lent(store, owner="one")
    assert second.epoch > first.epoch


def test_a_lease_that_ran_out_is_anybodys(store: Store, govuk: SourceId) -> None:
    first = lent(store, owner="one")
    assert lent(store, owner="two", now=NOW + LEASE).epoch > first.epoch


@pytest.mark.parametrize("state", ["paused", "removed"])
def test_a_source_that_is_not_active_is_not_lent(store: Store, govuk: SourceId, state: Any) -> None:
    with store.transaction() as tx:
        tx.set_source_state(govuk, state)
        assert tx.lease_source(govuk, "one", NOW, LEASE) is None
        assert tx.lease_due("one", NOW, LEASE, 10) == []


def test_an_unknown_source_is_not_lent(store: Store) -> None:
    with store.transaction() as tx:
        assert tx.lease_source(SourceId("nothing"), "one", NOW, LEASE) is None


def test_due_sources_are_lent_longest_due_first_up_to_the_limit(store: Store) -> None:
    with store.transaction() as tx:
        for name, minutes in (("a", 1), ("b", 3), ("c", 2), ("later", -1)):
            tx.add_source(a_source(name, added_at=NOW - timedelta(minutes=minutes)))
        assert [each.source.id for each in tx.lease_due("one", NOW, LEASE, 2)] == ["b", "c"]
        assert [each.source.id for each in tx.lease_due("two", NOW, LEASE, 9)] == ["a"]
        assert tx.lease_due("three", NOW, LEASE, 9) == []


def test_pollers_that_ask_at_once_share_the_due_sources(database: StoreUnderTest) -> None:
    with database.open().transaction() as tx:
        for number in range(20):
            tx.add_source(a_source(f"source-{number:02}"))
    start = Barrier(4)
    taken: list[str] = []

    def poll(owner: str) -> None:
        store = database.open()
        start.wait()
        while True:
            with store.transaction() as tx:
                leased = tx.lease_due(owner, NOW, LEASE, 3)
            if not leased:
                return
            taken.extend(each.source.id for each in leased)

    threads = [Thread(target=poll, args=(f"poller-{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [f"source-{number:02}" for number in range(20)]


def test_a_saved_cursor_comes_with_the_next_lease(store: Store, govuk: SourceId) -> None:
    leased = lent(store)
    with store.transaction() as tx:
        tx.save_cursor(govuk, leased.epoch, {"etag": '"x"', "n": 1}, [], WELL)
        tx.release_source(govuk, leased.epoch, Due(NOW + LEASE), WELL)
    again = lent(store, owner="two")
    assert again.cursor == {"etag": '"x"', "n": 1}
    assert again.health == WELL


def test_what_a_source_calls_itself_is_kept_until_it_says_otherwise(
    store: Store, govuk: SourceId
) -> None:
    leased = lent(store)
    with store.transaction() as tx:
        for title in ("News of “x”", None):
            assert not tx.keep([Progress(govuk, leased.epoch, WELL, title=title)])
        ((record, _health, _due),) = tx.sources()
    assert (record.title, record.called, record.name) == ("News of “x”",) * 3


def test_a_title_kept_under_an_older_lease_changes_nothing(store: Store, govuk: SourceId) -> None:
    late = lent(store)
    lent(store)
    with store.transaction() as tx:
        assert tx.keep([Progress(govuk, late.epoch, WELL, title="late")]) == {govuk}
        ((record, _health, _due),) = tx.sources()
    assert (record.title, record.name) == ("", "govuk")


def test_a_title_of_the_operator_s_comes_first(store: Store) -> None:
    with store.transaction() as tx:
        tx.add_source(a_source(settings={"title": "Ours"}))
    leased = lent(store)
    with store.transaction() as tx:
        tx.keep([Progress(leased.source.id, leased.epoch, WELL, title="Theirs")])
        ((record, _health, _due),) = tx.sources()
    assert (record.title, record.called) == ("Theirs", "Ours")


def test_first_contact_lasts_until_a_source_was_read_with_success(
    store: Store, govuk: SourceId
) -> None:
    """A crash in the middle of the first reading must not turn the rest into news."""
    failed = Health(polled_at=NOW, failures=1, problem="timeout")
    leased = lent(store)
    with store.transaction() as tx:
        tx.save_cursor(govuk, leased.epoch, {"page": 1}, [], failed)
    leased = lent(store)
    assert leased.first_contact
    with store.transaction() as tx:
        tx.release_source(govuk, leased.epoch, Due(NOW), WELL)
    assert not lent(store).first_contact


def test_a_source_given_back_is_due_when_it_was_said(store: Store, govuk: SourceId) -> None:
    leased = lent(store)
    due = NOW + timedelta(minutes=15)
    with store.transaction() as tx:
        tx.release_source(govuk, leased.epoch, Due(due), WELL)
        assert tx.lease_due("two", due - timedelta(microseconds=1), LEASE, 9) == []
        assert [each.source.id for each in tx.lease_due("two", due, LEASE, 9)] == [govuk]


def test_a_late_save_under_an_older_lease_changes_nothing(store: Store, govuk: SourceId) -> None:
    """A poller stopped beyond its lease wakes up after its successor has saved."""
    sleeper = lent(store, owner="one")
    successor = lent(store, owner="two", now=NOW + LEASE)
    with store.transaction() as tx:
        tx.save_cursor(govuk, successor.epoch, {"by": "two"}, [an_entry(raw="two")], WELL)
    with pytest.raises(FencedError, match="govuk"), store.transaction() as tx:
        tx.save_cursor(govuk, sleeper.epoch, {"by": "one"}, [an_entry(raw="one")], Health())
    with pytest.raises(FencedError, match="govuk"), store.transaction() as tx:
        tx.release_source(govuk, sleeper.epoch, Due(NOW), Health())
    with store.transaction() as tx:
        assert [entry.raw for entry in tx.known_entries(govuk, ["tag:1"])] == ["two"]
    assert lent(store, owner="two", now=NOW + LEASE).cursor == {"by": "two"}


def test_a_source_given_back_takes_no_further_save(store: Store, govuk: SourceId) -> None:
    leased = lent(store)
    with store.transaction() as tx:
        tx.release_source(govuk, leased.epoch, Due(NOW), WELL)
    with pytest.raises(FencedError), store.transaction() as tx:
        tx.save_cursor(govuk, leased.epoch, {}, [], WELL)


def test_a_save_after_the_lease_ran_out_counts_while_nobody_else_was_lent_it(
    store: Store, govuk: SourceId
) -> None:
    leased = lent(store)
    with store.transaction() as tx:
        tx.save_cursor(govuk, leased.epoch, {"late": True}, [], WELL)
    assert lent(store, owner="two", now=NOW + 10 * LEASE).cursor == {"late": True}


def test_entries_are_found_by_key_and_by_address_each_once(store: Store, govuk: SourceId) -> None:
    one, two, three = an_entry("1"), an_entry("2"), an_entry("3", address=None, updated_at=None)
    leased = lent(store)
    with store.transaction() as tx:
        tx.save_cursor(govuk, leased.epoch, {}, [one, two, three], WELL)
    with store.transaction() as tx:
        by_both = tx.known_entries(govuk, ["1", "3", "no"], ["https://example.gov/1"])
        by_address = tx.known_entries(govuk, [], ["https://example.gov/2"])
    assert sorted(by_both, key=lambda entry: entry.key) == [one, three]
    assert by_address == [two]


def test_an_entry_saved_again_replaces_the_one_before(store: Store, govuk: SourceId) -> None:
    leased = lent(store)
    with store.transaction() as tx:
        tx.save_cursor(govuk, leased.epoch, {}, [an_entry(), an_entry(number=2)], WELL)
        tx.save_cursor(govuk, leased.epoch, {}, [an_entry(number=3, past=())], WELL)
        assert tx.known_entries(govuk, ["tag:1"]) == [an_entry(number=3, past=())]


def test_entries_of_other_sources_are_not_known(store: Store, govuk: SourceId) -> None:
    with store.transaction() as tx:
        tx.add_source(a_source("other"))
        leased = tx.lease_source(SourceId("other"), "one", NOW, LEASE)
        assert leased is not None
        tx.save_cursor(SourceId("other"), leased.epoch, {}, [an_entry()], WELL)
        assert tx.known_entries(govuk, ["tag:1"], ["https://example.gov/tag:1"]) == []


def test_more_entries_than_one_statement_takes_are_found(store: Store, govuk: SourceId) -> None:
    entries = [an_entry(str(number)) for number in range(1_200)]
    leased = lent(store)
    with store.transaction() as tx:
        tx.save_cursor(govuk, leased.epoch, {}, entries, WELL)
        found = tx.known_entries(govuk, [entry.key for entry in entries])
    assert {entry.key for entry in found} == {entry.key for entry in entries}


@pytest.mark.parametrize(
    "key",
    ["nul\x00inside", "lone \udcff surrogate", r"back\slash \0000", "x" * 9_000, "é😀\n", ""],
    ids=["nul", "surrogate", "backslash", "long", "unicode", "empty"],
)
def test_whatever_a_feed_calls_its_entry_is_kept_exactly(
    store: Store, govuk: SourceId, key: str
) -> None:
    entry = an_entry(key, release=ReleaseId("r-1"))
    leased = lent(store)
    with store.transaction() as tx:
        tx.save_cursor(govuk, leased.epoch, {"key": key}, [entry], WELL)
    with store.transaction() as tx:
        assert tx.known_entries(govuk, [key]) == [entry]
        assert tx.known_entries(govuk, [], [str(entry.address)]) == [entry]
    assert lent(store).cursor == {"key": key}


def test_bytes_are_kept_by_their_hash(store: Store) -> None:
    body = bytes(range(256)) * 1_000
    with store.transaction() as tx:
        tx.keep_bodies([Body("a" * 64, body, NOW)])
        tx.keep_bodies([Body("b" * 64, b"", NOW)])
    with store.transaction() as tx:
        assert tx.body("a" * 64) == body
        assert tx.body("b" * 64) == b""
        assert tx.body("c" * 64) is None


def test_bytes_are_kept_compressed(database: StoreUnderTest) -> None:
    store = database.open()
    with store.transaction() as tx:
        tx.keep_bodies([Body("a" * 64, b"the same words again. " * 100_000, NOW)])
    store.close()
    assert len(database.raw()) < 1_000_000


def test_bytes_last_seen_before_a_time_are_forgotten(store: Store) -> None:
    with store.transaction() as tx:
        tx.keep_bodies([Body("old", b"old", NOW)])
        tx.keep_bodies([Body("again", b"again", NOW)])
        tx.keep_bodies([Body("again", b"again", NOW + timedelta(days=1))])
        tx.keep_bodies([Body("again", b"again", NOW - timedelta(days=1))])
    with store.transaction() as tx:
        assert tx.forget_bodies(NOW + timedelta(days=1)) == 1
        assert (tx.body("old"), tx.body("again")) == (None, b"again")
        assert tx.forget_bodies(NOW + timedelta(days=1)) == 0


def test_many_sources_are_lent_at_once_save_those_that_are_not_free(store: Store) -> None:
    with store.transaction() as tx:
        for name in ("a", "b", "c", "paused"):
            tx.add_source(a_source(name, state="paused" if name == "paused" else "active"))
        tx.lease_source(SourceId("b"), "another", NOW, LEASE)
        wanted = [SourceId(name) for name in ("c", "a", "b", "paused", "unknown")]
        found = tx.lease_sources(wanted, "one", NOW, LEASE)
        assert sorted((each.source.id, each.epoch) for each in found) == [("a", 1), ("c", 1)]
        assert tx.lease_sources([], "one", NOW, LEASE) == []


def test_what_many_polls_came_to_is_kept_save_where_the_lease_was_lost(store: Store) -> None:
    names = [SourceId(name) for name in ("a", "b", "c")]
    with store.transaction() as tx:
        for name in names:
            tx.add_source(a_source(name))
    a, b, c = (lent(store, name) for name in names)
    lent(store, "b", owner="another", now=NOW + LEASE)

    def progress(of: Leased, **more: Any) -> Progress:
        entries = [an_entry(f"tag:{of.source.id}")]
        bodies = [Body("same", b"same", NOW), Body(of.source.id, b"own", NOW)]
        return Progress(of.source.id, of.epoch, WELL, {"of": of.source.id}, entries, bodies, **more)

    due = Due(NOW + LEASE, "as ever")
    poll = Poll(NOW, "fetched", LEASE, new=1)
    with store.transaction() as tx:
        kept = [progress(a, due=due, poll=poll), progress(b), progress(c)]
        assert set(tx.keep(kept)) == {"b"}
        assert tx.keep([]) == set()
    with store.transaction() as tx:
        found = tx.known_of([Asked(name, [f"tag:{name}"]) for name in names])
        assert {name: [e.key for e in known] for name, known in found.items()} == {
            "a": ["tag:a"],
            "b": [],
            "c": ["tag:c"],
        }
        assert [tx.body(sha) for sha in ("same", "a", "b", "c")] == [b"same", b"own", None, b"own"]
        assert tx.due(SourceId("a")) == due
        assert list(tx.polls_of(SourceId("a"))) == [poll]
        assert list(tx.polls_of(SourceId("c"))) == []
        free = tx.lease_sources(names, "two", NOW, LEASE)
        assert [(each.source.id, dict(each.cursor)) for each in free] == [("a", {"of": "a"})]


def test_a_cursor_that_is_not_given_stays(store: Store, govuk: SourceId) -> None:
    leased = lent(store)
    with store.transaction() as tx:
        tx.keep([Progress(govuk, leased.epoch, WELL, {"etag": "x"})])
        tx.keep([Progress(govuk, leased.epoch, WELL, due=Due(NOW))])
        assert dict(tx.lease_due("two", NOW, LEASE, 1)[0].cursor) == {"etag": "x"}
