"""The HTTP fetcher: one polite, bounded, guarded GET.

Everything a server sends is bounded: bytes after decompression, total time, redirects. Addresses
are vetted when the URL is read, when its name is resolved, and when the socket is made for the very
address that is connected to: there is no gap between check and connect.
"""

import asyncio
import errno
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from despatch import __version__
from despatch.errors import BadStatus, PermanentError, ServerAway, TransientError
from despatch.ports import Clock, Response, SystemClock, Validators
from despatch.retry import parse_retry_after
from ingest.decompress import ENCODINGS, Decompressor
from ingest.guard import Network, vet_ip, vet_url
from ingest.schedule import LONGEST_ASKED

MAX_BODY_BYTES = 15 * 1024 * 1024
MAX_REDIRECTS = 5
TOTAL = timedelta(seconds=30)
CONNECT = timedelta(seconds=10)

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_FOR_GOOD = frozenset({301, 308})
_PASSING = frozenset({408, 425, 429})
_CHUNK_BYTES = 64 * 1024
_NONE = Validators()

Resolve = Callable[[str], Awaitable[Sequence[str]]]
"""Returns the IP addresses of a host name; raises OSError."""


class HttpFetcher:
    """A `Fetcher` over aiohttp; use it as an async context manager.

    Connections are kept alive, at most `per_host` to a host and `at_once` in all. Cookies are
    neither kept nor sent. `allow_networks` are fetched from though they are not public. `tls` is
    whom to trust, if not whom the system trusts.
    """

    def __init__(
        self,
        *,
        contact: str | None = None,
        allow_networks: Sequence[Network] = (),
        clock: Clock | None = None,
        total: timedelta = TOTAL,
        max_body_bytes: int = MAX_BODY_BYTES,
        per_host: int = 2,
        at_once: int = 100,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._headers = {
            "User-Agent": f"Despatch/{__version__}" + (f" (+{contact})" if contact else ""),
            "Accept-Encoding": ENCODINGS,
        }
        self._allowed = tuple(allow_networks)
        self._clock = clock or SystemClock()
        self._total = total.total_seconds()
        self._max_body_bytes = max_body_bytes
        self._per_host = per_host
        self._at_once = at_once
        self._resolve = resolve or resolve_name
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(
            limit=self._at_once,
            limit_per_host=self._per_host,
            resolver=_VettingResolver(self._resolve, self._allowed),
            use_dns_cache=False,
            socket_factory=self._socket,
            ssl=self._tls or True,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=self._headers,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT.total_seconds()),
            auto_decompress=False,
            trust_env=False,
        )
        return self

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        _exc: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def get(
        self, address: str, validators: Validators = _NONE, *, accept: str = "*/*"
    ) -> Response:
        """Return the answer, after redirects: see `despatch.ports.Fetcher`.

        The text of an error begins with its word: dns, tls, timeout, refused, unreachable,
        disconnected, truncated, encoding, too large, redirect, bad address, blocked address,
        bad answer, http 503.
        """
        headers = {"Accept": accept}
        if validators.etag:
            headers["If-None-Match"] = validators.etag
        if validators.last_modified:
            headers["If-Modified-Since"] = validators.last_modified
        try:
            async with asyncio.timeout(self._total):
                return await self._follow(address, headers, validators)
        except TimeoutError as exc:
            raise ServerAway(
                f"timeout: {address} gave no whole answer in time "
                f"({CONNECT.total_seconds():g} s to connect, {self._total:g} s in all)"
            ) from exc
        except (aiohttp.ClientError, OSError, ValueError) as exc:
            raise _translate(address, exc) from exc

    async def _follow(
        self, address: str, headers: dict[str, str], validators: Validators
    ) -> Response:
        url = address
        for_good: list[bool] = []
        for _hop in range(MAX_REDIRECTS + 1):
            vet_url(url, self._allowed)
            answer = await self._ask(url, headers, validators)
            if isinstance(answer, Response):
                return replace(answer, moved=True) if for_good and all(for_good) else answer
            if url.startswith("https:") and answer.to.startswith("http:"):
                raise PermanentError(f"redirect: {url} sends from https to {answer.to}")
            url = answer.to
            for_good.append(answer.for_good)
        raise PermanentError(f"redirect: {address} redirects more than {MAX_REDIRECTS} times")

    async def _ask(self, url: str, headers: dict[str, str], given: Validators) -> "Response | _Hop":
        """Return the answer, or where it sends on to."""
        if self._session is None:
            raise RuntimeError("use HttpFetcher as an async context manager")
        async with self._session.get(url, headers=headers, allow_redirects=False) as answer:
            if answer.status in _REDIRECTS and (target := answer.headers.get("Location")):
                return _Hop(_joined(url, target), answer.status in _FOR_GOOD)
            await self._check_status(url, answer, asked=bool(given.etag or given.last_modified))
            body = b"" if answer.status == 304 else await self._read(url, answer)
            return Response(
                address=url,
                status=answer.status,
                body=body,
                at=self._clock.now(),
                headers=tuple(answer.headers.items()),
                validators=_renewed(answer, given),
            )

    async def _check_status(self, url: str, answer: aiohttp.ClientResponse, *, asked: bool) -> None:
        status = answer.status
        if status in {200, 203} or (status == 304 and asked):
            return
        text = f"http {status}: {url}" + (f" ({answer.reason})" if answer.reason else "")
        if status in _PASSING or status >= 500 or status < 400:
            wait = None
            if status in {429, 503} and (asked_for := answer.headers.get("Retry-After")):
                wait = parse_retry_after(asked_for, self._clock.now(), most=LONGEST_ASKED)
            raise TransientError(text, retry_after=wait, status=status)
        # Who is gone may say why, and where to look instead (GOV.UK's Content API does).
        body = await self._read(url, answer) if status == 410 else b""
        raise BadStatus(text, status=status, address=url, body=body)

    async def _read(self, url: str, answer: aiohttp.ClientResponse) -> bytes:
        announced = answer.content_length
        if announced is not None and announced > self._max_body_bytes:
            raise self._too_large(url)
        decompressor = Decompressor(answer.headers.get("Content-Encoding", ""))
        body = bytearray()
        async for chunk in answer.content.iter_chunked(_CHUNK_BYTES):
            body += decompressor.feed(chunk, self._max_body_bytes + 1 - len(body))
            if len(body) > self._max_body_bytes:
                answer.close()
                raise self._too_large(url)
        decompressor.finish()
        return bytes(body)

    def _too_large(self, url: str) -> PermanentError:
        limit = self._max_body_bytes / 1024 / 1024
        return PermanentError(f"too large: {url} is over {limit:g} MiB after decompression")

    def _socket(self, addr_info: aiohttp.AddrInfoType) -> socket.socket:
        """Make the socket for one address: the last look at it before it is connected to."""
        family, kind, protocol, _name, address = addr_info
        try:
            vet_ip(str(address[0]), str(address[0]), self._allowed)
        except PermanentError as exc:
            raise _Blocked(errno.EACCES, str(exc)) from exc
        return socket.socket(family, kind, protocol)


