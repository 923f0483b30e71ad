"""What every store promises of alarms, signs of life, figures and the trace of a release."""

from datetime import timedelta
from threading import Barrier, Thread
from typing import Any, get_args

import pytest

from despatch.model import Attempt, DeliveryState, Release, SourceId
from despatch.ports import Alarm, Beat, Counts, Finished, Place, Store, Taken, Trace
from despatch.testing import a_classified, a_release, a_revision
from despatch.testing.releases import SEEN
from despatch.testing.stores import StoreUnderTest
from despatch.testing.subscribers import (
    a_channel,
    a_match,
    a_subscriber,
    a_subscription,
    an_alert,
)

MINUTE = timedelta(minutes=1)
PLACE = Place("cluster-a", "despatch.classified.v1", "topic-1", 0)


def a_beat(instance: str = "host/1", **changed: Any) -> Beat:
    fields: dict[str, Any] = {
        "stage": "alerts",
        "instance": instance,
        "started_at": SEEN,
        "at": SEEN,
        "state": "running",
        "detail": "",
    }
    return Beat(**(fields | changed))


def archive(store: Store, *releases: Release) -> None:
    with store.transaction() as tx:
        for offset, release in enumerate(releases):
            revision = a_revision(release, observed_at=SEEN + offset * MINUTE)
            tx.archive(
                Taken(a_classified(revision), PLACE, offset, SEEN + offset * MINUTE, "new"),
                best=True,
            )


def test_an_alarm_opens_once_and_then_counts(store: Store) -> None:
    with store.transaction() as tx:
        assert tx.open_alarm("feed", "timeout", SEEN)
        assert not tx.open_alarm("feed", "refused", SEEN + MINUTE)
        assert tx.alarms() == [Alarm("feed", "refused", SEEN, SEEN + MINUTE, 2)]


