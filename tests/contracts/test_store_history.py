"""What every store promises of reading back what was taken."""

from datetime import timedelta
from typing import Any

from despatch.model import Classified
from despatch.ports import Place, Store, Taken
from despatch.testing.releases import SEEN, a_classified, a_release, a_revision
from despatch.testing.subscribers import (
    a_channel,
    a_match,
    a_subscriber,
    a_subscription,
    an_alert,
)

PLACE = Place("cluster-a", "despatch.classified.v1", "topic-1", 3)
MINUTE = timedelta(minutes=1)


def an_observation(name: str, *, minutes: int = 0, number: int = 1, **changed: Any) -> Classified:
    revision = a_revision(
        a_release(name, **changed), number=number, observed_at=SEEN + minutes * MINUTE
    )
    return a_classified(revision)


def archive(store: Store, *observations: Classified) -> None:
    with store.transaction() as tx:
        for offset, classified in enumerate(observations):
            tx.archive(Taken(classified, PLACE, offset, SEEN, "new: x"), best=True)


def test_releases_come_back_whole_in_pages_by_id(store: Store) -> None:
    first = an_observation("a")
    again = an_observation("a", number=2, minutes=5, text="Other words.")
    others = [an_observation(name) for name in ("b", "c")]
    archive(store, first, *others, again)
    ids = sorted(one.revision.release.id for one in (first, *others))
    with store.transaction() as tx:
        pages = [tx.releases_since(SEEN, after, 1) for after in (None, *ids)]
        whole = tx.releases_since(SEEN, None, 10)
    assert [one.revision.release.id for page in pages for (one, *_rest) in page] == ids
    assert pages[-1] == []
    assert list(whole) == [one for page in pages for one in page]
    assert [first, again] in [list(each) for each in whole]


def test_only_what_was_observed_since_comes_back_and_is_counted(store: Store) -> None:
    early, late = an_observation("a"), an_observation("b", minutes=5)
    archive(store, early, late)
    with store.transaction() as tx:
        assert tx.releases_since(SEEN + 5 * MINUTE, None, 10) == [[late]]
        assert tx.count_releases_since(SEEN + 5 * MINUTE) == 1
        assert tx.count_releases_since(SEEN) == 2
        assert tx.count_releases_since(SEEN + 6 * MINUTE) == 0


def test_a_trace_can_be_of_one_subscriber_alone(store: Store) -> None:
    classified = an_observation("a")
    archive(store, classified)
    with store.transaction() as tx:
        for name in ("ada", "bob"):
            who = a_subscriber(name)
            channel = a_channel(who)
            asked = a_subscription(channel, name=name)
            tx.add_subscriber(who)
            tx.add_channel(channel)
            tx.add_subscription(asked)
            tx.add_match(a_match(classified, asked))
            tx.add_alert(an_alert(classified, who), [channel.id], SEEN)
        whole = tx.trace(classified.revision.release.id)
        adas = tx.trace(classified.revision.release.id, subscriber=a_subscriber().id)
    assert (len(whole.matches), len(whole.alerts), len(whole.deliveries)) == (2, 2, 2)
    assert [one.subscriber for one in adas.matches] == [a_subscriber().id]
    assert [one.subscriber for one in adas.alerts] == [a_subscriber().id]
    assert [delivery.channel for delivery, _shown in adas.deliveries] == [a_channel().id]
    assert adas.taken == whole.taken
