"""Time limits of many exchanges by one timer: as asyncio's own."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from ingest.limits import Limit, Limits

LONG_S = 3600.0

Run = Callable[[Coroutine[Any, Any, Any]], Any]


async def for_ever() -> None:
    await asyncio.Event().wait()


def test_a_limit_that_is_passed_is_a_timeout(run: Run) -> None:
    async def wait() -> None:
        with Limits().within(0.001):
            await for_ever()

    with pytest.raises(TimeoutError):
        run(wait())


def test_what_ends_in_time_is_left_alone(run: Run) -> None:
    async def wait() -> str:
        with Limits().within(LONG_S):
            await asyncio.sleep(0)
        return "done"

    assert run(wait()) == "done"


def test_an_error_of_its_own_comes_through(run: Run) -> None:
    async def fail() -> None:
        with Limits().within(LONG_S):
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        run(fail())


def test_who_is_cancelled_by_somebody_else_stays_cancelled(run: Run) -> None:
    async def wait() -> bool:
        async def limited() -> None:
            with Limits().within(LONG_S):
                await for_ever()

        task = asyncio.create_task(limited())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
        return task.cancelled()

    assert run(wait())


def test_a_task_goes_on_after_a_limit_as_if_nobody_had_cancelled_it(run: Run) -> None:
    async def wait() -> int:
        limits = Limits()
        with pytest.raises(TimeoutError), limits.within(0.001):
            await for_ever()
        task = asyncio.current_task()
        assert task is not None
        return task.cancelling()

    assert run(wait()) == 0


def test_a_shorter_limit_is_passed_before_a_longer_one_that_began_before(run: Run) -> None:
    async def wait() -> None:
        limits = Limits()
        with limits.within(LONG_S), limits.within(0.001):
            await for_ever()

    with pytest.raises(TimeoutError):
        run(wait())


def test_the_timer_rings_for_those_that_began_after_it_was_set(run: Run) -> None:
    async def wait() -> None:
        limits = Limits()
        with limits.within(0.001):
            pass
        for seconds in (0.002, 0.003):
            with pytest.raises(TimeoutError), limits.within(seconds):
                await for_ever()

    run(wait())


def test_no_time_passes_while_a_limit_pauses(run: Run) -> None:
    async def wait() -> Limit:
        limits = Limits()
        with limits.within(LONG_S) as limit, limits.within(0.001) as paused:
            left_s = paused.pause()
            await asyncio.sleep(0.01)
            paused.go_on(left_s + LONG_S)
            await asyncio.sleep(0.01)
        return limit

    run(wait())
