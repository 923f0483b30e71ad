"""E-mail, `mailto://` and `mailtos://`: one message to one recipient by SMTP.

Our own sender behind apprise's URL form, for apprise can't set a Return-Path nor tell a mailbox
that is full (452) from one that does not exist (550), and makes a new Message-ID for each try.
Options of the form that hold here too: `to`, `from`, `name`, `smtp`, `mode`, `reply`, `+header`,
`verify=no`.
"""

import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime, formataddr, parseaddr
from functools import partial
from typing import Any

from pydantic import SecretStr

from alerts import message
from alerts.channels import grammar
from alerts.channels.answers import of_smtp
from alerts.channels.limited import within
from alerts.channels.setup import ChannelSetup
from alerts.channels.tls import trusting
from alerts.words import one_line
from despatch.errors import UsageError
from despatch.model import Alert, DeliveryId
from despatch.ports import Sender, Sent

SCHEMES = frozenset({"mailto", "mailtos"})

_POLICY = SMTP_POLICY.clone(cte_type="7bit")  # a server need not know 8BITMIME
_OURS = frozenset(
    {"from", "to", "subject", "date", "message-id", "mime-version", "return-path", "bcc", "cc"}
)


@dataclass(frozen=True)
class Route:
    """How one mailbox is reached; a secret, so its representation says nothing."""

    host: str
    port: int
    mode: str
    """`insecure`, `starttls` or `ssl`."""
    user: str | None
    password: str | None
    verify: bool
    sender: str
    """As the From header shows it."""
    envelope: str
    """Where bounces go."""
    recipient: str
    shown_recipient: str
    reply_to: str | None
    headers: tuple[tuple[str, str], ...]

    def __repr__(self) -> str:
        return "Route(…)"


def open_channel(setup: ChannelSetup) -> Sender:
    """Return the e-mails' sender."""
    return Email(setup)


class Email:
    """Sends one message on a connection of its own."""

    def __init__(self, setup: ChannelSetup) -> None:
        self.time_limit = setup.time_limit
        self._setup = setup

    def check(self, url: SecretStr) -> None:
        self._route(url)

    def send(self, url: SecretStr, alert: Alert, key: DeliveryId) -> Sent:
        try:
            route = self._route(url)
            written = write(route, alert, key)
        except UsageError as exc:
            return Sent("permanent", str(exc))
        return within(self.time_limit, partial(self._deliver, route, written))

    def _route(self, url: SecretStr) -> Route:
        return _read(url, self._setup)

    def _deliver(self, route: Route, written: bytes) -> Sent:
        server = _server(route, self._setup)
        try:
            return _converse(server, route, written)
        finally:
            server.close()


def write(route: Route, alert: Alert, key: DeliveryId) -> bytes:
    """Return the message: the same bytes for the same alert and key, its Message-ID from the key.

    Raises UsageError if an address can't stand in a header.
    """
    mail = EmailMessage(policy=_POLICY)
    try:
        mail["From"] = route.sender
        mail["To"] = route.shown_recipient
        mail["Subject"] = message.subject(alert)
        mail["Date"] = format_datetime(alert.created_at)
        mail["Message-ID"] = f"<{key}@{route.envelope.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation answers
        if route.reply_to:
            mail["Reply-To"] = route.reply_to
        for name, value in route.headers:
            mail[name] = value
    except (ValueError, MessageError, IndexError):
        raise UsageError("an address or a +header of this mailto:// URL can't be sent") from None
    mail.set_content(message.text(alert, key))
    return mail.as_bytes()


def _read(url: SecretStr, setup: ChannelSetup) -> Route:
    plugin = grammar.read(url)
    if len(plugin) > 1 or plugin.cc or plugin.bcc:
        raise UsageError("this mailto:// URL names several recipients: add a channel for each")
    if not plugin.targets:
        raise UsageError("this mailto:// URL names no valid recipient: add ?to=you@example.org")
    wrong = sorted(name for name in plugin.headers if name.lower() in _OURS)
    if wrong:
        raise UsageError(f"the header {wrong[0]} is ours to set: leave it out of the URL")
    name, recipient = plugin.targets[0]
    sender = setup.mail_from or formataddr((plugin.from_addr[0] or "Despatch", plugin.from_addr[1]))
    return Route(
        host=plugin.smtp_host,
        port=plugin.port,
        mode=plugin.secure_mode,
        user=plugin.user if plugin.password else None,
        password=plugin.password,
        verify=plugin.verify_certificate,
        sender=one_line(sender),
        envelope=setup.mail_return_path or parseaddr(sender)[1],
        recipient=recipient,
        shown_recipient=_shown(name, recipient),
        reply_to=", ".join(sorted(plugin.reply_to)) or None,
        headers=tuple(plugin.headers.items()),
    )


def _shown(name: Any, recipient: str) -> str:
    return str(Address(display_name=one_line(name or ""), addr_spec=recipient))


def _server(route: Route, setup: ChannelSetup) -> smtplib.SMTP:
    """Return a client that is not connected yet. Its own host name is not looked up: that hangs."""
    own = socket.gethostname()
    named = own if "." in own else "[127.0.0.1]"
    seconds = setup.read_timeout.total_seconds()
    if route.mode == "ssl":
        return smtplib.SMTP_SSL(
            local_hostname=named, timeout=seconds, context=trusting(verify=route.verify)
        )
    return smtplib.SMTP(local_hostname=named, timeout=seconds)


def _converse(server: smtplib.SMTP, route: Route, written: bytes) -> Sent:
    """Go through one delivery, step by step, so that it is known which one failed."""
    try:
        _open(server, route)
        for say, address in ((server.mail, route.envelope), (server.rcpt, route.recipient)):
            code, _words = say(address)
            if code >= 400:
                return of_smtp(code)
    except smtplib.SMTPResponseException as exc:
        return of_smtp(exc.smtp_code)
    except smtplib.SMTPNotSupportedError:
        return Sent("permanent", "the mail server has no STARTTLS, login or SMTPUTF8; see ?mode=")
    except ssl.SSLError as exc:
        return Sent("temporary", f"no TLS with the mail server: {exc.reason or 'refused'}")
    except (OSError, smtplib.SMTPException, UnicodeError) as exc:
        return Sent("temporary", f"the mail server can't be reached: {type(exc).__name__}")
    return _hand_over(server, written)


def _open(server: smtplib.SMTP, route: Route) -> None:
    # SMTP_SSL checks the certificate against this name; `connect` alone does not set it.
    server._host = route.host  # type: ignore[attr-defined]
    code, words = server.connect(route.host, route.port)
    if code != 220:
        raise smtplib.SMTPConnectError(code, words)
    server.ehlo_or_helo_if_needed()
    if route.mode == "starttls":
        server.starttls(context=trusting(verify=route.verify))
        server.ehlo_or_helo_if_needed()
    if route.user and route.password:
        server.login(route.user, route.password)


def _hand_over(server: smtplib.SMTP, written: bytes) -> Sent:
    """Send the text. Once it is out, no answer means that it may have been taken."""
    try:
        code, _words = server.data(written)
    except smtplib.SMTPDataError as exc:
        return of_smtp(exc.smtp_code)
    except (OSError, smtplib.SMTPException) as exc:
        return Sent("in doubt", f"the mail server gave no answer: {type(exc).__name__}")
    with suppress(OSError, smtplib.SMTPException):
        server.quit()
    return of_smtp(code)
