"""Webhooks, `json://` and `jsons://`: one POST of the alert as JSON, docs/reference/webhook.md.

Our own sender behind apprise's URL form, for apprise can't tell a 404 from a 503 nor read a
Retry-After. Options of the form that hold here too: user and password, method, `+header`,
`-parameter`, `:field`, `verify=no`.
"""

import base64
import http.client
import json
import re
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import quote, unquote, urlencode

from pydantic import SecretStr

from alerts import message
from alerts.attempts import MAX_RETRY_AFTER
from alerts.channels import grammar, scheme_of
from alerts.channels.answers import of_http
from alerts.channels.limited import within
from alerts.channels.setup import ChannelSetup
from alerts.channels.tls import trusting
from despatch import __version__
from despatch.errors import UsageError
from despatch.model import Alert, DeliveryId
from despatch.ports import Sender, Sent
from despatch.retry import parse_retry_after

SCHEMES = frozenset({"json", "jsons"})

_PATH_SAFE = "/~!$&'()*+,;=:@"
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_OURS = frozenset({"content-length", "transfer-encoding", "connection", "idempotency-key"})


@dataclass(frozen=True)
class Target:
    """Where one webhook is; a secret, so its representation says nothing."""

    secure: bool
    host: str
    port: int
    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    fields: tuple[tuple[str, str], ...]
    verify: bool

    def __repr__(self) -> str:
        return "Target(…)"


def open_channel(setup: ChannelSetup) -> Sender:
    """Return the webhooks' sender."""
    return Webhook(setup)


class Webhook:
    """Sends one POST on a connection of its own; follows no redirect, uses no proxy."""

    def __init__(self, setup: ChannelSetup) -> None:
        self.time_limit = setup.time_limit
        self._setup = setup

    def check(self, url: SecretStr) -> None:
        target(url)

    def send(self, url: SecretStr, alert: Alert, key: DeliveryId) -> Sent:
        try:
            to = target(url)
        except UsageError as exc:
            return Sent("permanent", str(exc))
        body = json.dumps(_body(to, message.payload(alert, key)), ensure_ascii=False).encode()
        return within(self.time_limit, partial(self._post, to, body, key))

    def _post(self, to: Target, body: bytes, key: DeliveryId) -> Sent:
        connection = _connection(to, self._setup.connect_timeout)
        try:
            return self._exchange(connection, to, body, key)
        finally:
            connection.close()

    def _exchange(
        self, connection: http.client.HTTPConnection, to: Target, body: bytes, key: DeliveryId
    ) -> Sent:
        try:
            connection.connect()
        except ssl.SSLError as exc:
            return Sent("temporary", f"no TLS with the other side: {exc.reason or 'refused'}")
        except (OSError, UnicodeError) as exc:
            return Sent("temporary", f"the other side can't be reached: {_named(exc)}")
        wait = self._setup.read_timeout
        if connection.sock is not None:
            connection.sock.settimeout(wait.total_seconds())
        try:
            connection.request(to.method, to.path, body, _headers(to, key))
            answer = connection.getresponse()
        except TimeoutError:
            return Sent("in doubt", f"no answer within {wait.total_seconds():g} s")
        except (OSError, http.client.HTTPException) as exc:
            return Sent("in doubt", f"the other side hung up without an answer: {_named(exc)}")
        return of_http(answer.status, _asked_wait(answer))


def target(url: SecretStr) -> Target:
    """Return where a webhook's URL leads. Raises UsageError, without the secret."""
    plugin = grammar.read(url)
    headers = {"User-Agent": f"Despatch/{__version__}", "Content-Type": "application/json"}
    if plugin.user:
        login = f"{plugin.user}:{plugin.password or ''}".encode()
        headers["Authorization"] = "Basic " + base64.b64encode(login).decode()
    headers |= plugin.headers
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise UsageError(f"a +header of this {scheme_of(url)}:// URL can't be sent")
        if name.lower() in _OURS:
            raise UsageError(f"the header {name} is ours to set: leave it out of the URL")
    query = "?" + urlencode(plugin.params) if plugin.params else ""
    return Target(
        secure=plugin.secure,
        host=plugin.host.strip("[]"),
        port=plugin.port or (443 if plugin.secure else 80),
        method=plugin.method,
        path=quote(unquote(plugin.fullpath), safe=_PATH_SAFE) + query,
        headers=tuple(headers.items()),
        fields=tuple(plugin.payload_extras.items()),
        verify=plugin.verify_certificate,
    )


def _body(to: Target, payload: dict[str, Any]) -> dict[str, Any]:
    """Return the payload with the URL's `:fields`: as apprise does, a known one is renamed."""
    for name, value in to.fields:
        if name not in payload:
            payload[name] = value
        else:
            known = payload.pop(name)
            if value:
                payload[value] = known
    return payload


def _headers(to: Target, key: DeliveryId) -> dict[str, str]:
    return {**dict(to.headers), "Idempotency-Key": key, "Connection": "close"}


def _connection(to: Target, timeout: timedelta) -> http.client.HTTPConnection:
    seconds = timeout.total_seconds()
    if not to.secure:
        return http.client.HTTPConnection(to.host, to.port, timeout=seconds)
    context = trusting(verify=to.verify)
    return http.client.HTTPSConnection(to.host, to.port, timeout=seconds, context=context)


def _asked_wait(answer: http.client.HTTPResponse) -> timedelta | None:
    asked = answer.getheader("Retry-After")
    if asked is None:
        return None
    return parse_retry_after(asked, datetime.now(UTC), most=MAX_RETRY_AFTER)


def _named(exc: Exception) -> str:
    """Return an error by its class: its text can hold the address."""
    return type(exc).__name__
