"""Pages to feeds: golden pairs of a page and what is found on it (tests/data/pages).

`python tests/ingest/test_discover.py` writes what is found now: look at the difference.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.discover import MOST_FOUND, feeds_of, govuk_feed, usual_places

PAGES = Path(__file__).parent.parent / "data" / "pages"
ADDRESS = "https://ports.example.gov/news/"


def found(page: Path) -> list[dict[str, Any]]:
    return [asdict(one) for one in feeds_of(page.read_bytes(), ADDRESS)]


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.html")), ids=lambda path: path.name)
def test_a_page_shows_the_feeds_that_it_did_before(page: Path) -> None:
    assert found(page) == json.loads(page.with_suffix(".json").read_text())


def test_what_the_head_names_comes_before_links_and_comments_last() -> None:
    page = (
        b"<a href=/a.rss>news</a>"
        b"<link rel=alternate type=application/rss+xml title=Comments href=/c>"
        b"<link rel=alternate type=application/rss+xml title=News href=/n>"
    )
    assert [one.address[-2:] for one in feeds_of(page, ADDRESS)] == ["/n", "ss", "/c"]


def test_a_feed_is_found_once_and_the_page_itself_never() -> None:
    page = (
        b"<a href=/n.rss>a link</a><link rel=alternate type=application/rss+xml href=/n.rss>"
        b'<a href="/feed">here</a>'
    )
    [one] = feeds_of(page, "https://ports.example.gov/feed")
    assert (one.address, one.how) == ("https://ports.example.gov/n.rss", "named")


def test_a_directory_of_feeds_is_cut_short() -> None:
    page = b"".join(b"<a href=/%d.rss>x</a>" % n for n in range(100))
    assert len(feeds_of(page, ADDRESS)) == MOST_FOUND


@pytest.mark.parametrize(
    "page, feed",
    [
        ("/search/news-and-communications", "/search/news-and-communications.atom"),
        ("/search/all/?organisations[]=x#top", "/search/all.atom?organisations[]=x"),
        ("/government/organisations/home-office", "/government/organisations/home-office.atom"),
        ("/government/organisations/home-office.atom", None),
        ("/browse/visas", None),
        ("/government/publications/a-document", None),
        ("/world/france/news", "/world/france/news.atom"),
    ],
)
def test_a_page_of_govuk_has_its_own_form(page: str, feed: str | None) -> None:
    expected = f"https://www.gov.uk{feed}" if feed else None
    assert govuk_feed(f"https://www.gov.uk{page}") == expected


def test_another_site_has_no_such_form() -> None:
    assert govuk_feed("https://www.gov.uk.example.org/search/all") is None


def test_the_form_of_govuk_comes_first() -> None:
    found = feeds_of(b"<html></html>", "https://www.gov.uk/government/organisations/home-office")
    assert [one.address for one in found] == [
        "https://www.gov.uk/government/organisations/home-office.atom"
    ]


def test_the_usual_places_are_the_page_s_own_then_the_site_s_ten_at_most() -> None:
    places = [one.address for one in usual_places("https://ports.example.gov/en/news/?page=2")]
    assert places[0] == "https://ports.example.gov/en/news/feed"
    assert "https://ports.example.gov/rss.xml" in places
    assert len(places) == 10
    assert len(usual_places("https://ports.example.gov/")) == 6


@pytest.mark.parametrize(
    "bomb", [b"<!--", b"<a ", b'<a href="', b"<script>", b"<a x='", b"<", b"</", b"<a b="]
)
def test_an_endless_tag_comment_or_script_ends_the_page_and_costs_nothing(bomb: bytes) -> None:
    """Each of these took minutes with an expression that looks at bytes twice."""
    assert feeds_of(bomb * 200_000, ADDRESS) == []


@given(st.binary(max_size=300))
def test_no_page_is_too_odd(body: bytes) -> None:
    for one in feeds_of(b"<a href='" + body + b"'>" + body, ADDRESS):
        assert one.address.startswith(("http://", "https://"))


if __name__ == "__main__":
    for page in sorted(PAGES.glob("*.html")):
        text = json.dumps(found(page), indent=1, ensure_ascii=False)
        page.with_suffix(".json").write_text(text + "\n")
