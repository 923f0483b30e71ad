"""Webhooks, `json://` and `jsons://`: one POST of the alert as JSON, docs/reference/webhook.md.

Our own sender behind apprise's URL form, for apprise can't tell a 404 from a 503, read a
Retry-After, sign a body or keep a connection. Options of the form that hold here too: user and
password, method, `+header`, `-parameter`, `:field`, `verify=no`; and `secret=`, which signs.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import SecretStr

from alerts.attempts import MAX_RETRY_AFTER
from alerts.channels.answers import of_http
from alerts.channels.known import Known
from alerts.channels.lines import Lines
from alerts.channels.posting import FAULTS, failed
from alerts.channels.setup import ChannelSetup
from alerts.channels.signature import signed
from alerts.channels.target import Target, read_target
from alerts.messages import Messages
from despatch.errors import UsageError
from despatch.model import Alert, DeliveryId
from despatch.ports import Sender, Sent
from despatch.retry import parse_retry_after

SCHEMES = frozenset({"json", "jsons"})


def advice_of(url: SecretStr, setup: ChannelSetup) -> str:
    """Return what a person should know of this URL: that its POSTs are not signed; else nothing.

    Raises UsageError, without the secret.
    """
    if read_target(url, setup.allow_networks).signing_key is not None:
        return ""
    return (
        "POSTs to this webhook are not signed: whoever learns its address can send it the same. "
        "Make a secret with: echo whsec_$(openssl rand -base64 32), and put it into the URL, as "
        "?secret=…, with %2B for +"
    )


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
        self._lines: Lines | None = None

    def check(self, url: SecretStr) -> None:
        self._targets.of(url)

    def pause(self, url: SecretStr) -> timedelta:
        return timedelta(0)

    async def send(self, url: SecretStr, alert: Alert, key: DeliveryId) -> Sent:
        try:
            to = self._targets.of(url)
        except UsageError as exc:
            return Sent("permanent", f"bad channel: {exc}")
        if self._lines is None:  # made within the loop that sends
            self._lines = Lines(self._setup)
        request = _request(to, _body(to, self._setup.messages, alert, key), key)
        try:
            # What is repeated there after a lost connection has the same key.
            answer = await self._lines.ask(to.origin, request, with_body=to.method != "HEAD")
        except FAULTS as exc:
            return failed(exc, self._setup)
        return of_http(answer.status, _asked_wait(answer.retry_after))

    async def close(self) -> None:
        if self._lines is not None:
            await self._lines.close()
            self._lines = None


def _request(to: Target, body: bytes, key: DeliveryId) -> bytes:
    """Return all that goes over the wire (RFC 9112 §3)."""
    own = f"Content-Length: {len(body)}\r\nIdempotency-Key: {key}\r\nwebhook-id: {key}\r\n"
    if to.signing_key is not None:
        for name, value in signed(to.signing_key, key, body, datetime.now(UTC)).items():
            own += f"{name}: {value}\r\n"
    return b"%b%b\r\n%b" % (to.head, own.encode(), body)


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


def _asked_wait(retry_after: str | None) -> timedelta | None:
    if retry_after is None:
        return None
    return parse_retry_after(retry_after, datetime.now(UTC), most=MAX_RETRY_AFTER)
