"""Requests over kept connections: what is sent, what is kept, and who is refused."""

import asyncio
from asyncio import StreamWriter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_network
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from despatch.errors import PermanentError
from despatch.testing import Answer, LoopbackServer
from ingest.wire import Lines, Wire, header_lines, origin_and_target

LOOPBACK = [ip_network("127.0.0.0/8")]
OK = Answer(body=b"ok")
NO_LINES = Lines(b"")
HUNG_UP = Answer(raw=b"")


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    with LoopbackServer() as running:
        yield running


async def here(_host: str) -> Sequence[str]:
    return ["127.0.0.1"]


async def inside(_host: str) -> Sequence[str]:
    return ["10.0.0.1"]


@asynccontextmanager
async def opened(**options: Any) -> AsyncIterator[Wire]:
    given: dict[str, Any] = {"resolve": here, "allowed": LOOPBACK, "at_once": 9, "connect_s": 10}
    wire = Wire(**given | options)
    try:
        yield wire
    finally:
        await wire.close()


async def whole(wire: Wire, url: str, lines: Lines = NO_LINES) -> tuple[int, bytes]:
    answer = await wire.ask(url, lines)
    try:
        return answer.status, await answer.content.read()
    finally:
        answer.release()


def asked(*urls: str, **options: Any) -> list[tuple[int, bytes]]:
    """Ask over one wire, one after the other."""

    async def ask() -> list[tuple[int, bytes]]:
        async with opened(**options) as wire:
            return [await whole(wire, url) for url in urls]

    return asyncio.run(ask())


def test_what_is_sent_is_what_was_given_with_host(server: LoopbackServer) -> None:
    lines = header_lines([("X-Said", "Grüße"), ("Accept", "1: 2")])
    address = server.will("/x?q=a+b", OK).replace("+", " ") + "#part"

    async def ask() -> Sequence[tuple[str, str]]:
        async with opened() as wire:
            assert await whole(wire, address, lines) == (200, b"ok")
            return wire.sent(address, lines)

    sent = asyncio.run(ask())

    (request,) = server.requests
    host = f"127.0.0.1:{server.port}"
    said = "Grüße".encode().decode("latin-1")
    assert (request.method, request.path) == ("GET", "/x?q=a+b")
    assert request.headers == {"host": host, "x-said": said, "accept": "1: 2"}
    assert sent == [("Host", host), ("X-Said", "Grüße"), ("Accept", "1: 2")]


@pytest.mark.parametrize(
    "name,value", [("X", "a\r\nY: b"), ("X", "a\nb"), ("X", "a\x00"), ("X\r\n", "a"), ("", "a")]
)
def test_no_header_is_smuggled_into_another(name: str, value: str) -> None:
    with pytest.raises(ValueError, match="can't be sent"):
        header_lines([(name, value)])


