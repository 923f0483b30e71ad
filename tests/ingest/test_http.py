"""The fetcher against a server on loopback that does what strangers do."""

import asyncio
import gzip
import socket
import ssl
import zlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import brotli
import pytest

from despatch.connect import vetting_sockets
from despatch.errors import (
    BadStatus,
    DespatchError,
    PermanentError,
    ServerAway,
    Throttled,
    TransientError,
)
from despatch.ports import Response, Validators
from despatch.testing import Answer, FakeClock, LoopbackServer
from despatch.testing.certificates import make_certificates
from ingest.decompress import decompressor
from ingest.http import HttpFetcher

LOOPBACK = [ip_network("127.0.0.0/8")]
MIB = 1024 * 1024
NONE = Validators()


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    with LoopbackServer() as running:
        yield running


def fetch(
    address: str, validators: Validators = NONE, *, fetches: int = 1, **options: Any
) -> Response:
    """GET with a fetcher of its own; the last answer of several."""

    async def get() -> Response:
        async with HttpFetcher(**{"allow_networks": LOOPBACK} | options) as fetcher:
            for _ in range(fetches - 1):
                await fetcher.get(address, validators)
            return await fetcher.get(address, validators)

    return asyncio.run(get())


def fails(address: str, kind: type[DespatchError], word: str, **options: Any) -> DespatchError:
    """GET, and return the error that came of it: of this kind, beginning with this word."""
    with pytest.raises(kind) as caught:
        fetch(address, **options)
    assert str(caught.value).startswith(word)
    return caught.value


def test_an_answer_is_read_whole(server: LoopbackServer) -> None:
    clock = FakeClock()
    headers = [("ETag", 'W/"x"'), ("Last-Modified", "Mon, 02 Mar 2026 11:00:00 GMT")]
    address = server.will("/feed", Answer(headers=[*headers, ("X-More", "y")], body=b"<rss/>"))

    answer = fetch(address, clock=clock)

    assert (answer.status, answer.body, answer.address, answer.at) == (
        200,
        b"<rss/>",
        address,
        clock.now(),
    )
    assert answer.validators == Validators('W/"x"', "Mon, 02 Mar 2026 11:00:00 GMT")
    assert answer.header("x-more") == "y"


def test_we_say_who_we_are_and_send_nothing_else_of_us(server: LoopbackServer) -> None:
    address = server.will("/feed", Answer(headers=[("Set-Cookie", "id=1; Path=/")]))

    fetch(address, contact="ops@example.gov", fetches=2)

    for request in server.requests:
        assert request.headers["user-agent"].startswith("Despatch/")
        assert request.headers["user-agent"].endswith("(+ops@example.gov)")
        assert request.headers["accept-encoding"] == "gzip, deflate, br"
        assert not {"cookie", "referer", "if-none-match", "if-modified-since"} & set(
            request.headers
        )


def test_connections_are_kept(server: LoopbackServer) -> None:
    fetch(server.will("/feed", Answer(body=b"x")), fetches=5)

    assert (len(server.requests), server.connections) == (5, 1)


def test_a_kept_connection_that_was_closed_meanwhile_costs_nobody_a_failure(
    server: LoopbackServer,
) -> None:
    ok = Answer(body=b"<rss/>")
    address = server.will("/feed", ok, Answer(raw=b""), ok)

    assert fetch(address, fetches=2).body == b"<rss/>"
    assert server.connections == 2


def test_validators_are_sent_back_byte_for_byte_and_a_304_may_renew_one(
    server: LoopbackServer,
) -> None:
    address = server.will("/feed", Answer(304, headers=[("Last-Modified", "later")]))

    answer = fetch(address, Validators('W/"odd \' quotes"', "Sat Feb 30 not a date"))

    assert server.requests[0].headers["if-none-match"] == 'W/"odd \' quotes"'
    assert server.requests[0].headers["if-modified-since"] == "Sat Feb 30 not a date"
    assert (answer.status, answer.body) == (304, b"")
    assert answer.validators == Validators('W/"odd \' quotes"', "later")


