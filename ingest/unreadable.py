"""Why a document can't be read as a feed, in words for whoever runs us or writes the feed. Pure."""

import re
from xml.sax import SAXParseException

JSON_FEED = "a JSON Feed, which is not read: look for the site's RSS or Atom feed"

_DECLARED = re.compile(rb"<\?xml\b")
_START = 200
"""Bytes of a document in which its XML declaration would stand."""

_JSON_FEED = re.compile(rb"\s*\{.{0,2000}jsonfeed\.org/version/", re.DOTALL)

# What expat says (xmlparse.c, `XML_ErrorString`), and what is meant.
_MEANT = {
    "not well-formed": "a character stands there that may not",
    "undefined entity": "an entity is used that the feed does not define",
    "mismatched tag": "an end tag closes what was not opened last",
    "unclosed token": "it breaks off within a tag",
    "no element found": "it breaks off",
    "unclosed CDATA section": "a CDATA section has no end",
    "unbound prefix": "a prefix is used whose namespace is not named",
    "duplicate attribute": "a tag has the same attribute twice",
    "junk after document element": "more follows after the feed's end",
    "reference to invalid character number": "a character is referred to that XML does not allow",
}


def what_else(body: bytes) -> str:
    """Return what a document is that is no feed, and what to look for instead."""
    return JSON_FEED if is_json_feed(body) else "something else than RSS or Atom"


def is_json_feed(body: bytes) -> bool:
    """Return whether a document says that it is a JSON Feed, which feedparser does not read."""
    return _JSON_FEED.match(body) is not None


def fault_in(body: bytes, fault: object) -> str:
    """Return where a feed is faulty and how: `near line 3, column 18: it breaks off`.

    `fault` is what feedparser gives. It sets an XML declaration of its own before a document that
    has none, on a line that is not the feed's.
    """
    if not isinstance(fault, SAXParseException):
        return str(fault)[:200]
    declared = _DECLARED.search(body[:_START].replace(b"\0", b""))
    line = max(1, (fault.getLineNumber() or 1) - (0 if declared else 1))
    said = fault.getMessage()
    meant = next((words for start, words in _MEANT.items() if said.startswith(start)), said[:150])
    return f"near line {line}, column {(fault.getColumnNumber() or 0) + 1}: {meant}"
