"""What of a feed's document was seen before, to the byte: only the rest has to be parsed. Pure.

A feed is a window of entries, and a poll later most of them are the same bytes. A scanner finds
where each entry begins and ends, and a hash tells which were there before. Those that were not are
parsed as a smaller document between the same head and tail, and that gives what parsing the whole
gives (tests/ingest/test_familiar.py; for a real feed's history, `make evaluate`). Whatever is odd
about a document is parsed whole: a DOCTYPE, another encoding than those that hold ASCII, entries
within entries, something between two of them.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import islice
from typing import Any

from despatch import __version__
from despatch.fingerprint import digest

MOST_BYTES = 1_000_000
MOST_ITEMS = 500
"""A larger document is parsed whole: to know its items would weigh more than it saves."""

_KEY_LENGTH = 16
_LISTED = re.compile(r"[0-9a-f]+:[0-9a-f]{16} [d-](?:;[0-9a-f]+:[0-9a-f]{16} [d-])*")
_MARK = re.compile(rb"<!--|<!\[CDATA\[|<\?|<!|</?(?:entry|item)(?=[\s/>])")
_OPENED = rb"""<(entry|item)(?:\s+[^\s=<>"'/]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*\s*>"""
_BEGIN = re.compile(_OPENED)
# An item in which no other mark stands, as most: found at one go.
_PLAIN = re.compile(_OPENED + rb"(?:[^<]++|<(?![!?]|/?(?:entry|item)[\s/>]))*+</\1\s*>")
_END = re.compile(rb"</(entry|item)\s*>")
_SKIPPED = {b"<!--": b"-->", b"<![CDATA[": b"]]>", b"<?": b"?>"}
_DECLARED = re.compile(rb"""^\s*<\?xml\b[^>]*?\bencoding\s*=\s*["']([^"']*)["']""")
_CHARSET = re.compile(r"""charset\s*=\s*["']?([^\s"';]+)""", re.IGNORECASE)
_HOLDS_ASCII = re.compile(r"utf-?8|(us-)?ascii|(iso-?8859|windows|cp)[-_]?\d{1,5}|latin-?1", re.I)
# The feed's own dates change with each poll, and nothing of an entry depends on them.
_DATES = re.compile(
    rb"(<(?:updated|lastBuildDate|pubDate|modified|dc:date)>)[^<]{0,100}(?=</)", re.IGNORECASE
)


class Odd(Exception):
    """Something about a document that makes it one to be parsed whole."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A document taken apart: what stands before its entries, the entries, what stands behind."""

    head: bytes
    items: tuple[bytes, ...]
    tail: bytes
    frame: str
    """Hash of all that an entry's meaning may depend on besides its own bytes."""
    marks: tuple[str, ...]
    """A hash for each item."""

    def part(self, numbers: Collection[int]) -> bytes:
        """Return a document that holds some of the items only, in their order."""
        chosen = [item for number, item in enumerate(self.items) if number in numbers]
        return b"\n".join([self.head, *chosen, self.tail])


Seen = str
"""An item that was parsed and dealt with: a hash of its entry's key, and `d` if that has a date."""


def seen(key: str, *, dated: bool) -> Seen:
    """Return what is kept of the item whose entry has this key."""
    return f"{short(key)} {'d' if dated else '-'}"


def key_of(item: Seen) -> str:
    """Return what stands for its entry's key: see `short`."""
    return item[:_KEY_LENGTH]


def is_dated(item: Seen) -> bool:
    """Return whether its entry has a date."""
    return item.endswith("d")


@dataclass(frozen=True, slots=True)
class Familiar:
    """What a feed showed when it was read last, as far as nothing remains to be done about it."""

    frame: str = ""
    items: Mapping[str, Seen] = field(default_factory=dict)
    """By their marks."""


NOTHING = Familiar()


def cut_feed(body: bytes, content_type: str) -> Cut | None:
    """Return a document taken apart, or None for one that is to be parsed whole."""
    if len(body) > MOST_BYTES:
        return None
    try:
        spans = list(islice(spans_of(body, content_type), MOST_ITEMS + 1))
    except Odd:
        return None
    if not spans or len(spans) > MOST_ITEMS:
        return None
    head, tail = body[: spans[0][0]], body[spans[-1][1] :]
    items = tuple(body[begin:end] for begin, end in spans)
    frame = blake2b(digest_size=12)
    for part in (__version__.encode(), content_type.encode(), _DATES.sub(rb"\1", head), tail):
        frame.update(b"%d:%b" % (len(part), part))
    marks = tuple(blake2b(item, digest_size=12).hexdigest() for item in items)
    return Cut(head, items, tail, frame.hexdigest(), marks)


def spans_of(body: bytes, content_type: str) -> Iterator[tuple[int, int]]:
    """Yield where each entry begins and ends. Raises Odd where the scanner can't be sure."""
    if not _holds_ascii(body, content_type):
        raise Odd
    before = -1
    for begin, end in _spans(body):
        if before >= 0 and body[before:begin].strip():
            raise Odd
        before = end
        yield begin, end


def kept_familiar(cursor: Mapping[str, Any]) -> Familiar:
    """Return what a cursor knows; nothing if what it holds can't be read."""
    given = cursor.get("familiar")
    if not isinstance(given, Mapping):
        return NOTHING
    listed = given.get("items")
    if not isinstance(listed, str) or not _LISTED.fullmatch(listed):
        return NOTHING
    return Familiar(
        str(given.get("frame", "")), dict(line.split(":") for line in listed.split(";"))
    )


def to_keep(familiar: Familiar) -> Mapping[str, Any]:
    """Return it as a cursor keeps it, JSON: see `kept_familiar`.

    One text: most polls read and write a cursor, and look at none of its items.
    """
    lines = [f"{mark}:{item}" for mark, item in familiar.items.items()]
    return {"frame": familiar.frame, "items": ";".join(lines)} if lines else {}


def short(key: str) -> str:
    """Return what stands for an entry's key there."""
    return digest(key, length=_KEY_LENGTH)


def changed(cut: Cut, familiar: Familiar) -> Sequence[int]:
    """Return the numbers of the items that are not familiar, in order."""
    known = familiar.items if familiar.frame == cut.frame else {}
    return [number for number, mark in enumerate(cut.marks) if mark not in known]


def _holds_ascii(body: bytes, content_type: str) -> bool:
    """Tell whether each byte below 128 is the ASCII character that it looks like."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00")) or b"\x00" in body[:200]:
        return False
    declared = _DECLARED.match(body.removeprefix(b"\xef\xbb\xbf")[:300])
    names = [declared[1].decode("latin-1")] if declared else []
    names += _CHARSET.findall(content_type)
    return all(_HOLDS_ASCII.fullmatch(name) for name in names)


def _spans(body: bytes) -> Iterator[tuple[int, int]]:
    kind, begin, at = b"", -1, 0
    while found := _MARK.search(body, at):
        mark, start = found[0], found.start()
        if begin < 0 and (plain := _PLAIN.match(body, start)) and kind in {b"", plain[1]}:
            kind, at = plain[1], plain.end()
            yield start, at
        elif mark in _SKIPPED:
            end = body.find(_SKIPPED[mark], found.end())
            if end < 0:
                raise Odd
            at = end + len(_SKIPPED[mark])
        elif mark.startswith(b"</"):
            closing = _END.match(body, start)
            if closing is None or begin < 0 or closing[1] != kind:
                raise Odd
            yield begin, closing.end()
            begin, at = -1, closing.end()
        else:
            opening = _BEGIN.match(body, start)
            if opening is None or begin >= 0 or kind not in {b"", opening[1]}:
                raise Odd
            kind, begin, at = opening[1], start, opening.end()
    if begin >= 0:
        raise Odd