def test_a_304_that_nobody_asked_for_is_an_error(server: LoopbackServer) -> None:
    fails(server.will("/feed", Answer(304)), TransientError, "http 304")


def _deflated(data: bytes) -> bytes:
    raw = zlib.compressobj(wbits=-15)
    return raw.compress(data) + raw.flush()


@pytest.mark.parametrize(
    "coding,coded",
    [
        ("gzip", gzip.compress(b"hello " * 1000)),
        ("x-gzip", gzip.compress(b"hello " * 500) + gzip.compress(b"hello " * 500)),
        ("deflate", zlib.compress(b"hello " * 1000)),
        ("deflate", _deflated(b"hello " * 1000)),
        ("identity", b"hello " * 1000),
        ("GZIP", gzip.compress(b"hello " * 1000)),
        ("br", brotli.compress(b"hello " * 1000)),
    ],
    ids=["gzip", "two members", "deflate", "raw deflate", "identity", "capitals", "br"],
)
def test_a_coding_is_undone(server: LoopbackServer, coding: str, coded: bytes) -> None:
    answer = fetch(server.will("/feed", Answer(headers=[("Content-Encoding", coding)], body=coded)))

    assert answer.body == b"hello " * 1000


@pytest.mark.parametrize(
    "coding,body,word",
    [
        ("br", b"\xff" * 20, "encoding"),
        ("br", brotli.compress(bytes(range(256)) * 50)[:-20], "truncated"),
        ("zstd", b"x", "encoding"),
        ("gzip, gzip", b"x", "encoding"),
        ("gzip", b"not gzip at all", "encoding"),
        ("gzip", gzip.compress(bytes(range(256)) * 50)[:-20], "truncated"),
    ],
)
def test_a_coding_that_cannot_be_undone_is_named(
    server: LoopbackServer, coding: str, body: bytes, word: str
) -> None:
    answer = Answer(headers=[("Content-Encoding", coding)], body=body)

    fails(server.will("/feed", answer), TransientError, word)


def _zeros(coding: str) -> bytes:
    """Return 64 MiB of zeros, coded: 64 kB of gzip, 60 bytes of brotli."""
    if coding == "br":
        return bytes(brotli.compress(bytes(64 * MIB), quality=4))
    return gzip.compress(bytes(64 * MIB))


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_a_bomb_never_gets_to_unfold(server: LoopbackServer, coding: str) -> None:
    bomb = Answer(headers=[("Content-Encoding", coding)], body=_zeros(coding))

    fails(server.will("/feed", bomb), PermanentError, "too large")


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_what_unfolds_is_made_in_pieces(coding: str) -> None:
    """However much is behind a chunk, what comes of it at once is bounded."""
    pieces = [len(piece) for piece in decompressor(coding).unfold(_zeros(coding))]

    assert sum(pieces) == 64 * MIB
    assert max(pieces) < MIB // 4


def test_large_bodies_wait_for_each_other_and_all_are_read(server: LoopbackServer) -> None:
    """Waiting is not counted: the time limit is each one's own."""
    addresses = [server.will(f"/{n}", Answer(body=bytes([n]) * 3 * MIB)) for n in range(8)]

    async def get() -> list[Response]:
        async with HttpFetcher(allow_networks=LOOPBACK, per_host=8) as fetcher:
            return await asyncio.gather(*map(fetcher.get, addresses))

    assert [answer.body[:1] for answer in asyncio.run(get())] == [bytes([n]) for n in range(8)]


@pytest.mark.parametrize("drip", [False, True], ids=["announced", "not announced"])
def test_a_body_over_the_limit_is_dropped(server: LoopbackServer, drip: bool) -> None:
    body = bytes(2 * MIB)
    raw = b"HTTP/1.1 200 OK\r\n\r\n" + body if drip else None

    address = server.will("/feed", Answer(body=body, raw=raw))

    fails(address, PermanentError, "too large", max_body_bytes=MIB)


