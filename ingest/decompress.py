"""Content codings undone in bounded pieces: a gzip bomb never gets to unfold."""

import zlib

from despatch.errors import TransientError

ENCODINGS = "gzip, deflate"
"""What we ask for; brotli can't be undone in bounded pieces with what Python has."""

_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


class Decompressor:
    """Undoes one answer's content coding."""

    def __init__(self, encoding: str) -> None:
        """Raises TransientError (`encoding`) for one that nobody asked for."""
        name = encoding.strip().lower()
        if name not in {"", "identity", "gzip", "x-gzip", "deflate"}:
            raise TransientError(f"encoding: the answer is coded as {encoding[:50]!r}")
        self._plain = name in {"", "identity"}
        self._coder = zlib.decompressobj(_GZIP_OR_ZLIB)
        self._started = False

    def feed(self, chunk: bytes, most: int) -> bytes:
        """Return what a chunk unfolds to, at most `most` bytes of it (at least one)."""
        if self._plain:
            return chunk
        out = bytearray()
        left = chunk
        while left and len(out) < most:
            if self._coder.eof:  # several gzip members may follow each other (RFC 1952 §2.2)
                self._coder = zlib.decompressobj(_GZIP_OR_ZLIB)
            out += self._unfold(left, max(1, most - len(out)))
            left = self._coder.unconsumed_tail or self._coder.unused_data
        return bytes(out)

    def finish(self) -> None:
        """Raise TransientError (`truncated`) if the coded data have not come to their end."""
        if not self._plain and self._started and not self._coder.eof:
            raise TransientError("truncated: the compressed answer was cut off")

    def _unfold(self, data: bytes, most: int) -> bytes:
        started, self._started = self._started, True
        try:
            return self._coder.decompress(data, most)
        except zlib.error as exc:
            if started:
                raise TransientError(f"encoding: the compressed answer is broken: {exc}") from exc
        # Some servers send `deflate` without its zlib envelope.
        self._coder = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            return self._coder.decompress(data, most)
        except zlib.error as exc:
            raise TransientError(f"encoding: the compressed answer is broken: {exc}") from exc
