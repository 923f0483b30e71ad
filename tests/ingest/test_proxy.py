"""Through a proxy: everything goes there, and what leads inward is refused before."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from despatch.errors import DespatchError, PermanentError, ServerAway, TransientError
from despatch.ports import Response
from despatch.testing import Answer, LoopbackServer
from despatch.testing.certificates import make_certificates
from ingest.http import HttpFetcher


async def unknown(_host: str) -> Sequence[str]:
    """A resolver that knows no name of the world outside, as behind many a proxy."""
    raise OSError("no such name")


async def inside(_host: str) -> Sequence[str]:
    return ["10.0.0.1"]


def fetch(address: str, **options: Any) -> Response:
    async def get() -> Response:
        async with HttpFetcher(**{"resolve": unknown} | options) as fetcher:
            return await fetcher.get(address)

    return asyncio.run(get())


def test_a_proxy_is_asked_for_the_whole_address_and_told_who_we_are() -> None:
    """It may stand in a private network: the operator has named it."""
    with LoopbackServer() as proxy:
        proxy.will("http://feeds.example.gov/feed", Answer(body=b"here"))

        answer = fetch(
            "http://feeds.example.gov/feed", proxy=f"http://us:secret@127.0.0.1:{proxy.port}"
        )

    assert (answer.body, answer.address) == (b"here", "http://feeds.example.gov/feed")
    assert proxy.requests[0].headers["host"] == "feeds.example.gov"
    assert proxy.requests[0].headers["proxy-authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://2130706433/",
        "http://１２７.1/",
    ],
)
def test_an_address_inside_is_not_asked_of_a_proxy(address: str) -> None:
    with LoopbackServer() as proxy, pytest.raises(PermanentError, match="blocked address"):
        fetch(address, proxy=proxy.url())

    assert proxy.requests == []


def test_a_host_that_two_parsers_read_differently_is_not_asked_of_a_proxy() -> None:
    with LoopbackServer() as proxy, pytest.raises(PermanentError, match="bad address"):
        fetch("http://127.0.0.\u00ad1/", proxy=proxy.url())

    assert proxy.requests == []


def test_a_name_that_we_know_to_be_inside_is_not_asked_of_a_proxy() -> None:
    with LoopbackServer() as proxy, pytest.raises(PermanentError, match="blocked address"):
        fetch("http://metadata.google.internal/", proxy=proxy.url(), resolve=inside)

    assert proxy.requests == []


def test_a_redirect_inward_is_not_asked_of_a_proxy() -> None:
    with LoopbackServer() as proxy:
        proxy.will("http://a.example/", Answer(302, headers=[("Location", "http://10.0.0.1/")]))
        with pytest.raises(PermanentError, match="blocked address"):
            fetch("http://a.example/", proxy=proxy.url())

    assert [request.path for request in proxy.requests] == ["http://a.example/"]


def failure(proxy: str, address: str) -> DespatchError:
    with pytest.raises(DespatchError) as caught:
        fetch(address, proxy=proxy)
    assert str(caught.value).startswith("proxy: https://a.example/")
    assert "secret" not in str(caught.value)
    return caught.value


def test_a_proxy_that_is_away_or_will_not_is_named_and_its_password_is_not() -> None:
    with LoopbackServer() as proxy:
        proxy.will("a.example:443", Answer(raw=b"HTTP/1.1 403 Forbidden\r\n\r\n"))
        refused = failure(f"http://us:secret@127.0.0.1:{proxy.port}", "https://a.example/")
    away = failure(f"http://us:secret@127.0.0.1:{proxy.port}", "https://a.example/")
    nameless = failure("http://us:secret@proxy.example", "https://a.example/")

    assert isinstance(refused, TransientError)
    assert "403" in str(refused)
    assert isinstance(away, ServerAway)
    assert isinstance(nameless, ServerAway)


@asynccontextmanager
async def tunnel(port: int) -> AsyncIterator[int]:
    """A proxy whose every tunnel leads to this port of loopback; give its own."""
    writers: list[asyncio.StreamWriter] = []

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while chunk := await source.read(65_536):
            sink.write(chunk)
        sink.close()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        theirs, ours = await asyncio.open_connection("127.0.0.1", port)
        writers.extend((ours, writer))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(pump(reader, ours), pump(theirs, writer))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in writers:
            writer.close()
        await asyncio.gather(*(one.wait_closed() for one in writers), return_exceptions=True)


def test_https_goes_through_a_tunnel_and_the_certificate_is_the_sites_own(tmp_path: Path) -> None:
    make_certificates(tmp_path)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(tmp_path / "broker.pem")
    trusted = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))

    async def get(host: str) -> bytes:
        async with tunnel(server.port) as port:
            proxy = f"http://127.0.0.1:{port}"
            async with HttpFetcher(tls=trusted, proxy=proxy, resolve=unknown) as fetcher:
                return (await fetcher.get(f"https://{host}/feed")).body

    with LoopbackServer(tls=tls) as server:
        server.will("/feed", Answer(body=b"here"))
        assert asyncio.run(get("localhost")) == b"here"
        with pytest.raises(TransientError, match=r"^tls"):
            asyncio.run(get("other.example"))