def test_a_body_of_exactly_the_limit_passes(server: LoopbackServer) -> None:
    address = server.will("/feed", Answer(body=bytes(MIB)))

    assert len(fetch(address, max_body_bytes=MIB).body) == MIB


@pytest.mark.parametrize(
    "answer",
    [
        Answer(body=b"x" * 1000, drip_s=0.05),
        Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", hang=True),
    ],
    ids=["a byte at a time", "never the rest"],
)
def test_the_whole_answer_has_a_time(server: LoopbackServer, answer: Answer) -> None:
    address = server.will("/feed", answer)

    fails(address, ServerAway, "timeout", total=timedelta(seconds=0.5))


@contextmanager
def unanswered() -> Iterator[str]:
    """The address of a server that takes no connection: those that wait for it fill its queue."""
    with ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(8):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"


def test_a_connection_has_a_time_of_its_own() -> None:
    """Far below that of the whole answer, which would wait for it."""
    with unanswered() as address:
        short, long = timedelta(seconds=0.1), timedelta(hours=1)
        error = fails(address, ServerAway, "timeout", connect=short, total=long)

    assert "(0.1 s to connect, 3600 s in all)" in str(error)


def test_a_body_that_breaks_off_is_named(server: LoopbackServer) -> None:
    fails(server.will("/feed", Answer(body=b"x" * 100, cut=True)), TransientError, "truncated")


@pytest.mark.parametrize(
    "raw", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n"]
)
def test_what_is_no_answer_is_named(server: LoopbackServer, raw: bytes) -> None:
    with pytest.raises(TransientError, match=r"^(disconnected|bad answer)"):
        fetch(server.will("/feed", Answer(raw=raw)))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed(server: LoopbackServer, status: int) -> None:
    server.will("/new/feed", Answer(body=b"here"))
    address = server.will("/old", Answer(status, headers=[("Location", "new/feed#part")]))

    answer = fetch(address)

    assert (answer.body, answer.address) == (b"here", server.url("/new/feed"))


@pytest.mark.parametrize(
    "hops,moved",
    [([301], True), ([308, 301], True), ([302], False), ([301, 302], False), ([], False)],
)
def test_only_redirects_that_all_hold_for_good_are_a_move(
    server: LoopbackServer, hops: list[int], moved: bool
) -> None:
    for number, status in enumerate(hops):
        server.will(f"/{number}", Answer(status, headers=[("Location", f"/{number + 1}")]))
    server.will(f"/{len(hops)}", Answer(body=b"<rss/>"))

    assert fetch(server.url("/0")).moved is moved


def test_five_redirects_are_followed_and_not_six(server: LoopbackServer) -> None:
    for hop in range(6):
        server.will(f"/{hop}", Answer(302, headers=[("Location", f"/{hop + 1}")]))
    server.will("/6", Answer(body=b"here"))

    assert fetch(server.url("/1")).body == b"here"
    fails(server.url("/0"), PermanentError, "redirect")


def test_a_redirect_loop_ends(server: LoopbackServer) -> None:
    fails(server.will("/a", Answer(301, headers=[("Location", "/a")])), PermanentError, "redirect")


@pytest.mark.parametrize(
    "target,word",
    [
        ("http://10.0.0.1/x", "blocked address"),
        ("http://169.254.169.254/latest/meta-data", "blocked address"),
        ("http://[::1]:{port}/x", "blocked address"),
        ("http://[::ffff:10.0.0.1]/x", "blocked address"),
        ("file:///etc/passwd", "bad address"),
        ("http://user:pass@127.0.0.1:{port}/x", "bad address"),
        ("http://exam\\ple.gov/", "bad address"),
    ],
)
def test_a_redirect_inward_is_refused(server: LoopbackServer, target: str, word: str) -> None:
    target = target.format(port=server.port)
    address = server.will("/a", Answer(302, headers=[("Location", target)]))

    fails(address, PermanentError, word)

    assert [request.path for request in server.requests] == ["/a"]


