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
from contextlib import suppress
from datetime import timedelta
from types import TracebackType
from typing import Generic, Self, TypeVar

import msgspec

from despatch.errors import PermanentError, TransientError
from ingest.child import FELL_OVER, PERMANENT, SIZE_BYTES, TRANSIENT
from ingest.crew import Crew

CPU_LIMIT = timedelta(seconds=20)

T = TypeVar("T")


class Children(Generic[T]):
    """A pool of children that run one module; use it as an async context manager.

    `what` names, in errors, what they parse; `answer` is what they give back. Children
    are started when they are needed, and kept. One event loop's own.
    """

    def __init__(
        self,
        module: str,
        what: str,
        answer: type[T],
        *,
        at_once: int | None = None,
        cpu_limit: timedelta = CPU_LIMIT,
    ) -> None:
        self._module = module
        self._what = what
        self._decoder = msgspec.json.Decoder(answer)
        self._limit_s = cpu_limit.total_seconds()
        self._crew: Crew[Process] = Crew(at_once or min(4, os.cpu_count() or 1))
        self._children: set[Process] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        _exc: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        for child in list(self._children):
            await self._end(child)

    async def ask(self, body: bytes, content_type: str, address: str) -> T:
        """Return what a child makes of a document.

        Raises what its work raised; PermanentError (`too slow`) beyond the CPU limit, (`broken
        feed`, `broken page`) for a document on which the parser falls over.
        """
        child = await self._crew.take()
        try:
            if child is None or child.returncode is not None:
                child = await self._start(instead_of=child)
            kind, answer = await self._answer(child, body, content_type, address)
        except BaseException:
            if child is not None:
                await self._end(child)
            child = None
            raise
        finally:
            self._crew.give(child)
        if kind == PERMANENT:
            raise PermanentError(answer.decode())
        if kind == TRANSIENT:
            raise TransientError(answer.decode())
        return self._decoder.decode(answer)

    async def _answer(
        self, child: Process, body: bytes, content_type: str, address: str
    ) -> tuple[bytes, bytes]:
        """Ask one child; a busy machine gets three times the CPU limit in wall time."""
        try:
            async with asyncio.timeout(self._limit_s * 3):
                kind, answer = await _ask(child, body, content_type, address)
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


async def _ask(child: Process, body: bytes, content_type: str, address: str) -> tuple[bytes, bytes]:
    if child.stdin is None or child.stdout is None:
        raise ConnectionError("the child has no pipes")
    head = {"type": content_type, "address": address, "bytes": len(body)}
    child.stdin.write(json.dumps(head).encode() + b"\n" + body)
    await child.stdin.drain()
    size = int.from_bytes(await child.stdout.readexactly(SIZE_BYTES))
    answer = await child.stdout.readexactly(size)
    return answer[:1], answer[1:]
