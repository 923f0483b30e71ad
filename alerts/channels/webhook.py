"""Webhooks, `json://` and `jsons://`: one POST of the alert as JSON, docs/reference/webhook.md.

Our own sender behind apprise's URL form, for apprise can't tell a 404 from a 503, read a
Retry-After, sign a body or keep a connection. Options of the form that hold here too: user and
password, method, `+header`, `-parameter`, `:field`, `verify=no`; and `secret=`, which signs.
"""

import asyncio
import json
import socket
import ssl
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import aiohttp
from aiohttp import AddrInfoType, SocketFactoryType
from pydantic import SecretStr

from alerts.attempts import MAX_RETRY_AFTER
from alerts.channels.answers import of_http
from alerts.channels.known import Known
from alerts.channels.posting import blocked, failed
from alerts.channels.setup import ChannelSetup
from alerts.channels.signature import signed
from alerts.channels.target import Target, read_target
from alerts.channels.tls import trusting
from alerts.messages import Messages
from despatch.connect import SystemResolver, VettingResolver, vetting_sockets
from despatch.errors import PermanentError, UsageError
from despatch.model import Alert, DeliveryId
from despatch.ports import Sender, Sent
from despatch.retry import parse_retry_after

SCHEMES = frozenset({"json", "jsons"})

_KEPT_S = 4
"""How long a connection is kept without use: less than the 5 s after which Node's servers close."""
_MAX_ANSWER_BYTES = 64 * 1024
_ANSWER_S = 1.0
"""How long the rest of an answer is read for, so that its connection can be kept."""


def open_channel(setup: ChannelSetup) -> Sender:
    """Return the webhooks' sender."""
    return Webhook(setup)


class Webhook:
    """Sends POSTs over kept connections; follows no redirect, uses no proxy, goes nowhere inside.

    An address is vetted when the URL is read, when its name is resolved, and when the socket is
    made: see `despatch/connect.py`.
    """

    def __init__(self, setup: ChannelSetup) -> None:
        self.time_limit = setup.time_limit
        self._setup = setup
        self._targets: Known[Target] = Known(lambda url: read_target(url, setup.allow_networks))
        self._session: aiohttp.ClientSession | None = None
        self._resolver: SystemResolver | None = None

    def check(self, url: SecretStr) -> None:
        self._targets.of(url)

    def pause(self, url: SecretStr) -> timedelta:
        return timedelta(0)

    async def send(self, url: SecretStr, alert: Alert, key: DeliveryId) -> Sent:
        try:
            to = self._targets.of(url)
        except UsageError as exc:
            return Sent("permanent", f"bad channel: {exc}")
        body = _body(to, self._setup.messages, alert, key)
        headers = dict(to.headers)
        headers["Idempotency-Key"] = headers["webhook-id"] = key
        if to.signing_key is not None:
            headers |= signed(to.signing_key, key, body, datetime.now(UTC))
        return await self._post(to, headers, body)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None
        if self._resolver is not None:
            self._resolver.close()
            self._resolver = None

    async def _post(self, to: Target, headers: dict[str, str], body: bytes) -> Sent:
        """Post; again at once if a kept connection was closed by the other side meanwhile.

        Nearly always it was idle for too long, and nothing has arrived; the key is the same. Each
        such connection is gone then, so the last try is over a new one.
        """
        try:
            async with asyncio.timeout(self.time_limit.total_seconds()):
                while True:
                    connection = _Connection()
                    try:
                        return await self._post_over(connection, to, headers, body)
                    except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as exc:
                        if not connection.kept:
                            return failed(exc, self._setup)
        except PermanentError as exc:  # the guard's, about what the host's name resolved to
            return blocked(str(exc))
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as exc:
            return failed(exc, self._setup)

    async def _post_over(
        self, connection: "_Connection", to: Target, headers: dict[str, str], body: bytes
    ) -> Sent:
        _OVER.set(connection)
        async with self._opened().request(
            to.method,
            to.url,
            data=body,
            headers=headers,
            allow_redirects=False,
            ssl=_trusting(to.verify),
        ) as answer:
            sent = of_http(answer.status, _asked_wait(answer))
            await _read_rest(answer)
            return sent

    def _opened(self) -> aiohttp.ClientSession:
        """Return the session, made within the loop that sends."""
        if self._session is None:
            setup = self._setup
            self._resolver = SystemResolver()
            resolve = setup.resolve or self._resolver
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=0,  # how many are under way is the worker's to say
                    resolver=VettingResolver(resolve, setup.allow_networks),
                    use_dns_cache=False,
                    socket_factory=_noting_new(vetting_sockets(setup.allow_networks)),
                    keepalive_timeout=_KEPT_S,
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                timeout=aiohttp.ClientTimeout(
                    total=setup.time_limit.total_seconds(),
                    sock_connect=setup.connect_timeout.total_seconds(),
                    sock_read=setup.read_timeout.total_seconds(),
                ),
            )
        return self._session


class _Connection:
    """What a POST went over."""

    def __init__(self) -> None:
        self.kept = True
        """Whether it had served before: no socket was made for it."""


_OVER: ContextVar[_Connection] = ContextVar("over")
"""Of the send that asks for a socket. (aiohttp's tracing says it too, for a tenth of a send.)"""


def _noting_new(make: SocketFactoryType) -> SocketFactoryType:
    """Return what makes a socket, and notes that the connection is no kept one."""

    def made(address: AddrInfoType) -> socket.socket:
        _OVER.get().kept = False
        return make(address)

    return made


async def _read_rest(answer: aiohttp.ClientResponse) -> None:
    """Read what is left of a short answer, for the connection's sake; else close it."""
    content = answer.content
    if content.at_eof():
        return
    try:
        async with asyncio.timeout(_ANSWER_S):
            left = _MAX_ANSWER_BYTES
            while left > 0 and not content.at_eof():
                left -= len(await content.readany())
    except (TimeoutError, aiohttp.ClientError, OSError):
        answer.close()
    else:
        if not content.at_eof():
            answer.close()


def _body(to: Target, messages: Messages, alert: Alert, key: DeliveryId) -> bytes:
    encoded = messages.encoded(alert, key)
    if not to.fields:
        return encoded
    payload = _with_fields(to, json.loads(encoded))
    return json.dumps(payload, ensure_ascii=False).encode()


def _with_fields(to: Target, payload: dict[str, Any]) -> dict[str, Any]:
    """Return the payload with the URL's `:fields`: as apprise does, a known one is renamed."""
    for name, value in to.fields:
        if name not in payload:
            payload[name] = value
        else:
            known = payload.pop(name)
            if value:
                payload[value] = known
    return payload


@cache
def _trusting(verify: bool) -> ssl.SSLContext:
    return trusting(verify=verify)


def _asked_wait(answer: aiohttp.ClientResponse) -> timedelta | None:
    asked = answer.headers.get("Retry-After")
    if asked is None:
        return None
    return parse_retry_after(asked, datetime.now(UTC), most=MAX_RETRY_AFTER)