def test_without_the_setting_loopback_is_refused(server: LoopbackServer) -> None:
    fails(server.url("/feed"), PermanentError, "blocked address", allow_networks=())
    fails(f"http://localhost:{server.port}/", PermanentError, "blocked address", allow_networks=())
    assert server.connections == 0


def resolver(*answers: Sequence[str]) -> Callable[[str], Awaitable[Sequence[str]]]:
    """A name server that gives these answers, one after the other, the last for ever."""
    left = list(answers)

    async def resolve(_host: str) -> Sequence[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


@pytest.mark.parametrize("ips", [["10.0.0.1"], ["127.0.0.1", "10.0.0.1"], ["fd00::1"]])
def test_a_name_with_one_address_inside_is_refused(server: LoopbackServer, ips: list[str]) -> None:
    address = f"http://feeds.example.gov:{server.port}/"

    fails(address, PermanentError, "blocked address", resolve=resolver(ips))

    assert server.connections == 0


def test_what_was_vetted_is_what_is_connected_to(server: LoopbackServer) -> None:
    """A name that resolves outward first and inward then gains nothing: it is asked once."""
    server.will("/", Answer(body=b"here"))
    asked: list[str] = []

    async def resolve(host: str) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    answer = fetch(f"http://feeds.example.gov:{server.port}/", resolve=resolve)

    assert answer.body == b"here"
    assert asked == ["feeds.example.gov"]
    assert server.requests[0].headers["host"] == f"feeds.example.gov:{server.port}"


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "017700000001", "127.0.0.1."])
def test_an_address_in_disguise_is_refused(server: LoopbackServer, host: str) -> None:
    fails(f"http://{host}:{server.port}/", PermanentError, "blocked address", allow_networks=())

    assert server.connections == 0


def test_requests_to_one_host_start_one_after_the_other(server: LoopbackServer) -> None:
    """A pause lies between them, and it does not count as the answer's time."""
    address = server.will("/feed", Answer(body=b"x"))

    async def get() -> list[Response]:
        async with HttpFetcher(
            allow_networks=LOOPBACK, pause=timedelta(seconds=0.2), total=timedelta(seconds=0.3)
        ) as fetcher:
            return await asyncio.gather(*(fetcher.get(address) for _ in range(4)))

    assert [answer.body for answer in asyncio.run(get())] == [b"x"] * 4


def test_a_name_that_does_not_resolve_is_named() -> None:
    async def unknown(_host: str) -> Sequence[str]:
        raise OSError("no such name")

    fails("http://feeds.example.gov/", ServerAway, "dns", resolve=unknown)
    fails("http://feeds.example.gov/", ServerAway, "dns", resolve=resolver([]))


def test_a_port_where_nothing_listens_is_named() -> None:
    with LoopbackServer() as server:
        address = server.url()

    fails(address, ServerAway, "refused")


@pytest.fixture
def tls_server(tmp_path: Path) -> Iterator[LoopbackServer]:
    """A server that is `localhost` to whoever trusts `ca.pem`."""
    make_certificates(tmp_path)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(tmp_path / "broker.pem")
    with LoopbackServer(tls=tls) as running:
        yield running


def test_a_certificate_that_nobody_vouches_for_is_named(tls_server: LoopbackServer) -> None:
    fails(tls_server.url(), TransientError, "tls")

    assert tls_server.requests == []


def test_a_redirect_from_https_to_http_is_refused(
    tls_server: LoopbackServer, tmp_path: Path
) -> None:
    trusted = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    address = f"https://localhost:{tls_server.port}"
    tls_server.will("/a", Answer(302, headers=[("Location", "/b")]))
    tls_server.will("/b", Answer(302, headers=[("Location", "http://localhost/")]))
    tls_server.will("/c", Answer(body=b"here"))

    assert fetch(f"{address}/c", tls=trusted, resolve=resolver(["127.0.0.1"])).body == b"here"
    fails(f"{address}/a", PermanentError, "redirect", tls=trusted, resolve=resolver(["127.0.0.1"]))


