"""Child processes that parse what strangers wrote: a hostile document costs a limited time only.

What a child is, and how it is asked, stands in `ingest/child.py`; how many there are, in
`ingest/crew.py`. One that ended, or that the CPU limit killed, is followed by another.
"""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import Process
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import msgspec

from despatch.errors import PermanentError, TransientError
from despatch.vocabulary import LARGE_BYTES
from ingest.child import FELL_OVER, MORE, PERMANENT, SIZE_BYTES, TRANSIENT
from ingest.crew import Crew

CPU_LIMIT = timedelta(seconds=20)

LAST_BYTES = LARGE_BYTES
"""A child that was given a larger document ends with it: what it took is the machine's again."""

WRITTEN_AT_ONCE = 256 * 1024
"""A large document goes over a piece at a time: the pipe holds no copy of the rest."""

TOGETHER = 16
TOGETHER_BYTES = 16 * 1024
"""So many small documents go to a child at once: to wake it for each takes half as long again."""

T = TypeVar("T")


class Children(Generic[T]):
    """A pool of children that run one module; use it as an async context manager.

    `what` names, in errors, what they parse; `answer` is what they give back, and `piece` what
    stands in the pieces before it, if an answer has any. Children are started when they are
    needed, and kept until they had a large document. One event loop's own.
    """

    def __init__(
        self,
        module: str,
        what: str,
        answer: type[T],
        piece: Any = None,
        *,
        at_once: int | None = None,
        cpu_limit: timedelta = CPU_LIMIT,
    ) -> None:
        self._module = module
        self._what = what
        self._decoder = msgspec.json.Decoder(answer)
        self._piece_decoder = msgspec.json.Decoder(piece)
        self._limit_s = cpu_limit.total_seconds()
        self._crew: Crew[Process] = Crew(at_once or min(4, os.cpu_count() or 1))
        self._children: set[Process] = set()
        self._asked: deque[_Request] = deque()
        self._taking = False
        """Whether somebody waits for a child, for what is asked."""
        self._serving: dict[asyncio.Task[None], list[_Request]] = {}
        """Who sees to what; not what is answered already."""

    @property
    def running(self) -> int:
        """How many children there are just now."""
        return len(self._children)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        _exc: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        for serving in self._serving:
            serving.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        for child in list(self._children):
            await self._end(child)

    async def ask(self, body: bytes, content_type: str, address: str) -> T:
        """Return what a child makes of a document.

        Raises what its work raised; PermanentError (`too slow`) beyond the CPU limit, (`broken
        feed`, `broken page`) for a document on which the parser falls over.
        """
        answer, _pieces = await self.ask_for_all(body, content_type, address)
        return answer

    async def ask_for_all(
        self, body: bytes, content_type: str, address: str
    ) -> tuple[T, Sequence[Any]]:
        """Return what a child makes of a document, and the pieces that came before."""
        loop = asyncio.get_running_loop()
        request = _Request(body, content_type, address, loop.create_future(), loop.time())
        self._asked.append(request)
        self._see_to_it()
        try:
            kind, answer = await request.answer
        except asyncio.CancelledError:
            self._call_off()
            raise
        if kind == PERMANENT:
            raise PermanentError(answer.decode())
        if kind == TRANSIENT:
            raise TransientError(answer.decode())
        return self._decoder.decode(answer), request.pieces

    def _call_off(self) -> None:
        """End the children that work for nobody any more."""
        for serving, some in self._serving.items():
            if some and all(request.answer.done() for request in some):
                serving.cancel()

    def _see_to_it(self) -> None:
        """Have somebody wait for a child, if there is anything to ask one."""
        if self._asked and not self._taking:
            self._taking = True
            some: list[_Request] = []
            serving = asyncio.create_task(self._serve(some))
            self._serving[serving] = some
            serving.add_done_callback(self._serving.pop)

    async def _serve(self, some: "list[_Request]") -> None:
        """Have a child answer some of what is asked; what is left by then is for another."""
        try:
            child = await self._crew.take(self._asked[0].asked_s)
        finally:
            self._taking = False
        self._fill(some)
        self._see_to_it()
        try:
            if not some:
                return
            if child is None or child.returncode is not None:
                child = await self._start(instead_of=child)
            large = any(len(request.body) > LAST_BYTES for request in some)
            await self._answer(child, some)
            if large:
                await self._end(child)
                child = None
        except BaseException as exc:
            if child is not None:
                await self._end(child)
            child = None
            for request in some:
                request.fail(exc)
            if not isinstance(exc, OSError | PermanentError):
                raise
        finally:
            self._crew.give(child)
            self._see_to_it()

    def _fill(self, some: "list[_Request]") -> None:
        """Take what is asked next: one document, or several small ones, which share a way."""
        size = 0
        while self._asked and len(some) < TOGETHER:
            size += len(self._asked[0].body)
            if some and size > TOGETHER_BYTES:
                break
            request = self._asked.popleft()
            if not request.answer.done():
                some.append(request)

    async def _answer(self, child: Process, some: "list[_Request]") -> None:
        """Ask one child; what it died over is to blame, and what comes after is asked again."""
        await _send(child, some)
        while some:
            request = some[0]
            try:
                answer = await self._answer_to(child, request)
            except PermanentError:
                self._asked.extendleft(reversed(some[1:]))
                del some[1:]
                raise
            some.pop(0)
            request.give(answer)

    async def _answer_to(self, child: Process, request: "_Request") -> tuple[bytes, bytes]:
        """Return an answer; a busy machine gets three times the CPU limit in wall time."""
        address = request.address
        try:
            async with asyncio.timeout(self._limit_s * 3):
                kind, answer = await _receive(child)
                while kind == MORE:
                    request.pieces.append(self._piece_decoder.decode(answer))
                    kind, answer = await _receive(child)
        except TimeoutError as exc:
            raise self._too_slow(address) from exc
        except (asyncio.IncompleteReadError, ConnectionError) as exc:
            if await child.wait() == -signal.SIGXCPU:
                raise self._too_slow(address) from exc
            raise PermanentError(f"broken {self._what}: the parser died over {address}") from exc
        if kind == FELL_OVER:
            await child.wait()
            raise PermanentError(
                f"broken {self._what}: the parser fell over {address}: {answer.decode()}"
            )
        return kind, answer

    def _too_slow(self, address: str) -> PermanentError:
        return PermanentError(f"too slow: parsing {address} took over {self._limit_s:g} s")

    async def _start(self, instead_of: Process | None) -> Process:
        if instead_of is not None:
            await self._end(instead_of)
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            self._module,
            str(max(1, round(self._limit_s))),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,  # a Ctrl-C is ours to take; a child ends with its input
        )
        self._children.add(child)
        return child

    async def _end(self, child: Process) -> None:
        self._children.discard(child)
        with suppress(ProcessLookupError):
            child.kill()
        if child.stdin is not None:
            child.stdin.close()
        await child.communicate()


