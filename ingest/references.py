"""References to characters that do not exist, such as `&#xD800;`. Pure."""

import re

_REFERENCE = re.compile(rb"&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));?")
_LAST = 0x10FFFF


def without_impossible_references(body: bytes) -> bytes:
    """Return a document in which each of them is a reference to the replacement character.

    feedparser raises UnicodeEncodeError, ValueError or OverflowError over one, and the whole feed
    would be lost.
    """
    return _REFERENCE.sub(_possible, body)


def _possible(match: re.Match[bytes]) -> bytes:
    digits = (match[1] or match[2]).lstrip(b"0")
    if len(digits) <= 7:  # int() has a limit of its own
        number = int(digits or b"0", 16 if match[1] else 10)
        if number <= _LAST and not 0xD800 <= number <= 0xDFFF:
            return match[0]
    return b"&#xFFFD;"
