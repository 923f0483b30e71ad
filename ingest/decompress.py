"""Content codings undone in bounded pieces: a bomb never gets to unfold."""

import zlib
from collections.abc import Iterator
from typing import Protocol

import brotli

from despatch.errors import TransientError

ENCODINGS = "gzip, deflate, br"
"""What we ask for."""

PIECE_BYTES = 64 * 1024

_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


class Decompressor(Protocol):
    """Undoes one answer's content coding."""

    def unfold(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what a chunk unfolds to, in pieces of some 64 KiB, each made when it is asked for.

        Whoever has had enough asks for no more, and gives no more chunks.
        """
        ...

    def finish(self) -> None:
        """Raise TransientError (`truncated`) if the coded data have not come to their end."""
        ...


def decompressor(encoding: str) -> Decompressor:
    """Return what undoes a Content-Encoding.

    Raises TransientError (`encoding`) for one that nobody asked for, two on top of each other
    among them.
    """
    match encoding.strip().lower():
        case "" | "identity":
            return _Plain()
        case "gzip" | "x-gzip" | "deflate":
            return _Zlib()
        case "br":
            return _Brotli()
        case other:
            raise TransientError(f"encoding: the answer is coded as {other[:50]!r}")


class _Plain:
    def unfold(self, chunk: bytes) -> Iterator[bytes]:
        yield chunk

    def finish(self) -> None:
        """Whether all of it came, the connection knows."""


class _Zlib:
    def __init__(self) -> None:
        self._coder = zlib.decompressobj(_GZIP_OR_ZLIB)
        self._started = False

    def unfold(self, chunk: bytes) -> Iterator[bytes]:
        left = chunk
        while left:
            if self._coder.eof:  # several gzip members may follow each other (RFC 1952 §2.2)
                self._coder = zlib.decompressobj(_GZIP_OR_ZLIB)
            yield self._piece(left)
            left = self._coder.unconsumed_tail or self._coder.unused_data

    def finish(self) -> None:
        if self._started and not self._coder.eof:
            raise TransientError("truncated: the compressed answer was cut off")

    def _piece(self, data: bytes) -> bytes:
        started, self._started = self._started, True
        try:
            return self._coder.decompress(data, PIECE_BYTES)
        except zlib.error as exc:
            if started:
                raise _broken(exc) from exc
        # Some servers send `deflate` without its zlib envelope.
        self._coder = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            return self._coder.decompress(data, PIECE_BYTES)
        except zlib.error as exc:
            raise _broken(exc) from exc


class _Brotli:
    def __init__(self) -> None:
        self._coder = brotli.Decompressor()
        self._started = False

    def unfold(self, chunk: bytes) -> Iterator[bytes]:
        self._started = True
        piece = self._piece(chunk)
        while piece:
            yield piece
            piece = self._piece(b"")

    def finish(self) -> None:
        if self._started and not self._coder.is_finished():
            raise TransientError("truncated: the compressed answer was cut off")

    def _piece(self, data: bytes) -> bytes:
        try:
            return bytes(self._coder.process(data, output_buffer_limit=PIECE_BYTES))
        except brotli.error as exc:
            raise _broken(exc) from exc


def _broken(exc: Exception) -> TransientError:
    return TransientError(f"encoding: the compressed answer is broken: {exc}")
