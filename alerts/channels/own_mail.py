"""E-mail by the installation's own mail server: `mail://you@example.org`.

Whoever signs up gives an address and nothing else; which server sends, and its password, stand in
the setting `mail_url` alone. So a new password there holds for everybody at once.
"""

import re
from datetime import timedelta
from email.utils import parseaddr
from urllib.parse import quote, unquote

from pydantic import SecretStr

from alerts.addresses import email_address
from alerts.channels.email import Email
from alerts.channels.setup import ChannelSetup
from despatch.errors import UsageError
from despatch.model import Alert, DeliveryId
from despatch.ports import Sender, Sent

SCHEMES = frozenset({"mail"})

_FROM = re.compile(r"[?&]from=", re.IGNORECASE)


def mail_to(address: SecretStr) -> SecretStr:
    """Return the channel's URL for an address."""
    return SecretStr(f"mail://{quote(address.get_secret_value(), safe='@')}")


def address_of(url: SecretStr, _setup: ChannelSetup) -> SecretStr:
    """Return the address that a URL leads to. Raises UsageError, without the address."""
    return email_address(unquote(url.get_secret_value().strip().partition("://")[2]))


def open_channel(setup: ChannelSetup) -> Sender:
    """Return the sender by the installation's own mail server."""
    return OwnMail(setup)


class OwnMail:
    """Sends as `mailto://` does, over the server that the setting names."""

    def __init__(self, setup: ChannelSetup) -> None:
        self.time_limit = setup.time_limit
        self._setup = setup
        self._email = Email(setup)

    def check(self, url: SecretStr) -> None:
        self._email.check(self._whole(url))

    def pause(self, url: SecretStr) -> timedelta:
        return timedelta(0)

    async def send(self, url: SecretStr, alert: Alert, key: DeliveryId) -> Sent:
        try:
            whole = self._whole(url)
        except UsageError as exc:
            return Sent("permanent", f"bad channel: {exc}")
        return await self._email.send(whole, alert, key)

    async def greet(self, address: SecretStr) -> Sent | None:
        """Log in at the server of the setting, as `Email.greet`; an address goes with every URL."""
        return await self._email.greet(self._whole(address))

    async def close(self) -> None:
        await self._email.close()

    def _whole(self, url: SecretStr) -> SecretStr:
        """Return the `mailto://` URL that it stands for. Raises UsageError, without a secret."""
        address = address_of(url, self._setup).get_secret_value()
        if self._setup.mail_url is None:
            raise UsageError("mail:// goes by the mail server of the setting mail_url; set it")
        server = self._setup.mail_url.get_secret_value().strip()
        said = f"{self._from(server)}to={quote(address, safe='@')}"
        return SecretStr(f"{server}{'&' if '?' in server else '?'}{said}")

    def _from(self, server: str) -> str:
        """Return the sender as an option, where the server's URL has none.

        apprise makes one of user and host otherwise, which fails for a server inside:
        `mailto://postfix`, `mailto://user:password@10.0.0.5`.
        """
        sender = parseaddr(self._setup.mail_from or "")[1]
        if not sender or _FROM.search(server):
            return ""
        return f"from={quote(sender, safe='@')}&"
