"""RSS, RDF and Atom to entries, through feedparser. Pure.

feedparser gets bytes only, never a string (it would fetch or open one that looks like an address),
and no Content-Location (ids would be resolved against it). Its sanitiser and its link resolver are
off: the first is quadratic on hostile input, both are done here.
"""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import struct_time
from typing import Any
from urllib.parse import urljoin

import feedparser

from despatch.errors import PermanentError, TransientError
from despatch.vocabulary import TextKind
from ingest.dates import parse_date
from ingest.entry import Entry, make_entry, tell_apart
from ingest.hints import NO_HINTS, Hints, hints_of_feed
from ingest.html import html_to_text, title_to_text
from ingest.references import without_impossible_references
from ingest.text import clean_line, clean_text
from ingest.unreadable import fault_in, what_else

_PLAIN = frozenset({"text/plain", "text"})
_ENDED_TITLE = "this feed has ended"
_ENDED_ID = "/feed-ended"
# Complaints that say nothing about the entries.
_HARMLESS = (feedparser.CharacterEncodingOverride, feedparser.NonXMLContentType)


_ITEM_TAGS = re.compile(rb"<(/?)(?:[a-z]+:)?(?:item|entry)\b", re.IGNORECASE)

Item = dict[str, Any]
"""One item as feedparser gives it."""


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """What a feed holds, oldest entry first."""

    entries: tuple[Entry, ...]
    empty: int = 0
    """Items that have neither title nor text."""
    ended: bool = False
    """The feed says that it has ended and will bring no more."""
    hints: Hints = NO_HINTS
    """What it asks of those who poll it."""
    places: tuple[int, ...] = ()
    """Where each entry stands in the document, counted from its top."""
    older: str = ""
    """Where the feed says that its older entries are (RFC 5005 §3 and §4); empty if nowhere."""
    title: str = ""
    """What the feed calls itself."""
    format: str = ""
    """Which dialect it is, as feedparser names it: `rss20`, `atom10`; empty if it can't tell."""
    encoding: str = ""
    """How its characters were coded, as it turned out."""
    fault: str = ""
    """What is wrong with the document, though entries could be read."""
    keys: tuple[str, ...] = ()
    """Its items' keys in the document's order, empty for an empty one, if each item can be told
    from the others and parsed without them; else nothing."""


def parse_feed(body: bytes, content_type: str, address: str) -> ParsedFeed:
    """Return a feed's entries; a faulty document gives what can be read of it.

    Raises PermanentError (`not a feed`) for another kind of document, TransientError
    (`broken feed`) for one that is so faulty, or cut off, that no entry can be read.
    """
    document = _read(body, content_type)
    fault = document.get("bozo_exception")
    found = document.get("entries", [])
    faulty = fault is not None and not isinstance(fault, _HARMLESS)
    if faulty and _ends_within_an_item(body):
        found = found[:-1]  # published as it is, its other half would be an edit
    # Plain dictionaries: feedparser's own answer for `updated` with `published`, and warn.
    items: list[Item] = [dict(item) for item in found if item]
    if not document.get("version") and not items:
        raise PermanentError(f"not a feed: {address} answers with {what_else(body)}")
    if not items and faulty:
        raise TransientError(f"broken feed: {address}: {fault_in(body, fault)}")
    head: Item = dict(document.get("feed", {}))
    title, format_ = title_to_text(_plain(head, "title")), str(document.get("version") or "")
    if len(items) == 1 and _says_ended(items[0]):
        return ParsedFeed((), ended=True, title=title, format=format_)
    language = _plain(head, "language") or None
    entries = [_entry(item, address, language) for item in items]
    feed = ParsedFeed(
        entries=(),
        empty=entries.count(None),
        older=_older(head, address),
        hints=hints_of_feed(head, body),
        title=title,
        format=format_,
        encoding=str(document.get("encoding") or ""),
        fault=clean_line(fault_in(body, fault)) if fault is not None else "",
        keys=tuple(e.key if e else "" for e in entries) if _is_sound(fault, document) else (),
    )
    return in_order(feed, [entry for entry in entries if entry is not None])


def in_order(feed: ParsedFeed, given: Sequence[Entry]) -> ParsedFeed:
    """Return a feed with its entries, given as they stand in the document, oldest first."""
    read = tell_apart(given)
    order = oldest_first(read)
    alone = len(read) == len(given) and not any(entry.repeated for entry in read)
    return replace(
        feed,
        entries=tuple(read[place] for place in order),
        places=tuple(order),
        keys=feed.keys if alone else (),
    )


def _is_sound(fault: Any, document: Mapping[str, Any]) -> bool:
    """Tell whether the document was read strictly, in an encoding that no part of it denies."""
    if fault is None:
        return True
    return isinstance(fault, _HARMLESS) and document.get("encoding") == "utf-8"


