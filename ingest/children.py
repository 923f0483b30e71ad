"""Child processes that parse what strangers wrote: a hostile document costs a limited time only.

A child reads a line of JSON (`{"type", "address", "bytes"}`) and so many bytes. It answers with
eight bytes that say how long the rest is, a letter that says how it went, and the rest. It ends
when its input does, or when the CPU limit kills it; its parent starts another.
"""

import asyncio
import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from types import TracebackType
from typing import BinaryIO, Self

from despatch.errors import PermanentError, TransientError

CPU_LIMIT = timedelta(seconds=20)

_SIZE_BYTES = 8
_PARSED, _PERMANENT, _TRANSIENT, _FELL_OVER = b"=", b"!", b"?", b"x"

Work = Callable[[bytes, str, str], bytes]
"""What a child does with the bytes, the content type and the address of a document."""


class Children:
    """A pool of children that run one module; use it as an async context manager.

    `what` names, in errors, what they parse. Children are started when the first document comes
    and kept. One event loop's own.
    """

    def __init__(
        self,
        module: str,
        what: str,
        *,
        at_once: int | None = None,
        cpu_limit: timedelta = CPU_LIMIT,
    ) -> None:
        self._module = module
        self._what = what
        self._limit_s = cpu_limit.total_seconds()
        self._idle: asyncio.LifoQueue[asyncio.subprocess.Process | None] = asyncio.LifoQueue()
        for _ in range(at_once or min(4, os.cpu_count() or 1)):
            self._idle.put_nowait(None)
        self._children: set[asyncio.subprocess.Process] = set()

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

    async def ask(self, body: bytes, content_type: str, address: str) -> bytes:
        """Return what a child makes of a document.

        Raises what its work raised; PermanentError (`too slow`) beyond the CPU limit, (`broken
        feed`, `broken page`) for a document on which the parser falls over.
        """
        child = await self._idle.get()
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
            self._idle.put_nowait(child)
        if kind == _PERMANENT:
            raise PermanentError(answer.decode())
        if kind == _TRANSIENT:
            raise TransientError(answer.decode())
        return answer

    async def _answer(
        self, child: asyncio.subprocess.Process, body: bytes, content_type: str, address: str
    ) -> tuple[bytes, bytes]:
        """Ask one child; a busy machine gets three times the CPU limit in wall time."""
        try:
            kind, answer = await asyncio.wait_for(
                _ask(child, body, content_type, address), self._limit_s * 3
            )
        except TimeoutError as exc:
            raise self._too_slow(address) from exc
        except (asyncio.IncompleteReadError, ConnectionError) as exc:
            if await child.wait() == -signal.SIGXCPU:
                raise self._too_slow(address) from exc
            raise PermanentError(f"broken {self._what}: the parser died over {address}") from exc
        if kind == _FELL_OVER:
            await child.wait()
            raise PermanentError(
                f"broken {self._what}: the parser fell over {address}: {answer.decode()}"
            )
        return kind, answer

    def _too_slow(self, address: str) -> PermanentError:
        return PermanentError(f"too slow: parsing {address} took over {self._limit_s:g} s")

    async def _start(
        self, instead_of: asyncio.subprocess.Process | None
    ) -> asyncio.subprocess.Process:
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

    async def _end(self, child: asyncio.subprocess.Process) -> None:
        self._children.discard(child)
        with suppress(ProcessLookupError):
            child.kill()
        if child.stdin is not None:
            child.stdin.close()
        await child.communicate()


async def _ask(
    child: asyncio.subprocess.Process, body: bytes, content_type: str, address: str
) -> tuple[bytes, bytes]:
    if child.stdin is None or child.stdout is None:
        raise ConnectionError("the child has no pipes")
    head = {"type": content_type, "address": address, "bytes": len(body)}
    child.stdin.write(json.dumps(head).encode() + b"\n" + body)
    await child.stdin.drain()
    size = int.from_bytes(await child.stdout.readexactly(_SIZE_BYTES))
    answer = await child.stdout.readexactly(size)
    return answer[:1], answer[1:]


def serve(work: Work) -> None:
    """Be a child: answer until the input ends.

    The process's argument is the CPU limit of one document, in seconds.
    """
    limit_s = int(sys.argv[1])
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    sys.excepthook = partial(_last_words, sink)
    while head := source.readline():
        asked = json.loads(head)
        _limit_cpu(limit_s)
        _write(sink, *_done(work, source.read(asked["bytes"]), asked["type"], asked["address"]))


def _done(work: Work, body: bytes, content_type: str, address: str) -> tuple[bytes, bytes]:
    try:
        return _PARSED, work(body, content_type, address)
    except PermanentError as exc:
        return _PERMANENT, str(exc).encode()
    except TransientError as exc:
        return _TRANSIENT, str(exc).encode()


def _write(sink: BinaryIO, kind: bytes, data: bytes) -> None:
    sink.write((len(data) + 1).to_bytes(_SIZE_BYTES) + kind + data)
    sink.flush()


def _last_words(sink: BinaryIO, _type: object, exc: BaseException, _traceback: object) -> None:
    """Say what the parser fell over, before this process ends; nobody may be listening."""
    with suppress(OSError):
        _write(sink, _FELL_OVER, repr(exc)[:200].encode())


def _limit_cpu(seconds: int) -> None:
    """Let this process use so many seconds of CPU from now on; then the kernel ends it."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = usage.ru_utime + usage.ru_stime
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    soft = int(used) + seconds + 1
    most = soft if hard == resource.RLIM_INFINITY else min(soft, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (most, hard))