def test_a_socket_for_an_address_inside_is_never_made() -> None:
    """The last look, at the very address that is about to be connected to."""
    inside = (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("10.0.0.1", 80))

    with pytest.raises(OSError, match="blocked address"):
        vetting_sockets([])(inside)


def test_a_validator_that_cannot_be_sent_back_is_not_kept(server: LoopbackServer) -> None:
    raw = b'HTTP/1.1 200 OK\r\nETag: "\xff\xfe"\r\nContent-Length: 1\r\n\r\nx'

    assert fetch(server.will("/feed", Answer(raw=raw))).validators == Validators()


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 522, 204])
def test_what_may_pass_is_tried_again(server: LoopbackServer, status: int) -> None:
    fails(server.will("/feed", Answer(status)), TransientError, f"http {status}")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_what_will_not_pass_is_permanent(server: LoopbackServer, status: int) -> None:
    fails(server.will("/feed", Answer(status)), PermanentError, f"http {status}")


@pytest.mark.parametrize("status,kept", [(404, b""), (410, b"{}")])
def test_who_is_gone_may_say_why_and_who_said_so_is_told(
    server: LoopbackServer, status: int, kept: bytes
) -> None:
    there = server.will("/new", Answer(status, body=b"{}"))

    error = fails(
        server.will("/old", Answer(301, headers=[("Location", "/new")])),
        BadStatus,
        f"http {status}",
    )

    assert isinstance(error, BadStatus)
    assert (error.status, error.address, error.body) == (status, there, kept)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("value", ["90", "Mon, 02 Mar 2026 12:01:30 GMT"])
def test_the_server_says_how_long_to_wait(server: LoopbackServer, status: int, value: str) -> None:
    clock = FakeClock(datetime(2026, 3, 2, 12, tzinfo=UTC))
    address = server.will("/feed", Answer(status, headers=[("Retry-After", value)]))

    error = fails(address, TransientError, f"http {status}", clock=clock)

    assert isinstance(error, TransientError)
    assert error.retry_after == timedelta(seconds=90)


def test_a_wait_that_means_nothing_is_none(server: LoopbackServer) -> None:
    address = server.will("/feed", Answer(503, headers=[("Retry-After", "later")]))

    error = fails(address, TransientError, "http 503")

    assert isinstance(error, TransientError)
    assert error.retry_after is None


def test_a_host_that_asks_to_be_left_alone_is_not_asked_until_then(server: LoopbackServer) -> None:
    """Whatever the address: a 429 speaks for its host, a 503 for its address alone."""
    clock = FakeClock()
    slow = Answer(429, headers=[("Retry-After", "60")])
    busy = server.will("/busy", Answer(503, headers=[("Retry-After", "60")]))
    throttled = server.will("/slow", slow)
    well = server.will("/well", Answer(body=b"<rss/>"))

    async def work() -> None:
        async with HttpFetcher(allow_networks=LOOPBACK, clock=clock) as fetcher:
            with pytest.raises(TransientError, match="http 503"):
                await fetcher.get(busy)
            await fetcher.get(well)
            with pytest.raises(Throttled) as first:
                await fetcher.get(throttled)
            clock.move(timedelta(seconds=20))
            with pytest.raises(Throttled, match="not asked") as second:
                await fetcher.get(well)
            assert (first.value.asked, first.value.retry_after) == (True, timedelta(seconds=60))
            assert (second.value.asked, second.value.retry_after) == (False, timedelta(seconds=40))
            assert (second.value.host, second.value.status) == ("127.0.0.1", 429)
            clock.move(timedelta(seconds=40))
            await fetcher.get(well)

    asyncio.run(work())

    assert [request.path for request in server.requests] == ["/busy", "/well", "/slow", "/well"]
