"""E-mail, `mailto://` and `mailtos://`: one message to one recipient by SMTP.

Our own sender behind apprise's URL form, for apprise can't set a Return-Path, tell a mailbox that
is full (452) from one that does not exist (550), or keep a connection, and makes a new Message-ID
for each try. Options of the form that hold here too: `to`, `from`, `name`, `smtp`, `mode`, `reply`,
`+header`, `verify=no`.
"""

import asyncio
from datetime import timedelta

from pydantic import SecretStr

from alerts.channels.mail import write
from alerts.channels.mailbox import Mailboxes, Server, plain_recipient, read_mailbox
from alerts.channels.setup import ChannelSetup
from alerts.channels.smtp import Relay
from despatch.errors import UsageError
from despatch.model import Alert, DeliveryId
from despatch.ports import Sender, Sent

_GREETED_WITHIN_S = 15.0
"""For all of a login that a person waits for."""

SCHEMES = frozenset({"mailto", "mailtos"})


def open_channel(setup: ChannelSetup) -> Sender:
    """Return the e-mails' sender."""
    return Email(setup)


def address_of(url: SecretStr, setup: ChannelSetup) -> SecretStr:
    """Return the address that a URL leads to. Raises UsageError, without the secret."""
    return SecretStr(plain_recipient(url) or read_mailbox(url, setup).recipient)


class Email:
    """Sends over kept connections, several at once to each mail server."""

    def __init__(self, setup: ChannelSetup) -> None:
        self.time_limit = setup.time_limit
        self._setup = setup
        self._mailboxes = Mailboxes(setup)
        self._relays: dict[Server, Relay] = {}

    def check(self, url: SecretStr) -> None:
        self._mailboxes.of(url)

    def pause(self, url: SecretStr) -> timedelta:
        return timedelta(0)

    async def send(self, url: SecretStr, alert: Alert, key: DeliveryId) -> Sent:
        try:
            to = self._mailboxes.of(url)
            written = write(to, alert, key, self._setup.messages.mail(alert, key))
        except UsageError as exc:
            return Sent("permanent", f"bad channel: {exc}")
        limit_s = self.time_limit.total_seconds()
        try:
            async with asyncio.timeout(limit_s):
                return await self._relay(to.server).deliver(to.envelope, to.recipient, written)
        except TimeoutError:
            return Sent("in doubt", f"timeout: no end within {limit_s:g} s; it may have arrived")

    async def greet(self, url: SecretStr) -> Sent | None:
        """Connect to a mailbox's server and log in; return why that failed, None if it did not.

        Nothing is sent. Raises UsageError, without the secret, for a URL that can't be one.
        """
        relay = self._relay(self._mailboxes.of(url).server)
        try:
            async with asyncio.timeout(_GREETED_WITHIN_S):
                return await relay.greet()
        except TimeoutError:
            return Sent("held up", "timeout: the mail server does not answer")

    async def close(self) -> None:
        relays, self._relays = list(self._relays.values()), {}
        for relay in relays:
            await relay.close()

    def _relay(self, server: Server) -> Relay:
        if server not in self._relays:
            setup = self._setup
            self._relays[server] = Relay(server, setup.connect_timeout, setup.read_timeout)
        return self._relays[server]