@pytest.mark.parametrize(
    "url", ["http://us:secret@127.0.0.1/", "http://us@127.0.0.1/", "file:///x", "ftp://h/", "/x"]
)
def test_an_address_that_is_none_is_refused_and_its_password_not_told(url: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        asked(url)

    assert "secret" not in str(caught.value)


@given(st.text("/.?=&~-_%+:;@a9Z#,'é ", max_size=12))
def test_a_plain_url_is_read_as_aiohttp_reads_every_other(rest: str) -> None:
    url = f"http://example.gov:8080/{rest}"

    origin, target = origin_and_target(url)

    assert (URL(origin), target) == (URL(url).origin(), URL(url).raw_path_qs)


def test_one_connection_serves_all_that_are_read_whole(server: LoopbackServer) -> None:
    no_body = Answer(304, headers=[("ETag", '"1"')])
    address = server.will("/x", OK, no_body, Answer(204), Answer(404, body=b"no"), OK)

    found = asked(*[address] * 5)

    assert found == [(200, b"ok"), (304, b""), (204, b""), (404, b"no"), (200, b"ok")]
    assert server.connections == 1


def test_what_is_not_read_whole_is_not_kept(server: LoopbackServer) -> None:
    address = server.will("/x", Answer(body=bytes(1_000_000)))

    async def heads() -> None:
        async with opened() as wire:
            for _ in range(2):
                (await wire.ask(address, NO_LINES)).release()

    asyncio.run(heads())

    assert server.connections == 2


def test_preliminary_answers_are_passed_over(server: LoopbackServer) -> None:
    raw = b"HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    assert asked(server.will("/x", Answer(raw=raw))) == [(200, b"ok")]


def test_a_kept_connection_that_was_closed_meanwhile_is_asked_again_over_another(
    server: LoopbackServer,
) -> None:
    address = server.will("/x", OK, HUNG_UP, OK)

    assert asked(*[address] * 2) == [(200, b"ok")] * 2
    assert (len(server.requests), server.connections) == (3, 2)


def test_a_new_connection_that_is_closed_is_not_tried_again(server: LoopbackServer) -> None:
    address = server.will("/x", HUNG_UP, OK)

    with pytest.raises(aiohttp.ServerDisconnectedError):
        asked(address)

    assert len(server.requests) == 1


def test_every_kept_connection_that_was_closed_is_passed_over(server: LoopbackServer) -> None:
    """However many: the last try is over a new one."""
    one, two = (server.will(path, OK, HUNG_UP, OK) for path in ("/1", "/2"))

    async def ask() -> tuple[int, bytes]:
        async with opened() as wire:
            await asyncio.gather(*(whole(wire, path) for path in (one, two)))
            server.will("/1", HUNG_UP, HUNG_UP, OK)
            return await whole(wire, one)

    assert asyncio.run(ask()) == (200, b"ok")
    assert server.connections == 3


@asynccontextmanager
async def speaking(first: bytes, good: bytes) -> AsyncIterator[tuple[str, list[StreamWriter]]]:
    """A server that says `first` at once and `good` when asked; its address, who is connected."""
    connected: list[StreamWriter] = []
    ended: list[asyncio.Task[Any] | None] = []

    async def serve(reader: asyncio.StreamReader, writer: StreamWriter) -> None:
        connected.append(writer)
        ended.append(asyncio.current_task())
        writer.write(first)
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(good * (2 if b"/twice" in head else 1))
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", connected
    finally:
        server.close()
        await asyncio.gather(*(task for task in ended if task), return_exceptions=True)


def test_what_a_server_says_unasked_is_nobodys_answer() -> None:
    """Neither right behind an answer, nor later, while the connection is kept."""
    good = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"

    async def ask() -> tuple[list[bytes], int]:
        async with speaking(b"", good) as (url, connected):
            async with opened() as wire, opened() as other:
                found = [await whole(wire, url + path) for path in ("/twice", "/")]
                connected[-1].write(good.replace(b"good", b"evil"))
                await connected[-1].drain()
                await whole(other, url)  # by now what was sent before has come as well
                found.append(await whole(wire, url))
            return [body for _status, body in found], len(connected)

    assert asyncio.run(ask()) == ([b"good"] * 3, 4)


@pytest.mark.parametrize("raw", [b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\nX y\r\n\r\n"])
def test_what_is_no_answer_is_an_error(server: LoopbackServer, raw: bytes) -> None:
    with pytest.raises(aiohttp.ClientResponseError):
        asked(server.will("/x", Answer(raw=raw)))


def test_a_server_that_speaks_first_is_asked_once() -> None:
    async def ask() -> int:
        async with speaking(b"220 mail.example.gov ESMTP\r\n", b"") as (url, connected):
            async with opened() as wire:
                with pytest.raises(aiohttp.ClientResponseError):
                    await whole(wire, url)
            return len(connected)

    assert asyncio.run(ask()) == 1


def test_who_resolves_inward_is_refused_before_a_connection(server: LoopbackServer) -> None:
    address = f"http://hooks.example.gov:{server.port}/"

    with pytest.raises(PermanentError, match="blocked address"):
        asked(address, resolve=inside)

    assert server.connections == 0


def test_an_address_inside_is_refused_when_its_socket_is_made(server: LoopbackServer) -> None:
    with pytest.raises(aiohttp.ClientConnectorError, match="blocked address"):
        asked(server.url(), allowed=())

    assert server.connections == 0


def test_lines_can_be_put_together() -> None:
    first, second = header_lines([("A", "1")]), header_lines([("B", "2")])

    assert Lines(first + second) == header_lines([("A", "1"), ("B", "2")])
