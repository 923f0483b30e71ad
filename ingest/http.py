"""The HTTP fetcher: one polite, bounded, guarded GET.

Everything a server sends is bounded: bytes after decompression, total time, redirects. Addresses
are vetted when a URL is read, and again on the way to the connection: see `despatch/connect.py`.
"""

import ssl
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import urljoin, urlsplit

import aiohttp

from despatch import __version__
from despatch.connect import Resolve, SystemResolver
from despatch.errors import (
    BadStatus,
    DespatchError,
    PermanentError,
    ServerAway,
    Throttled,
    TransientError,
)
from despatch.guard import Network, host_of, vet_host
from despatch.ports import Clock, Grow, Response, SystemClock, Validators
from despatch.retry import parse_retry_after
from ingest.body import BodyReader
from ingest.decompress import ENCODINGS
from ingest.http_errors import translate
from ingest.limits import Limit, Limits
from ingest.outward import Answer, Outward, Proxied, Straight
from ingest.pace import PER_HOST, Pace
from ingest.schedule import LONGEST_ASKED
from ingest.witness import Witness

MAX_BODY_BYTES = 15 * 1024 * 1024
MAX_REDIRECTS = 5
TOTAL = timedelta(seconds=30)
CONNECT = timedelta(seconds=10)

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_FOR_GOOD = frozenset({301, 308})
_PASSING = frozenset({408, 425, 429})
_NONE = Validators()
_NO_PAUSE = timedelta(0)


