"""What every store promises of a transaction, and of the position that fences a late owner."""

from contextlib import suppress
from datetime import timedelta
from threading import Barrier, Thread

import pytest

from despatch.errors import Busy, FencedError, SchemaError
from despatch.ports import Place, Store
from despatch.testing import FakeClock, a_classified
from despatch.testing.stores import StoreUnderTest
from despatch.testing.subscribers import a_subscriber

PLACE = Place("cluster-a", "despatch.classified.v1", "topic-1", 0)


class OutOfLuck(Exception):
    pass


def test_what_a_block_wrote_is_there_for_the_next_transaction(store: Store) -> None:
    with store.transaction() as tx:
        tx.add_subscriber(a_subscriber())
    with store.transaction() as tx:
        assert tx.subscriber_named("ada") == a_subscriber()


def test_a_transaction_sees_its_own_writes(store: Store) -> None:
    with store.transaction() as tx:
        tx.add_subscriber(a_subscriber())
        assert tx.subscriber_named("ada") is not None


def test_a_block_that_raises_leaves_nothing_behind(store: Store) -> None:
    def fail() -> None:
        with store.transaction() as tx:
            tx.add_subscriber(a_subscriber())
            tx.advance("alerts", PLACE, 0, 10)
            raise OutOfLuck

    with pytest.raises(OutOfLuck):
        fail()
    with store.transaction() as tx:
        assert tx.subscriber_named("ada") is None
        assert tx.position("alerts", PLACE) is None


def test_what_was_committed_is_there_after_opening_again(database: StoreUnderTest) -> None:
    first = database.open()
    with first.transaction() as tx:
        tx.add_subscriber(a_subscriber())
    first.close()
    with database.open().transaction() as tx:
        assert tx.subscriber_named("ada") == a_subscriber()


def test_a_closed_store_opens_again_by_itself(store: Store) -> None:
    """Closing lets go of connections; it is no state that a late thread could trip over."""
    store.close()
    with store.transaction() as tx:
        assert tx.subscriber_named("ada") is None


def test_a_lock_held_longer_than_the_busy_timeout_is_busy(database: StoreUnderTest) -> None:
    slow, quick = database.open(), database.open(busy=timedelta(milliseconds=50))
    with slow.transaction() as tx:
        tx.add_subscriber(a_subscriber())
        with pytest.raises(Busy), quick.transaction() as other:
            other.add_subscriber(a_subscriber())