def _read(body: bytes, content_type: str) -> Any:
    def parse(given: bytes) -> Any:
        return feedparser.parse(
            io.BytesIO(given),
            response_headers={"content-type": content_type or "application/xml"},
            sanitize_html=False,
            resolve_relative_uris=False,
        )

    try:
        return parse(body)
    except (ValueError, OverflowError):
        return parse(without_impossible_references(body))


def _ends_within_an_item(body: bytes) -> bool:
    """Whether a document was cut off before its last item ended: by whoever made it.

    The connection knows only that all came that was announced.
    """
    tags = [match[1] for match in _ITEM_TAGS.finditer(body)]
    return bool(tags) and not tags[-1]


def _says_ended(item: Item) -> bool:
    """GOV.UK's retired finders answer so, with 200 (finder-frontend show_redirect.atom.builder)."""
    title = clean_line(_plain(item, "title")).casefold()
    return title == _ENDED_TITLE or _plain(item, "id").endswith(_ENDED_ID)


def _entry(item: Item, address: str, language: str | None) -> Entry | None:
    value, type_, own_language, kind = _text(item)
    title = _plain(item, "title")
    title_type = str(_mapping(item, "title_detail").get("type") or "")
    link = _link(item)
    return make_entry(
        id=_plain(item, "id"),
        link=_resolved(address, link),
        title=clean_line(title) if title_type in _PLAIN else title_to_text(title),
        text=clean_text(value) if type_ in _PLAIN else html_to_text(value),
        raw=(title, value, link),
        text_kind=kind,
        text_from="feed",
        published_at=_moment(item, "published"),
        updated_at=_moment(item, "updated"),
        language=own_language or _plain(item, "language") or language,
    )


def _text(item: Item) -> tuple[str, str, str | None, TextKind]:
    """Return the best text with its type and language: content, else the summary."""
    for content in item.get("content") or ():
        value = str(content.get("value") or "")
        type_ = str(content.get("type") or "text/html")
        if value.strip() and (type_.startswith("text") or "xhtml" in type_):
            return value, type_, content.get("language"), "full"
    detail = _mapping(item, "summary_detail")
    type_ = str(detail.get("type") or "text/html")
    return _plain(item, "summary"), type_, detail.get("language"), "summary"


def _link(item: Item) -> str:
    """Return the document's link: FeedBurner's original, the alternate, or an id that is a link."""
    if original := _plain(item, "feedburner_origlink"):
        return original
    for link in item.get("links") or ():
        if link.get("rel", "alternate") == "alternate" and link.get("href"):
            return str(link["href"])
    link, id_ = _plain(item, "link"), _plain(item, "id")
    if link and link != id_:
        return link
    # RSS holds every <guid> for a link unless it says otherwise, and many feeds don't.
    return id_ if id_.startswith(("http://", "https://")) else ""


def _resolved(address: str, link: str) -> str:
    link = link.strip()
    if not link or link.startswith(("https://", "http://")):
        return link
    try:
        return urljoin(address, link)
    except ValueError:
        return ""


def _moment(item: Item, name: str) -> datetime | None:
    """Return a date by our own reading, else by feedparser's, which knows many odd forms."""
    given = _plain(item, name)
    if not given:
        return None
    if found := parse_date(given):
        return found
    parsed = item.get(f"{name}_parsed")
    if not isinstance(parsed, struct_time):
        return None
    try:
        return parse_date(datetime(*parsed[:6], tzinfo=UTC).isoformat())
    except ValueError:
        return None


def oldest_first(entries: Sequence[Entry], *, dated: bool = True) -> list[int]:
    """By date if all have one; else the feed's order reversed: feeds begin with the newest.

    `dated=False`: others of the same document have none.
    """
    backwards = list(range(len(entries)))[::-1]
    dates = [at for e in entries if (at := e.published_at or e.updated_at) is not None]
    if not dated or len(dates) < len(entries):
        return backwards
    return sorted(backwards, key=dates.__getitem__)


def _older(feed: Item, address: str) -> str:
    """Return the archive before this document, else the next page of a feed in pages."""
    links = {link.get("rel"): str(link.get("href") or "") for link in feed.get("links") or ()}
    return _resolved(address, links.get("prev-archive") or links.get("next") or "")


def _plain(item: Item, name: str) -> str:
    value = item.get(name)
    return value if isinstance(value, str) else ""


def _mapping(item: Item, name: str) -> Mapping[str, Any]:
    value = item.get(name)
    # A plain one: feedparser's own looks every key up under its other names.
    return dict(value) if isinstance(value, dict) else {}
