"""Mail servers: connections that are kept, and one message handed over step by step."""

import asyncio
import os
import socket
import ssl
import time
from collections import deque
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import aiosmtplib
from aiosmtplib import SMTP

from alerts.channels.answers import of_login, of_recipient, of_sender, of_smtp
from alerts.channels.mailbox import Server
from alerts.channels.tls import trusting
from despatch.ports import Sent

_KEPT_S = 30.0
"""How long a connection is kept without use; servers wait for five minutes (RFC 5321 §4.5.3.2)."""
_QUIT_S = 2.0
_GONE = (aiosmtplib.SMTPServerDisconnected, ConnectionError)
_UNSUPPORTED = (aiosmtplib.SMTPException, aiosmtplib.SMTPNotSupported)
"""What says so; the first one only by itself, for all others are made of it."""


class Relay:
    """One mail server as one user. One event loop's own; several messages at once."""

    def __init__(self, server: Server, connect_timeout: timedelta, read_timeout: timedelta) -> None:
        self._server = server
        self._name = f"mail server {server.host}:{server.port}"
        self._connect_s = connect_timeout.total_seconds()
        self._read_s = read_timeout.total_seconds()
        self._idle: deque[tuple[SMTP, float]] = deque()

    async def deliver(self, envelope: str, recipient: str, written: bytes) -> Sent:
        """Hand one message over, and say at which step it ended.

        Until the recipient is named, whatever fails is the server's: it holds up all that go by it.
        """
        return replace(await self._deliver(envelope, recipient, written), by=self._name)

    async def greet(self) -> Sent | None:
        """Connect, log in and say goodbye, without a message; return why that failed, if it did."""
        client = await self._let_in()
        if isinstance(client, Sent):
            return replace(client, by=self._name)
        with suppress(OSError, aiosmtplib.SMTPException):
            await client.quit(timeout=_QUIT_S)
        client.close()
        return None

    async def _deliver(self, envelope: str, recipient: str, written: bytes) -> Sent:
        kept = self._take()
        if kept is not None:
            with suppress(*_GONE):  # it was closed meanwhile: nothing of this message was sent
                return await self._converse(kept, envelope, recipient, written)
        client = await self._let_in()
        if isinstance(client, Sent):
            return client
        try:
            return await self._converse(client, envelope, recipient, written)
        except _GONE:
            return Sent("temporary", "disconnected: the mail server hung up before the text")

    async def close(self) -> None:
        """Say goodbye on every kept connection."""
        while self._idle:
            client, _since = self._idle.popleft()
            with suppress(OSError, aiosmtplib.SMTPException):
                await client.quit(timeout=_QUIT_S)
            client.close()

    def _take(self) -> SMTP | None:
        while self._idle:
            client, since = self._idle.pop()
            if client.is_connected and time.monotonic() - since < _KEPT_S:
                return client
            client.close()
        return None

    async def _let_in(self) -> SMTP | Sent:
        """Return a connection that we are logged in on, or why there is none."""
        try:
            return await self._open()
        except aiosmtplib.SMTPAuthenticationError as exc:
            return of_login(exc.code)
        except aiosmtplib.SMTPResponseException as exc:
            return Sent("held up", of_smtp(exc.code).reason)
        except (ssl.SSLError, OSError, aiosmtplib.SMTPException, UnicodeError) as exc:
            return _no_way_in(exc)

    async def _open(self) -> SMTP:
        server = self._server
        # Its own host name is not looked up: that can hang.
        own = socket.gethostname()
        client = SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            local_hostname=own if "." in own else "[127.0.0.1]",
            timeout=self._connect_s,
            use_tls=server.mode == "ssl",
            start_tls=server.mode == "starttls",
            tls_context=None if server.mode == "insecure" else trusting(verify=server.verify),
        )
        try:
            await client.connect()
        except BaseException:
            client.close()
            raise
        return client

    async def _converse(self, client: SMTP, envelope: str, recipient: str, written: bytes) -> Sent:
        """Say MAIL, RCPT and DATA. Raises what `_GONE` names if it is gone before the text."""
        handed_over = False
        try:
            await client.mail(envelope, encoding="utf-8", timeout=self._read_s)
            await client.rcpt(recipient, encoding="utf-8", timeout=self._read_s)
            handed_over = True
            code = (await client.data(written, timeout=self._read_s)).code
        except aiosmtplib.SMTPSenderRefused as exc:
            await self._reset(client)
            return of_sender(exc.code)
        except aiosmtplib.SMTPRecipientRefused as exc:
            await self._reset(client)
            return of_recipient(exc.code, exc.message)
        except aiosmtplib.SMTPResponseException as exc:
            await self._reset(client)
            return of_smtp(exc.code)
        except aiosmtplib.SMTPNotSupported:
            await self._reset(client)
            return Sent("permanent", "unsupported: the mail server does not know SMTPUTF8")
        except (OSError, aiosmtplib.SMTPException, UnicodeError) as exc:
            client.close()
            if not handed_over:
                if isinstance(exc, _GONE):
                    raise
                return _unanswered(exc)
            return _in_doubt(exc)
        except asyncio.CancelledError:
            client.close()
            raise
        self._idle.append((client, time.monotonic()))
        return of_smtp(code)

    async def _reset(self, client: SMTP) -> None:
        """After a refusal the connection serves the next message, if the server agrees."""
        try:
            await client.rset(timeout=self._read_s)
        except (OSError, aiosmtplib.SMTPException):
            client.close()
        else:
            self._idle.append((client, time.monotonic()))


def _no_way_in(exc: Exception) -> Sent:
    """Return why no mail server was there to be spoken to, by the errors' classes alone."""
    if isinstance(exc, aiosmtplib.SMTPConnectError) and isinstance(exc.__cause__, Exception):
        exc = exc.__cause__  # which name, certificate or port it was
    if type(exc) in _UNSUPPORTED:
        return Sent("held up", "unsupported: the mail server has no STARTTLS or no login")
    if isinstance(exc, ssl.SSLError):
        return Sent("held up", f"tls: no TLS with the mail server: {exc.reason or 'refused'}")
    if isinstance(exc, socket.gaierror):
        return Sent("held up", "dns: the mail server's name can't be resolved")
    return replace(_unanswered(exc), outcome="held up")


def _unanswered(exc: Exception) -> Sent:
    """Return what came of a message that never left us."""
    if isinstance(exc, TimeoutError | aiosmtplib.SMTPTimeoutError):
        return Sent("temporary", "timeout: the mail server does not answer")
    if isinstance(exc, aiosmtplib.SMTPServerDisconnected):
        return Sent("temporary", "disconnected: the mail server hung up")
    number = exc.errno if isinstance(exc, OSError) else None
    why = os.strerror(number).lower() if number else type(exc).__name__
    return Sent("temporary", f"unreachable: the mail server can't be reached: {why}")


def _in_doubt(exc: Exception) -> Sent:
    if isinstance(exc, TimeoutError):
        return Sent("in doubt", "timeout: the mail server gave no answer to the text")
    return Sent("in doubt", "disconnected: the mail server hung up on the text")