def test_threads_that_share_a_store_each_have_their_own_transaction(store: Store) -> None:
    start = Barrier(4)

    def add(number: int) -> None:
        start.wait()
        for each in range(5):
            with store.transaction() as tx:
                tx.add_subscriber(a_subscriber(f"{number}-{each}"))

    threads = [Thread(target=add, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.transaction() as tx:
        names = [f"{number}-{each}" for number in range(4) for each in range(5)]
        assert all(tx.subscriber_named(name) is not None for name in names)


def test_a_group_without_a_position_has_none(store: Store) -> None:
    with store.transaction() as tx:
        assert tx.position("alerts", PLACE) is None


def test_the_first_advance_takes_its_start_as_it_is(store: Store) -> None:
    with store.transaction() as tx:
        tx.advance("alerts", PLACE, 40, 50)
        assert tx.position("alerts", PLACE) == 50


def test_a_position_moves_on_from_where_it_stands(store: Store) -> None:
    for first, next_ in ((0, 10), (10, 11), (11, 25)):
        with store.transaction() as tx:
            tx.advance("alerts", PLACE, first, next_)
    with store.transaction() as tx:
        assert tx.position("alerts", PLACE) == 25


@pytest.mark.parametrize("to", [0, 5, 99])
def test_an_operator_may_set_a_position_wherever_it_stands(store: Store, to: int) -> None:
    """Whether one was kept or not; from there it moves on as ever."""
    with store.transaction() as tx:
        tx.move("alerts", PLACE, 10)
        assert tx.position("alerts", PLACE) == 10
        tx.move("alerts", PLACE, to)
    with store.transaction() as tx:
        tx.advance("alerts", PLACE, to, 100)
        assert tx.position("alerts", PLACE) == 100


@pytest.mark.parametrize("first", [0, 9, 11])
def test_a_position_that_stands_elsewhere_fences(store: Store, first: int) -> None:
    with store.transaction() as tx:
        tx.advance("alerts", PLACE, 0, 10)
    with pytest.raises(FencedError, match="stands at"), store.transaction() as tx:
        tx.advance("alerts", PLACE, first, 30)
    with store.transaction() as tx:
        assert tx.position("alerts", PLACE) == 10


def test_a_position_never_goes_back(store: Store) -> None:
    with pytest.raises(ValueError, match="go back"), store.transaction() as tx:
        tx.advance("alerts", PLACE, 10, 9)


def test_a_fenced_transaction_keeps_nothing_even_if_the_error_is_swallowed(store: Store) -> None:
    def swallow() -> None:
        with store.transaction() as tx:
            tx.add_subscriber(a_subscriber())
            with suppress(FencedError):
                tx.advance("alerts", PLACE, 0, 10)

    with store.transaction() as tx:
        tx.advance("alerts", PLACE, 0, 10)
    with pytest.raises(FencedError):
        swallow()
    with store.transaction() as tx:
        assert tx.subscriber_named("ada") is None


def test_an_owner_paused_before_its_commit_changes_nothing_once_awake(
    database: StoreUnderTest,
) -> None:
    """It read the position, lost its partition while it slept, and its successor went on."""
    sleeper, successor = database.open(), database.open()

    def wake_up(start: int) -> None:
        with sleeper.transaction() as tx:
            tx.add_subscriber(a_subscriber("of the sleeper"))
            tx.advance("alerts", PLACE, start, start + 5)

    with sleeper.transaction() as tx:
        start = tx.position("alerts", PLACE) or 0
    with successor.transaction() as tx:
        tx.advance("alerts", PLACE, start, start + 20)
    with pytest.raises(FencedError):
        wake_up(start)
    with successor.transaction() as tx:
        assert tx.position("alerts", PLACE) == start + 20
        assert tx.subscriber_named("of the sleeper") is None


def test_of_owners_that_advance_at_once_exactly_one_does(database: StoreUnderTest) -> None:
    stores = [database.open() for _ in range(4)]
    start = Barrier(len(stores))
    won: list[int] = []
    fenced: list[int] = []

    def go(number: int) -> None:
        for first in range(0, 50, 10):
            start.wait()
            try:
                with stores[number].transaction() as tx:
                    tx.advance("alerts", PLACE, first, first + 10)
            except FencedError:
                fenced.append(first)
            else:
                won.append(first)

    threads = [Thread(target=go, args=(number,)) for number in range(len(stores))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [0, 10, 20, 30, 40]
    assert len(fenced) == 5 * 3


@pytest.mark.parametrize(
    "other",
    [
        Place("cluster-b", PLACE.topic, PLACE.topic_id, 0),
        Place(PLACE.cluster, "despatch.classified.v2", PLACE.topic_id, 0),
        Place(PLACE.cluster, PLACE.topic, "topic-2", 0),
        Place(PLACE.cluster, PLACE.topic, PLACE.topic_id, 1),
    ],
    ids=["cluster", "topic", "topic id", "partition"],
)
def test_a_position_speaks_of_one_partition_of_one_topic_of_one_log(
    store: Store, other: Place
) -> None:
    """A log made anew under the same name starts at its oldest message; the old row stays."""
    with store.transaction() as tx:
        tx.advance("alerts", PLACE, 0, 10)
    with store.transaction() as tx:
        assert tx.position("alerts", other) is None
        tx.advance("alerts", other, 0, 3)
    with store.transaction() as tx:
        assert (tx.position("alerts", PLACE), tx.position("alerts", other)) == (10, 3)


@pytest.mark.parametrize("to", [0, 5, 99])
def test_an_operator_moves_a_position_wherever_it_stands(store: Store, to: int) -> None:
    """Whoever was at work then is fenced, and goes on from there."""
    with store.transaction() as tx:
        tx.advance("alerts", PLACE, 0, 10)
        tx.move("alerts", PLACE, to)
        tx.move("others", PLACE, to)
    with pytest.raises(FencedError), store.transaction() as tx:
        tx.advance("alerts", PLACE, 10, 20)
    with store.transaction() as tx:
        assert tx.position("others", PLACE) == to
        tx.advance("alerts", PLACE, to, to + 1)
        assert tx.position("alerts", PLACE) == to + 1


def test_groups_have_positions_of_their_own(store: Store) -> None:
    with store.transaction() as tx:
        tx.advance("alerts", PLACE, 0, 10)
        assert tx.position("others", PLACE) is None


def test_times_come_back_in_utc_to_the_microsecond(store: Store) -> None:
    at = FakeClock().now() + timedelta(microseconds=123_456)
    with store.transaction() as tx:
        tx.add_subscriber(a_subscriber(created_at=at))
    with store.transaction() as tx:
        found = tx.subscriber_named("ada")
    assert found is not None
    assert found.created_at == at
    assert found.created_at.utcoffset() == timedelta(0)


def test_a_migrated_store_passes_its_check(database: StoreUnderTest) -> None:
    database.open().check_schema()


def test_migrating_twice_applies_nothing_the_second_time(database: StoreUnderTest) -> None:
    assert database.open().migrate() == []


def test_an_older_schema_says_what_to_run(database: StoreUnderTest) -> None:
    database.change("UPDATE alembic_version SET version_num = '0000'")
    store = database.open()
    with pytest.raises(SchemaError, match="run `despatch migrate`"):
        store.check_schema()
    with pytest.raises(SchemaError, match="run `despatch migrate`"), store.transaction():
        pytest.fail("a transaction began on an older schema")


@pytest.mark.parametrize("call", ["check_schema", "migrate"])
def test_a_newer_schema_says_what_to_install(database: StoreUnderTest, call: str) -> None:
    database.change("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaError, match=r"made by a newer Despatch.*install"):
        getattr(database.open(), call)()


def test_a_missing_table_is_a_schema_error(database: StoreUnderTest) -> None:
    database.change("DROP TABLE beats")
    with pytest.raises(SchemaError, match="despatch migrate"), database.open().transaction() as tx:
        tx.beats()


def test_a_repr_shows_no_password_and_no_key(store: Store) -> None:
    with store.transaction() as tx:
        tx.archived([a_classified().revision.release.id])
        shown = repr(store) + repr(tx)
    assert "correct-horse" not in shown
    assert "dGhlIGtleS" not in shown
