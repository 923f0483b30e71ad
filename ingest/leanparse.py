"""feedparser, with three of its habits made cheaper: for the children that do nothing but parse.

On feeds of governments a third of feedparser's time goes into (1) Python's SAX driver, which hands
text over in a piece per character reference and builds two tables for each element, (2) content
parameters that are kept in a dictionary with aliases, asked a dozen times an element, and (3) dates
that are tried as eight other forms before ISO 8601. What it gives is the same, value for value:
tests compare both on every fixture, and `make evaluate` on thousands of real documents.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from time import struct_time
from typing import Any
from xml.sax.expatreader import ExpatParser

import feedparser
from feedparser import api

_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z", re.ASCII)

Name = tuple[str | None, str]


def use() -> None:
    """Let feedparser parse so in this process, from now on."""
    api.PREFERRED_XML_PARSERS[:] = [__name__]  # `create_parser` below is what SAX asks for
    api.StrictFeedParser = _Strict
    feedparser.registerDateHandler(_utc)


def create_parser() -> "_Driver":
    """Return a SAX driver: see `xml.sax.make_parser`."""
    return _Driver()


class _Strict(api.StrictFeedParser):  # type: ignore[misc]  # feedparser has no types
    """Keeps content parameters plainly, and works out once what an element's name comes to."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.contentparams = _Parameters()
        self._tags: dict[Name, str] = {}
        """What elements come to that stand without attributes."""
        self._ends: dict[Name, str] = {}
        self._name: Name | None = None

    def push_content(self, *args: Any) -> None:
        super().push_content(*args)
        self.contentparams = _Parameters(self.contentparams)

    def track_namespace(self, prefix: str | None, uri: str) -> None:
        self._tags.clear()
        self._ends.clear()
        super().track_namespace(prefix, uri)

    def startElementNS(self, name: Name, qname: None, attrs: "_Attributes") -> None:  # noqa: N802
        if attrs is _NONE and not self.decls:
            if (tag := self._tags.get(name)) is not None:
                super().unknown_starttag(tag, [])
                return
            self._name = name
        super().startElementNS(name, qname, attrs)

    def unknown_starttag(self, tag: str, attrs: list[tuple[str, str]]) -> None:
        if self._name is not None and not attrs:
            self._tags[self._name] = tag
        self._name = None
        super().unknown_starttag(tag, attrs)

    def endElementNS(self, name: Name, qname: None) -> None:  # noqa: N802
        if (tag := self._ends.get(name)) is not None:
            super().unknown_endtag(tag)
            return
        self._name = name
        super().endElementNS(name, qname)

    def unknown_endtag(self, tag: str) -> None:
        if self._name is not None:
            self._ends[self._name] = tag
        self._name = None
        super().unknown_endtag(tag)


class _Parameters(dict[str, Any]):
    """Parameters of a content: words and numbers, of whose names none has an alias."""

    def __deepcopy__(self, _memo: object) -> dict[str, Any]:
        return dict(self)


class _Attributes:
    """What SAX calls attributes, as far as feedparser asks."""

    __slots__ = ("_by_name", "_by_qname")

    def __init__(self, by_name: Mapping[Name, str], by_qname: Mapping[str, str]) -> None:
        self._by_name = by_name
        self._by_qname = by_qname

    def items(self) -> Iterable[tuple[Name, str]]:
        return self._by_name.items()

    def getQNames(self) -> Iterable[str]:  # noqa: N802 - SAX's word
        return self._by_qname

    def getValueByQName(self, name: str) -> str:  # noqa: N802
        return self._by_qname[name]


_NONE = _Attributes({}, {})


class _Driver(ExpatParser):
    """Python's own driver; text comes in one piece, and a name is taken apart once."""

    def reset(self) -> None:
        super().reset()
        own: Any = self  # its stubs leave these two out
        parser, content = own._parser, own._cont_handler
        parser.buffer_text = True
        names: dict[str, Name] = {}
        start: Callable[[Name, None, _Attributes], None] = content.startElementNS
        end: Callable[[Name, None], None] = content.endElementNS

        def start_element(name: str, attributes: dict[str, str]) -> None:
            pair = names.get(name) or names.setdefault(name, _pair(name.split()))
            start(pair, None, _attributes(attributes) if attributes else _NONE)

        def end_element(name: str) -> None:
            end(names.get(name) or _pair(name.split()), None)

        parser.StartElementHandler = start_element
        parser.EndElementHandler = end_element


def _pair(parts: list[str]) -> Name:
    """Return namespace and local name of what expat writes as `namespace local prefix`."""
    return (None, parts[0]) if len(parts) == 1 else (parts[0], parts[1])


def _attributes(given: Mapping[str, str]) -> _Attributes:
    by_name: dict[Name, str] = {}
    by_qname: dict[str, str] = {}
    for name, value in given.items():
        parts = name.split()
        by_name[_pair(parts)] = value
        by_qname[f"{parts[2]}:{parts[1]}" if len(parts) == 3 else parts[-1]] = value
    return _Attributes(by_name, by_qname)


def _utc(text: str) -> struct_time | None:
    """Return a date in UTC by ISO 8601's most usual form; None for what others must read."""
    found = _ISO.fullmatch(text)
    if found is None:
        return None
    try:
        return datetime(*map(int, found.groups())).utctimetuple()  # type: ignore[arg-type] # noqa: DTZ001
    except ValueError:
        return None
