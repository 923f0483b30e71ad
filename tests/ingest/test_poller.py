"""One source's turn on a real log and store: the order of its promises, and what goes wrong."""

import asyncio
import hashlib
import json
from collections.abc import Sequence
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from despatch.errors import (
    FencedError,
    PermanentError,
    ServerAway,
    TransientError,
    UsageError,
)
from despatch.testing import Answer, LoopbackServer
from despatch.testing.feeds import FRESH, OLD, feed
from despatch.topics import RELEASES
from ingest.http import HttpFetcher

QUARTER = timedelta(minutes=15)


class Killed(BaseException):
    """The process ends here."""


def titles(here: Any) -> list[str]:
    return [revision.release.title for revision in here.published()]


def save_documents(folder: Path, count: int) -> Path:
    """Write a file of so many documents; return its path."""
    rows = [json.dumps({"id": f"{n:04}", "text": f"Document {n:04}."}) for n in range(count)]
    (folder / "saved.jsonl").write_text("\n".join(rows))
    return folder / "saved.jsonl"


def test_at_first_contact_old_news_is_backlog_and_fresh_news_is_not(here: Any) -> None:
    source = here.add()
    here.fetcher.will(here.feed, feed(FRESH, OLD))

    report = here.poll(source)

    assert (report.outcome, report.pages, report.new, report.changed) == ("fetched", 1, 2, 0)
    assert {r.release.title: r.backlog for r in here.published()} == {
        "Fresh news": False,
        "Old news": True,
    }
    assert [m.key for m in here.bus.browse(RELEASES) if b"Fresh" in m.value] == [
        r.release.id for r in here.published() if "Fresh" in r.release.title
    ]


def test_the_next_poll_tells_only_what_is_new(here: Any) -> None:
    source = here.add()
    first, edited = feed(OLD), feed(FRESH, ("old", "2026-02-20", "Old news, edited"))
    here.fetcher.will(here.feed, first, first, edited)

    reports = [here.poll(source) for _ in range(3)]

    assert [(r.outcome, r.new, r.revised, r.ignored) for r in reports] == [
        ("fetched", 1, 0, 0),
        ("unchanged", 0, 0, 0),
        ("fetched", 1, 1, 0),
    ]
    assert titles(here) == ["Fresh news", "Old news", "Old news, edited"]
    assert not [r for r in here.published() if r.backlog and r.release.title != "Old news"]


def test_the_bytes_are_kept_that_a_release_came_from(here: Any) -> None:
    source = here.add()
    here.fetcher.will(here.feed, feed(FRESH))

    here.poll(source)

    (revision,) = here.published()
    with here.store.transaction() as tx:
        assert tx.body(revision.fetched.body_sha256) == feed(FRESH)


def test_the_cursor_is_saved_after_the_log_has_acknowledged(here: Any) -> None:
    source = here.add()
    here.fetcher.will(here.feed, feed(FRESH))
    journal: list[str] = []
    store = here.failing_store(here.store, journal)

    here.poll(source, bus=here.failing(here.bus, journal), store=store)

    assert journal == ["publish", "keep"]


def test_of_a_large_feed_no_more_than_a_thousand_messages_are_made_at_a_time(here: Any) -> None:
    source = here.add()
    here.fetcher.will(here.feed, feed(*((f"{n}", "2026-03-02", f"News {n}") for n in range(1_001))))
    journal: list[str] = []
    store = here.failing_store(here.store, journal)

    here.poll(source, bus=here.failing(here.bus, journal), store=store)

    assert journal == ["publish", "publish", "keep"]
    assert len(here.published()) == 1_001


def test_killed_before_the_cursor_is_saved_it_repeats_and_loses_nothing(here: Any) -> None:
    source = here.add()
    here.fetcher.will(here.feed, feed(FRESH, OLD))

    with pytest.raises(Killed):
        here.poll(source, store=here.failing_store(here.store, keep=[Killed()]))
    report = here.poll(source)

    repeated = here.published()
    assert report.new == 2
    assert len(repeated) == 4
    assert [(r.id, r.backlog) for r in repeated[::2]] == [(r.id, r.backlog) for r in repeated[1::2]]
    assert here.poll(source).new == 0


def test_a_log_that_is_away_is_waited_for_and_an_alarm_says_so(here: Any) -> None:
    source = here.add()
    here.fetcher.will(here.feed, feed(FRESH))
    away = ServerAway("the broker does not answer")

    report = here.poll(source, bus=here.failing(here.bus, publish=[away, away]))

    assert (report.outcome, titles(here)) == ("fetched", ["Fresh news"])
    assert len(here.fetcher.asked) == 1
    assert here.alarms.closed == ["stage ingest waits"]
    assert here.alarms.opened == {}


