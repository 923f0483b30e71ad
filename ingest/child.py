"""Being a child process that parses: asked over one pipe, answering over another.

It reads a line of JSON (`{"type", "address", "bytes"}`) and so many bytes. It answers with eight
bytes that say how long the rest is, a letter that says how it went, and the rest; a long answer
with several such pieces, of which all but the last say that there is more. It ends when its
input does, or when the CPU limit kills it. It imports as little as it can: each poller starts some.
"""

import gc
import json
import resource
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from typing import BinaryIO

from despatch.errors import PermanentError, TransientError

SIZE_BYTES = 8
_COLLECT_EVERY_BYTES = 500_000
PARSED, MORE, PERMANENT, TRANSIENT, FELL_OVER = b"=", b"+", b"!", b"?", b"x"

Work = Callable[[bytes, str, str], Iterable[bytes]]
"""What a child makes of the bytes, the content type and the address of a document: the pieces of
its answer, at least one."""


def serve(work: Work) -> None:
    """Be a child: answer until the input ends.

    The process's argument is the CPU limit of one document, in seconds.
    """
    limit_s = int(sys.argv[1])
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    sys.excepthook = partial(_last_words, sink)
    # What parsing leaves behind is mostly freed by counting; the rest is looked for between.
    gc.freeze()
    gc.disable()
    left = 0
    while head := source.readline():
        asked = json.loads(head)
        left += asked["bytes"]
        if left > _COLLECT_EVERY_BYTES:
            gc.collect()
            left = 0
        _limit_cpu(limit_s)
        body = source.read(asked["bytes"])
        for kind, data in _pieces(work, body, asked["type"], asked["address"]):
            _write(sink, kind, data)
        del body


def _pieces(
    work: Work, body: bytes, content_type: str, address: str
) -> Iterator[tuple[bytes, bytes]]:
    """Yield the pieces of an answer, each made once the one before is sent."""
    before: bytes | None = None
    try:
        for piece in work(body, content_type, address):
            if before is not None:
                yield MORE, before
            before = piece
    except PermanentError as exc:
        yield PERMANENT, str(exc).encode()
    except TransientError as exc:
        yield TRANSIENT, str(exc).encode()
    else:
        yield PARSED, before or b""


def _write(sink: BinaryIO, kind: bytes, data: bytes) -> None:
    sink.write((len(data) + 1).to_bytes(SIZE_BYTES) + kind + data)
    sink.flush()


def _last_words(sink: BinaryIO, _type: object, exc: BaseException, _traceback: object) -> None:
    """Say what the parser fell over, before this process ends; nobody may be listening."""
    with suppress(OSError):
        _write(sink, FELL_OVER, repr(exc)[:200].encode())


def _limit_cpu(seconds: int) -> None:
    """Let this process use so many seconds of CPU from now on; then the kernel ends it."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = usage.ru_utime + usage.ru_stime
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    soft = int(used) + seconds + 1
    most = soft if hard == resource.RLIM_INFINITY else min(soft, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (most, hard))
