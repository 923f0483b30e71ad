"""What every store promises of when a source is polled next, and of its last polls."""

from datetime import UTC, datetime, timedelta

import pytest

from despatch.errors import FencedError
from despatch.model import SourceId
from despatch.ports import POLLS_KEPT, Due, Health, Leased, Poll, Progress, SourceRecord, Store
from despatch.store.rows import _prepared

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
GOVUK = SourceId("govuk")


def lent(store: Store, source: SourceId = GOVUK) -> Leased:
    with store.transaction() as tx:
        leased = tx.lease_source(source, "one", NOW, 2 * MINUTE)
    assert leased is not None
    return leased


def give_back(store: Store, due: Due, poll: Poll | None = None, source: SourceId = GOVUK) -> None:
    leased = lent(store, source)
    with store.transaction() as tx:
        tx.release_source(source, leased.epoch, due, Health(), poll)


@pytest.fixture(autouse=True)
def sources(store: Store) -> None:
    with store.transaction() as tx:
        for name in ("govuk", "other"):
            tx.add_source(SourceRecord(SourceId(name), "feed", {}, added_at=NOW))


def test_a_source_that_was_never_polled_is_due_at_once_and_has_no_history(store: Store) -> None:
    with store.transaction() as tx:
        assert tx.due(GOVUK) == Due(NOW)
        assert tx.polls_of(GOVUK) == []


def test_an_unknown_source_is_never_due(store: Store) -> None:
    with store.transaction() as tx:
        assert tx.due(SourceId("nothing")) is None
        assert tx.polls_of(SourceId("nothing")) == []


def test_a_source_keeps_when_it_is_due_and_why(store: Store) -> None:
    due = Due(NOW + 20 * MINUTE, "the server asked for 1 min (Retry-After)", NOW)
    give_back(store, due)
    with store.transaction() as tx:
        assert tx.due(GOVUK) == due
    give_back(store, Due(NOW, "nothing held it"))
    with store.transaction() as tx:
        assert tx.due(GOVUK) == Due(NOW, "nothing held it")


def test_a_poll_is_remembered_exactly(store: Store) -> None:
    well = Poll(NOW, "fetched", timedelta(milliseconds=1_234), 200, new=3, changed=2)
    ill = Poll(NOW + MINUTE, "failed", 30_000 * MINUTE, problem="dns: no \x00 name \udcff")
    give_back(store, Due(NOW), well)
    give_back(store, Due(NOW), ill)
    with store.transaction() as tx:
        assert tx.polls_of(GOVUK) == [ill, well]
        assert tx.polls_of(SourceId("other")) == []


def test_a_source_given_back_without_a_poll_has_no_new_one(store: Store) -> None:
    give_back(store, Due(NOW), Poll(NOW, "unchanged", MINUTE))
    give_back(store, Due(NOW))
    with store.transaction() as tx:
        assert len(tx.polls_of(GOVUK)) == 1


def test_only_the_last_polls_are_remembered_newest_first(store: Store) -> None:
    polls = [Poll(NOW + n * MINUTE, "unchanged", MINUTE, new=n) for n in range(POLLS_KEPT + 7)]
    give_back(store, Due(NOW), polls[0], SourceId("other"))
    for poll in polls:
        give_back(store, Due(NOW), poll)
    with store.transaction() as tx:
        assert tx.polls_of(GOVUK) == polls[: -POLLS_KEPT - 1 : -1]
        assert tx.polls_of(SourceId("other")) == [polls[0]]


def test_polls_that_end_together_go_to_their_own_histories(store: Store) -> None:
    give_back(store, Due(NOW), Poll(NOW, "fetched", MINUTE))
    both = [lent(store, SourceId(name)) for name in ("govuk", "other")]
    polls = [Poll(NOW, "unchanged", MINUTE), Poll(NOW, "failed", MINUTE, problem="dns: no")]

    with store.transaction() as tx:
        lost = tx.keep(
            [
                Progress(one.source.id, one.epoch, one.health, due=Due(NOW), poll=poll)
                for one, poll in zip(both, polls, strict=True)
            ]
        )

    assert not lost
    with store.transaction() as tx:
        assert [poll.outcome for poll in tx.polls_of(GOVUK)] == ["unchanged", "fetched"]
        assert [poll.outcome for poll in tx.polls_of(SourceId("other"))] == ["failed"]


def test_a_store_that_was_asked_to_keep_nothing_has_made_all_that_a_poll_is_kept_with(
    store: Store,
) -> None:
    """To make a statement takes longer than to run it; the first poll does not wait for that."""
    with store.transaction() as tx:
        assert not tx.keep(())
    made = _prepared.cache_info().misses

    give_back(store, Due(NOW), Poll(NOW, "not modified", MINUTE, 304))

    assert _prepared.cache_info().misses == made


def test_a_poll_under_a_lease_that_is_lost_is_not_remembered(store: Store) -> None:
    sleeper = lent(store)
    lent(store)
    with pytest.raises(FencedError), store.transaction() as tx:
        tx.release_source(GOVUK, sleeper.epoch, Due(NOW), Health(), Poll(NOW, "failed", MINUTE))
    with store.transaction() as tx:
        assert tx.polls_of(GOVUK) == []


def test_a_source_that_is_lent_to_us_may_be_given_other_settings(store: Store) -> None:
    leased = lent(store)
    moved = {"address": "https://example.org/new", "moved_from": "https://example.gov/old"}
    with store.transaction() as tx:
        tx.change_settings(GOVUK, leased.epoch, moved)
        tx.release_source(GOVUK, leased.epoch, Due(NOW), Health())
    assert lent(store).source.settings == moved


def test_settings_under_a_lease_that_is_lost_are_not_changed(store: Store) -> None:
    sleeper = lent(store)
    lent(store)
    with pytest.raises(FencedError), store.transaction() as tx:
        tx.change_settings(GOVUK, sleeper.epoch, {"address": "https://example.org/"})
    assert lent(store).source.settings == {}
