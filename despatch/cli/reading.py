"""Files of lines, compressed or not, and standard input, as commands read them."""

import gzip
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import cast

from despatch.errors import PermanentError, UsageError

STANDARD_INPUT = "-"

_GZIP = b"\x1f\x8b"
"""What a compressed file begins with (RFC 1952 §2.3.1)."""


@contextmanager
def lines_of(file: str) -> Iterator[Iterator[bytes]]:
    """Open a file; `-` is standard input.

    Raises UsageError if it can't be opened, and at the line where it breaks off PermanentError.
    """
    if file == STANDARD_INPUT:
        yield _unpacked("standard input", cast(BufferedReader, sys.stdin.buffer))
        return
    try:
        opened = Path(file).open("rb")  # noqa: SIM115 - what goes wrong inside is not ours to name
    except OSError as exc:
        raise UsageError(f"{file} can't be read: {exc.strerror}") from exc
    with opened:
        yield _unpacked(file, opened)


def _unpacked(name: str, opened: BufferedReader) -> Iterator[bytes]:
    try:
        packed = opened.peek(len(_GZIP)).startswith(_GZIP)
        yield from gzip.GzipFile(fileobj=opened) if packed else opened
    except (OSError, EOFError, zlib.error) as exc:
        raise PermanentError(f"{name} can't be read from here on: {exc}") from exc
