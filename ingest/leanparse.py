"""feedparser, with its habits made cheaper: for the children that do nothing but parse.

On feeds of governments more than half of feedparser's time goes into (1) Python's SAX driver, which
hands text over in a piece per character reference and builds two tables for each element, (2) what
it does about each element that only few need (`ingest/leanstrict.py`), (3) dictionaries with
aliases, asked a dozen times an element (`ingest/leandict.py`), and (4) dates that are tried as
eight other forms before ISO 8601. What it gives is the same, value for value: tests compare both on
every fixture and on made-up documents, and `make evaluate` on thousands of real ones.
"""

import re
from datetime import datetime
from time import struct_time
from typing import Any
from xml.sax.expatreader import ExpatParser

import feedparser
from feedparser import api
from feedparser.util import FeedParserDict

from ingest.leandict import quicken
from ingest.leanstrict import Strict

_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z", re.ASCII)


def use() -> None:
    """Let feedparser parse so in this process, from now on."""
    api.PREFERRED_XML_PARSERS[:] = [__name__]  # `create_parser` below is what SAX asks for
    api.StrictFeedParser = Strict
    quicken(FeedParserDict)
    feedparser.registerDateHandler(_utc)


def create_parser() -> "_Driver":
    """Return a SAX driver: see `xml.sax.make_parser`."""
    return _Driver()


class _Driver(ExpatParser):
    """Python's own driver; text comes in one piece, and a name is taken apart once."""

    def reset(self) -> None:
        super().reset()
        own: Any = self  # its stubs leave these two out
        parser, content = own._parser, own._cont_handler
        parser.buffer_text = True
        parser.StartElementHandler = content.begin
        parser.EndElementHandler = content.end


def _utc(text: str) -> struct_time | None:
    """Return a date in UTC by ISO 8601's most usual form; None for what others must read."""
    found = _ISO.fullmatch(text)
    if found is None:
        return None
    try:
        return datetime(*map(int, found.groups())).utctimetuple()  # type: ignore[arg-type] # noqa: DTZ001
    except ValueError:
        return None
