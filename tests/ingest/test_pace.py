"""How hard one host is asked."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest

from ingest.pace import Pace, _Lane

Run = Callable[[Coroutine[Any, Any, Any]], Any]


def test_starts_are_a_pause_apart_however_they_are_asked_for() -> None:
    lane = _Lane(2, 1.0)

    assert [lane.reserve(now) for now in (100.0, 100.0, 100.5, 104.0)] == [0.0, 1.0, 1.5, 0.0]


def test_no_more_than_two_are_at_a_host_and_others_are_not_held_up(run: Run) -> None:
    pace = Pace(per_host=2, pause=timedelta(0))
    under_way = {"a": 0, "b": 0}
    most = dict(under_way)

    async def ask(host: str) -> None:
        async with pace.turn(host):
            under_way[host] += 1
            most[host] = max(most[host], under_way[host])
            await asyncio.sleep(0)
            under_way[host] -= 1

    async def work() -> None:
        await asyncio.gather(*(ask(host) for host in "ab" * 10))

    run(work())

    assert most == {"a": 2, "b": 2}


def test_who_has_waited_longest_is_next(run: Run) -> None:
    pace = Pace(per_host=1, pause=timedelta(0))
    order: list[int] = []

    async def ask(number: int) -> None:
        async with pace.turn("a"):
            order.append(number)
            await asyncio.sleep(0)

    async def work() -> None:
        asking = [asyncio.create_task(ask(number)) for number in range(3)]
        await asyncio.sleep(0)
        await asyncio.gather(*asking, ask(3))

    run(work())

    assert order == [0, 1, 2, 3]


@pytest.mark.parametrize("handed_on", [False, True])
def test_who_gives_up_waiting_takes_no_place(run: Run, *, handed_on: bool) -> None:
    """Not even one that was handed on to them in the same moment."""
    pace = Pace(per_host=1, pause=timedelta(0))
    had: list[str] = []

    async def ask(name: str) -> None:
        async with pace.turn("a"):
            had.append(name)

    async def work() -> None:
        async with pace.turn("a"):
            waiting = [asyncio.create_task(ask(name)) for name in ("one", "two")]
            await asyncio.sleep(0)
            if not handed_on:
                waiting[0].cancel()
                await asyncio.sleep(0)
        if handed_on:
            waiting[0].cancel()
        async with asyncio.timeout(10):
            await asyncio.gather(*waiting, return_exceptions=True)
            await ask("three")

    run(work())

    assert had == ["two", "three"]


def test_a_host_that_takes_more_is_asked_more(run: Run) -> None:
    """Ten a second at GOV.UK: with the common pause of a minute this test would not end."""

    async def work() -> None:
        pace = Pace(pause=timedelta(minutes=1))
        for _ in range(2):
            async with pace.turn("www.gov.uk"):
                pass

    run(work())


def test_hosts_that_are_idle_are_forgotten(run: Run) -> None:
    """A stranger that redirects to a thousand names must not fill the memory."""
    pace = Pace(pause=timedelta(0))

    async def work() -> None:
        async with pace.turn("kept"):
            for number in range(1_500):
                async with pace.turn(f"host-{number}"):
                    pass
            assert len(pace._lanes) <= 1_001
            assert "kept" in pace._lanes

    run(work())
