"""A rendered message, encoded once: for each recipient only what is their own is encoded."""

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TypeAlias

from alerts.messages.encoding import inside_json, quoted
from alerts.messages.fragments import Fragment
from alerts.messages.personal import place

Part: TypeAlias = str | int | Fragment
"""What is the same for everybody, the number of a personal mark, a release of a digest."""

_MARK = re.compile("(\ufdd0[0-4]\ufdd1|\ufdd2[0-9]+\ufdd3)")
"""Of something personal (`personal`), and of a release (`fragments`)."""
_MARKED_LINE = re.compile("^([^\n\ufdd0\ufdd2]*+[\ufdd0\ufdd2].*\n)", re.MULTILINE)


class Written:
    """What a template made of a message, with places for a recipient's own words."""

    def __init__(self, rendered: str, shown: Mapping[str, Fragment] = {}) -> None:
        """`shown` are what takes the place of the marks of a digest's releases."""
        self._rendered = rendered
        self._shown = shown

    def plain(self, values: Sequence[str]) -> str:
        """Return the text with a recipient's own words in it."""
        return _joined(self._parts, values)

    def in_json(self, values: Sequence[str]) -> str:
        """Return the same as JSON writes a string, quotes and all."""
        own = [inside_json(value) for value in values]
        return f'"{_joined(self._json, own)}"'

    def quoted(self, values: Sequence[str]) -> bytes:
        """Return the same as quoted-printable (RFC 2045 §6.7), lines ended by CR LF."""
        return b"".join(
            [
                part if isinstance(part, bytes) else quoted(_joined(part, values))
                for part in self._quoted
            ]
        )

    @cached_property
    def _parts(self) -> list[Part]:
        return self._in_parts(self._rendered)

    @cached_property
    def _json(self) -> list[str | int]:
        return [part if isinstance(part, int) else _in_json(part) for part in self._parts]

    @cached_property
    def _quoted(self) -> list[bytes | list[Part]]:
        """Lines that are the same for everybody, encoded; between them the others, in parts."""
        lines = self._rendered.removesuffix("\n") + "\n"
        return list(map(self._in_lines, filter(None, _MARKED_LINE.split(lines))))

    def _in_lines(self, lines: str) -> bytes | list[Part]:
        """Return lines encoded; in parts, if there is anything personal in them."""
        fragment = self._shown.get(lines[:-1])
        if fragment is not None:
            return fragment.lines
        parts = self._in_parts(lines.replace("\n", "\r\n"))
        if any(isinstance(part, int) for part in parts):
            return parts
        return quoted(_joined(parts, ()))

    def _in_parts(self, text: str) -> list[Part]:
        return [self._part(part) for part in _MARK.split(text) if part]

    def _part(self, text: str) -> Part:
        number = place(text)
        return self._shown.get(text, text) if number is None else number


def _joined(parts: Sequence[Part], values: Sequence[str]) -> str:
    return "".join(
        [
            part if isinstance(part, str) else values[part] if isinstance(part, int) else part.text
            for part in parts
        ]
    )


def _in_json(part: str | Fragment) -> str:
    return part.json if isinstance(part, Fragment) else inside_json(part)
