"""What every store promises of canaries."""

from datetime import timedelta

from despatch.canary import CHANNEL, Flight
from despatch.model import Attempt
from despatch.ports import Finished, Store
from despatch.testing.releases import SEEN

MINUTE = timedelta(minutes=1)
FIRST = Flight("n-1", SEEN)


def deliver(store: Store) -> int:
    """Deliver what waits; return how many that were."""
    with store.transaction() as tx:
        claims = tx.claim_deliveries("here", SEEN + 3 * MINUTE, MINUTE, {"urgent": 10})
        tried = Attempt(at=SEEN + 4 * MINUTE, took_ms=1, outcome="delivered", reason="arrived")
        tx.finish_deliveries(
            "here", [Finished(one, tried, "delivered", SEEN + 4 * MINUTE) for one in claims]
        )
    return len(claims)


def test_each_step_of_the_way_is_kept(store: Store) -> None:
    with store.transaction() as tx:
        assert tx.send_canary(FIRST)
        assert not tx.send_canary(Flight("n-1", SEEN + MINUTE))
        tx.canary_published("n-1", SEEN + MINUTE)
        tx.canary_published("n-1", SEEN + 9 * MINUTE)
        assert tx.canaries() == [Flight("n-1", SEEN, SEEN + MINUTE)]
        assert tx.canary_taken("n-1", SEEN + 2 * MINUTE)
        assert tx.canaries() == [Flight("n-1", SEEN, SEEN + MINUTE, SEEN + 2 * MINUTE)]
    assert deliver(store) == 1
    with store.transaction() as tx:
        (arrived,) = tx.canaries()
    assert arrived.delivered_at == SEEN + 4 * MINUTE


def test_one_that_is_taken_twice_or_not_known_is_delivered_once_or_never(store: Store) -> None:
    with store.transaction() as tx:
        tx.send_canary(FIRST)
        assert tx.canary_taken("n-1", SEEN)
        assert not tx.canary_taken("n-1", SEEN)
        assert not tx.canary_taken("n-unknown", SEEN)
    assert deliver(store) == 1
    assert deliver(store) == 0


def test_its_delivery_is_counted_by_nobody(store: Store) -> None:
    with store.transaction() as tx:
        before = tx.counts()
        tx.send_canary(FIRST)
        tx.canary_taken("n-1", SEEN)
        assert tx.counts() == before
        assert tx.deliveries_in("waiting", 10) == []
        assert [one.id for one in tx.channels()] == [CHANNEL]
    deliver(store)
    with store.transaction() as tx:
        assert tx.counts() == before


def test_old_ones_are_forgotten_with_their_deliveries(store: Store) -> None:
    with store.transaction() as tx:
        for n in (1, 2):
            tx.send_canary(Flight(f"n-{n}", SEEN + n * MINUTE))
            tx.canary_taken(f"n-{n}", SEEN + n * MINUTE)
    deliver(store)
    with store.transaction() as tx:
        assert tx.forget_canaries(SEEN + 2 * MINUTE) == 1
        (left,) = tx.canaries()
        assert (left.id, left.delivered_at) == ("n-2", SEEN + 4 * MINUTE)
        assert tx.forget_canaries(SEEN + 3 * MINUTE) == 1
        assert tx.canaries() == []
