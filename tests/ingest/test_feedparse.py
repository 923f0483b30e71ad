"""Feeds to entries: golden pairs of a document and what is read of it (tests/data/feeds).

`python tests/ingest/test_feedparse.py` writes what is read now: look at the difference.
"""

import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from despatch.errors import DespatchError, PermanentError, TransientError
from ingest.entry import Entry
from ingest.feedparse import parse_feed

FEEDS = Path(__file__).parent.parent / "data" / "feeds"
ADDRESS = "https://feeds.example.gov/all.xml"


def read(document: Path) -> dict[str, Any]:
    """Return a feed's reading as JSON has it, without what is as usual."""
    feed = parse_feed(document.read_bytes(), "application/xml", ADDRESS)
    usual = {"status": "live", "truncated": False, "repeated": False, "text_from": "feed"}
    entries = [
        {
            name: value if value is None or isinstance(value, str | bool) else value.isoformat()
            for name, value in asdict(entry).items()
            if name not in usual or value != usual[name]
        }
        for entry in feed.entries
    ]
    return {"entries": entries, "empty": feed.empty, "ended": feed.ended}


DOCUMENTS = sorted(path for path in FEEDS.iterdir() if path.suffix in {".xml", ".atom"})


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_feed_is_read_as_before(document: Path) -> None:
    expected = json.loads(document.with_suffix(".json").read_text())

    assert read(document) == expected


@pytest.mark.parametrize(
    "body",
    [b"", b"<html><body><p>Maintenance</body></html>", b'{"version": "x"}', b"\x00\x01", b"plain"],
)
def test_another_kind_of_document_is_no_feed(body: bytes) -> None:
    with pytest.raises(PermanentError, match=r"^not a feed"):
        parse_feed(body, "text/html", ADDRESS)


def test_a_feed_without_items_is_a_feed() -> None:
    feed = parse_feed(b"<rss version='2.0'><channel><title>x</title></channel></rss>", "", ADDRESS)

    assert feed.entries == ()


def test_a_feed_cut_off_before_its_first_item_is_broken() -> None:
    with pytest.raises(TransientError, match=r"^broken feed"):
        parse_feed(b"<?xml version='1.0'?><rss version='2.0'><channel><title>x", "", ADDRESS)


def test_a_body_that_names_a_file_or_an_address_is_not_opened() -> None:
    """Feedparser opens or fetches a string that looks like one; it only ever gets bytes."""
    for body in (str(FEEDS / "rss.xml").encode(), b"http://127.0.0.1:1/feed"):
        with pytest.raises(PermanentError, match=r"^not a feed"):
            parse_feed(body, "", ADDRESS)


def test_entities_that_multiply_stop_at_the_parsers_limit() -> None:
    levels = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE x [<!ENTITY a0 "lol">{levels}]><rss><channel><item><title>&a9;</title>'

    feed = parse_feed((bomb + "</item></channel></rss>").encode(), "", ADDRESS)

    assert all(len(entry.title) < 1_000 for entry in feed.entries)


@pytest.mark.timeout(60)
def test_a_bomb_for_sanitisers_costs_nothing_special() -> None:
    """Feedparser's own sanitiser takes 6.4 s for these 280 kB, and four times that for twice."""
    body = f"<rss><channel><item><title>x</title><description><![CDATA[{'<!--' * 700_000}]]>"

    feed = parse_feed((body + "</description></item></channel></rss>").encode(), "", ADDRESS)

    assert [entry.title for entry in feed.entries] == ["x"]


def test_ids_are_not_resolved_against_where_the_feed_lies() -> None:
    body = (
        b"<rss version='2.0'><channel><item><guid>1</guid><title>x</title></item></channel></rss>"
    )

    keys = {parse_feed(body, "", f"https://{host}/feed").entries[0].key for host in "ab"}

    assert keys == {"1"}


def item(inside: str) -> Entry:
    """Return the entry of an RSS feed with one item."""
    feedburner = 'xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"'
    body = f"<rss version='2.0' {feedburner}><channel><item>{inside}</item></channel></rss>"
    (entry,) = parse_feed(body.encode(), "", ADDRESS).entries
    return entry


@pytest.mark.parametrize(
    "inside,address",
    [
        ("<link>/a</link>", "https://feeds.example.gov/a"),
        (
            "<link>https://proxy.example/1</link>"
            "<feedburner:origLink>https://example.gov/1</feedburner:origLink>",
            "https://example.gov/1",
        ),
        ("<guid>https://example.gov/1</guid>", "https://example.gov/1"),
        ("<guid isPermaLink='false'>https://example.gov/1</guid>", "https://example.gov/1"),
        ("<guid>1</guid>", None),
        ("<link>http://[broken</link>", None),
        ("<link>mailto:press@example.gov</link>", None),
        ("<link>javascript:alert(1)</link>", None),
        ("", None),
    ],
)
def test_a_link_is_the_documents_own(inside: str, address: str | None) -> None:
    assert item(f"<title>x</title>{inside}").address == address


@pytest.mark.parametrize(
    "given_,expected",
    [
        ("Mon, 02 Mar 2026 11:30:00 +0000", "2026-03-02T11:30:00+00:00"),
        ("2026-03-02", "2026-03-02T00:00:00+00:00"),
        ("2026-03", "2026-03-01T00:00:00+00:00"),
        ("0001-01-01T00:00:00Z", None),
        ("Thu, 01 Jan 99999 00:00:00 GMT", None),
        ("soon", None),
    ],
)
def test_a_date_is_read_or_left_out(given_: str, expected: str | None) -> None:
    found = item(f"<title>x</title><pubDate>{given_}</pubDate>").published_at

    assert (found.isoformat() if found else None) == expected


@given(st.binary(max_size=300))
def test_no_bytes_bring_anything_but_entries_or_our_errors(body: bytes) -> None:
    with suppress(DespatchError):
        parse_feed(body, "application/xml", ADDRESS)


@pytest.mark.parametrize("cut,titles", [(-1, ["Two", "One"]), (-60, ["One"])])
def test_an_item_that_is_cut_off_is_left_for_the_next_time(cut: int, titles: list[str]) -> None:
    """Published as it is, the rest of it would be taken for an edit."""
    items = "".join(
        f"<item><title>{title}</title><description>{'words ' * 20}</description></item>"
        for title in ("One", "Two")
    )
    body = f"<rss version='2.0'><channel>{items}</channel></rss>".encode()

    assert [entry.title for entry in parse_feed(body[:cut], "", ADDRESS).entries] == titles


if __name__ == "__main__":
    for path in DOCUMENTS:
        reading = json.dumps(read(path), indent=1, ensure_ascii=False)
        path.with_suffix(".json").write_text(reading + "\n")