def test_processes_that_open_one_alarm_at_once_open_one(database: StoreUnderTest) -> None:
    start = Barrier(5)
    opened: list[bool] = []

    def alarm() -> None:
        store = database.open()
        start.wait()
        with store.transaction() as tx:
            opened.append(tx.open_alarm("feed", "timeout", SEEN))

    threads = [Thread(target=alarm) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(opened) == [False, False, False, False, True]
    with database.open().transaction() as tx:
        assert [each.count for each in tx.alarms()] == [5]


def test_a_closed_alarm_is_returned_once(store: Store) -> None:
    closed = Alarm("feed", "timeout", SEEN, SEEN, 1, SEEN + MINUTE)
    with store.transaction() as tx:
        tx.open_alarm("feed", "timeout", SEEN)
        assert tx.close_alarm("feed", SEEN + MINUTE) == closed
        assert tx.close_alarm("feed", SEEN + MINUTE) is None
        assert tx.alarms() == []
        assert tx.alarms(open_only=False) == [closed]


def test_an_alarm_that_was_never_opened_is_not_closed(store: Store) -> None:
    with store.transaction() as tx:
        assert tx.close_alarm("feed", SEEN) is None


def test_an_alarm_opens_anew_after_it_was_closed(store: Store) -> None:
    with store.transaction() as tx:
        tx.open_alarm("feed", "first", SEEN)
        tx.close_alarm("feed", SEEN + MINUTE)
        assert tx.open_alarm("feed", "second", SEEN + 2 * MINUTE)
        assert [each.text for each in tx.alarms(open_only=False)] == ["second", "first"]
        assert [each.count for each in tx.alarms()] == [1]


def test_alarms_are_listed_newest_first(store: Store) -> None:
    with store.transaction() as tx:
        for minutes, key in ((1, "b"), (3, "c"), (2, "a")):
            tx.open_alarm(key, key, SEEN + minutes * MINUTE)
        assert [each.key for each in tx.alarms()] == ["c", "a", "b"]


def test_the_last_sign_of_life_of_each_instance_is_kept(store: Store) -> None:
    stopped = a_beat(at=SEEN + MINUTE, state="stopped", detail="SIGTERM")
    other = a_beat("host/2")
    with store.transaction() as tx:
        for beat in (a_beat(), other, stopped):
            tx.beat(beat)
        assert tx.beats() == [stopped, other]


def test_an_instance_silent_for_a_week_is_forgotten(store: Store) -> None:
    now = a_beat("host/2", at=SEEN + timedelta(days=7, seconds=1))
    with store.transaction() as tx:
        tx.beat(a_beat())
        tx.beat(now)
        assert tx.beats() == [now]


def test_an_empty_store_counts_nothing(store: Store) -> None:
    none = dict.fromkeys(get_args(DeliveryState), 0)
    with store.transaction() as tx:
        assert tx.counts() == Counts(0, 0, 0, none, None, 0, 0, None)


def test_the_figures_are_those_of_what_is_kept(store: Store) -> None:
    archive(store, a_release(), a_release("other"))
    with store.transaction() as tx:
        tx.add_subscriber(a_subscriber())
        tx.add_channel(a_channel())
        tx.add_subscription(a_subscription())
        tx.add_subscription(a_subscription(name="paused", state="paused"))
        tx.add_match(a_match())
        tx.add_alert(an_alert(), [a_channel().id], SEEN)
        tx.add_alert(an_alert(event="revised"), [a_channel().id], SEEN + MINUTE)
        tx.add_alert(an_alert(event="withdrawn"), [a_channel().id], SEEN + 2 * MINUTE)
        tx.open_alarm("open", "", SEEN)
        tx.open_alarm("closed", "", SEEN)
        tx.close_alarm("closed", SEEN)
        tx.claim_deliveries("one", SEEN, MINUTE, {"urgent": 1})
        counts = tx.counts()
    assert counts.releases == 2
    assert counts.matches == 1
    assert counts.told == 0
    assert (counts.deliveries["waiting"], counts.deliveries["sending"]) == (2, 1)
    assert counts.oldest_waiting == SEEN + MINUTE
    assert counts.subscriptions == 1
    assert counts.open_alarms == 1
    assert counts.newest_release_at == SEEN + MINUTE


def test_releases_are_found_by_the_start_of_their_id(store: Store) -> None:
    one, two = a_release("one"), a_release("two")
    archive(store, one, two)
    with store.transaction() as tx:
        assert tx.find_releases(one.id) == [one.id]
        assert tx.find_releases(one.id[:8]) == [one.id]
        assert tx.find_releases("r-") == [two.id, one.id]


@pytest.mark.parametrize("name", ["", "%", "r_", "R-", "nothing"])
def test_nothing_is_found_by_what_is_no_name(store: Store, name: str) -> None:
    archive(store, a_release())
    with store.transaction() as tx:
        assert tx.find_releases(name) == []


@pytest.mark.parametrize(
    "name",
    [
        "https://example.gov/visas",
        "http://example.gov/visas/?utm_source=mail#top",
        "tag:example.gov,2026:visas",
    ],
    ids=["address", "address in other words", "entry"],
)
def test_a_release_is_found_by_address_and_by_entry(store: Store, name: str) -> None:
    archive(store, a_release(), a_release("other"))
    with store.transaction() as tx:
        assert tx.find_releases(name) == [a_release().id]


def test_a_release_without_address_is_found_by_its_entry(store: Store) -> None:
    release = a_release("file", address=None, entry="000_4da5.txt")
    archive(store, release)
    with store.transaction() as tx:
        assert tx.find_releases("000_4da5.txt") == [release.id]


def test_the_trace_of_an_unknown_release_is_empty(store: Store) -> None:
    with store.transaction() as tx:
        assert tx.trace(a_release().id) == Trace([], [], [], [], [])


def test_a_trace_holds_the_whole_way_in_order(store: Store) -> None:
    first = a_classified()
    second = a_classified(a_revision(a_release(text="Second."), number=2, cause="revised"))
    way = [
        Taken(first, PLACE, 4, SEEN, "new: told"),
        Taken(second, PLACE, 9, SEEN + MINUTE, "revised: told"),
    ]
    matches = [
        a_match(first),
        a_match(second, event="revised", matched_at=SEEN + MINUTE),
    ]
    alerts = [
        an_alert(first),
        an_alert(second, event="revised", created_at=SEEN + MINUTE),
    ]
    attempt = Attempt(at=SEEN, took_ms=3, outcome="delivered", reason="200")
    with store.transaction() as tx:
        tx.add_subscriber(a_subscriber())
        tx.add_channel(a_channel())
        tx.add_subscription(a_subscription())
        for taken, match, alert in zip(way, matches, alerts, strict=True):
            tx.archive(taken, best=True)
            tx.add_match(match)
            tx.add_alert(alert, [a_channel().id], taken.taken_at)
        (claim,) = tx.claim_deliveries("one", SEEN, MINUTE, {"urgent": 1})
        tx.finish_deliveries("one", [Finished(claim, attempt, "delivered", SEEN)])
    with store.transaction() as tx:
        trace = tx.trace(a_release().id)
    assert trace.taken == way
    assert trace.matches == matches
    assert trace.alerts == alerts
    assert [delivery.state for delivery, _ in trace.deliveries] == ["delivered", "waiting"]
    assert trace.deliveries[0][0].attempts == (attempt,)
    assert {shown for _, shown in trace.deliveries} == {a_channel().shown}


def test_a_trace_is_of_one_release_only(store: Store) -> None:
    archive(store, a_release(), a_release("other", source=SourceId("no10")))
    with store.transaction() as tx:
        trace = tx.trace(a_release("other").id)
    assert [each.classified.revision.release.source for each in trace.taken] == ["no10"]