def test_a_store_that_is_away_is_waited_for_and_nothing_is_published_twice(here: Any) -> None:
    source = here.add()
    here.fetcher.will(here.feed, feed(FRESH))
    away = ServerAway("the database does not answer")

    store = here.failing_store(here.store, keep=[away] * 6)
    report = here.poll(source, store=store)

    assert (report.outcome, titles(here)) == ("fetched", ["Fresh news"])
    assert here.cursor(source)["body_sha256"]


def test_beyond_our_patience_the_source_is_free_and_nothing_counts_against_it(here: Any) -> None:
    source = here.add()
    here.fetcher.will(here.feed, feed(FRESH))
    away = ServerAway("the broker does not answer")

    with pytest.raises(ServerAway):
        here.poll(
            source,
            bus=here.failing(here.bus, publish=[away] * 99),
            patience=timedelta(seconds=5),
        )

    assert here.health(source)[1].failures == 0
    assert here.lease(source, "somebody else").first_contact


def test_a_poller_that_lost_its_lease_saves_nothing(here: Any) -> None:
    """It slept beyond its lease between publishing and saving; another has the source."""
    source = here.add()
    here.fetcher.will(here.feed, feed(FRESH))

    class Sleepy:
        def publish(self, outgoing: Sequence[Any]) -> None:
            here.bus.publish(outgoing)
            here.clock.move(timedelta(minutes=3))
            assert here.lease(source, "somebody else")

    report = here.poll(source, bus=Sleepy())

    assert report.outcome == "fenced"
    with here.store.transaction() as tx:
        assert tx.known_entries(source, [entry.release.entry for entry in here.published()]) == []


def test_a_poller_whose_source_was_read_by_another_meanwhile_saves_nothing(here: Any) -> None:
    """It slept; another leased the source, read on, and gave it back: that one knows better."""
    source = here.add()
    newer = feed(FRESH, OLD)
    here.fetcher.will(here.feed, feed(FRESH), newer)

    class Sleepy:
        def publish(self, outgoing: Sequence[Any]) -> None:
            here.bus.publish(outgoing)
            here.clock.move(timedelta(minutes=3))
            other = here.poller(owner="somebody else")
            leased = here.lease(source, "somebody else")
            asyncio.run(other.poll(leased))

    report = here.poll(source, bus=Sleepy())

    assert report.outcome == "fenced"
    assert here.cursor(source)["body_sha256"] == hashlib.sha256(newer).hexdigest()
    assert here.lease(source, "a third"), "the source is free"


def test_a_long_reading_keeps_its_lease(here: Any, tmp_path: Path) -> None:
    source = here.add(kind="seed", path=str(save_documents(tmp_path, 300)))
    began = here.clock.now()

    report = here.poll(source, rate=1.0)

    assert (report.outcome, report.new) == ("fetched", 300)
    assert here.clock.now() - began == timedelta(seconds=300)


def test_a_failure_is_a_report_and_the_source_waits_longer_each_time(here: Any) -> None:
    source = here.add()
    here.fetcher.will(here.feed, PermanentError("http 404: gone"), TransientError("dns: no name"))

    waits = []
    for _ in range(4):
        report = here.poll(source)
        state, health, due = here.health(source)
        waits.append((due - here.clock.now()) / QUARTER)
        here.clock.move(timedelta(days=1))

    assert (report.outcome, report.problem, report.pages) == ("failed", "dns: no name", 0)
    assert (state, health.failures, health.problem) == ("active", 4, "dns: no name")
    assert (health.ok_at, health.polled_at) == (None, here.clock.now() - timedelta(days=1))
    assert all(n <= wait <= n * 1.1 for n, wait in zip([2, 4, 8, 16], waits, strict=True)), waits
    assert list(here.alarms.opened) == ["source example fails"]


def test_a_304_is_the_end_of_failures_too(here: Any) -> None:
    source = here.add()
    here.fetcher.will(here.feed, feed(FRESH, OLD), etag='"1"')
    here.poll(source)
    here.fetcher.will(here.feed, *[TransientError("http 500")] * 3)
    for _ in range(3):
        here.poll(source)
    assert list(here.alarms.opened) == ["source example fails"]

    here.fetcher.will(here.feed, feed(FRESH, OLD), etag='"1"')
    report = here.poll(source)

    assert (report.outcome, here.alarms.opened) == ("not modified", {})
    assert here.health(source)[1].failures == 0


