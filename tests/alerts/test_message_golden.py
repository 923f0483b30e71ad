"""Every message in every form is as it was when somebody looked at it: tests/data/messages.

After a change on purpose: `.venv/bin/python tests/alerts/test_message_golden.py` writes them anew;
look at the difference, and at the pages in a browser.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from alerts.messages import Messages
from alerts.messages.specimens import specimens
from despatch.model import Alert, DeliveryId

FOLDER = Path(__file__).parents[1] / "data" / "messages"
KEY = DeliveryId("y-2412c3085480dc50beef2601")
EMPTY = frozenset({"meta", "br"})


class SomeLinks:
    """Links for whoever subscribed."""

    def unsubscribe(self, alert: Alert) -> str | None:
        return "https://alerts.example.org/u/1?t=a&b" if alert.subscriptions else None

    def manage(self, alert: Alert) -> str | None:
        return "https://alerts.example.org/m/1?t=a&b" if alert.subscriptions else None


WITH_LINKS = Messages(links=SomeLinks())
WITHOUT = Messages()
FORMS: Mapping[str, Callable[[Alert], str]] = {
    "html": lambda alert: WITH_LINKS.html(alert, KEY),
    "txt": lambda alert: WITHOUT.text(alert, KEY) + "\n",
    "md": lambda alert: WITH_LINKS.chat(alert, KEY) + "\n",
    "sms": lambda alert: WITHOUT.text_message(alert) + "\n",
    "json": lambda alert: (
        json.dumps(json.loads(WITH_LINKS.encoded(alert, KEY)), indent=1, ensure_ascii=False) + "\n"
    ),
}
CASES = [(name, form) for name in specimens() for form in FORMS]


def _of(name: str, form: str) -> str:
    return FORMS[form](specimens()[name])


@pytest.mark.parametrize("name, form", CASES)
def test_a_message_reads_as_it_did(name: str, form: str) -> None:
    assert _of(name, form) == (FOLDER / f"{name}.{form}").read_text(encoding="utf-8")


def test_nothing_else_lies_there() -> None:
    assert {file.name for file in FOLDER.iterdir()} == {f"{name}.{form}" for name, form in CASES}


class _Page(HTMLParser):
    """What a screen reader goes by: headings in order, links with their words, the tree."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[tuple[str, ...], str]] = []
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((tuple(self.open), data.strip()))

    def all(self, tag: str) -> Iterator[dict[str, str | None]]:
        return (attributes for name, attributes in self.tags if name == tag)


@pytest.fixture(params=specimens())
def page(request: pytest.FixtureRequest) -> _Page:
    return _Page(WITH_LINKS.html(specimens()[request.param], KEY))


def test_a_page_says_its_language_and_its_title(page: _Page) -> None:
    (html,) = page.all("html")
    assert html["lang"] == "en"
    assert any(where[-1] == "title" for where, _text in page.texts)


def test_a_page_s_tags_are_closed_in_order(page: _Page) -> None:
    assert (page.wrong, page.open) == ([], [])


def test_a_page_has_one_main_heading_and_leaves_no_level_out(page: _Page) -> None:
    levels = [int(tag[1]) for tag, _attributes in page.tags if tag in {"h1", "h2", "h3", "h4"}]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_a_page_fetches_nothing(page: _Page) -> None:
    """No pictures, no fonts, no scripts, no frames, and nothing that tells who opened it."""
    fetching = {"img", "script", "link", "iframe", "object", "video", "audio", "source", "form"}
    assert not fetching & {tag for tag, _attributes in page.tags}
    assert not [1 for _tag, attributes in page.tags if "src" in attributes]
    assert "url(" not in str(page.tags) + str(page.texts)


def test_every_link_of_a_page_has_words_and_leads_to_the_web(page: _Page) -> None:
    assert all(str(link["href"]).startswith("https://") for link in page.all("a"))
    words = [text for where, text in page.texts if "a" in where]
    assert len(words) >= sum(1 for _link in page.all("a"))


PAIRS = {
    "text": ("#1b1f24", "#ffffff"),
    "soft": ("#555e68", "#ffffff"),
    "link": ("#0b57b0", "#ffffff"),
    "note": ("#3d2f00", "#fff6dd"),
    "evidence": ("#1b1f24", "#ffe98a"),
    "went": ("#6b0f0f", "#ffdad6"),
    "came": ("#0d4424", "#cdf3d9"),
    "text, dark": ("#e8eaed", "#16181c"),
    "soft, dark": ("#b4bac2", "#16181c"),
    "link, dark": ("#8ab8ff", "#16181c"),
    "note, dark": ("#f6e6bd", "#3a2f12"),
    "evidence, dark": ("#fff4cc", "#5c4a00"),
    "went, dark": ("#ffd7d4", "#541c1c"),
    "came, dark": ("#c9f2d8", "#123f26"),
}
"""Colours of words and of what is behind them."""


@pytest.mark.parametrize("name", PAIRS)
def test_words_stand_out_enough(name: str) -> None:
    """WCAG 2.2, 1.4.3 (AA): a contrast of 4.5 to 1, and the templates hold these very colours."""
    light, dark = sorted((_luminance(colour) for colour in PAIRS[name]), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5
    pages = "".join(_of(one, "html") for one in specimens())
    assert all(colour in pages for colour in PAIRS[name])


def test_no_colour_of_words_is_left_out_of_that() -> None:
    pages = "".join(_of(one, "html") for one in specimens())
    used = set(re.findall(r"(?<![-\w])color: ?(#[0-9a-f]{6})", pages))
    assert used <= {words for words, _behind in PAIRS.values()}


def _luminance(colour: str) -> float:
    """Return a colour's relative luminance, as WCAG defines it."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


if __name__ == "__main__":
    for case, its_form in CASES:
        (FOLDER / f"{case}.{its_form}").write_text(_of(case, its_form), encoding="utf-8")
