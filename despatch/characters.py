"""Texts as they may be kept and sent: without halves of characters. Pure."""

import re

_HALVES = re.compile("[\ud800-\udfff]")


def storable(text: str) -> str:
    """Return text that can be written as UTF-8: half a character becomes U+FFFD, at the same place.

    Such halves are valid in JSON, and come of `&#xD800;` in a page.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return _HALVES.sub("\N{REPLACEMENT CHARACTER}", text)
    return text
