"""feedparser's strict parser with short ways for what most elements are.

Most are plain: no base address, no markup within, and every attribute without a prefix. For those
the methods below do, in fewer steps, what feedparser's own do; for anything else they hand over to
them. Nothing is decided here that feedparser decides: what an element means is still told by its
`_start_…` and `_end_…` methods.
"""

from contextlib import suppress
from typing import Any

from feedparser import api
from feedparser.mixin import _cp1252

from ingest.leannames import MOST_SPACES, Handlers, Name, Spaces, names_of, pair_in, pair_of

XHTML = "application/xhtml+xml"
_ROOTS = frozenset({"feed", "rss", "rdf:RDF"})
_NOT_PLAIN = frozenset({"base", "lang"})
"""Attributes that hold for all that is within the element."""
_DIVS = frozenset({"div", "xhtml:div"})
_LOWERED = frozenset({"rel", "type"})
_KEPT_APART = frozenset({"category", "content", "itunes_keywords", "link", "tags"})
"""Elements that are kept in other ways than as their own text."""
_LATIN = ("utf-8", "utf-8_INVALID_PYTHON_3")


class Strict(api.StrictFeedParser):  # type: ignore[misc]  # feedparser has no types
    """Gives what feedparser's own gives: tests compare both, value for value."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.contentparams = _Parameters()
        self._spaces: Spaces = ()
        self._names = names_of(())
        self._name: str | None = None

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        """Take the begin of an element, as expat says it: `namespace local prefix`."""
        if (tag := self._names.tags.get(name)) is None or self.decls:
            self._name = None if self.decls else name
            self.startElementNS(pair_of(name), None, _Attributes(attributes))
        elif not attributes:
            self._start(tag, {})
        elif any(" " in one for one in attributes):
            self.startElementNS(pair_of(name), None, _Attributes(attributes))
        else:
            self._start(tag, _lowered(attributes))

    def end(self, name: str) -> None:
        """Take the end of an element."""
        if (tag := self._names.ends.get(name)) is not None:
            self.unknown_endtag(tag)
        else:
            self._name = name
            self.endElementNS(pair_of(name), None)

    def characters(self, text: str) -> None:
        if self.contentparams.get("type") == XHTML:
            self.handle_data(text)
        elif self.elementstack:
            self.elementstack[-1][2].append(text)

    def track_namespace(self, prefix: str | None, uri: str) -> None:
        super().track_namespace(prefix, uri)
        if len(self._spaces) <= MOST_SPACES:
            self._spaces += ((prefix, uri),)
        self._names = names_of(self._spaces)

    def resolve_uri(self, uri: str) -> str:
        # All that is done to an address without a base: slashes after `://` become none.
        if not self.baseuri and ":///" not in uri:
            return uri
        resolved: str = super().resolve_uri(uri)
        return resolved

    def unknown_starttag(self, tag: str, attrs: list[tuple[str, str]]) -> None:
        if self._name is not None and not any(name == "xmlns" for name, _ in attrs):
            self._names.tags[self._name] = tag
        self._name = None
        super().unknown_starttag(tag, attrs)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        plain = not self.incontent and not self.baseuri and tag not in _ROOTS
        if not plain or not _NOT_PLAIN.isdisjoint(attributes):
            super().unknown_starttag(tag, list(attributes.items()))
            return
        self.depth += 1
        self.basestack.append(self.baseuri)
        self.langstack.append(self.lang)
        handlers = self._names.handlers.get(tag) or self._handlers_of(tag)
        if handlers.ends_text_input:
            self.intextinput = 0
        if handlers.ends_image:
            self.inimage = 0
        if handlers.start is not None:
            try:
                handlers.start(self, attributes)
            except AttributeError:
                pass  # feedparser takes this for an element that it does not know
            else:
                return
        if attributes:
            self._get_context()[handlers.name] = attributes
        else:
            self.push(handlers.name, 1)

    def unknown_endtag(self, tag: str) -> None:
        if self._name is not None:
            self._names.ends[self._name] = tag
            self._name = None
        if self.svgOK:
            super().unknown_endtag(tag)
            return
        handlers = self._names.handlers.get(tag) or self._handlers_of(tag)
        if handlers.end is None:
            self.pop(handlers.name)
        else:
            try:
                handlers.end(self)
            except AttributeError:
                self.pop(handlers.name)
        if not self.incontent or self._end_within(tag):
            self._leave()

    def _end_within(self, tag: str) -> bool:
        """Take the end of an element within a content; False if nothing was begun with it."""
        params = self.contentparams
        if not params.get("type", "xml").endswith("xml"):
            if tag in _DIVS:
                return False
            params["type"] = XHTML
        if params.get("type") == XHTML:
            self.handle_data(f"</{tag.split(':')[-1]}>", escape=0)
        return True

    def _leave(self) -> None:
        if self.basestack:
            self.basestack.pop()
            if self.basestack and self.basestack[-1]:
                self.baseuri = self.basestack[-1]
        if self.langstack:
            self.langstack.pop()
            if self.langstack:
                self.lang = self.langstack[-1]
        self.depth -= 1

    def _handlers_of(self, tag: str) -> Handlers:
        given, found, suffix = tag.partition(":")
        if not found:
            given, suffix = "", tag
        prefix = self.namespacemap.get(given, given)
        name = f"{prefix}_{suffix}" if prefix else suffix
        handlers = self._names.handlers[tag] = Handlers(
            name,
            getattr(type(self), f"_start_{name}", None),
            getattr(type(self), f"_end_{name}", None),
            not prefix and tag not in _IN_TEXT_INPUT,
            not prefix and tag not in _IN_IMAGE,
        )
        return handlers

    def push_content(
        self, tag: str, attributes: dict[str, str], type_: str, expecting_text: int
    ) -> None:
        self.incontent += 1
        if self.lang:
            self.lang = self.lang.replace("_", "-")
        params = self.contentparams = _Parameters()
        params["type"] = self.map_content_type(attributes.get("type", type_))
        params["language"] = self.lang
        params["base"] = self.baseuri
        params["base64"] = self._is_base64(attributes, params)
        self.push(tag, expecting_text)

    def pop(self, element: str, strip_whitespace: int = 1) -> Any:
        stack, params = self.elementstack, self.contentparams
        if not stack or stack[-1][0] != element:
            return None
        if (
            params.get("type") == XHTML
            or params.get("base64")
            or not self.inentry
            or self.insource
            or element in _KEPT_APART
            or not isinstance(stack[-1][2], list)
        ):
            return super().pop(element, strip_whitespace)
        _element, expecting_text, pieces = stack.pop()
        text = "".join(pieces)
        if strip_whitespace:
            text = text.strip()
        if not expecting_text:
            return text
        text = self._as_it_is_meant(element, text)
        if element != "title" or not -1 < self.title_depth <= self.depth:
            self._keep("summary" if element == "description" else element, text)
        return text

    def _as_it_is_meant(self, element: str, text: str) -> str:
        """Return the text of an element, its address resolved and its characters mended."""
        params = self.contentparams
        if element in self.can_be_relative_uri and text and (element != "id" or self.guidislink):
            text = self.resolve_uri(text)
        guessed = params.get("type") == "text/plain" and not self.version.startswith("atom")
        if guessed and ("</" in text or "&" in text) and self.looks_like_html(text):
            params["type"] = "text/html"
        params.pop("mode", None)
        params.pop("base64", None)
        if text.isascii():
            return text
        if self.encoding in _LATIN:
            with suppress(UnicodeError):
                text = text.encode("iso-8859-1").decode("utf-8")
        return text.translate(_cp1252)

    def _keep(self, element: str, text: str) -> None:
        """Keep what an entry says, if it does not stand deeper than where it was said before."""
        entry = self.entries[-1]
        depths = self.property_depth_map.setdefault(entry, {})
        before = depths.get(element)
        if before is None or self.depth <= before:
            depths[element] = self.depth
            entry[element] = text
        if self.incontent:
            entry[f"{element}_detail"] = {**self.contentparams, "value": text}


_IN_TEXT_INPUT = frozenset({"title", "link", "description", "name"})
_IN_IMAGE = frozenset({"title", "link", "description", "url", "href", "width", "height"})


class _Parameters(dict[str, Any]):
    """Parameters of a content: words and numbers, of whose names none has an alias."""

    def __deepcopy__(self, _memo: object) -> dict[str, Any]:
        return dict(self)


class _Attributes:
    """What SAX calls attributes, as far as feedparser asks."""

    __slots__ = ("_by_name", "_by_qname")

    def __init__(self, given: dict[str, str]) -> None:
        self._by_name: dict[Name, str] = {}
        self._by_qname: dict[str, str] = {}
        for name, value in given.items():
            parts = name.split()
            self._by_name[pair_in(parts)] = value
            self._by_qname[f"{parts[2]}:{parts[1]}" if len(parts) == 3 else parts[-1]] = value

    def items(self) -> Any:
        return self._by_name.items()

    def getQNames(self) -> Any:  # noqa: N802 - SAX's word
        return self._by_qname

    def getValueByQName(self, name: str) -> str:  # noqa: N802
        return self._by_qname[name]


def _lowered(attributes: dict[str, str]) -> dict[str, str]:
    lowered = {name.lower(): value for name, value in attributes.items()}
    for name in _LOWERED & lowered.keys():
        lowered[name] = lowered[name].lower()
    return lowered
