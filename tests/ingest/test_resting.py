"""Connections that rest between two requests keep nobody waiting."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from ipaddress import ip_network
from typing import Any

import pytest

from despatch.testing import Answer, LoopbackServer
from ingest.resting import Resting
from ingest.wire import Lines, Wire

OK = Answer(body=b"ok")
NO_LINES = Lines(b"")


@pytest.fixture
def two() -> Iterator[list[LoopbackServer]]:
    """Two servers, that is two origins."""
    with ExitStack() as stack:
        yield [stack.enter_context(LoopbackServer()) for _ in range(2)]


async def here(_host: str) -> Sequence[str]:
    return ["127.0.0.1"]


def wire(at_once: int) -> Wire:
    loopback = [ip_network("127.0.0.0/8")]
    return Wire(here, loopback, at_once=at_once, connect_s=10, rests_s=3_600)


async def whole(wire: Wire, url: str) -> bytes:
    answer = await wire.ask(url, NO_LINES)
    try:
        return await answer.content.read()
    finally:
        answer.release()


def test_of_many_to_one_origin_each_has_the_connection_of_the_one_before(
    two: list[LoopbackServer],
) -> None:
    address = two[0].will("/x", *[OK] * 5)

    async def ask() -> list[bytes]:
        one = wire(9)
        try:
            return [await whole(one, address) for _ in range(5)]
        finally:
            await one.close()

    assert asyncio.run(ask()) == [b"ok"] * 5
    assert two[0].connections == 1


def test_what_rests_is_not_in_the_way_of_another_origin(two: list[LoopbackServer]) -> None:
    """One connection at a time there may be: to ask elsewhere the one that rests is given up."""
    addresses = [server.will("/x", OK, OK) for server in two]

    async def ask() -> list[bytes]:
        one = wire(1)
        try:
            async with asyncio.timeout(10):
                return [await whole(one, address) for address in addresses * 2]
        finally:
            await one.close()

    assert asyncio.run(ask()) == [b"ok"] * 4


def test_nothing_rests_while_somebody_waits_for_a_connection(two: list[LoopbackServer]) -> None:
    first, second = (server.will("/x", OK) for server in two)

    async def ask() -> bytes:
        one = wire(1)
        try:
            answer = await one.ask(first, NO_LINES)
            waiting = asyncio.create_task(whole(one, second))
            await asyncio.sleep(0)
            await answer.content.read()
            answer.release()
            async with asyncio.timeout(10):
                return await waiting
        finally:
            await one.close()

    assert asyncio.run(ask()) == b"ok"


class Lent:
    """A connection as the pool lends it."""

    def __init__(self) -> None:
        self.ended = ""
        self.protocol: Any = self
        self.should_close = False

    def release(self) -> None:
        self.ended = "released"

    def close(self) -> None:
        self.ended = "closed"


def test_the_pool_has_it_back_in_a_moment() -> None:
    async def rest() -> str:
        resting: Any = Resting(moment_s=0.0)
        lent = Lent()
        resting.rest("https://a", lent)
        async with asyncio.timeout(10):
            while not lent.ended:
                await asyncio.sleep(0)
        return lent.ended

    assert asyncio.run(rest()) == "released"


def test_one_that_has_spoken_meanwhile_is_closed_and_the_next_is_had() -> None:
    async def take() -> tuple[bool, str]:
        resting: Any = Resting()
        sound, spoken = Lent(), Lent()
        for one in (sound, spoken):
            resting.rest("https://a", one)
        spoken.should_close = True
        try:
            return resting.take("https://a") is sound, spoken.ended
        finally:
            resting.close()

    assert asyncio.run(take()) == (True, "closed")
