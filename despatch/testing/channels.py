"""Ends of channels: a sender that records, a webhook server and a mail server on loopback."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, cast

from pydantic import SecretStr

from despatch.model import Alert, DeliveryId
from despatch.ports import Sent
from despatch.testing.free_ports import free_port

Behaviour = Literal["answer", "slow", "early close", "drip"]


class RecordingSender:
    """Takes every alert and says what it was told to say; delivered, if nothing.

    Is a Sender, and also the Senders that a worker asks: it takes every URL.
    """

    def __init__(self, *says: Sent, time_limit: timedelta = timedelta(seconds=60)) -> None:
        self.time_limit = time_limit
        self.sent: list[tuple[SecretStr, Alert, DeliveryId]] = []
        self.says = list(says)
        """What the next sends come to; the last one stays."""
        self.before: Callable[[Alert], None] | None = None
        """Called within each send, in a thread of its own: it may wait."""
        self.gap = timedelta(0)
        """What has to lie between two sends."""
        self._lock = threading.Lock()

    @property
    def keys(self) -> list[DeliveryId]:
        """The key of each send, in order, repeats and all."""
        return [key for _url, _alert, key in self.sent]

    def sender_for(self, _url: SecretStr) -> "RecordingSender":
        return self

    def check(self, url: SecretStr) -> None:
        return None

    def address(self, url: SecretStr) -> SecretStr | None:
        """Return what stands behind `mail://`."""
        scheme, _mark, rest = url.get_secret_value().partition("://")
        return SecretStr(rest) if scheme == "mail" else None

    def reached(self, url: SecretStr) -> frozenset[str]:
        return frozenset()

    def pause(self, url: SecretStr) -> timedelta:
        return self.gap

    async def close(self) -> None:
        return None

    async def send(self, url: SecretStr, alert: Alert, key: DeliveryId) -> Sent:
        if self.before is not None:
            await asyncio.to_thread(self.before, alert)
        with self._lock:
            self.sent.append((url, alert, key))
            if not self.says:
                return Sent("delivered", "recorded")
            return self.says.pop(0) if len(self.says) > 1 else self.says[0]


@dataclass(frozen=True)
class Request:
    """One request that the webhook server took."""

    method: str
    path: str
    headers: Mapping[str, str]
    """By name in lower case."""
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


@dataclass
class WebhookServer:
    """Answers as it was told, and keeps what it was sent."""

    port: int
    status: int = 200
    answer_headers: Mapping[str, str] = field(default_factory=dict)
    behaviour: Behaviour = "answer"
    plan: list[int] = field(default_factory=list)
    """Statuses of the next answers, before `status` holds."""
    requests: list[Request] = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)
    """Ends what `slow` and `drip` wait for."""

    @property
    def address(self) -> str:
        """Its host and port, to be put behind a scheme."""
        return f"127.0.0.1:{self.port}"


@contextmanager
def webhook_server() -> Iterator[WebhookServer]:
    """Yield a server on a free port of loopback; it is stopped at the end of the block."""
    server = _Server(("127.0.0.1", 0), _Webhook)
    told = server.told
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield told
    finally:
        told.release.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    @cached_property
    def told(self) -> WebhookServer:
        return WebhookServer(self.server_port)


class _Webhook(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        told = cast(_Server, self.server).told
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        told.requests.append(Request(self.command, self.path, headers, body))
        self.close_connection = True
        if told.behaviour == "early close":
            return
        if told.behaviour == "slow":
            told.release.wait(60)
        if told.behaviour == "drip":
            self._drip(told)
            return
        self.send_response(told.plan.pop(0) if told.plan else told.status)
        for name, value in told.answer_headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_PUT = do_POST  # noqa: N815 - the names that http.server calls

    def _drip(self, told: WebhookServer) -> None:
        """Send a byte of an endless header now and then: no single read ever times out."""
        try:
            self.connection.sendall(b"HTTP/1.1 200 OK\r\nX-Drip: ")
            while not told.release.wait(0.05):
                self.connection.sendall(b".")
        except OSError:
            return

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:  # the sender gave up
            return

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
        return


@dataclass(frozen=True)
class Mail:
    """One message that the mail server took."""

    sender: str
    """Of the envelope: where bounces go."""
    recipients: tuple[str, ...]
    message: EmailMessage


@dataclass
class MailServer:
    """Takes mail, or refuses it as it was told."""

    port: int = 0
    mails: list[Mail] = field(default_factory=list)
    recipient_answer: str = ""
    """What RCPT is answered, such as `550 no such user`; empty: taken."""
    data_answer: str = "250 OK"
    hang: bool = False
    """Take the text and never answer."""
    release: threading.Event = field(default_factory=threading.Event)

    @property
    def address(self) -> str:
        """Its host and port, to be put behind a scheme."""
        return f"127.0.0.1:{self.port}"

    async def handle_RCPT(  # noqa: N802 - the name that aiosmtpd calls
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Sequence[str]
    ) -> str:
        """Answer one recipient."""
        if self.recipient_answer:
            return self.recipient_answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Take one message."""
        parsed = message_from_bytes(envelope.content, policy=default)
        if self.data_answer.startswith("250"):
            self.mails.append(Mail(envelope.mail_from, tuple(envelope.rcpt_tos), parsed))
        if self.hang:
            while not self.release.is_set():
                await asyncio.sleep(0.02)
        return self.data_answer


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """Yield a mail server on a free port of loopback; it is stopped at the end of the block."""
    from aiosmtpd.controller import Controller

    told = MailServer()
    controller = Controller(told, hostname="127.0.0.1", port=free_port())
    told.port = controller.port
    controller.start()
    try:
        yield told
    finally:
        told.release.set()
        controller.stop()
