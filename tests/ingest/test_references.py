"""References to characters that do not exist."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.feedparse import parse_feed
from ingest.references import without_impossible_references

GONE = b"&#xFFFD;"


@pytest.mark.parametrize(
    "given,repaired",
    [
        (b"a&#xD800;b", b"a" + GONE + b"b"),
        (b"&#57343;&#XDFFF", GONE * 2),
        (b"&#x110000;&#1114112;", GONE * 2),
        (b"&#" + b"9" * 9_000 + b";", GONE),
        (b"&#x0000000041;&#65;&amp;&#;&#x;", b"&#x0000000041;&#65;&amp;&#;&#x;"),
    ],
)
def test_only_what_is_impossible_is_replaced(given: bytes, repaired: bytes) -> None:
    assert without_impossible_references(given) == repaired


@given(st.integers(0, 2**40), st.sampled_from(["&#{};", "&#x{:x};", "&#X{:X}"]))
def test_no_reference_costs_a_feed(number: int, form: str) -> None:
    body = (
        f"<rss><channel><item><title>News {form.format(number)} <b></title></item></channel></rss>"
    )

    assert len(parse_feed(body.encode(), "", "http://example.gov/").entries) == 1
