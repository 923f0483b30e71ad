"""Reads an HTTP answer as far as a POST needs it: its status, Retry-After, where it ends. Pure.

By RFC 9112, and no further than is sure: where an answer's end is in doubt its connection is not
used again, which costs a new one and nothing else. It stands on the path of every webhook, and so
reads four fields of the head and makes nothing of the others.
"""

import re

MOST_HEAD = 32 * 1024
MOST_BODY = 64 * 1024
"""Bytes that are read of a body, for the connection's sake; of a longer one the rest is left."""

_START = b"HTTP/1."
_END = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?:[ \r\n]|$)")
_FIELDS = re.compile(
    rb"\n(content-length|transfer-encoding|connection|retry-after):[ \t]*([^\r\n]*)", re.IGNORECASE
)
_LENGTH = re.compile(rb"[0-9]{1,15}")
_CHUNK = re.compile(rb"([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]*)?")
_BODILESS = frozenset({204, 304})


class NotHttp(Exception):
    """What came is no answer of HTTP/1."""


class Answer:
    """One answer, fed with what came, in whatever pieces."""

    __slots__ = (
        "_asked_body", "_at", "_keep", "_left", "_rest", "begun", "over", "retry_after", "status"
    )  # fmt: skip

    def __init__(self, *, with_body: bool = True) -> None:
        """`with_body` is False for an answer to HEAD."""
        self.status = 0
        """0 until its head is whole. Preliminary answers (1xx) are passed over."""
        self.retry_after: str | None = None
        self.begun = False
        """Whether anything came, a preliminary answer too."""
        self.over = False
        """Whether nothing more of it is to be read."""
        self._asked_body = with_body
        self._keep = False
        self._rest = b""
        self._left: int | None = None
        """Bytes of the body that are still to come; None: it comes in chunks, or until the end."""
        self._at: int | None = None
        """Where the next chunk begins; None: it does not come in chunks."""

    @property
    def reusable(self) -> bool:
        """Whether the next answer over this connection begins where this one ended, for sure."""
        return self.over and self._keep

    def feed(self, data: bytes) -> None:
        """Take what came. Raises NotHttp."""
        self.begun = True
        self._rest += data
        while not self.status:
            if not self._read_head():
                return
        if self._left is not None:
            self._count()
        elif self._at is not None:
            self._read_chunks()
        elif len(self._rest) > MOST_BODY:
            self._stop()

    def _read_head(self) -> bool:
        """Return whether there was a whole one."""
        rest = self._rest
        end = _END.search(rest)
        if end is None or end.start() > MOST_HEAD:
            if len(rest) > MOST_HEAD or not _START.startswith(rest[: len(_START)]):
                raise NotHttp
            return False
        head = rest[: end.start()]
        found = _STATUS.match(head)
        if found is None:
            raise NotHttp
        self._rest = rest[end.end() :]
        status = int(found[2])
        if status >= 200 or status == 101:
            self.status = status
            self._look_ahead(found[1] == b"1" and status != 101, head)
        return True

    def _look_ahead(self, keep: bool, head: bytes) -> None:
        """Learn from the head how the body ends, and whether the connection stays."""
        lengths, codings = [], []
        for name, value in _FIELDS.findall(head):
            field, said = name.lower(), value.strip().lower()
            if field == b"content-length":
                lengths.append(said)
            elif field == b"transfer-encoding":
                codings.append(said)
            elif field == b"retry-after":
                self.retry_after = value.strip().decode("latin-1")
            elif b"close" in said:
                keep = False
        self._keep = keep
        if self.status in _BODILESS or not self._asked_body:
            self._left = 0
        elif codings == [b"chunked"] and not lengths and keep:
            self._at = 0
        elif not codings and len(set(lengths)) == 1 and _LENGTH.fullmatch(lengths[0]):
            self._left = int(lengths[0])
        else:
            self._keep = False

    def _count(self) -> None:
        assert self._left is not None  # noqa: S101 - who calls it looked
        self._left -= len(self._rest)
        self._rest = b""
        if self._left == 0:
            self.over = True
        elif self._left < 0 or self._left > MOST_BODY:
            self._stop()

    def _read_chunks(self) -> None:
        """Pass over whole chunks (RFC 9112 §7.1); trailers are taken for something odd."""
        rest = self._rest
        at = self._at or 0
        while (end := rest.find(b"\r\n", at)) >= 0:
            size = _CHUNK.fullmatch(rest, at, end)
            if size is None:
                return self._stop()
            length = int(size[1], 16)
            if length == 0:
                return self._end_chunks(rest[end:])
            following = end + 2 + length + 2
            if len(rest) < following:
                break
            if rest[following - 2 : following] != b"\r\n":
                return self._stop()
            at = self._at = following
        if len(rest) > MOST_BODY:
            self._stop()
        return None

    def _end_chunks(self, last: bytes) -> None:
        if last == b"\r\n\r\n":
            self.over = True
        elif not b"\r\n\r\n".startswith(last):
            self._stop()

    def _stop(self) -> None:
        self.over, self._keep = True, False
