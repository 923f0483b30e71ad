"""GETs over kept connections, for what asks thousands of times: aiohttp without its session.

Connections, their guard, TLS and the parser of answers are aiohttp's. What its `ClientSession` puts
between them and its caller (cookies, redirects, tracing, default headers, an object for each
request) took two thirds of a small exchange, and nobody here needs it: docs/adr/0031.
"""

import re
import ssl
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from typing import NamedTuple, NewType
from weakref import WeakSet

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from despatch.connect import Resolve, VettingResolver, vetting_sockets
from despatch.guard import Network
from ingest.resting import MOMENT_S, Resting

Lines = NewType("Lines", bytes)
"""Header lines as they are sent, made by `header_lines` alone: nothing smuggled is in them."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SMUGGLED = re.compile(r"[\r\n\x00]")
# Most URLs need no quoting, and that is seen in a fifth of the time that it takes to read them.
_PLAIN = re.compile(
    r"(https?://[a-z0-9.-]+(?::[0-9]{1,5})?)"
    r"((?:/[A-Za-z0-9_~=-][A-Za-z0-9_~.=-]*)+/?(?:\?[A-Za-z0-9_~.=&/-]+)?)"
)
_MANY = 10_000
_SWITCHING = 101


def header_lines(pairs: Iterable[tuple[str, str]]) -> Lines:
    """Return headers as they are sent.

    Raises ValueError for a name that is none, and for a value with a line's end in it.
    """
    lines = ""
    for name, value in pairs:
        if not _TOKEN.fullmatch(name) or _SMUGGLED.search(value):
            raise ValueError(f"header {name[:50]!r} can't be sent")
        lines += f"{name}: {value}\r\n"
    return Lines(lines.encode())


class Answer:
    """The head of an answer, and its body as it comes; to be released or closed."""

    __slots__ = ("_back", "_connection", "content", "headers", "reason", "status")

    def __init__(
        self,
        connection: Connection,
        back: Callable[[], None],
        status: int,
        reason: str,
        headers: Mapping[str, str],
        content: aiohttp.StreamReader,
    ) -> None:
        self._connection = connection
        self._back = back
        self.status = status
        self.reason = reason
        self.headers = headers
        self.content = content

    @property
    def content_length(self) -> int | None:
        """How many bytes are announced."""
        said = self.headers.get("Content-Length")
        return int(said) if said is not None else None

    def close(self) -> None:
        """Close the connection: what is left of the body is not read."""
        self._connection.close()

    def release(self) -> None:
        """Keep the connection if the body has come whole, else close it."""
        self._back()


class Wire:
    """Kept connections to many hosts, guarded: see `despatch/connect.py`. One event loop's own.

    Neither redirects nor proxies nor cookies nor codings are dealt with. `at_once` is the most
    connections in use, `connect_s` the time to make one; the whole time is the caller's to limit.
    `tls` is whom to trust, if not whom the system trusts. `rests_s`: see `ingest/resting.py`.
    """

    def __init__(
        self,
        resolve: Resolve,
        allowed: Sequence[Network],
        *,
        at_once: int,
        connect_s: float,
        tls: ssl.SSLContext | None = None,
        rests_s: float = MOMENT_S,
    ) -> None:
        self._connector = aiohttp.TCPConnector(
            limit=at_once,
            resolver=VettingResolver(resolve, allowed),
            use_dns_cache=False,
            socket_factory=vetting_sockets(allowed),
            ssl=tls or True,
        )
        self._connect = aiohttp.ClientTimeout(sock_connect=connect_s)
        self._way = lru_cache(_MANY)(partial(_way, lru_cache(_MANY)(_request)))
        self._served: WeakSet[ResponseHandler] = WeakSet()
        self._resting = Resting(rests_s)

    async def ask(self, url: str, lines: Lines) -> Answer:
        """Return the answer to a GET, its body not read yet. `Host` is added to the lines.

        A kept connection that the other side has closed meanwhile is no failure: it is asked again
        over the next, and at last over a new one. Raises what aiohttp raises (`ClientError`,
        `TimeoutError`), PermanentError for an address that is refused once it is resolved, and
        ValueError for a URL that can't be asked for. The URL's own host is the caller's to vet.
        """
        way = self._way(url)
        while True:
            connection, kept = await self._connected(way)
            try:
                answer = await self._exchange(way, lines, connection)
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                connection.close()
                if not kept:
                    raise
            except BaseException:
                connection.close()
                raise
            else:
                if not kept and connection.protocol is not None:
                    self._served.add(connection.protocol)
                return answer

    def sent(self, url: str, lines: Lines) -> Sequence[tuple[str, str]]:
        """Return all headers that a GET is sent with."""
        head = self._way(url).begin + lines
        _first, *pairs = head.decode().removesuffix("\r\n").split("\r\n")
        return [(name, value) for name, _, value in (pair.partition(": ") for pair in pairs)]

    async def close(self) -> None:
        """Close every connection."""
        self._resting.close()
        await self._connector.close()

    async def _connected(self, way: "_Way") -> tuple[Connection, bool]:
        """Return a connection, and whether it has served before."""
        if (resting := self._resting.take(way.request)) is not None:
            return resting, True
        while True:
            self._resting.needed += 1
            try:
                connection = await self._connector.connect(way.request, [], self._connect)
            except TimeoutError as exc:
                where = way.request.url
                raise aiohttp.ConnectionTimeoutError(f"no connection to {where} in time") from exc
            finally:
                self._resting.needed -= 1
            protocol = connection.protocol
            kept = protocol in self._served
            if not kept or (protocol is not None and not protocol.should_close):
                return connection, kept
            connection.close()  # it has said something that nobody asked for

    async def _exchange(self, way: "_Way", lines: Lines, connection: Connection) -> Answer:
        protocol = connection.protocol
        if protocol is None or protocol.transport is None or protocol.transport.is_closing():
            raise aiohttp.ServerDisconnectedError
        protocol.set_response_params(read_until_eof=True, auto_decompress=False)
        protocol.transport.write(b"%b%b\r\n" % (way.begin, lines))
        try:
            head, content = await protocol.read()
            while 100 <= head.code < 200 and head.code != _SWITCHING:
                head, content = await protocol.read()
        except HttpProcessingError as exc:
            raise aiohttp.ClientResponseError(
                way.request.request_info, (), status=exc.code, message=exc.message
            ) from exc
        back = partial(self._resting.rest, way.request, connection)
        return Answer(connection, back, head.code, head.reason, head.headers, content)


class _Way(NamedTuple):
    """How a URL is asked for."""

    request: aiohttp.ClientRequest
    """Never sent: it tells aiohttp's connector where to connect to. One for all of an origin."""
    begin: bytes
    """What a request begins with: its first line and `Host`."""


def _request(origin: str) -> aiohttp.ClientRequest:
    return aiohttp.ClientRequest("GET", URL(origin))


def _way(request_to: Callable[[str], aiohttp.ClientRequest], url: str) -> _Way:
    """Return how a URL is asked for, read and quoted as aiohttp does. Raises ValueError."""
    origin, target = origin_and_target(url)
    request = request_to(origin)
    begin = f"GET {target} HTTP/1.1\r\nHost: {request.headers['Host']}\r\n"
    return _Way(request, begin.encode("ascii"))


def origin_and_target(url: str) -> tuple[str, str]:
    """Return whom a URL asks, and for what: `("https://x.gov", "/a?b=c")`. Raises ValueError."""
    if plain := _PLAIN.fullmatch(url):
        return plain[1], plain[2]
    read = URL(url)
    if read.scheme not in {"http", "https"} or not read.raw_host:
        raise aiohttp.InvalidURL(url)
    if read.raw_user or read.raw_password:
        raise aiohttp.InvalidURL(read.with_user(None), "a user name stands in it")
    return str(read.origin()), read.raw_path_qs
