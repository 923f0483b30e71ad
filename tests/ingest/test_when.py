"""When the poller asks a source again, what it keeps of that, and what ends a source."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from despatch.errors import BadStatus, Throttled, TransientError
from despatch.model import SourceId

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def feed(*guids: str, head: str = "") -> bytes:
    items = "".join(f"<item><guid>{guid}</guid><title>{guid}</title></item>" for guid in guids)
    return f"<rss version='2.0'><channel><title>x</title>{head}{items}</channel></rss>".encode()


def test_what_decided_the_next_poll_is_kept_in_words(here: Any) -> None:
    source = here.add()
    here.fetcher.will(here.feed, feed("1"), headers=[("Cache-Control", "max-age=1200")])

    here.poll(source)

    due = here.due(source)
    assert 20 * MINUTE <= due.at - here.clock.now() <= 22 * MINUTE
    assert due.why == "the server asked for 20 min (Cache-Control)"


def test_what_a_feed_asks_for_holds_while_it_brings_nothing_new(here: Any) -> None:
    """A 304 and an equal body are not parsed, and a failure has no body at all."""
    source = here.add()
    here.fetcher.will(here.feed, feed("1", head="<ttl>120</ttl>"), etag='"1"')
    again = here.add("again", address="https://example.gov/again")
    here.fetcher.will("https://example.gov/again", feed("1", head="<ttl>120</ttl>"))

    for name, outcome in ((source, "not modified"), (again, "unchanged")):
        assert [here.poll(name).outcome for _ in range(2)] == ["fetched", outcome]
        assert here.due(name).why == "the feed asks for 2 h (ttl)"
    here.fetcher.will(here.feed, TransientError("timeout: no answer"))
    here.poll(source)
    assert here.due(source).at - here.clock.now() >= 2 * HOUR


def test_a_poll_that_brings_nothing_leaves_the_cursor_as_it_was(here: Any) -> None:
    source = here.add()
    here.fetcher.will(
        here.feed, feed("1", head="<ttl>120</ttl>"), etag='"1"', headers=[("Age", "7")]
    )
    here.poll(source)
    before = here.cursor(source)

    here.poll(source)

    assert here.cursor(source) == before


def test_a_source_that_publishes_often_is_asked_more_often(here: Any) -> None:
    source = here.add()
    now = here.clock.now()
    items = "".join(
        f"<item><guid>{n}</guid><title>{n}</title>"
        f"<pubDate>{(now - n * HOUR).isoformat()}</pubDate></item>"
        for n in range(12)
    )
    here.fetcher.will(here.feed, feed().replace(b"</channel>", items.encode() + b"</channel>"))

    here.poll(source)

    assert here.due(source).why == "every 5 min: it publishes about every 54 min"


def test_a_source_s_own_pause_is_kept_exactly(here: Any) -> None:
    source = here.add(address=here.feed, every="PT2H")
    here.fetcher.will(here.feed, feed("1"))

    here.poll(source)

    assert here.due(source).why == "every 2 h, as set"


def test_every_poll_is_in_the_history(here: Any) -> None:
    source = here.add()
    here.fetcher.will(here.feed, feed("1", "2"), TransientError("http 503: busy", status=503))

    here.poll(source)
    here.clock.move(HOUR)
    here.poll(source)

    failed, fetched = here.polls(source)
    assert (fetched.outcome, fetched.status, fetched.new) == ("fetched", 200, 2)
    assert (failed.outcome, failed.status) == ("failed", 503)
    assert (failed.problem, failed.at) == ("http 503: busy", here.clock.now())


def test_a_poller_that_is_stopped_does_not_ask_a_source_again_that_it_has_read(here: Any) -> None:
    source = here.add()
    here.fetcher.will(here.feed, feed("1"))

    async def stopped() -> Any:
        stop = asyncio.Event()
        poller = here.poller()
        return await poller.poll(here.lease(source), stop=stop, on_page=lambda _: stop.set())

    report = asyncio.run(stopped())

    assert report.outcome == "fetched"
    assert here.due(source).at > here.clock.now() + 14 * MINUTE
    asyncio.run(here.poller().poll_once())
    assert len(here.fetcher.asked) == 1, "a poller that starts anew waits as the last one would"


@pytest.mark.parametrize("failures", [1, 30])
def test_a_source_that_fails_is_never_given_up(here: Any, failures: int) -> None:
    source = here.add()
    here.fetcher.will(here.feed, *[TransientError("dns: no name")] * failures, feed("1"))

    for _ in range(failures):
        here.poll(source)
        assert here.due(source).at - here.clock.now() <= 24 * HOUR
        here.clock.move(25 * HOUR)
    (report,) = asyncio.run(here.poller().poll_once())

    assert (report.source, report.outcome, report.new) == (SourceId("example"), "fetched", 1)


NEW_ADDRESS = "https://example.gov/news.atom"


def settings_of(here: Any, source: SourceId) -> Any:
    with here.store.transaction() as tx:
        return next(
            record.settings for record, _health, _due in tx.sources() if record.id == source
        )


def test_a_source_that_moves_for_good_is_asked_at_its_new_address(here: Any) -> None:
    """Entries keep their identity, so a move is no news to anybody."""
    source = here.add()
    here.fetcher.moved(here.feed, NEW_ADDRESS)
    here.fetcher.will(NEW_ADDRESS, feed("1", "2"), etag='"1"')
    for _ in range(6):
        assert settings_of(here, source) == {"address": here.feed}
        assert here.poll(source).outcome in {"fetched", "not modified"}
        here.clock.move(5 * HOUR)

    settings = settings_of(here, source)
    assert (settings["address"], settings["moved_from"]) == (NEW_ADDRESS, here.feed)
    assert set(settings) == {"address", "moved_from", "moved_at"}, "and no default is set"
    asked = len(here.fetcher.asked)
    assert here.poll(source).outcome == "not modified"
    assert [one.address for one in here.fetcher.asked[asked:]] == [NEW_ADDRESS]
    assert settings_of(here, source) == settings
    assert len(here.published()) == 2


def test_a_redirect_that_goes_away_again_leaves_the_source_where_it_was(here: Any) -> None:
    source = here.add()
    here.fetcher.will(NEW_ADDRESS, feed("1"))
    for _ in range(3):
        here.fetcher.moved(here.feed, NEW_ADDRESS)
        for _ in range(4):
            here.poll(source)
            here.clock.move(8 * HOUR)
        here.fetcher.will(here.feed, feed("1"))
        here.poll(source)

    assert settings_of(here, source) == {"address": here.feed}
    assert "moved" not in here.cursor(source)


def test_a_source_that_is_gone_is_retired_and_only_the_operator_hears(here: Any) -> None:
    source = here.add()
    gone = BadStatus("http 410: https://example.gov/feed.atom", status=410, address=here.feed)
    here.fetcher.will(here.feed, gone)

    report = here.poll(source)

    state, health, _due = here.health(source)
    assert (report.outcome, state, health.failures) == ("ended", "paused", 1)
    assert here.due(source).why.startswith("it has ended")
    assert here.published() == []
    assert list(here.alarms.opened) == ["source example has ended"]
    assert "http 410" in here.alarms.opened["source example has ended"]
    assert asyncio.run(here.poller().poll_once(everything=True)) == [], "not even with --all"


def test_a_source_that_is_not_found_is_asked_again(here: Any) -> None:
    source = here.add()
    here.fetcher.will(here.feed, BadStatus("http 404: x", status=404, address=here.feed))

    assert here.poll(source).outcome == "failed"
    assert here.health(source)[0] == "active"


def throttled(asked: bool = True) -> Throttled:
    return Throttled("http 429: slow down", retry_after=HOUR, host="example.gov", asked=asked)


def test_a_429_holds_its_whole_host_and_an_operator_waits_too(here: Any) -> None:
    here.add("a", address="https://example.gov/a")
    here.add("b", address="https://example.gov/b")
    here.add("c", address="https://example.org/c")
    here.fetcher.will("https://example.gov/a", throttled())
    here.fetcher.will("https://example.org/c", feed("1"))
    here.poll(SourceId("a"))

    reports = asyncio.run(here.poller().poll_once(everything=True))

    assert {report.source: report.outcome for report in reports} == {
        "a": "held",
        "b": "held",
        "c": "fetched",
    }
    assert reports[1].problem == (
        "left alone until 2026-03-02 13:00 UTC: "
        "example.gov asked to be left alone for 1 h (Retry-After)"
    )
    assert here.due(SourceId("b")).at == here.clock.now() + HOUR
    assert here.polls(SourceId("b")) == []


def test_a_source_that_was_not_asked_for_its_host_s_sake_has_not_failed(here: Any) -> None:
    source = here.add(address="https://example.gov/a")
    here.fetcher.will("https://example.gov/a", throttled(asked=False))

    report = here.poll(source)

    assert report.outcome == "held"
    assert here.health(source)[1].failures == 0
    assert here.due(source).at == here.clock.now() + HOUR


def test_a_503_holds_its_source_alone(here: Any) -> None:
    here.add("a", address="https://example.gov/a")
    here.add("b", address="https://example.gov/b")
    here.fetcher.will(
        "https://example.gov/a", TransientError("http 503: x", retry_after=HOUR, status=503)
    )
    here.fetcher.will("https://example.gov/b", feed("1"))
    here.poll(SourceId("a"))

    reports = asyncio.run(here.poller().poll_once([SourceId("a"), SourceId("b")]))

    assert [report.outcome for report in reports] == ["held", "fetched"]


def test_everything_at_once_ignores_the_rest_of_the_schedule(here: Any) -> None:
    source = here.add()
    here.fetcher.will(
        here.feed,
        feed("1", head="<ttl>600</ttl><skipDays><day>Monday</day></skipDays>"),
        headers=[("Cache-Control", "max-age=86400")],
    )
    here.poll(source)

    (report,) = asyncio.run(here.poller().poll_once(everything=True))

    assert report.outcome == "unchanged"


def test_a_service_has_no_more_of_a_host_in_hand_than_it_may(here: Any) -> None:
    """So that a slow host with many sources leaves room for the others."""
    for number, host in enumerate([*["example.gov"] * 4, "example.org"]):
        here.add(f"source-{number}", address=f"https://{host}/{number}")
    asked: list[str] = []
    stop = asyncio.Event()

    class Slow:
        async def get(self, address: str, *_args: Any, **_options: Any) -> Any:
            asked.append(address.split("/")[2])
            await asyncio.sleep(0.05)
            stop.set()
            raise TransientError("timeout: x")

    asyncio.run(here.poller(fetcher=Slow(), per_host=2).run(stop))

    assert sorted(asked) == ["example.gov", "example.gov", "example.org"]
