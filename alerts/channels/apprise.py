"""Every service that apprise knows, sent to as apprise needs it to be sent to.

A plugin is made for each send and called directly: apprise's own pool is shared by the process,
so one slow service would time out all others. Its retries are blind and are left off. It says
only yes or no, so what came of a no is read from what it logged.
"""

import re
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from apprise import NotifyType
from pydantic import SecretStr

from alerts.addresses import email_address
from alerts.channels import grammar, scheme_of
from alerts.channels.answers import of_http
from alerts.channels.form import fit
from alerts.channels.limited import within
from alerts.channels.setup import ChannelSetup
from alerts.messages import Messages
from despatch.errors import UsageError
from despatch.fingerprint import digest
from despatch.model import Alert, DeliveryId
from despatch.ports import Sender, Sent

SCHEMES: frozenset[str] = frozenset()
"""None of its own: it takes what no other module takes."""

_KEY_SCHEMES = frozenset({"json", "jsons", "xml", "xmls", "form", "forms"})
"""Those that can carry a header."""
_STATUS = re.compile(r"\berror=(\d{3})\b")
_MAYBE = re.compile(
    r"read timed out|remote end closed|remotedisconnected|connection aborted|reset by peer"
    r"|incompleteread|chunkedencoding|broken pipe",
    re.IGNORECASE,
)
"""The request went out; whether it was taken is not known."""
_NEVER = re.compile(
    r"refused|failed to establish|name or service not known|resolution|connect timeout"
    r"|unreachable|certificate|ssl|no route",
    re.IGNORECASE,
)


def address_of(url: SecretStr, _setup: ChannelSetup) -> SecretStr | None:
    """Return the e-mail address that a service sends to (`sendgrid://`, `mailgun://`, …), if any.

    It is what apprise takes for the URL's only target. Raises UsageError, without the secret.
    """
    targets = getattr(grammar.read(url), "targets", None)
    if not isinstance(targets, list) or len(targets) != 1:
        return None
    one = targets[0][-1] if isinstance(targets[0], tuple) else targets[0]
    try:
        return email_address(one) if isinstance(one, str) else None
    except UsageError:
        return None


def open_channel(setup: ChannelSetup) -> Sender:
    """Return the sender to apprise's services."""
    return AppriseChannel(setup)


def known_schemes() -> frozenset[str]:
    """Return every scheme that apprise knows; a few are refused by `check`, with the reason."""
    return grammar.known_schemes()


class AppriseChannel:
    """Sends by apprise, a plugin for each send."""

    def __init__(self, setup: ChannelSetup) -> None:
        self.time_limit = setup.time_limit
        self._setup = setup

    def check(self, url: SecretStr) -> None:
        grammar.one_recipient(grammar.read(url), scheme_of(url))

    def pause(self, url: SecretStr) -> timedelta:
        """Return what the service wants between two messages; a fresh plugin would never wait."""
        try:
            return timedelta(seconds=float(grammar.read(url).request_rate_per_sec))
        except UsageError:
            return timedelta(0)

    async def send(self, url: SecretStr, alert: Alert, key: DeliveryId) -> Sent:
        try:
            plugin = grammar.read(url)
            grammar.one_recipient(plugin, scheme_of(url))
        except UsageError as exc:
            return Sent("permanent", f"bad channel: {exc}")
        plugin.socket_connect_timeout = self._setup.connect_timeout.total_seconds()
        plugin.socket_read_timeout = self._setup.read_timeout.total_seconds()
        if scheme_of(url) in _KEY_SCHEMES:
            plugin.headers["Idempotency-Key"] = key
        sent = await within(
            self.time_limit,
            partial(_notify, plugin, scheme_of(url), self._setup.messages, alert, key),
        )
        return of_token(plugin, sent)

    async def close(self) -> None:
        return None


def _notify(plugin: Any, scheme: str, messages: Messages, alert: Alert, key: DeliveryId) -> Sent:
    fitted = fit(plugin, scheme, messages, alert, key)
    with grammar.muffled() as lines:
        done = plugin.notify(
            body=fitted.body,
            title=fitted.title,
            notify_type=_kind(alert),
            body_format=fitted.format,
        )
    return Sent("delivered", f"{plugin.service_name} took it") if done else judge(lines)


def judge(lines: list[str]) -> Sent:
    """Return what came of a failed send, by what apprise logged; no word of it is passed on."""
    said = "\n".join(lines)
    if found := _STATUS.findall(said):
        sent = of_http(int(found[-1]))
        if sent.outcome != "delivered":
            return sent
        return Sent("temporary", "refused: the service did not take it")
    if _MAYBE.search(said):
        return Sent("in doubt", "disconnected: the other side gave no answer; it may have arrived")
    if _NEVER.search(said):
        return Sent("temporary", "unreachable: the other side can't be reached")
    return Sent("temporary", "unknown: apprise could not send it and does not say why")


def of_token(plugin: Any, sent: Sent) -> Sent:
    """Return what came of a send by a token that many recipients share, if the URL has such.

    apprise says which parts of a URL are the account's (`url_identifier`), and who its recipients
    are (`targets`): where there are both, 401 Unauthorized is the token's fault (RFC 9110 §15.5.2).
    403 is not: a chat's owner may have shut us out.
    """
    account = getattr(plugin, "url_identifier", None)
    if not account or not getattr(plugin, "targets", None):
        return sent
    by = f"{plugin.service_name} account …{digest(*map(str, account), length=4)}"
    if sent.failure == "http 401":
        refused = "login: the service does not take the token, or the user and password (401)"
        return Sent("held up", refused, sent.retry_after, by)
    return replace(sent, by=by)


def _kind(alert: Alert) -> NotifyType:
    kinds = {"alarm": NotifyType.FAILURE, "recovered": NotifyType.SUCCESS}
    return kinds.get(alert.event, NotifyType.INFO)
