"""HTML to plain text: paragraphs, lists, quotes and table rows stay apart. Pure.

A scanner of our own, one pass from left to right. A parser that builds the tree (nh3 among them)
takes quadratic time on deep nesting: 360 kB of `<ul><li>` cost 4.2 s. Nothing here comes out
as HTML, so nothing has to be sanitised: whoever shows the text escapes it.
"""

import html
import re
from dataclasses import dataclass, field

from ingest.text import clean_line, clean_text

# A `>` inside a quoted value does not end the tag. Possessive, so that nothing is tried twice.
_TAG = re.compile(
    r"""<(/?)([a-zA-Z][^\s/>]*+)(?:[^>=]++|=\s*+"[^"]*+"|=\s*+'[^']*+'|=)*+>""",
)
_SPACE = re.compile(r"\s+")
# Text, paragraphs, and what leaves no trace within them; values in double quotes, as most write.
_ATTRIBUTES = r"""(?: [a-z-]++="[^"<>]*+")*+"""
_WITHIN = re.compile(rf"</?+(?:a|b|em|i|span|strong){_ATTRIBUTES}>")
_BETWEEN = re.compile(rf"</?+p{_ATTRIBUTES}>")
_SIMPLE = re.compile(rf"(?:[^<]++|</?+(?:a|b|em|i|p|span|strong){_ATTRIBUTES}>)*+")
_LOOKS_LIKE_HTML = re.compile(r"<[a-zA-Z/!?]")
# int() refuses more than 4,300 digits, and html.unescape does not catch that.
_LONG_REFERENCE = re.compile(r"&#[xX]?[0-9a-fA-F]{9,};?")
_REFERENCE = re.compile(r"&(?:#[0-9]{1,8}|#[xX][0-9a-fA-F]{1,8}|[A-Za-z][A-Za-z0-9]{1,31});")

# fmt: off
_DROPPED = frozenset({
    "iframe", "math", "noembed", "noframes", "object", "script", "select", "style", "svg",
    "template", "textarea", "title", "xmp",
})
_PARAGRAPHS = frozenset({
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details",
    "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3",
    "h4", "h5", "h6", "head", "header", "hr", "html", "legend", "main", "menu", "nav", "ol", "p",
    "pre", "section", "summary", "table", "tbody", "tfoot", "thead", "ul",
})
# fmt: on
_MAX_QUOTES = 3


def html_to_text(given: str) -> str:
    r"""Return the text of a piece of HTML, e.g. `<p>One</p><ul><li>two` -> `"One\n\n- two"`.

    A list's items are lines that begin with `- `, a quotation's paragraphs begin with `> `, a
    table's cells stand apart by ` | `. Scripts, styles, comments and unfinished tags leave nothing.
    """
    if "<" not in given:
        return clean_text(" ".join(_unescape(given).split()))
    if _SIMPLE.fullmatch(given):
        return _simple_to_text(given)
    page = _Page()
    for text, name, closing in _tokens(given):
        if text:
            page.say(text)
        elif closing:
            page.end(name)
        else:
            page.begin(name)
    return clean_text(page.text())


def _simple_to_text(given: str) -> str:
    """Return the text of HTML that is paragraphs and words in them: most summaries are.

    The long way gives the same; tests compare both.
    """
    paragraphs = (
        " ".join(_unescape(_WITHIN.sub("", part)).split()) for part in _BETWEEN.split(given)
    )
    return clean_text("\n\n".join(filter(None, paragraphs)))


def title_to_text(given: str) -> str:
    """Return a title on one line; tags go, and what was escaped twice is plain again.

    Feeds write `AT&amp;amp;T` and `<em>` in titles that should be plain text.
    """
    if _LOOKS_LIKE_HTML.search(given):
        return clean_line(html_to_text(given))
    if "&" in given:
        given = _REFERENCE.sub(lambda found: html.unescape(found[0]), given)
    return clean_line(given)


