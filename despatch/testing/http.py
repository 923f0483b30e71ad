"""HTTP without the Internet: a fetcher that answers as told, and a server on loopback."""

import asyncio
import ssl
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from despatch.errors import BadStatus, DespatchError, NoRoom
from despatch.ports import Grow, Response, Validators
from despatch.vocabulary import LARGE_BYTES

_READ_LIMIT = 64 * 1024
_NONE = Validators()


@dataclass(frozen=True, slots=True)
class Asked:
    """One GET that a fake fetcher was asked for."""

    address: str
    validators: Validators


class FakeFetcher:
    """Answers as `will` told it; an address that nobody told it of is a 404.

    The last answer for an address is given again and again. A 200 whose validators are sent
    back becomes a 304, as with a real server.
    """

    def __init__(self, at: datetime = datetime(2026, 3, 2, 12, tzinfo=UTC)) -> None:
        self.at = at
        self.asked: list[Asked] = []
        self._answers: dict[str, list[Response | DespatchError]] = {}
        self._moved: dict[str, str] = {}

    def will(
        self,
        address: str,
        *answers: bytes | DespatchError,
        etag: str | None = None,
        last_modified: str | None = None,
        content_type: str = "application/xml",
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Answer `address` with these bodies or errors, one after the other."""
        self._moved.pop(address, None)
        self._answers[address] = [
            answer
            if isinstance(answer, DespatchError)
            else Response(
                address=address,
                status=200,
                body=answer,
                at=self.at,
                headers=(("Content-Type", content_type), *headers),
                validators=Validators(etag, last_modified),
            )
            for answer in answers
        ]

    def moved(self, address: str, to: str) -> None:
        """Redirect `address` for good; what was told of `to` is answered."""
        self._moved[address] = to

    async def get(
        self,
        address: str,
        validators: Validators = _NONE,
        *,
        accept: str = "*/*",
        grow: Grow | None = None,
    ) -> Response:
        self.asked.append(Asked(address, validators))
        if (to := self._moved.get(address)) is not None:
            return replace(await self.get(to, validators, accept=accept, grow=grow), moved=True)
        answers = self._answers.get(address)
        if not answers:
            raise BadStatus(f"http 404: {address}", status=404, address=address)
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, DespatchError):
            raise answer
        if validators != _NONE and answer.validators == validators:
            return Response(address, 304, b"", self.at, answer.headers, validators)
        size = len(answer.body)
        if grow is not None and size > LARGE_BYTES and not grow(size):
            raise NoRoom(f"no room: {address}")
        return answer


@dataclass(frozen=True, slots=True)
class Request:
    """One request that the loopback server got; header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the loopback server sends for a path."""

    status: int = 200
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""
    drip_s: float | None = None
    """Send one byte of the body, or of `raw`, then wait for so long, and so on."""
    cut: bool = False
    """Announce the whole body, send half, and hang up."""
    raw: bytes | None = None
    """Send exactly these bytes instead, and hang up."""
    hang: bool = False
    """Having sent, neither answer more nor hang up."""
    times: int = 1
    """Send `raw` with its last kilobyte over and over: a long answer that needs little memory."""


@dataclass
class LoopbackServer:
    """A server on a free port of 127.0.0.1, in a thread of its own; use it as a context manager.

    A path answers with what `answers` holds for it: one answer, or several that are given one
    after the other, the last for ever. Unknown paths are 404. An answer with an `ETag` or a
    `Last-Modified` that the request sends back becomes a 304.
    """

    answers: dict[str, Answer | list[Answer]] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    tls: ssl.SSLContext | None = None
    connections: int = 0
    port: int = 0
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _hung: set["asyncio.Task[Any] | None"] = field(default_factory=set)
    """Held, or the garbage collector ends what only waits."""
    _thread: threading.Thread | None = None
    _server: asyncio.Server | None = None

    def url(self, path: str = "/") -> str:
        """Return a path's address."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}{path}"

    def will(self, path: str, *answers: Answer) -> str:
        """Answer a path so from now on; return its address."""
        self.answers[path] = list(answers)
        return self.url(path)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _exc: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        assert self._thread is not None
        self._thread.join()
        self._loop.close()

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        assert self._server is not None
        self._server.close()
        # All of the loop's, and again: a connection that is half accepted begets another task.
        while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.sleep(0)  # transports close in the round after

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await self._serve(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            writer.close()
        except asyncio.CancelledError:
            writer.transport.abort()  # whatever was not sent yet
        else:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; False if the connection ends with it."""
        head = (await reader.readuntil(b"\r\n\r\n"))[:_READ_LIMIT].decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        method, path, _version = first.split(" ", 2)
        headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        request = Request(method, path, headers, body)
        self.requests.append(request)
        answer = self._answer(request)
        if answer.raw is not None:
            await self._write(writer, answer.raw, answer.drip_s)
            for _ in range(answer.times - 1):
                await self._write(writer, answer.raw[-1_024:], None)
            if answer.hang:
                self._hung.add(asyncio.current_task())
                await asyncio.Event().wait()
            return False
        await self._send(writer, answer)
        return not answer.cut

    def _answer(self, request: Request) -> Answer:
        answers = self.answers.get(request.path, Answer(404))
        if isinstance(answers, list):
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
        else:
            answer = answers
        given = {name.lower(): value for name, value in answer.headers}
        pairs = (("etag", "if-none-match"), ("last-modified", "if-modified-since"))
        for ours, theirs in pairs:
            if ours in given and request.headers.get(theirs) == given[ours]:
                return Answer(304, answer.headers)
        return answer

    async def _send(self, writer: asyncio.StreamWriter, answer: Answer) -> None:
        lines = [f"HTTP/1.1 {answer.status} As-Told"]
        lines += [f"{name}: {value}" for name, value in answer.headers]
        if answer.status != 304:
            lines.append(f"Content-Length: {len(answer.body)}")
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        body = answer.body[: len(answer.body) // 2] if answer.cut else answer.body
        await self._write(writer, body, answer.drip_s)

    async def _write(self, writer: asyncio.StreamWriter, data: bytes, drip_s: float | None) -> None:
        if drip_s is None:
            writer.write(data)
            await writer.drain()
            return
        for at in range(len(data)):
            writer.write(data[at : at + 1])
            await writer.drain()
            await asyncio.sleep(drip_s)
