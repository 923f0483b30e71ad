"""A few children, each lent to one at a time."""

import asyncio

from ingest.crew import Crew

NEVER_S = 3_600.0


def test_the_first_to_come_starts_a_child_and_the_next_gets_it() -> None:
    async def rule() -> None:
        crew: Crew[str] = Crew(2, patience_s=NEVER_S)

        assert await crew.take() is None
        second = asyncio.create_task(crew.take())
        await asyncio.sleep(0)
        crew.give("child")

        assert await second == "child"

    asyncio.run(rule())


def test_who_has_waited_starts_another() -> None:
    async def rule() -> None:
        crew: Crew[str] = Crew(2, patience_s=0, pause_s=0)

        assert await crew.take() is None
        assert await crew.take() is None

    asyncio.run(rule())


def test_one_that_has_just_started_may_be_enough() -> None:
    async def rule() -> None:
        crew: Crew[str] = Crew(2, patience_s=0, pause_s=NEVER_S)

        assert await crew.take() is None
        second = asyncio.create_task(crew.take())
        for _ in range(5):
            await asyncio.sleep(0)
        assert not second.done()
        crew.give("child")

        assert await second == "child"

    asyncio.run(rule())


def test_there_are_never_more_than_there_may_be() -> None:
    async def rule() -> None:
        crew: Crew[str] = Crew(2, patience_s=0, pause_s=0)
        first = [await crew.take(), await crew.take()]
        third = asyncio.create_task(crew.take())
        for _ in range(5):
            await asyncio.sleep(0)

        assert first == [None, None]
        assert not third.done()
        crew.give("one")
        assert await third == "one"

    asyncio.run(rule())


def test_one_that_has_ended_is_followed_by_another() -> None:
    async def rule() -> None:
        crew: Crew[str] = Crew(1, patience_s=NEVER_S)

        assert await crew.take() is None
        second = asyncio.create_task(crew.take())
        await asyncio.sleep(0)
        crew.give(None)

        assert await second is None
        crew.give(None)
        assert await crew.take() is None

    asyncio.run(rule())


def test_who_gives_up_waiting_costs_nobody_a_child() -> None:
    async def rule() -> None:
        crew: Crew[str] = Crew(1, patience_s=NEVER_S)
        await crew.take()
        gives_up, waits = asyncio.create_task(crew.take()), asyncio.create_task(crew.take())
        await asyncio.sleep(0)

        crew.give("child")  # it is given to the first, who goes before it has noticed
        gives_up.cancel()

        assert await waits == "child"

    asyncio.run(rule())


def test_what_was_asked_long_ago_has_been_patient_already() -> None:
    async def rule() -> None:
        crew: Crew[str] = Crew(2, patience_s=NEVER_S, pause_s=0)
        long_ago_s = asyncio.get_running_loop().time() - 2 * NEVER_S

        assert await crew.take() is None
        assert await crew.take(long_ago_s) is None

    asyncio.run(rule())