def _tokens(given: str) -> "list[tuple[str, str, bool]]":
    """Return `(text, "", False)` or `("", tag, closing)` in order.

    Where HTML's own rules say that the rest of the document is swallowed (a comment, a tag or a
    script that never ends), it ends here: that also keeps the time linear.
    """
    tokens: list[tuple[str, str, bool]] = []
    at = 0
    while at < len(given):
        opens = given.find("<", at)
        if opens != at:
            tokens.append((_unescape(given[at : opens if opens >= 0 else len(given)]), "", False))
        if opens < 0:
            break
        if tag := _TAG.match(given, opens):
            name = tag[2].lower()
            tokens.append(("", name, bool(tag[1])))
            at = tag.end()
            if name in _DROPPED and not tag[1] and given[at - 2] != "/":
                at = _after(given, f"</{name}", at)
                at = _after(given, ">", at)
        elif given.startswith("<!--", opens):
            empty = re.compile(r"<!---?>").match(given, opens)
            at = empty.end() if empty else _after(given, "-->", opens + 4)
        elif given[opens + 1 : opens + 2] in {"!", "?", "/"}:
            at = _after(given, ">", opens)
        elif given[opens + 1 : opens + 2].isalpha() and given[opens + 1].isascii():
            break
        else:
            tokens.append(("<", "", False))
            at = opens + 1
    return tokens


def _after(given: str, mark: str, at: int) -> int:
    """Return the place behind the next `mark`, letters' case aside, or the end."""
    found = re.compile(re.escape(mark), re.IGNORECASE).search(given, at)
    return found.end() if found else len(given)


def _unescape(text: str) -> str:
    return html.unescape(_LONG_REFERENCE.sub("\ufffd", text)) if "&" in text else text


@dataclass
class _Page:
    """Text as it is being written."""

    parts: list[str] = field(default_factory=list)
    quotes: int = 0
    lists: int = 0
    preformatted: int = 0
    _gap: str = ""
    _mark: str = ""
    """What the next words begin with: a list's dash."""

    def text(self) -> str:
        return "".join(self.parts)

    def say(self, text: str) -> None:
        if not self.preformatted:
            text = _SPACE.sub(" ", text)
            if not text.strip():
                if not self._gap and text and self.parts and not self.parts[-1].isspace():
                    self.parts.append(" ")
                return
        if self._gap or not self.parts:
            self.parts.append(self._gap if self.parts else "")
            self.parts.append("> " * min(self.quotes, _MAX_QUOTES) + self._mark)
            self._gap = self._mark = ""
            text = text.lstrip(" ")
        self.parts.append(text)

    def begin(self, name: str) -> None:
        if name == "br":
            self._part("\n")
        elif name == "li":
            self._part("\n" if self.lists else "\n\n")
            self._mark = "- "
        elif name == "tr":
            self._part("\n")
        elif name in {"td", "th"}:
            self._cell()
        elif name in _PARAGRAPHS and not self._mark:
            self._part("\n\n")
        self._nest(name, 1)

    def end(self, name: str) -> None:
        if name in {"li", "tr"}:
            self._part("\n")
            self._mark = ""
        elif name in _PARAGRAPHS:
            self._part("\n\n")
        self._nest(name, -1)

    def _part(self, gap: str) -> None:
        self._gap = max(self._gap, gap, key=len)

    def _cell(self) -> None:
        """Set a cell apart from the one before it, if there is one; blanks between are none."""
        said = [part for part in self.parts[-2:] if not part.isspace()]
        if said and not self._gap and said[-1] != " | ":
            self.parts.append(" | ")

    def _nest(self, name: str, by: int) -> None:
        if name == "blockquote":
            self.quotes = max(0, self.quotes + by)
        elif name in {"ul", "ol", "menu"}:
            self.lists = max(0, self.lists + by)
            if by > 0:
                self._part("\n\n")
        elif name == "pre":
            self.preformatted = max(0, self.preformatted + by)
