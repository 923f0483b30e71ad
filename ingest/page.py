"""A page's HTML to the text of its article, through trafilatura. Pure.

trafilatura says which part of a page is its article; what that says is written by our own
`ingest/html.py`, so that paragraphs, lists and tables look as they do everywhere. Runs in a child
process (`ingest/pageworker.py`): it builds the whole tree, which a hostile page makes slow.
"""

import re
from email.message import Message

import trafilatura

from despatch.errors import PermanentError
from ingest.article import Article
from ingest.html import html_to_text

MADE_BY = f"trafilatura {trafilatura.__version__}"
"""Another version may find another text in the same page."""

LEAST_CHARS = 40
"""A shorter text is a cookie notice or a script's empty frame, not an article."""

_TYPES = frozenset({"text/html", "application/xhtml+xml", ""})
_HEAD_CHARS = 4_096
_LANGUAGE = re.compile(r"""<html\b[^>]*?\blang\s*=\s*["']?([A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*)""")
_CHARSET = re.compile(rb"""<meta[^>]*?charset\s*=\s*["']?([A-Za-z0-9_:.-]{2,40})""", re.IGNORECASE)


def read_page(body: bytes, content_type: str, address: str) -> Article:
    """Return the article of a page.

    Raises PermanentError: `not a page` for another kind of document, `no text` for a page in
    which no article is found.
    """
    kind, charset = _kind(content_type)
    if kind not in _TYPES:
        raise PermanentError(f"not a page: {address} is {kind}")
    page = _decoded(body, charset)
    # Its own HTML, not its text: that one loses the empty line between paragraphs.
    article = trafilatura.extract(
        page, url=address, output_format="html", include_comments=False, include_tables=True
    )
    text = html_to_text(article or "")
    if len(text) < LEAST_CHARS:
        raise PermanentError(f"no text: no article is found in {address}")
    return Article(text, MADE_BY, _language(page))


def _kind(content_type: str) -> tuple[str, str]:
    """Return the type and the charset of `text/html; charset=utf-8`, each empty if not given."""
    message = Message()
    message["content-type"] = content_type
    kind = message.get_content_type() if content_type.strip() else ""
    return kind, str(message.get_content_charset() or "")


def _decoded(body: bytes, charset: str) -> str:
    """Return a page's text: as the server says, as the page itself says, else as most are.

    trafilatura would guess, and unpack what looks like an archive: neither is asked for here.
    """
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", "replace")
    said = _CHARSET.search(body[:_HEAD_CHARS])
    for encoding in (charset, said[1].decode() if said else "", "utf-8"):
        try:
            return body.decode(encoding)
        except (LookupError, UnicodeError, ValueError):
            continue
    return body.decode("cp1252", "replace")


def _language(page: str) -> str | None:
    found = _LANGUAGE.search(page[:_HEAD_CHARS])
    return found[1][:35] if found else None