@dataclass(frozen=True, slots=True)
class _Request:
    """A document to be parsed, and the future that whoever asked waits for."""

    body: bytes
    content_type: str
    address: str
    answer: "asyncio.Future[tuple[bytes, bytes]]"
    asked_s: float
    """When, by the loop's clock."""
    pieces: list[Any] = field(default_factory=list)
    """What has come of a long answer."""

    def give(self, answer: tuple[bytes, bytes]) -> None:
        """Answer, unless whoever asked has gone."""
        if not self.answer.done():
            self.answer.set_result(answer)

    def fail(self, fault: BaseException) -> None:
        """Say that there is no answer."""
        if self.answer.done():
            return
        if isinstance(fault, asyncio.CancelledError):
            self.answer.cancel()
        else:
            self.answer.set_exception(fault)


async def _send(child: Process, some: list[_Request]) -> None:
    if child.stdin is None:
        raise ConnectionError("the child has no input")
    parts: list[bytes] = []
    for one in some:
        head = {"type": one.content_type, "address": one.address, "bytes": len(one.body)}
        parts += [json.dumps(head).encode(), b"\n", one.body]
    if len(some) > 1:
        parts = [b"".join(parts)]
    with suppress(ConnectionError):  # it has died: over what, its answers tell
        for part in parts:
            view = memoryview(part)
            for at in range(0, len(part), WRITTEN_AT_ONCE):
                child.stdin.write(view[at : at + WRITTEN_AT_ONCE])
                await child.stdin.drain()


async def _receive(child: Process) -> tuple[bytes, bytes]:
    if child.stdout is None:
        raise ConnectionError("the child has no output")
    size = int.from_bytes(await child.stdout.readexactly(SIZE_BYTES))
    answer = await child.stdout.readexactly(size)
    return answer[:1], answer[1:]
