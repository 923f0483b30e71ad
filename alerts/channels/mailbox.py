"""How one mailbox is reached, read from a `mailto://` URL in apprise's form."""

import re
from dataclasses import dataclass, replace
from email.utils import formataddr, parseaddr
from typing import Any

from pydantic import SecretStr

from alerts.channels import grammar
from alerts.channels.known import Known
from alerts.channels.setup import ChannelSetup
from alerts.words import one_line
from despatch.errors import UsageError

_ANYBODY = "anybody@example.org"
_PLAIN_TO = re.compile(
    r"[?&]to=(?P<to>[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}@(?:[A-Za-z0-9-]{1,60}\.){1,4}[A-Za-z]{2,20})(?=&|$)"
)
"""One address that nothing of is encoded, and that apprise takes as it is."""
_TO = re.compile(r"[?&]to=", re.IGNORECASE)
_OURS = frozenset(
    {
        "bcc", "cc", "content-transfer-encoding", "content-type", "date", "from",
        "list-unsubscribe", "list-unsubscribe-post", "message-id", "mime-version", "return-path",
        "subject", "to",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Server:
    """A mail server and how to speak to it; a secret, so its representation says nothing."""

    host: str
    port: int
    mode: str
    """`insecure`, `starttls` or `ssl`."""
    user: str | None
    password: str | None
    verify: bool

    def __repr__(self) -> str:
        return "Server(…)"


@dataclass(frozen=True)
class Mailbox:
    """One recipient, by which server and from whom; a secret likewise."""

    server: Server
    sender: str
    """As the From header shows it."""
    envelope: str
    """Where bounces go."""
    recipient: str
    recipient_name: str
    reply_to: str | None
    headers: tuple[tuple[str, str], ...]

    def __repr__(self) -> str:
        return "Mailbox(…)"


class Mailboxes:
    """Reads URLs; many recipients of one server are read as one URL with another address.

    To read a URL as apprise does takes as long as a mail server needs for a message.
    """

    def __init__(self, setup: ChannelSetup) -> None:
        self.known: Known[Mailbox] = Known(lambda url: read_mailbox(url, setup))

    def of(self, url: SecretStr) -> Mailbox:
        """Return what a URL says. Raises UsageError, without the secret."""
        found = _PLAIN_TO.search(url.get_secret_value())
        if found is None:
            return self.known.of(url)
        text, (begin, end) = found.string, found.span("to")
        if len(_TO.findall(text)) > 1:
            return self.known.of(url)
        same = self.known.of(SecretStr(text[:begin] + _ANYBODY + text[end:]))
        return replace(same, recipient=found["to"])


def plain_recipient(url: SecretStr) -> str:
    """Return whom a URL names if that can be seen at a glance; else nothing.

    To look through thousands of channels for one address, each can't be read as apprise does.
    """
    text = url.get_secret_value()
    found = _PLAIN_TO.search(text)
    return found["to"] if found and len(_TO.findall(text)) == 1 else ""


def read_mailbox(url: SecretStr, setup: ChannelSetup) -> Mailbox:
    """Return what a URL says. Raises UsageError, without the secret."""
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
    return Mailbox(
        server=_server(plugin),
        sender=one_line(sender),
        envelope=setup.mail_return_path or parseaddr(sender)[1],
        recipient=recipient,
        recipient_name=one_line(name or ""),
        reply_to=", ".join(sorted(plugin.reply_to)) or None,
        headers=tuple(plugin.headers.items()),
    )


def _server(plugin: Any) -> Server:
    return Server(
        host=plugin.smtp_host,
        port=plugin.port,
        mode=plugin.secure_mode,
        user=plugin.user if plugin.password else None,
        password=plugin.password,
        verify=plugin.verify_certificate,
    )
