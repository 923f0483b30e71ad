"""What every store promises of hosts: one poller at a time, and left alone when one asks for it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest

from despatch.model import SourceId
from despatch.ports import Due, Health, Leased, SourceRecord, Store
from despatch.testing.stores import StoreUnderTest

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LEASE = 2 * MINUTE


def add(store: Store, name: str, host: str, *, late: int = 0) -> SourceId:
    settings = {"address": f"https://{host}/{name}.atom"} if host else {"path": "/saved"}
    added_at = NOW - late * MINUTE
    with store.transaction() as tx:
        tx.add_source(SourceRecord(SourceId(name), "feed", settings, added_at=added_at))
    return SourceId(name)


def lend_due(
    store: Store, owner: str = "one", limit: int = 99, per_host: int = 0, now: datetime = NOW
) -> Sequence[Leased]:
    with store.transaction() as tx:
        return tx.lease_due(owner, now, LEASE, limit, per_host=per_host)


def names(lent: Sequence[Leased]) -> list[str]:
    return [each.source.id for each in lent]


def give_back(store: Store, lent: Leased, due: datetime = NOW + 15 * MINUTE) -> None:
    with store.transaction() as tx:
        tx.release_source(lent.source.id, lent.epoch, Due(due), Health())


@pytest.mark.parametrize(
    "settings,host",
    [
        ({"address": "https://WWW.Example.gov:8443/feed?a=b"}, "www.example.gov"),
        ({"address": "http://example.gov./feed"}, "example.gov"),
        ({"address": "http://[2001:db8::1]/feed"}, "2001:db8::1"),
        ({"address": "http://[nonsense"}, ""),
        ({"address": "nowhere"}, ""),
        ({"path": "/saved"}, ""),
    ],
)
def test_a_source_s_host_is_that_of_its_address(settings: dict[str, str], host: str) -> None:
    assert SourceRecord(SourceId("x"), "feed", settings, added_at=NOW).host == host


def test_a_host_is_lent_to_one_poller_at_a_time(store: Store) -> None:
    for name in ("a", "b"):
        add(store, name, "example.gov")
    add(store, "c", "example.org")

    assert names(lend_due(store, "one", limit=1)) == ["a"]
    assert names(lend_due(store, "two")) == ["c"]
    with store.transaction() as tx:
        assert tx.lease_source(SourceId("b"), "two", NOW, LEASE) is None
        assert tx.lease_source(SourceId("b"), "one", NOW, LEASE) is not None


def test_a_host_is_anybodys_once_its_last_source_is_given_back(store: Store) -> None:
    for name in ("a", "b", "c"):
        add(store, name, "example.gov")
    first, second = lend_due(store, "one", limit=2)

    give_back(store, first)
    assert names(lend_due(store, "two")) == []
    give_back(store, second)
    assert names(lend_due(store, "two")) == ["c"]


def test_the_host_of_a_poller_that_died_is_anybodys_once_its_lease_ran_out(store: Store) -> None:
    add(store, "a", "example.gov")
    lend_due(store, "dead")

    assert lend_due(store, "two", now=NOW + LEASE - MINUTE) == []
    assert names(lend_due(store, "two", now=NOW + LEASE)) == ["a"]


def test_a_poller_that_leases_anew_keeps_its_host(store: Store) -> None:
    source = add(store, "a", "example.gov")
    add(store, "b", "example.gov", late=-1)
    lend_due(store, "one")
    with store.transaction() as tx:
        assert tx.lease_source(source, "one", NOW + MINUTE, LEASE) is not None

    assert lend_due(store, "two", now=NOW + LEASE) == []


def test_sources_that_ask_nobody_share_no_host(store: Store) -> None:
    for name in ("a", "b"):
        add(store, name, "")

    assert names(lend_due(store, "one", limit=1)) == ["a"]
    assert names(lend_due(store, "two", per_host=1)) == ["b"]


def test_a_host_with_many_sources_leaves_room_for_others(store: Store) -> None:
    for number in range(6):
        add(store, f"big-{number}", "example.gov", late=10 - number)
    add(store, "small", "example.org")

    first = lend_due(store, "one", limit=4, per_host=2)
    assert names(first) == ["big-0", "big-1", "small"]
    assert lend_due(store, "one", limit=4, per_host=2) == []
    give_back(store, first[0])
    assert names(lend_due(store, "one", limit=4, per_host=2)) == ["big-2"]


def test_a_host_that_asks_for_it_is_left_alone_by_everybody(store: Store) -> None:
    a, b = (add(store, name, "example.gov") for name in "ab")
    add(store, "c", "example.org")
    with store.transaction() as tx:
        tx.hold_host("example.gov", NOW + 20 * MINUTE, "it asked for 20 min")
        tx.hold_host("example.gov", NOW + 10 * MINUTE, "a shorter wait changes nothing")
        assert tx.lease_source(a, "one", NOW, LEASE) is None
        until = Due(NOW + 20 * MINUTE, "it asked for 20 min", NOW + 20 * MINUTE)
        assert tx.held(NOW) == {a: until, b: until}
        assert tx.due(a) == until
        assert {due for _record, _health, due in tx.sources()} == {until.at, NOW}

    (other,) = lend_due(store)
    give_back(store, other, due=NOW + 60 * MINUTE)
    assert other.source.id == "c"
    assert names(lend_due(store, now=NOW + 20 * MINUTE)) == ["a", "b"]
    with store.transaction() as tx:
        assert tx.held(NOW + 20 * MINUTE) == {}


def test_a_source_that_is_due_later_than_its_host_is_held_is_due_then(store: Store) -> None:
    source = add(store, "a", "example.gov", late=-30)
    with store.transaction() as tx:
        tx.hold_host("example.gov", NOW + 20 * MINUTE, "it asked for 20 min")
        assert tx.due(source) == Due(NOW + 30 * MINUTE, "", NOW + 20 * MINUTE)
        why = "it asked for 20 min"
        assert tx.held(NOW) == {source: Due(NOW + 20 * MINUTE, why, NOW + 20 * MINUTE)}


def test_a_source_that_is_held_by_itself_leaves_its_host_free(store: Store) -> None:
    """A 503 speaks for its address: others on a shared host may be well."""
    a, b = (add(store, name, "example.gov") for name in "ab")
    with store.transaction() as tx:
        leased = tx.lease_source(a, "one", NOW, LEASE)
        assert leased is not None
        held = Due(NOW + 20 * MINUTE, "the server asked for 20 min", NOW + 10 * MINUTE)
        tx.release_source(a, leased.epoch, held, Health())
        why = "the server asked to be left alone (Retry-After)"
        assert tx.held(NOW) == {a: Due(NOW + 10 * MINUTE, why, NOW + 10 * MINUTE)}
        assert tx.lease_source(a, "one", NOW + 9 * MINUTE, LEASE) is None
        assert tx.lease_source(b, "one", NOW, LEASE) is not None
        assert tx.lease_source(a, "one", NOW + 10 * MINUTE, LEASE) is not None


def test_a_poll_under_way_goes_on_though_its_host_is_held_meanwhile(store: Store) -> None:
    source = add(store, "a", "example.gov")
    lend_due(store, "one")
    with store.transaction() as tx:
        tx.hold_host("example.gov", NOW + 20 * MINUTE, "it asked for 20 min")
        assert tx.lease_source(source, "one", NOW + MINUTE, LEASE) is not None


def test_a_source_that_moves_is_its_new_host_s(store: Store) -> None:
    source = add(store, "a", "example.gov")
    add(store, "b", "example.gov")
    (leased,) = lend_due(store, "one", limit=1)
    with store.transaction() as tx:
        tx.change_settings(source, leased.epoch, {"address": "https://example.org/a"})
        tx.hold_host("example.org", NOW + 20 * MINUTE, "it asked for 20 min")
        assert set(tx.held(NOW)) == {source}

    assert names(lend_due(store, "two")) == ["b"]


def test_pollers_that_ask_at_once_never_share_a_host(database: StoreUnderTest) -> None:
    store = database.open()
    for number in range(40):
        add(store, f"source-{number:02}", f"host-{number % 8}.example")
    start = Barrier(4)
    taken: list[tuple[str, str]] = []

    def poll(owner: str) -> None:
        mine = database.open()
        start.wait()
        for _ in range(6):
            taken.extend((each.source.host, owner) for each in lend_due(mine, owner, limit=3))

    threads = [Thread(target=poll, args=(f"poller-{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken
    assert len({host for host, _owner in taken}) == len(set(taken)), "nothing was given back"


def test_who_only_changes_what_is_kept_needs_no_host(store: Store) -> None:
    a, b = (add(store, name, "example.gov") for name in "ab")
    (mine,) = lend_due(store, "one", limit=1)
    with store.transaction() as tx:
        tx.hold_host("example.gov", NOW + 20 * MINUTE, "it asked for 20 min")
        assert tx.lease_source(a, "two", NOW, LEASE, asking=False) is None, "it is being polled"
        quiet = tx.lease_source(b, "two", NOW, LEASE, asking=False)
        assert quiet is not None
    give_back(store, quiet)

    assert names(lend_due(store, "three", now=NOW + MINUTE)) == []
    give_back(store, mine)
    assert names(lend_due(store, "three", now=NOW + 21 * MINUTE)) == ["a", "b"]


def test_sources_that_are_polled_are_named_all_or_those_that_are_due(store: Store) -> None:
    late, later = (add(store, name, "example.gov", late=1) for name in ("late", "later"))
    free = add(store, "free", "example.org", late=-10)
    paused = add(store, "paused", "example.org", late=1)
    with store.transaction() as tx:
        tx.set_source_state(paused, "paused")
        assert tx.active_sources() == [free, late, later]
        assert tx.active_sources(NOW) == [late, later]
        tx.hold_host("example.gov", NOW + 20 * MINUTE, "it asked for 20 min")
        assert tx.active_sources(NOW + 10 * MINUTE) == [free]
        assert tx.active_sources(NOW + 20 * MINUTE) == [free, late, later]
