"""A rendered message, encoded once: for each recipient only what is their own is encoded."""

import binascii
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import groupby
from json.encoder import encode_basestring

from alerts.messages.personal import joined, pieces


class Written:
    """What a template made of a message, with places for a recipient's own words."""

    def __init__(self, rendered: str) -> None:
        self.parts = pieces(rendered)

    def plain(self, values: Sequence[str]) -> str:
        """Return the text with a recipient's own words in it."""
        return joined(self.parts, values)

    def in_json(self, values: Sequence[str]) -> str:
        """Return the same as JSON writes a string, quotes and all."""
        own = [_inside(value) for value in values]
        return f'"{joined(self._json, own)}"'

    def quoted(self, values: Sequence[str]) -> bytes:
        """Return the same as quoted-printable (RFC 2045 §6.7), lines ended by CR LF."""
        return b"".join(
            [
                part if isinstance(part, bytes) else _quoted(joined(part, values))
                for part in self._quoted
            ]
        )

    @cached_property
    def _json(self) -> list[str | int]:
        return [_inside(part) if isinstance(part, str) else part for part in self.parts]

    @cached_property
    def _quoted(self) -> list[bytes | list[str | int]]:
        """Lines that are the same for everybody, encoded; between them the others, in pieces."""
        found: list[bytes | list[str | int]] = []
        for personal, lines in groupby(_lines(self.parts), _is_personal):
            if personal:
                found.extend(lines)
            else:
                found.append(_quoted("".join(joined(line, ()) for line in lines)))
        return found


def _lines(parts: Sequence[str | int]) -> Iterator[list[str | int]]:
    """Yield each line in its pieces, line break and all; the last one gets a break, too."""
    line: list[str | int] = []
    for part in parts:
        if isinstance(part, int):
            line.append(part)
            continue
        *whole, rest = part.split("\n")
        for text in whole:
            yield [*line, text, "\r\n"]
            line = []
        if rest:
            line.append(rest)
    if line:
        yield [*line, "\r\n"]


def _is_personal(line: Sequence[str | int]) -> bool:
    return any(isinstance(piece, int) for piece in line)


def _quoted(text: str) -> bytes:
    return binascii.b2a_qp(text.encode(), istext=True)


def _inside(text: str) -> str:
    return encode_basestring(text)[1:-1]
