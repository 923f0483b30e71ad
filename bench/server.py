"""The other side: feeds to be polled and a webhook, in a process of its own on loopback.

Its CPU time is nobody's here, and it shares no interpreter lock with what is measured. It ends
when its input does, that is with whoever started it.
"""

import asyncio
import hashlib
import json
import re
import subprocess
import sys
import time
from http.client import HTTPConnection
from typing import Any, Self

from bench.feeds import a_feed

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_ASKED_WITH = re.compile(rb"if-none-match: *(\S+)", re.IGNORECASE)


class Server:
    """The process, from `with` to its end."""

    def __init__(self, *, feeds: int = 0, entries: int = 0) -> None:
        self._arguments = [str(feeds), str(entries)]
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    def url(self, path: str = "/") -> str:
        """Return a path's address."""
        return f"http://127.0.0.1:{self.port}{path}"

    def ask(self, path: str) -> Any:
        """Return what the server says of itself, read from JSON: see `Answering`."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path)
            return json.loads(connection.getresponse().read() or b"null")
        finally:
            connection.close()

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(  # noqa: S603 - our own arguments, no shell
            [sys.executable, "-m", "bench.server", *self._arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        if self._process.stdout is not None:
            self.port = int(self._process.stdout.readline())
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._process is not None:
            self._process.communicate()


class Answering(asyncio.Protocol):
    """One connection; keeps it open for as long as the other side does.

    `GET /feed/7` is a feed, with an ETag unless `/validators/off` was asked for; `/news` puts one
    new entry into each, and takes it out again. Any POST is taken; when, and the release it is
    about, is told by `/arrivals` and forgotten by `/forget`. `/wait/300` is answered once 300 have
    come. A POST to `/sink` or `/hook/7` is only counted: a hundred thousand bodies are not kept.
    """

    def __init__(self, state: "_State") -> None:
        self._state = state
        self._waiting = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        while (end := self._waiting.find(b"\r\n\r\n")) >= 0:
            head = self._waiting[:end]
            length = _LENGTH.search(head)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self._waiting) < whole:
                return
            body, self._waiting = self._waiting[end + 4 : whole], self._waiting[whole:]
            self.write(self._answer(head, body))

    def write(self, answer: bytes) -> None:
        """Send an answer, now or once there is one."""
        if self._transport is not None:
            self._transport.write(answer)

    def _answer(self, head: bytes, body: bytes) -> bytes:
        """Return the answer, or nothing yet."""
        method, path, _rest = head.split(b" ", 2)
        if method == b"POST":
            self._state.take(None if path.startswith((b"/sink", b"/hook/")) else body)
            return _response(b"200 OK", b"")
        asked = path.decode()
        if asked.startswith("/wait/"):
            self._state.wait(int(asked.removeprefix("/wait/")), self)
            return b""
        if asked.startswith("/feed/"):
            return self._feed(int(asked.removeprefix("/feed/")), head)
        return _response(b"200 OK", json.dumps(self._state.say(asked)).encode())

    def _feed(self, number: int, head: bytes) -> bytes:
        body = self._state.feeds[number]
        if not self._state.validators:
            return _response(b"200 OK", body)
        etag = b'"' + hashlib.sha256(body).hexdigest()[:16].encode() + b'"'
        asked = _ASKED_WITH.search(head)
        if asked and asked[1] == etag:
            return b"HTTP/1.1 304 Not Modified\r\nETag: " + etag + b"\r\n\r\n"
        return _response(b"200 OK", body, b"ETag: " + etag + b"\r\n")


class _State:
    """What all connections share."""

    def __init__(self, feeds: int, entries: int) -> None:
        self.later = [a_feed(number, entries, older=1) for number in range(feeds)]
        self.feeds = [a_feed(number, entries) for number in range(feeds)]
        self.validators = True
        self.bodies: list[tuple[float, bytes]] = []
        self.count = 0
        self._waiting: list[tuple[int, Answering]] = []

    def take(self, body: bytes | None) -> None:
        """Keep what was posted, if anything is to be kept, and tell whoever waits for so many."""
        self.count += 1
        if body is not None:
            self.bodies.append((time.monotonic(), body))
        self._tell()

    def wait(self, count: int, connection: Answering) -> None:
        """Answer a connection once so many have come."""
        self._waiting.append((count, connection))
        self._tell()

    def _tell(self) -> None:
        for count, connection in [one for one in self._waiting if self.count >= one[0]]:
            self._waiting.remove((count, connection))
            connection.write(_response(b"200 OK", b"null"))

    def say(self, path: str) -> Any:
        """Do or tell what a path asks for."""
        if path.startswith("/validators/"):
            self.validators = path.endswith("/on")
        elif path == "/news":
            self.feeds, self.later = self.later, self.feeds
        elif path == "/forget":
            self.bodies.clear()
            self.count = 0
        elif path == "/count":
            return self.count
        elif path == "/arrivals":
            return [[at, json.loads(body)["release"]["id"]] for at, body in self.bodies]
        return None


def _response(status: bytes, body: bytes, headers: bytes = b"") -> bytes:
    length = str(len(body)).encode()
    head = b"HTTP/1.1 " + status + b"\r\nContent-Type: application/xml\r\n" + headers
    return head + b"Content-Length: " + length + b"\r\n\r\n" + body


async def _serve(feeds: int, entries: int) -> None:
    state = _State(feeds, entries)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Answering(state), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2])))
