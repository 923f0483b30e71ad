"""Texts as they may be kept and sent: without halves of characters. Pure."""

import re

_HALVES = re.compile("[\ud800-\udfff]")


def whole(text: str) -> str:
    """Return a text with U+FFFD for each half of a surrogate pair; every place stays where it is.

    Halves are valid in JSON, and can't be written again.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return _HALVES.sub("\N{REPLACEMENT CHARACTER}", text)
    return text
