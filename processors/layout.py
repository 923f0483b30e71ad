"""How a release's text is laid out: what is boilerplate, what is quoted, what is listed. Pure.

The text stays as it is, so that every place in it stays true; these are ranges of it.
"""

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from despatch.boilerplate import Range, boilerplate
from processors.quotes import Quote, quotes

_ITEM = re.compile(r"^[ \t]*(?:[-*•‣▪]|\(?(?:\d{1,2}|[a-z]|[ivx]{1,5})[.)])[ \t]+(\S.*)", re.M)


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a list, without its mark: `text[start:end]`."""

    start: int
    end: int


class Layout:
    """The parts of a text that are read otherwise than its narration; each kind in order.

    Each kind is looked for when it is first asked for: to judge a text takes one of them.
    """

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def boilerplate(self) -> tuple[Range, ...]:
        """Contacts, sharing, cookies, stamps, legal notes."""
        return boilerplate(self._text)

    @cached_property
    def quotes(self) -> tuple[Quote, ...]:
        """What is said by somebody, and by whom."""
        return quotes(self._text)

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """The items of lists."""
        found = _ITEM.finditer(self._text)
        return tuple(Item(one.start(1), one.end(1)) for one in found)

    def quote_at(self, at: int) -> Quote | None:
        """Return the quotation that a place stands in, if any."""
        found = bisect_right(self.quotes, at, key=lambda quote: quote.start) - 1
        if found < 0 or at >= self.quotes[found].end:
            return None
        return self.quotes[found]


def layout(text: str) -> Layout:
    """Return the layout of a text: as `ingest/html.py` writes it, or as a crawl left it."""
    return Layout(text)
