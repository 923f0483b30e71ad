"""The matcher over the store: it knows what is subscribed to, in every process, at each batch."""

from datetime import timedelta

import pytest

from alerts.match import Matcher
from despatch.errors import UsageError
from despatch.filter import of_themes
from despatch.model import Classified, Subscription
from despatch.store.sql import SqlStore
from despatch.testing import a_classified
from despatch.testing.releases import SEEN
from despatch.testing.subscribers import a_channel, a_subscriber, a_subscription

MIGRATION = a_classified(themes=("migration",))
TRADE = a_classified(themes=("trade",))


@pytest.fixture
def ada(store: SqlStore) -> SqlStore:
    """The store, with a subscriber and a channel."""
    with store.transaction() as tx:
        tx.add_subscriber(a_subscriber())
        tx.add_channel(a_channel())
    return store


def subscribe(store: SqlStore, name: str, *themes: str, minutes: int = 0) -> Subscription:
    made = a_subscription(
        name=name,
        filter=of_themes(*(themes or ("migration",))),
        created_at=SEEN + timedelta(minutes=minutes),
    )
    with store.transaction() as tx:
        tx.add_subscription(made)
    return made


def met(matcher: Matcher, store: SqlStore, classified: Classified = MIGRATION) -> list[str]:
    """Return the names of the subscriptions that a batch finds."""
    matcher.prepare(store)
    with store.transaction() as tx:
        matcher.catch_up(tx)
        return [one.subscription.name for one in matcher.meet(tx, classified)]


def test_what_is_met_comes_with_its_reason_oldest_first(ada: SqlStore) -> None:
    subscribe(ada, "younger", minutes=1)
    subscribe(ada, "older")
    subscribe(ada, "of another theme", "trade")
    matcher = Matcher()
    assert met(matcher, ada) == ["older", "younger"]
    with ada.transaction() as tx:
        assert matcher.meet(tx, MIGRATION)[0].reason == "theme migration, 90% sure: “A”"


def test_a_subscription_applies_to_the_next_batch_of_every_process(ada: SqlStore) -> None:
    matchers = [Matcher(), Matcher()]
    assert [met(matcher, ada) for matcher in matchers] == [[], []]
    subscribe(ada, "new")
    assert [met(matcher, ada) for matcher in matchers] == [["new"], ["new"]]


def test_paused_and_removed_ones_are_not_met_and_resumed_ones_are(ada: SqlStore) -> None:
    matcher, made = Matcher(), subscribe(ada, "mine")
    expected = {"paused": [], "active": ["mine"], "removed": []}
    assert met(matcher, ada) == ["mine"]
    for state in ("paused", "active", "removed"):
        with ada.transaction() as tx:
            tx.set_subscription_state(made.id, state)
        assert met(matcher, ada) == expected[state]


def test_a_changed_subscription_is_met_by_what_it_asks_for_now(ada: SqlStore) -> None:
    matcher, made = Matcher(), subscribe(ada, "mine")
    assert met(matcher, ada) == ["mine"]
    with ada.transaction() as tx:
        tx.change_subscription(made.model_copy(update={"filter": of_themes("trade")}))
    assert met(matcher, ada) == []
    assert met(matcher, ada, TRADE) == ["mine"]


def test_what_was_paused_at_the_start_is_not_met(ada: SqlStore) -> None:
    made = subscribe(ada, "mine")
    with ada.transaction() as tx:
        tx.set_subscription_state(made.id, "paused")
    assert met(Matcher(), ada) == []


@pytest.mark.parametrize("page", [1, 3, 100])
def test_a_log_of_many_pages_is_read_to_its_end(ada: SqlStore, page: int) -> None:
    matcher = Matcher(page=page)
    for number in range(6):
        subscribe(ada, f"{number}", minutes=number)
    assert met(matcher, ada) == ["0", "1", "2", "3", "4", "5"]
    for number in range(6, 10):
        subscribe(ada, f"{number}", minutes=number)
    assert len(met(matcher, ada)) == 10
    with ada.transaction() as tx:
        assert matcher.version == tx.subscription_version()


def test_what_is_asked_for_between_reading_and_the_batch_is_known(ada: SqlStore) -> None:
    matcher = Matcher()
    matcher.prepare(ada)
    subscribe(ada, "just now")
    with ada.transaction() as tx:
        matcher.catch_up(tx)
        assert [one.subscription.name for one in matcher.meet(tx, MIGRATION)] == ["just now"]


def test_a_batch_that_failed_leaves_nothing_unknown(ada: SqlStore) -> None:
    """What a transaction saw was committed by others; that it rolls back changes nothing."""
    matcher = Matcher()
    matcher.prepare(ada)
    subscribe(ada, "kept")

    def fail() -> None:
        with ada.transaction() as tx:
            matcher.catch_up(tx)
            tx.add_subscriber(a_subscriber(id="u-other"))

    with pytest.raises(UsageError):
        fail()
    assert met(matcher, ada) == ["kept"]


def test_an_index_full_of_what_is_gone_is_made_anew(ada: SqlStore) -> None:
    matcher = Matcher(waste=3)
    made = subscribe(ada, "mine")
    wasted = []
    for theme in ("a", "b", "c", "d", "migration"):
        met(matcher, ada)
        wasted.append(matcher.waste)
        with ada.transaction() as tx:
            tx.change_subscription(made.model_copy(update={"filter": of_themes(theme)}))
    assert wasted == [0, 1, 2, 3, 4]
    assert met(matcher, ada) == ["mine"]
    assert matcher.waste == 0
