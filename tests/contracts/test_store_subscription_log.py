"""What every store promises of the log of subscriptions: nobody who follows it misses a change."""

from collections.abc import Callable
from datetime import UTC, datetime
from threading import Event, Thread

import pytest

from despatch.filter import of_themes
from despatch.model import Subscription, SubscriptionId
from despatch.ports import Store, Transaction
from despatch.testing.stores import StoreUnderTest
from despatch.testing.subscribers import a_channel, a_subscriber, a_subscription

MINE = a_subscription(name="mine")


@pytest.fixture
def ada(store: Store) -> Store:
    """The store, with the subscriber ada and a channel in it."""
    with store.transaction() as tx:
        tx.add_subscriber(a_subscriber())
        tx.add_channel(a_channel())
    return store


def changes(store: Store, after: int = 0, limit: int = 100) -> list[tuple[int, str, str]]:
    with store.transaction() as tx:
        found = tx.subscription_changes(after, limit=limit)
    return [(one.version, one.subscription, one.change) for one in found]


def test_a_log_without_changes_is_at_version_0(ada: Store) -> None:
    assert changes(ada) == []
    with ada.transaction() as tx:
        assert tx.subscription_version() == 0


def test_every_change_is_logged_with_the_next_version(ada: Store) -> None:
    with ada.transaction() as tx:
        tx.add_subscription(MINE)
        tx.change_subscription(MINE.model_copy(update={"filter": of_themes("trade")}))
    with ada.transaction() as tx:
        tx.set_subscription_state(MINE.id, "paused")
        tx.set_subscription_state(MINE.id, "active")
        tx.set_subscription_state(MINE.id, "removed")
    with ada.transaction() as tx:
        tx.add_subscription(MINE)
        assert tx.subscription_version() == 6
    words = ["added", "changed", "paused", "active", "removed", "added"]
    assert changes(ada) == [(n, MINE.id, word) for n, word in enumerate(words, start=1)]


def test_what_changes_nothing_is_not_logged(ada: Store) -> None:
    with ada.transaction() as tx:
        tx.add_subscription(MINE)
        tx.add_subscription(MINE)
        tx.set_subscription_state(SubscriptionId("s-nobody"), "paused")
        tx.change_subscription(a_subscription(name="nobody"))
    assert changes(ada) == [(1, MINE.id, "added")]


def test_the_log_is_read_from_a_version_on_so_many_at_once(ada: Store) -> None:
    names = ("a", "b", "c", "d")
    with ada.transaction() as tx:
        for name in names:
            tx.add_subscription(a_subscription(name=name))
    assert [version for version, _id, _change in changes(ada, 1, limit=2)] == [2, 3]
    assert changes(ada, 4) == []


def test_a_change_that_is_rolled_back_was_never_logged(ada: Store) -> None:
    def fail() -> None:
        with ada.transaction() as tx:
            tx.add_subscription(MINE)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert changes(ada) == []


def test_a_change_says_when(ada: Store) -> None:
    before = datetime.now(UTC)
    with ada.transaction() as tx:
        tx.add_subscription(MINE)
        (change,) = tx.subscription_changes(0, limit=1)
    assert before <= change.at <= datetime.now(UTC)


@pytest.mark.parametrize(
    "first",
    [
        lambda tx: tx.add_subscription(a_subscription(name="first")),
        lambda tx: tx.set_subscription_state(MINE.id, "paused"),
        lambda tx: tx.change_subscription(MINE),
    ],
)
def test_a_version_becomes_visible_after_all_that_are_below_it(
    ada: Store, database: StoreUnderTest, first: Callable[[Transaction], object]
) -> None:
    """Two write at once: whoever reads in between sees neither a gap nor a late comer."""
    with ada.transaction() as tx:
        tx.add_subscription(MINE)
    begun, go_on = Event(), Event()

    def slow() -> None:
        with ada.transaction() as tx:
            first(tx)
            begun.set()
            assert go_on.wait(60)

    def quick() -> None:
        assert begun.wait(60)
        subscribe(database.open(), a_subscription(name="second"))

    threads = [Thread(target=slow), Thread(target=quick)]
    for thread in threads:
        thread.start()
    assert begun.wait(60)
    threads[1].join(0.2)  # long enough for a store that lets it pass to be found out
    go_on.set()
    for thread in threads:
        thread.join()
    seen = changes(ada)
    assert [version for version, _id, _change in seen] == [1, 2, 3]
    assert seen[2][1] == "s-second"


def subscribe(store: Store, subscription: Subscription) -> None:
    with store.transaction() as tx:
        tx.add_subscription(subscription)