def test_a_source_that_is_back_is_well_again(here: Any) -> None:
    source = here.add()
    here.fetcher.will(here.feed, *[TransientError("http 500")] * 3, feed(FRESH, OLD))

    for _ in range(4):
        here.poll(source)

    _state, health, due = here.health(source)
    assert (health.failures, health.problem, health.ok_at) == (0, "", here.clock.now())
    assert here.clock.now() + QUARTER <= due <= here.clock.now() + QUARTER * 1.1
    assert here.alarms.opened == {}
    assert [r.backlog for r in here.published()] == [False, True], "its first contact is now"


def test_a_server_that_asks_to_be_left_alone_is(here: Any) -> None:
    source = here.add()
    here.fetcher.will(here.feed, TransientError("http 429", retry_after=timedelta(hours=5)))

    here.poll(source)

    assert here.health(source)[2] >= here.clock.now() + timedelta(hours=5)


def test_a_feed_that_has_ended_is_retired_and_only_the_operator_hears(here: Any) -> None:
    source = here.add()
    here.fetcher.will(here.feed, feed(("feed-ended", "2026-03-02", "This feed has ended")))

    report = here.poll(source)

    assert (report.outcome, titles(here)) == ("ended", [])
    assert here.health(source)[0] == "paused"
    assert list(here.alarms.opened) == ["source example has ended"]


@pytest.mark.parametrize(
    "kind,settings,problem",
    [
        ("feed", {"adress": "x"}, "source example: address: Field required"),
        ("seed", {"path": "/nowhere/at/all"}, "/nowhere/at/all can't be read"),
    ],
)
def test_a_wrong_source_is_a_report_and_not_the_end(
    here: Any, kind: str, settings: dict[str, str], problem: str
) -> None:
    report = here.poll(here.add(kind=kind, **settings))

    assert report.outcome == "failed"
    assert report.problem.startswith(problem)


def test_a_feed_on_loopback_comes_all_the_way(here: Any) -> None:
    """The real fetcher, and children that parse."""
    with LoopbackServer() as server:
        address = server.will("/feed", Answer(headers=[("ETag", '"1"')], body=feed(FRESH, OLD)))
        source = here.add(address=address)

        async def poll() -> list[Any]:
            async with HttpFetcher(allow_networks=[ip_network("127.0.0.0/8")]) as fetcher:
                poller = here.poller(fetcher=fetcher, parse=None)
                return [await poller.poll(here.lease(source)) for _ in range(2)]

        reports = asyncio.run(poll())

    assert [(r.outcome, r.new) for r in reports] == [("fetched", 2), ("not modified", 0)]
    assert titles(here) == ["Fresh news", "Old news"]
    assert here.published()[0].fetched.http_status == 200


@pytest.mark.parametrize("given, called", [({}, "Old & new"), ({"title": "Ours"}, "Ours")])
def test_a_release_says_what_its_source_is_called_the_operator_s_word_first(
    here: Any, given: Any, called: str
) -> None:
    named = feed(FRESH).replace(b"<title>x</title>", b"<title>Old &amp;amp; new</title>")
    with LoopbackServer() as server:
        address = server.will("/feed", Answer(headers=[("ETag", '"1"')], body=named))
        source = here.add(address=address, **given)

        async def poll() -> list[Any]:
            async with HttpFetcher(allow_networks=[ip_network("127.0.0.0/8")]) as fetcher:
                poller = here.poller(fetcher=fetcher, parse=None)
                return [await poller.poll(here.lease(source)) for _ in range(2)]

        reports = asyncio.run(poll())
    assert [one.outcome for one in reports] == ["fetched", "not modified"]
    assert [one.release.source_title for one in here.published()] == [called]
    assert here.lease(source).source.title == "Old & new"


def test_errors_of_the_log_and_of_a_source_are_not_confused(here: Any) -> None:
    """A usage error of the source is a report; the same class from the log ends the poll."""
    source = here.add()
    here.fetcher.will(here.feed, feed(FRESH))

    with pytest.raises(UsageError):
        here.poll(source, bus=here.failing(here.bus, publish=[UsageError("wrong servers")]))
    assert here.poll(source).new == 1


def test_a_fenced_save_is_a_report(here: Any) -> None:
    source = here.add()
    here.fetcher.will(here.feed, feed(FRESH))

    report = here.poll(
        source, store=here.failing_store(here.store, keep=[FencedError("lease 1 is over")])
    )

    assert (report.outcome, report.problem) == ("fenced", "fenced: lease 1 is over")
