"""Feeds that a page names, links to, or may have at a usual place. Pure.

One pass over the page's tags from left to right, with expressions that never look at a byte twice:
a page is a stranger, as a feed is.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal
from urllib.parse import urljoin, urlsplit

from despatch.errors import PermanentError
from despatch.guard import EVERYWHERE, vet_url
from despatch.shorten import shorten
from ingest.document import decode_text
from ingest.text import clean_line

MOST_FOUND = 40
"""So many feeds of a page are told; a page with more is a directory, to be read by a person."""

_LOOKED_AT = 2 * 1024 * 1024
_MOST_ELEMENTS = 20_000
_TITLE_CHARS = 120

How = Literal["named", "linked", "usual"]
"""Named by the page's head, linked to in its text, or a place where feeds usually are."""

_FEED_TYPES = frozenset({"application/rss+xml", "application/atom+xml", "application/rdf+xml"})
_XML_TYPES = frozenset({"application/xml", "text/xml"})

# As in ingest/html.py: a `>` inside a quoted value does not end the tag.
_TAG = re.compile(
    r"""<(/?)([a-zA-Z][^\s/>]*+)((?:[^>=]++|=\s*+"[^"]*+"|=\s*+'[^']*+'|=)*+)>""",
)
_UNREAD = frozenset({"script", "style", "template", "textarea"})
_ATTRIBUTE = re.compile(r"""([^\s=>"'/]++)\s*+(?:=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]++)))?+""")
_MARKUP = re.compile(r"<[^>]*+>")
_LOOKS_LIKE_FEED = re.compile(
    r"(?:\.(?:rss|atom|rdf)|/(?:rss|atom|feed|feeds|rssfeed)(?:\.(?:xml|aspx|php))?/?"
    r"|(?:rss|atom|feed)[\w-]*\.(?:xml|aspx|ashx))$",
    re.IGNORECASE,
)
_FEED_QUERY = re.compile(r"(?:^|&)(?:format=(?:rss|atom)|feed=(?:rss|rss2|atom)|rss=\w+)(?:&|$)")
_FEED_WORDS = re.compile(r"\b(?:rss|atom|web ?feed|subscribe to (?:this )?feed)\b", re.IGNORECASE)
_NO_FEED = re.compile(r"\.(?:html?|pdf|png|jpe?g|svg|gif|css|js|zip|docx?)$", re.IGNORECASE)
_SCHEME = re.compile(r"\s*feed:", re.IGNORECASE)
_COMMENTS = re.compile(r"\bcomments?\b", re.IGNORECASE)

