"""Each of many sources polled once, leased a few ahead."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from despatch.errors import OperatorError, ServerAway
from despatch.model import SourceId
from despatch.ports import Due

FEED = b"""<rss version="2.0"><channel><title>T</title>
<item><title>One</title><guid>1</guid></item></channel></rss>"""


def feeds(here: Any, count: int) -> list[SourceId]:
    """Add some feeds, each with one entry."""
    addresses = [f"https://h{number}.example.gov/feed" for number in range(count)]
    for address in addresses:
        here.fetcher.will(address, FEED)
    return [here.add(f"s{at}", address=address) for at, address in enumerate(addresses)]


def test_every_one_of_more_than_are_read_at_once_has_its_turn_in_order(here: Any) -> None:
    sources = feeds(here, 11)

    reports = asyncio.run(here.poller(at_once=4).poll_once(sources))

    assert [(report.source, report.outcome) for report in reports] == [
        (source, "fetched") for source in sources
    ]


def test_no_more_are_leased_ahead_than_half_of_those_that_are_read_at_once(here: Any) -> None:
    """A lease that waits in a queue runs out."""
    sources = feeds(here, 9)
    lent: list[int] = []

    class Counting:
        async def get(self, *args: Any, **options: Any) -> Any:
            with here.store.transaction() as tx:
                now = here.clock.now()
                free = tx.lease_sources(sources, "another", now, timedelta(minutes=2))
                for one in free:
                    tx.release_source(one.source.id, one.epoch, Due(now), one.health)
            lent.append(len(sources) - len(free))
            return await here.fetcher.get(*args, **options)

    asyncio.run(here.poller(fetcher=Counting(), at_once=4).poll_once(sources))

    assert len(lent) == len(sources)
    assert max(lent) <= 4 + 2


def test_a_store_that_cannot_be_leased_from_is_told_and_all_others_are_polled(here: Any) -> None:
    sources = feeds(here, 4)
    wrong = OperatorError("the disk is full")
    store = here.failing_store(here.store, lease_sources=[wrong])

    with pytest.raises(OperatorError, match="full"):
        asyncio.run(here.poller(store=store, at_once=2).poll_once(sources))

    assert [len(here.polls(source)) for source in sources] == [0, 1, 1, 1]


def test_who_waits_for_it_is_told_once_when_the_first_fetches_begin(here: Any) -> None:
    """What a poll costs is counted from then on."""
    sources = feeds(here, 9)
    asked: list[int] = []

    def ready() -> None:
        asked.append(len(here.fetcher.asked))

    asyncio.run(here.poller(at_once=4).poll_once(sources, on_ready=ready))

    assert asked == [0]
    assert len(here.fetcher.asked) == len(sources)


class Hangs:
    """A fetcher that says when it is asked, and never answers."""

    def __init__(self, asked: Callable[[], None]) -> None:
        self._asked = asked

    async def get(self, *_args: Any, **_options: Any) -> Any:
        self._asked()
        await asyncio.Event().wait()


def lent_to_another(here: Any, sources: list[SourceId]) -> list[SourceId]:
    """Return those of some sources that another poller gets now, their host with them."""
    with here.store.transaction() as tx:
        lent = tx.lease_sources(sources, "another", here.clock.now(), timedelta(minutes=2))
    return [one.source.id for one in lent]


def test_told_to_stop_it_gives_back_what_it_has_in_hand_and_what_it_leased_ahead(here: Any) -> None:
    """At once, their host too: the next poll must not wait until a lease runs out."""
    sources = feeds(here, 9)

    async def stopped() -> list[tuple[str, str]]:
        stop = asyncio.Event()
        asked = iter(range(5))
        fetcher = Hangs(lambda: stop.set() if next(asked) == 4 else None)
        poller = here.poller(fetcher=fetcher, at_once=5)
        return [(one.source, one.outcome) for one in await poller.poll_once(sources, stop=stop)]

    assert asyncio.run(stopped()) == [(source, "stopped") for source in sources[:6]]
    assert lent_to_another(here, sources) == sources


def test_what_a_poll_had_read_when_it_was_told_to_stop_is_kept(here: Any) -> None:
    """The first of two feeds was read; of the second nothing is counted against it."""
    first, second = sources = feeds(here, 2)

    async def stopped() -> list[tuple[str, str, int]]:
        stop = asyncio.Event()

        class Second:
            async def get(self, address: str, *args: Any, **options: Any) -> Any:
                if address.startswith("https://h1"):
                    await Hangs(stop.set).get()
                return await here.fetcher.get(address, *args, **options)

        poller = here.poller(fetcher=Second(), at_once=1)
        reports = await poller.poll_once(sources, stop=stop)
        return [(one.source, one.outcome, one.new) for one in reports]

    assert asyncio.run(stopped()) == [(first, "fetched", 1), (second, "stopped", 0)]
    assert [len(here.polls(source)) for source in sources] == [1, 0]
    assert lent_to_another(here, sources) == sources


def test_a_store_that_is_away_is_not_waited_for_once_told_to_stop(here: Any) -> None:
    sources = feeds(here, 2)
    store = here.failing_store(here.store, lease_sources=[ServerAway("away")])

    async def stopped() -> list[Any]:
        stop = asyncio.Event()
        stop.set()
        return await here.poller(store=store).poll_once(sources, stop=stop)  # type: ignore[no-any-return]

    assert asyncio.run(stopped()) == []


def test_who_looks_on_is_told_of_each_source_and_how_many_there_are(here: Any) -> None:
    sources = feeds(here, 3)
    here.fetcher.will("https://h1.example.gov/feed", ServerAway("refused: nobody is there"))
    seen: list[tuple[str, bool, int]] = []

    def done(report: Any, of: int) -> None:
        seen.append((report.source, bool(report.problem), of))

    asyncio.run(here.poller(at_once=1).poll_once(sources, on_done=done))

    assert seen == [("s0", False, 3), ("s1", True, 3), ("s2", False, 3)]


def test_the_store_is_made_ready_before_a_source_is_lent(here: Any) -> None:
    sources = feeds(here, 1)
    journal: list[str] = []
    store = here.failing_store(here.store, journal)

    asyncio.run(here.poller(store=store).poll_once(sources))

    assert journal[:2] == ["keep", "lease_sources"]
