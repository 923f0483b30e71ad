"""How a GET goes out: straight over kept connections, or through a proxy."""

import ssl
from collections.abc import Awaitable, Mapping, Sequence
from functools import lru_cache
from typing import Protocol

import aiohttp
from yarl import URL

from despatch.connect import Resolve, VettingResolver, vetting_sockets
from despatch.guard import EVERYWHERE, Network, vet_host, vet_ip
from despatch.ports import Validators
from ingest.body import Coming
from ingest.wire import Lines, Wire, header_lines

Headers = Sequence[tuple[str, str]]


class Answer(Coming, Protocol):
    """The head of an answer: the wire's, and aiohttp's own."""

    @property
    def status(self) -> int: ...
    @property
    def reason(self) -> str | None: ...
    def release(self) -> object:
        """Keep the connection, if the body was read whole."""
        ...


class Outward(Protocol):
    """A way for GETs to go out."""

    def ask(self, url: str, accept: str, known: Validators) -> Awaitable[Answer]:
        """Return an answer, which is to be released or closed; raises what aiohttp raises."""
        ...

    def sent(self, url: str, accept: str, known: Validators) -> Headers:
        """Return the headers that a GET is sent with."""
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...


class Straight:
    """GETs sent to the host itself: see `ingest/wire.py`. One event loop's own."""

    def __init__(
        self,
        always: Headers,
        resolve: Resolve,
        allowed: Sequence[Network],
        at_once: int,
        tls: ssl.SSLContext | None,
        connect_s: float,
    ) -> None:
        self._wire = Wire(resolve, allowed, at_once=at_once, connect_s=connect_s, tls=tls)
        first = header_lines(always)
        self._accepting = lru_cache(100)(lambda a: first + header_lines([("Accept", a)]))

    def ask(self, url: str, accept: str, known: Validators) -> Awaitable[Answer]:
        return self._wire.ask(url, self._lines(accept, known))

    def sent(self, url: str, accept: str, known: Validators) -> Headers:
        return self._wire.sent(url, self._lines(accept, known))

    async def close(self) -> None:
        await self._wire.close()

    def _lines(self, accept: str, known: Validators) -> Lines:
        return Lines(self._accepting(accept) + header_lines(_conditions(known)))


class Proxied:
    """GETs sent through an HTTP proxy, which resolves the names: docs/adr/0009."""

    def __init__(
        self,
        proxy: str,
        always: Headers,
        resolve: Resolve,
        allowed: Sequence[Network],
        at_once: int,
        tls: ssl.SSLContext | None,
        connect_s: float,
    ) -> None:
        self._proxy = URL(proxy)
        self._always = tuple(always)
        self._resolve = resolve
        self._allowed = tuple(allowed)
        # The only connection is to the proxy, which the operator has named.
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=at_once,
                resolver=VettingResolver(resolve, EVERYWHERE),
                use_dns_cache=False,
                socket_factory=vetting_sockets(EVERYWHERE),
                ssl=tls or True,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=connect_s),
            auto_decompress=False,
            trust_env=False,
        )

    async def ask(self, url: str, accept: str, known: Validators) -> Answer:
        await self._vet(url)
        return await self._session.get(
            url, headers=self._given(accept, known), allow_redirects=False, proxy=self._proxy
        )

    def sent(self, url: str, accept: str, known: Validators) -> Headers:
        host = URL(url).host_port_subcomponent or ""
        return [("Host", host), *self._given(accept, known).items()]

    async def close(self) -> None:
        await self._session.close()

    def _given(self, accept: str, known: Validators) -> Mapping[str, str]:
        return dict([*self._always, ("Accept", accept), *_conditions(known)])

    async def _vet(self, url: str) -> None:
        """Refuse what leads inward as far as we can tell; a name that only it knows is the proxy's.

        The host is read as it will be sent: no resolver and no socket of ours sees it again.
        """
        host = URL(url).host or ""
        vet_host(host, self._allowed)
        try:
            found = await self._resolve(host)
        except OSError:
            return
        for ip in found:
            vet_ip(ip, host, self._allowed)


def _conditions(known: Validators) -> Headers:
    found = []
    if known.etag:
        found.append(("If-None-Match", known.etag))
    if known.last_modified:
        found.append(("If-Modified-Since", known.last_modified))
    return found
