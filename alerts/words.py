"""Small things done to text that strangers wrote, before it is shown. Pure."""

import re

_CONTROL = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufdd0-\ufdef\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"
)
"""Control characters, terminal escapes, marks that turn the direction of writing, signs that are
no characters."""


def clean(text: str) -> str:
    """Return the text without control characters; line breaks and tabs stay.

    A title must not move a terminal's cursor, nor end a mail's header.
    """
    if text.isprintable():  # no sign above is
        return text
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str) -> str:
    """Return the text cleaned, as a single line."""
    return " ".join(clean(text).split())


def listed(parts: tuple[str, ...] | list[str]) -> str:
    """Return `a`, `a and b`, `a, b and c`."""
    if len(parts) < 2:
        return "".join(parts)
    return ", ".join(parts[:-1]) + " and " + parts[-1]