_GOVUK_PAGES = re.compile(
    r"/(?:search/[^/]+|government/organisations/[^/]+|world/[^/]+(?:/news)?|drug-device-alerts"
    r"|foreign-travel-advice(?:/[^/]+)?)"
)
_USUAL = ("feed", "rss", "feed.xml", "rss.xml", "atom.xml", "index.xml")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A feed that a page may have."""

    address: str
    title: str
    """As the page calls it; empty if it does not."""
    how: How


def feeds_of(body: bytes, address: str) -> list[Candidate]:
    """Return the feeds that a page names or links to, the likeliest first, none twice.

    First what its head names with `rel=alternate` and a feed's type, then links that look like
    feeds; feeds of comments last. A page of GOV.UK has its own form: its address with `.atom`.
    """
    page = decode_text(body[:_LOOKED_AT])
    base = address
    found: dict[str, Candidate] = {}
    if own := govuk_feed(address):
        found[own] = Candidate(own, "this page, as a feed", "usual")
    for name, attributes, text in islice(_elements(page), _MOST_ELEMENTS):
        if name == "base" and attributes.get("href"):
            base = _joined(address, attributes["href"]) or base
        elif one := _candidate(name, attributes, text, base):
            before = found.get(one.address)
            if before is None or (before.how != "named" and one.how == "named"):
                found[one.address] = one
    found.pop(address, None)
    order: dict[How, int] = {"usual": 0, "named": 0, "linked": 1}
    ranked = sorted(
        found.values(), key=lambda one: (bool(_COMMENTS.search(one.title)), order[one.how])
    )
    return ranked[:MOST_FOUND]


def usual_places(address: str) -> list[Candidate]:
    """Return where a site's feed usually is, for a page that names none: its own, then the root's.

    `https://x.gov/news` gives `https://x.gov/news/feed`, …, `https://x.gov/feed`, …: ten at most.
    """
    parts = urlsplit(address)
    root = f"{parts.scheme}://{parts.netloc}"
    own = parts.path.rstrip("/")
    places = [f"{root}{own}/{name}" for name in _USUAL[:4]] if own else []
    places += [f"{root}/{name}" for name in _USUAL]
    return [Candidate(place, "", "usual") for place in dict.fromkeys(places)]


def govuk_feed(address: str) -> str | None:
    """Return the feed of a GOV.UK page; None for what has none.

    A finder's, an organisation's or a country's address with `.atom` behind its path, the query as
    it is (alphagov/finder-frontend show.atom.builder, alphagov/collections config/routes.rb).
    """
    parts = urlsplit(address)
    path = parts.path.rstrip("/")
    if parts.hostname != "www.gov.uk" or not _GOVUK_PAGES.fullmatch(path) or path.endswith(".atom"):
        return None
    return parts._replace(path=f"{path}.atom", fragment="").geturl()


def _candidate(name: str, attributes: dict[str, str], text: str, base: str) -> Candidate | None:
    href = attributes.get("href", "")
    address = _joined(base, href) if href else None
    if address is None:
        return None
    title = attributes.get("title") or text
    if name == "link":
        rel = attributes.get("rel", "").casefold().split()
        type_ = attributes.get("type", "").partition(";")[0].strip().casefold()
        looks = type_ in _XML_TYPES and (_looks_like_feed(address) or _FEED_WORDS.search(title))
        if "alternate" in rel and (type_ in _FEED_TYPES or looks):
            return Candidate(address, _tidy(title), "named")
        return None
    if _NO_FEED.search(urlsplit(address).path):
        return None
    type_ = attributes.get("type", "").casefold()
    if type_ in _FEED_TYPES or _looks_like_feed(address) or _SCHEME.match(href):
        return Candidate(address, _tidy(title), "linked")
    return None


def _looks_like_feed(address: str) -> bool:
    parts = urlsplit(address)
    feedburner = (parts.hostname or "").startswith(("feeds.", "rss.")) and parts.path.strip("/")
    return bool(
        feedburner or _LOOKS_LIKE_FEED.search(parts.path) or _FEED_QUERY.search(parts.query.lower())
    )


def _elements(page: str) -> Iterator[tuple[str, dict[str, str], str]]:
    """Yield `base`, `link` and `a` elements, each with its attributes and an `a`'s text.

    Where a comment, a tag or a script never ends, the page does: that keeps the time linear.
    """
    at = page.find("<")
    while at >= 0:
        if page.startswith("<!--", at):
            at = page.find("-->", at + 4)
        elif tag := _TAG.match(page, at):
            name, at = tag[2].lower(), tag.end()
            if name in _UNREAD and not tag[1]:
                end = re.compile(f"</{name}", re.IGNORECASE).search(page, at)
                at = end.end() if end else -1
            elif name in {"a", "base", "link"} and not tag[1]:
                text = page[at : at + 300].partition("</a")[0] if name == "a" else ""
                yield name, _attributes(tag[3]), text
        elif page[at + 1 : at + 2].isalpha() and page[at + 1].isascii():
            return
        else:
            at += 1
        at = page.find("<", at) if at >= 0 else -1


def _attributes(given: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for match in _ATTRIBUTE.finditer(given[:8_000]):
        value = match[2] or match[3] or match[4] or ""
        found.setdefault(match[1].casefold(), html.unescape(value[:4_000]))
    return found


def _joined(base: str, href: str) -> str | None:
    """Return a link's whole address if it can be asked for; `feed:` is an old name of http."""
    plain = href.strip()
    if plain.casefold().startswith("feed:"):
        rest = plain[5:]
        plain = rest if rest.casefold().startswith("http") else f"https:{rest}"
    try:
        address = urlsplit(urljoin(base, plain))._replace(fragment="").geturl()
        vet_url(address, EVERYWHERE)
    except (ValueError, PermanentError):
        return None
    return address


def _tidy(title: str) -> str:
    return shorten(clean_line(html.unescape(_MARKUP.sub(" ", title))), _TITLE_CHARS)
