"""The search API is asked for exactly what a GOV.UK feed shows, or not at all."""

import json
from datetime import UTC, datetime

import pytest

from despatch.errors import PermanentError
from ingest.govuk_search import API, Search, parse_results, search_for

GROUP = "filter_content_purpose_supergroup[]"
NEWS = "https://www.gov.uk/search/news-and-communications.atom"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "address, asked",
    [
        (NEWS, [(GROUP, "news_and_communications")]),
        (
            NEWS + "?organisations[]=home-office&people%5B%5D=a&level_one_taxon=t1&keywords=visa",
            [
                (GROUP, "news_and_communications"),
                ("filter_organisations[]", "home-office"),
                ("filter_people[]", "a"),
                ("filter_all_part_of_taxonomy_tree[]", "t1"),
                ("q", "visa"),
            ],
        ),
        ("https://www.gov.uk/search/all.atom?order=updated-newest", []),
        (
            "https://www.gov.uk/government/organisations/home-office.atom",
            [
                ("reject_content_purpose_supergroup", "other"),
                ("filter_organisations[]", "home-office"),
            ],
        ),
        ("https://www.gov.uk/government/feed", [("reject_content_purpose_supergroup", "other")]),
    ],
)
def test_a_feeds_address_is_put_as_the_same_question(
    address: str, asked: list[tuple[str, str]]
) -> None:
    assert search_for(address) == Search(API, tuple(asked))


@pytest.mark.parametrize(
    "address",
    [
        NEWS + "?unheard_of[]=x",
        "https://www.gov.uk/search/research-and-statistics.atom",
        "https://www.gov.uk/drug-device-alerts.atom",
        "https://www.gov.uk/government/organisations/home-office",
        "https://www.gov.uk/government/organisations/home-office.atom?x=1",
        "https://www.gov.uk/",
    ],
)
def test_what_cannot_be_put_so_is_not_asked_at_all(address: str) -> None:
    """Another question would have other answers, and tell of what the feed never shows."""
    assert search_for(address) is None


def test_an_api_with_a_query_is_the_whole_question() -> None:
    asked = search_for("https://x.gov/feed", "https://api.gov/search.json?filter_a[]=b&q=c")

    assert asked == Search("https://api.gov/search.json", (("filter_a[]", "b"), ("q", "c")))


def test_it_is_asked_from_the_day_before_newest_first_and_page_by_page() -> None:
    assert Search(API, (("q", "a b"),)).address(NOON, 200) == (
        f"{API}?q=a+b&filter_public_timestamp=from%3A2026-03-01&order=-public_timestamp"
        "&fields=title%2Clink%2Cdescription%2Cpublic_timestamp&count=200&start=200"
    )


def test_results_are_entries_under_the_ids_that_the_feed_gives_them_oldest_first() -> None:
    newest = {"title": "B", "link": "/b", "public_timestamp": "2026-03-02T12:00:00Z"}
    other = {"title": "A", "link": "https://www.bbc.co.uk/a", "description": "More."}
    body = json.dumps({"results": [newest, other, {"title": "no link"}], "total": 9}).encode()

    found = parse_results(body, API)

    assert [(e.key, e.title, e.text) for e in found.entries] == [
        ("https://www.bbc.co.uk/a", "A", "More."),
        ("https://www.gov.uk/b", "B", ""),
    ]
    assert found.entries[1].updated_at == NOON
    assert (found.listed, found.total) == (3, 9)
    assert found.skipped == (f"{API}: 1 results without a title or a link",)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", b'{"results": [1], "total": 1}', b'{"results": 5}']
)
def test_what_is_no_answer_of_this_api_is_an_error(body: bytes) -> None:
    with pytest.raises(PermanentError, match="bad answer"):
        parse_results(body, API)
