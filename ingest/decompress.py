"""Content codings undone in bounded pieces: a bomb never gets to unfold."""

import zlib
from typing import Protocol

import brotli

from despatch.errors import TransientError

ENCODINGS = "gzip, deflate, br"
"""What we ask for."""

_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


class Decompressor(Protocol):
    """Undoes one answer's content coding."""

    def feed(self, chunk: bytes, most: int) -> bytes:
        """Return what a chunk unfolds to, or at least `most` bytes of it; little more.

        Whoever gets `most` bytes has had enough, and feeds no more.
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
    def feed(self, chunk: bytes, most: int) -> bytes:
        return chunk

    def finish(self) -> None:
        """Whether all of it came, the connection knows."""


class _Zlib:
    def __init__(self) -> None:
        self._coder = zlib.decompressobj(_GZIP_OR_ZLIB)
        self._started = False

    def feed(self, chunk: bytes, most: int) -> bytes:
        out = bytearray()
        left = chunk
        while left and len(out) < most:
            if self._coder.eof:  # several gzip members may follow each other (RFC 1952 §2.2)
                self._coder = zlib.decompressobj(_GZIP_OR_ZLIB)
            out += self._unfold(left, most - len(out))
            left = self._coder.unconsumed_tail or self._coder.unused_data
        return bytes(out)

    def finish(self) -> None:
        if self._started and not self._coder.eof:
            raise TransientError("truncated: the compressed answer was cut off")

    def _unfold(self, data: bytes, most: int) -> bytes:
        started, self._started = self._started, True
        try:
            return self._coder.decompress(data, most)
        except zlib.error as exc:
            if started:
                raise _broken(exc) from exc
        # Some servers send `deflate` without its zlib envelope.
        self._coder = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            return self._coder.decompress(data, most)
        except zlib.error as exc:
            raise _broken(exc) from exc


class _Brotli:
    def __init__(self) -> None:
        self._coder = brotli.Decompressor()
        self._started = False

    def feed(self, chunk: bytes, most: int) -> bytes:
        self._started = True
        out = bytearray()
        try:
            piece = self._coder.process(chunk, output_buffer_limit=most)
            while piece:
                out += piece
                if len(out) >= most:
                    break
                piece = self._coder.process(b"", output_buffer_limit=most - len(out))
        except brotli.error as exc:
            raise _broken(exc) from exc
        return bytes(out)

    def finish(self) -> None:
        if self._started and not self._coder.is_finished():
            raise TransientError("truncated: the compressed answer was cut off")


def _broken(exc: Exception) -> TransientError:
    return TransientError(f"encoding: the compressed answer is broken: {exc}")
