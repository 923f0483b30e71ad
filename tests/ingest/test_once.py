"""Each of many sources polled once, leased a few ahead."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from despatch.errors import OperatorError
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
