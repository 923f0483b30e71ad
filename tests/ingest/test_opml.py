"""Lists of feeds in and out, and documents that are none."""

import json
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from despatch.errors import PermanentError
from ingest.opml import Outline, read_opml, write_opml

LISTS = Path(__file__).parent.parent / "data" / "opml"
AT = datetime(2026, 3, 2, 12, tzinfo=UTC)

# What XML 1.0 can hold; an address loses its blanks, and one without anything is no feed.
words = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cn"], exclude_characters="\ufffe\uffff"),
    max_size=20,
)
addresses = words.map(str.strip).filter(bool)
outlines = st.builds(
    Outline,
    address=addresses,
    title=addresses,
    site=words.map(str.strip),
    folders=st.lists(addresses, max_size=3).map(tuple),
    name=words,
    settings=st.dictionaries(words, st.integers(), max_size=2).map(json.dumps),
    paused=st.booleans(),
)


@given(st.lists(outlines, max_size=5))
def test_what_is_exported_is_imported_as_it_was(given_: list[Outline]) -> None:
    assert read_opml(write_opml(given_, title="T & <t>", at=AT).encode()) == given_


def test_line_ends_and_tabs_in_a_title_stay() -> None:
    one = Outline("https://example.gov/a", title="a\n\tb\rc")
    assert read_opml(write_opml([one], title="", at=AT).encode()) == [one]


def test_what_xml_cannot_hold_is_left_out() -> None:
    [read] = read_opml(
        write_opml(
            [Outline("https://x.gov", title="a\x00\x1b\ufffe\ud800b")], title="\x01", at=AT
        ).encode()
    )
    assert read.title == "ab"


def test_a_list_of_another_reader_is_read_as_before() -> None:
    """ISO-8859-1, a blank line before the declaration, `xmlurl`, folders, a note without a feed."""
    read = [asdict(one) for one in read_opml((LISTS / "reader.opml").read_bytes())]
    expected = json.loads((LISTS / "reader.json").read_text())
    assert json.loads(json.dumps(read)) == expected


@pytest.mark.parametrize(
    "document, why",
    [
        (b"", "no element found"),
        (b"# Despatch", "not well-formed"),
        (b"<html></html>", "its first element is another"),
        (b"<rss version='2.0'><channel/></rss>", "its first element is another"),
        (b"<opml><body><outline xmlUrl='http://a'/>", "no element found"),
        (b"<opml><body><outline xmlUrl='a' xmlUrl='b'/></body></opml>", "duplicate attribute"),
        (b"<?xml version='1.0' encoding='x-none'?><opml/>", "encoding"),
        (b"<opml>" + b"<outline>" * 60, "nested more than 50 deep"),
        (b"<opml>" + b" " * (15 * 1024 * 1024), "over 15 MiB"),
    ],
)
def test_what_is_no_opml_is_said_with_the_reason(document: bytes, why: str) -> None:
    with pytest.raises(PermanentError, match=f"^not OPML: .*{why}"):
        read_opml(document)


@pytest.mark.parametrize(
    "doctype",
    [
        b'<!DOCTYPE opml [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE opml SYSTEM "http://169.254.169.254/">',
        b'<!DOCTYPE opml [<!ENTITY a "x"><!ENTITY b "&a;&a;">]>',
    ],
)
def test_a_doctype_is_refused_before_anything_in_it_is_read(doctype: bytes) -> None:
    with pytest.raises(PermanentError, match="DOCTYPE"):
        read_opml(doctype + b"<opml><body><outline xmlUrl='&a;'/></body></opml>")


@given(st.binary(max_size=200))
def test_no_document_is_too_odd(body: bytes) -> None:
    with suppress(PermanentError):
        read_opml(b"<opml>" + body)
