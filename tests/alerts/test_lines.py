"""Kept connections: one that is sure to be free serves again, and any other is given up."""

import asyncio
from contextlib import suppress
from ipaddress import ip_network

import pytest

from alerts.channels.lines import Lines, Origin
from alerts.channels.setup import ChannelSetup

OK = b"HTTP/1.1 200 OK\r\n"
TAKEN = OK + b"Content-Length: 0\r\n\r\n"
REQUEST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
SETUP = ChannelSetup(allow_networks=(ip_network("127.0.0.0/8"),))


async def connections_for(answer: bytes, asked: int) -> int:
    """Ask so often, one after the other, and return over how many connections that went."""
    handlers: list[asyncio.Task[None] | None] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handlers.append(asyncio.current_task())
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(answer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    lines = Lines(SETUP)
    origin = Origin("127.0.0.1", server.sockets[0].getsockname()[1], secure=False, verify=True)
    try:
        for _ in range(asked):
            assert (await lines.ask(origin, REQUEST)).status == 200
    finally:
        await lines.close()
        server.close()
    await asyncio.gather(*filter(None, handlers))
    return len(handlers)


@pytest.mark.parametrize(
    "answer, connections",
    [
        pytest.param(TAKEN, 1, id="a length"),
        pytest.param(
            OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 1, id="chunks"
        ),
        pytest.param(OK + b"Connection: close\r\nContent-Length: 0\r\n\r\n", 3, id="close"),
        pytest.param(TAKEN + b"and more", 3, id="more than was asked for"),
        pytest.param(TAKEN + TAKEN, 3, id="a second answer"),
    ],
)
def test_a_connection_serves_again_if_its_answer_s_end_is_sure(
    answer: bytes, connections: int
) -> None:
    assert asyncio.run(connections_for(answer, 3)) == connections


def test_an_answer_of_which_half_comes_is_an_answer_and_its_connection_is_given_up() -> None:
    half = OK + b"Content-Length: 9\r\n\r\nhalf"
    assert asyncio.run(connections_for(half, 1)) == 1