class _Hop(NamedTuple):
    to: str
    for_good: bool


class _Blocked(OSError):
    """The guard's refusal, in the one shape that a connector passes on."""


class _VettingResolver(AbstractResolver):
    """Resolves names, and refuses a host if a single one of its addresses is refused."""

    def __init__(self, resolve: Resolve, allowed: Sequence[Network]) -> None:
        self._resolve = resolve
        self._allowed = allowed

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolve(host)
        if not found:
            raise OSError(f"{host} has no address")
        for ip in found:
            vet_ip(ip, host, self._allowed)
        return [
            ResolveResult(
                hostname=host,
                host=ip,
                port=port,
                family=socket.AF_INET6 if ":" in ip else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for ip in found
        ]

    async def close(self) -> None:
        """Nothing is held open."""


async def resolve_name(host: str) -> Sequence[str]:
    """Return a host's addresses as the system knows them, in its order. Raises OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in found))


def _joined(url: str, target: str) -> str:
    try:
        joined = urljoin(url, target.strip())
        return urlsplit(joined)._replace(fragment="").geturl()
    except ValueError as exc:
        raise PermanentError(f"redirect: {url} sends to {target[:200]!r}") from exc


def _renewed(answer: aiohttp.ClientResponse, given: Validators) -> Validators:
    """Return the validators to ask with next time; a 304 may renew one and leave the other."""
    etag = _sendable(answer.headers.get("ETag"))
    modified = _sendable(answer.headers.get("Last-Modified"))
    if answer.status == 304:
        return Validators(etag or given.etag, modified or given.last_modified)
    return Validators(etag, modified)


def _sendable(value: str | None) -> str | None:
    """Return a validator if it can be sent back byte for byte: none is better than a wrong one."""
    if not value:
        return None
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return None
    return value


def _translate(address: str, exc: Exception) -> TransientError | PermanentError:
    """Return the error of our own tree that a failed request is."""
    if isinstance(exc, aiohttp.ClientConnectorDNSError):
        return ServerAway(f"dns: {address}: the host's name can't be resolved")
    if isinstance(exc, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return TransientError(f"tls: {address}: {exc}")
    if isinstance(exc, ssl.SSLError):
        return TransientError(f"tls: {address}: {exc}")
    if isinstance(exc, aiohttp.ClientConnectorError):
        cause = exc.os_error
        if isinstance(cause, _Blocked) or "blocked address" in str(cause):
            return PermanentError(cause.strerror or str(cause))
        if cause.errno == errno.ECONNREFUSED:
            return ServerAway(f"refused: {address}: nothing listens there")
        return ServerAway(f"unreachable: {address}: {cause}")
    if isinstance(exc, aiohttp.ClientPayloadError):
        return TransientError(f"truncated: {address}: the answer was cut off")
    if isinstance(exc, aiohttp.InvalidURL | UnicodeError):
        return PermanentError(f"bad address: {address}")
    if isinstance(exc, aiohttp.ClientResponseError):
        return TransientError(f"bad answer: {address}: {exc.message[:200]}")
    return ServerAway(f"disconnected: {address}: {exc or type(exc).__name__}")