class HttpFetcher:
    """A `Fetcher`; use it as an async context manager.

    Connections are kept alive. At most `per_host` requests are under way at a host, and `pause`
    lies between two starts there; `at_once` is the most in all. `total` is the time for one
    answer, redirects included; waiting for a turn at the host is not counted. `connect` is the time
    to make a connection. Cookies are neither kept nor sent, nor is a Referer.

    `allow_networks` are fetched from though they are not public. `tls` is whom to trust, if not
    whom the system trusts. `proxy` is the address of an HTTP proxy that every request goes
    through: the only thing then that is connected to, wherever it is. `witness` notes what is done.
    """

    def __init__(
        self,
        *,
        contact: str | None = None,
        allow_networks: Sequence[Network] = (),
        clock: Clock | None = None,
        total: timedelta = TOTAL,
        connect: timedelta = CONNECT,
        max_body_bytes: int = MAX_BODY_BYTES,
        per_host: int = PER_HOST,
        pause: timedelta = _NO_PAUSE,
        at_once: int = 100,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
        proxy: str | None = None,
        witness: Witness | None = None,
    ) -> None:
        self._allowed = tuple(allow_networks)
        self._clock = clock or SystemClock()
        self._total_s = total.total_seconds()
        self._connect_s = connect.total_seconds()
        self._bodies = BodyReader(max_body_bytes)
        self._at_once = at_once
        self._pace = Pace(per_host, pause)
        self._held: dict[str, datetime] = {}
        self._vetted: set[str] = set()
        self._system = SystemResolver()
        self._resolve = resolve or self._system
        self._witness = witness
        if witness is not None:
            self._resolve = witness.resolving(self._resolve)
        self._tls = tls
        self._proxy = proxy
        self._always = (
            ("User-Agent", f"Despatch/{__version__}" + (f" (+{contact})" if contact else "")),
            ("Accept-Encoding", ENCODINGS),
        )
        self._open: _Open | None = None

    async def __aenter__(self) -> Self:
        whom = (self._always, self._resolve, self._allowed)
        given = (*whom, self._at_once, self._tls, self._connect_s)
        outward = Proxied(self._proxy, *given) if self._proxy else Straight(*given)
        self._open = _Open(outward, Limits())
        return self

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        _exc: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if self._open is not None:
            await self._open.outward.close()
            self._open = None
        self._system.close()

    async def get(
        self,
        address: str,
        validators: Validators = _NONE,
        *,
        accept: str = "*/*",
        grow: Grow | None = None,
    ) -> Response:
        """Return the answer, after redirects: see `despatch.ports.Fetcher`.

        The text of an error begins with its word: dns, tls, timeout, refused, unreachable,
        disconnected, truncated, encoding, too large, redirect, bad address, blocked address,
        bad answer, proxy, http 503.
        """
        try:
            return await self._follow(address, accept, validators, grow)
        except TimeoutError as exc:
            raise ServerAway(
                f"timeout: {address} gave no whole answer in time "
                f"({self._connect_s:g} s to connect, {self._total_s:g} s in all)"
            ) from exc
        except (aiohttp.ClientError, OSError, ValueError) as exc:
            raise translate(address, exc, proxied=bool(self._proxy)) from exc

    async def _follow(
        self, address: str, accept: str, known: Validators, grow: Grow | None
    ) -> Response:
        if self._open is None:
            raise RuntimeError("use HttpFetcher as an async context manager")
        outward, limits = self._open
        url, left_s = address, self._total_s
        for_good: bool | None = None
        for _hop in range(MAX_REDIRECTS + 1):
            host = self._vetted_host(url)
            async with self._pace.turn(host):
                self._check_held(host, url)
                with limits.within(left_s) as limit:
                    answer = await self._ask(outward, url, accept, known, limit, grow)
            if isinstance(answer, Response):
                return replace(answer, moved=True) if for_good else answer
            left_s = limit.left_s
            if url.lower().startswith("https:") and answer.to.startswith("http:"):
                raise PermanentError(f"redirect: {url} sends from https to {answer.to}")
            url, for_good = answer.to, answer.for_good and for_good is not False
        raise PermanentError(f"redirect: {address} redirects more than {MAX_REDIRECTS} times")

    def _vetted_host(self, url: str) -> str:
        """Return the host of a URL that may be asked; each is looked at once."""
        host = host_of(url)
        if host not in self._vetted:
            vet_host(host, self._allowed)
            self._vetted.add(host)
        return host

    async def _ask(
        self,
        outward: Outward,
        url: str,
        accept: str,
        known: Validators,
        limit: Limit,
        grow: Grow | None,
    ) -> "Response | _Hop":
        """Return the answer, or where it sends on to."""
        answer = await outward.ask(url, accept, known)
        try:
            if self._witness is not None:
                sent = outward.sent(url, accept, known)
                self._witness.saw(url, sent, answer, self._clock.now())
            return await self._read(url, answer, known, limit, grow)
        finally:
            answer.release()

    async def _read(
        self,
        url: str,
        answer: Answer,
        given: Validators,
        limit: Limit,
        grow: Grow | None,
    ) -> "Response | _Hop":
        if answer.status in _REDIRECTS and (target := answer.headers.get("Location")):
            return _Hop(_joined(url, target), answer.status in _FOR_GOOD)
        if answer.status not in {200, 203} and not (answer.status == 304 and given != _NONE):
            raise await self._failed(url, answer, limit)
        body = b"" if answer.status == 304 else await self._bodies.read(url, answer, limit, grow)
        return Response(
            address=url,
            status=answer.status,
            body=body,
            at=self._clock.now(),
            headers=tuple(answer.headers.items()),
            validators=_renewed(answer, given),
        )

    async def _failed(
        self, url: str, answer: Answer, limit: Limit
    ) -> TransientError | PermanentError:
        status = answer.status
        text = f"http {status}: {url}" + (f" ({answer.reason})" if answer.reason else "")
        if status in _PASSING or status >= 500 or status < 400:
            wait = None
            if status in {429, 503} and (asked_for := answer.headers.get("Retry-After")):
                wait = parse_retry_after(asked_for, self._clock.now(), most=LONGEST_ASKED)
            if status == 429 and wait:
                host = host_of(url)
                self._held[host] = self._clock.now() + wait
                return Throttled(text, retry_after=wait, host=host, asked=True)
            return TransientError(text, retry_after=wait, status=status)
        body = await self._last_words(url, answer, limit) if status == 410 else b""
        return BadStatus(text, status=status, address=url, body=body)

    def _check_held(self, host: str, url: str) -> None:
        """Leave a host alone that has asked for it; a 503's wait is its address's alone."""
        until = self._held.get(host)
        if until is None:
            return
        left = until - self._clock.now()
        if left <= timedelta(0):
            del self._held[host]
            return
        text = (
            f"http 429: {url} was not asked: {host} wants to be left alone until {until:%H:%M} UTC"
        )
        raise Throttled(text, retry_after=left, host=host, asked=False)

    async def _last_words(self, url: str, answer: Answer, limit: Limit) -> bytes:
        """Who is gone may say why, and where to look instead (GOV.UK's Content API does)."""
        try:
            return await self._bodies.read(url, answer, limit)
        except (DespatchError, aiohttp.ClientError):
            return b""


class _Open(NamedTuple):
    """What a fetcher has while it is open."""

    outward: Outward
    limits: Limits


class _Hop(NamedTuple):
    to: str
    for_good: bool


def _joined(url: str, target: str) -> str:
    try:
        joined = urljoin(url, target.strip())
        return urlsplit(joined)._replace(fragment="").geturl()
    except ValueError as exc:
        raise PermanentError(f"redirect: {url} sends to {target[:200]!r}") from exc


def _renewed(answer: Answer, given: Validators) -> Validators:
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
