"""A glance at a source: done with there, or handed on to a turn."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from despatch.errors import FencedError, ServerAway
from despatch.ports import Response, Validators

NONE = Validators()
FEED = b"""<rss version="2.0"><channel><title>T</title>
<item><title>One</title><guid>1</guid></item></channel></rss>"""


@pytest.fixture
def quiet(here: Any) -> Any:
    """A source that was read once, and shows the same again."""
    here.fetcher.will(here.feed, FEED)
    source = here.add()
    here.poll(source)
    here.clock.move(timedelta(hours=1))
    return source


def test_a_poll_that_brings_nothing_is_kept(here: Any, quiet: Any) -> None:
    report = here.poll(quiet)

    assert (report.outcome, report.pages, report.new) == ("unchanged", 1, 0)
    last, first = here.polls(quiet)
    assert (last.outcome, first.outcome) == ("unchanged", "fetched")
    assert last.at - first.at == timedelta(hours=1)


def test_a_store_that_is_away_is_waited_for(here: Any, quiet: Any) -> None:
    store = here.failing_store(here.store, keep=[ServerAway("away")] * 2)

    assert here.poll(quiet, store=store).outcome == "unchanged"

    assert here.alarms.closed == ["stage ingest waits"]
    assert len(here.polls(quiet)) == 2


def test_a_lease_that_was_lost_drops_the_poll(here: Any, quiet: Any) -> None:
    store = here.failing_store(here.store, keep=[FencedError("another has it")])

    assert here.poll(quiet, store=store).outcome == "fenced"

    assert len(here.polls(quiet)) == 1


def test_a_failure_is_the_turns_and_nothing_is_asked_twice(here: Any, quiet: Any) -> None:
    asked: list[str] = []

    class Away:
        async def get(
            self, address: str, _validators: Validators = NONE, **_options: Any
        ) -> Response:
            asked.append(address)
            raise ServerAway("refused: nobody is there")

    poller = here.poller(fetcher=Away())
    report = asyncio.run(poller.poll(here.lease(quiet)))

    assert (report.outcome, report.problem) == ("failed", "refused: nobody is there")
    assert asked == [here.feed]


def test_a_failure_leaves_a_source_its_own_pause(here: Any) -> None:
    here.fetcher.will(here.feed, FEED)
    source = here.add(address=here.feed, every="PT6H")
    here.poll(source)
    here.clock.move(timedelta(hours=6))
    here.fetcher.will(here.feed, ServerAway("refused: nobody is there"))

    here.poll(source)

    assert here.due(source).at >= here.clock.now() + timedelta(hours=12)
