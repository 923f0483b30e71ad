"""Entries: their identity within the source, and their limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.entry import MAX_NAME_BYTES, Entry, make_entry, tell_apart


def entry(**changed: object) -> Entry:
    parts: dict[str, object] = {
        "id": "1",
        "link": "https://example.gov/a",
        "title": "Visas",
        "text": "The rules change.",
        "raw": ("Visas", "The rules change.", "https://example.gov/a"),
        "text_kind": "full",
        "text_from": "feed",
    }
    made = make_entry(**(parts | changed))  # type: ignore[arg-type]
    assert made is not None
    return made


@pytest.mark.parametrize(
    "one,other",
    [
        ("http://example.gov/a", "https://example.gov/a/"),
        ("https://EXAMPLE.gov/a", "https://example.gov:443/a"),
        ("https://example.gov/a?utm_source=x", "https://example.gov/a"),
        ("tag:www.gov.uk,2005:/government/news/x", "https://www.gov.uk/government/news/x"),
        (
            "https://www.gov.uk/government/news/x#2026-03-02T10:00:00Z",
            "https://www.gov.uk/government/news/x#2026-03-03T11:30:00+00:00",
        ),
        (
            "tag:www.gov.uk,2005:/government/news/x",
            "https://www.gov.uk/government/news/x#2026-03-03T11:30:00Z",
        ),
        (" tag:a ", "tag:a"),
    ],
)
def test_ids_of_one_document_fall_together(one: str, other: str) -> None:
    assert entry(id=one).key == entry(id=other).key


@pytest.mark.parametrize(
    "one,other",
    [
        ("https://example.gov/a#item-1", "https://example.gov/a#item-2"),
        ("https://example.gov/?page_id=1", "https://example.gov/?page_id=2"),
        (
            "https://example.gov/a#2026-03-02T10:00:00Z",
            "https://example.gov/a#2026-03-03T10:00:00Z",
        ),
        ("tag:a", "tag:b"),
        ("tag:a", "TAG:A"),
        ("x" * 3_000 + "1", "x" * 3_000 + "2"),
    ],
)
def test_ids_of_two_documents_stay_apart(one: str, other: str) -> None:
    assert entry(id=one).key != entry(id=other).key


def test_without_an_id_the_link_is_the_identity_and_without_both_the_content() -> None:
    by_link = entry(id="", link="http://example.gov/a/")
    by_content = entry(id="", link="")

    assert by_link.key == "link https://example.gov/a"
    assert by_content.key.startswith("content ")
    assert by_content.key != entry(id="", link="", raw=("other",)).key
    assert not by_link.stable


def test_an_entry_without_words_is_none() -> None:
    parts = {"raw": ("",), "text_kind": "full", "text_from": "feed"}

    assert make_entry(id="1", link="https://example.gov/a", **parts) is None  # type: ignore[arg-type]


def test_a_missing_title_is_the_first_sentence() -> None:
    assert entry(title="", text="The rules change. More follows.").title == "The rules change"


@given(st.text(min_size=1), st.text())
def test_names_have_a_limit_whatever_a_feed_sends(id_: str, link: str) -> None:
    made = entry(id=id_ * 500, link="https://example.gov/" + link * 500)

    assert len(made.key.encode("utf-8", "surrogatepass")) <= MAX_NAME_BYTES
    assert len(made.id) <= MAX_NAME_BYTES + 1
    assert made.address is None or len(made.address.encode()) <= MAX_NAME_BYTES


@pytest.mark.parametrize(
    "link", ["", "mailto:a@b.c", "javascript:x", "/relative", "http://[", "x" * 5_000]
)
def test_what_is_no_web_address_is_none(link: str) -> None:
    assert entry(link=link).address is None


def test_the_raw_hash_is_of_what_was_given_and_of_nothing_else() -> None:
    assert entry().raw == entry(title="Cleaned otherwise", text="Otherwise, too.").raw
    assert entry().raw != entry(raw=("Visas", "The rules change!", "https://example.gov/a")).raw
    assert entry().raw != entry(status="withdrawn").raw


def test_an_id_given_to_several_addresses_is_marked() -> None:
    entries = [entry(link=f"https://example.gov/{n}", raw=(str(n),)) for n in range(3)]

    assert [e.repeated for e in tell_apart(entries)] == [True, True, True]


def test_one_document_in_two_versions_is_not_repeated() -> None:
    entries = [entry(raw=("a",)), entry(raw=("b",)), entry(id="2")]

    assert [e.repeated for e in tell_apart(entries)] == [False, False, False]


def test_the_very_same_item_twice_is_one() -> None:
    assert len(tell_apart([entry(), entry()])) == 1
