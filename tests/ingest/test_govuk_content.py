"""Content items to documents: golden pairs of an item and what is read of it (tests/data/content).

`python tests/ingest/test_govuk_content.py` writes what is read now: look at the difference. The
items are of our own making, in the shape of GOV.UK's.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from despatch.errors import PermanentError
from despatch.model import Details
from ingest.fulltext import FullText
from ingest.govuk_content import MOST_CHANGES, MOST_LINKED, is_govuk, parse_content, why_gone

ITEMS = sorted((Path(__file__).parent.parent / "data" / "content").glob("*.item.json"))
PATH = "/government/news/old"


def read(item: Path) -> dict[str, Any]:
    """Return an item's reading as JSON has it."""
    found = parse_content(item.read_bytes(), PATH)
    plain = asdict(found)
    if isinstance(found, FullText):
        for name in ("published_at", "updated_at"):
            plain[name] = plain[name] and plain[name].isoformat()
        assert found.details is not None
        plain["details"] = found.details.model_dump(mode="json")
    return {type(found).__name__: plain}


def expected(item: Path) -> Path:
    return item.with_name(item.name.replace(".item.json", ".json"))


@pytest.mark.parametrize("item", ITEMS, ids=lambda path: path.name.removesuffix(".item.json"))
def test_an_item_is_read_as_before(item: Path) -> None:
    assert read(item) == json.loads(expected(item).read_text())


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"title": " "}', b"[" * 100_000])
def test_what_is_no_content_item_is_a_bad_answer(body: bytes) -> None:
    with pytest.raises(PermanentError, match=r"^bad answer: the content item /government/news/old"):
        parse_content(body, PATH)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
FIELDS = ("base_path", "schema_name", "description", "details", "links", "redirects", "locale")


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, json_values)))
def test_whatever_an_item_holds_it_is_read_or_refused(item: dict[str, Any]) -> None:
    found = parse_content(json.dumps(item | {"title": "x"}).encode(), PATH)

    if isinstance(found, FullText) and found.details is not None:
        assert f"{found.details.model_dump_json()}{found.text}{found.language}".encode()


def test_the_same_words_in_other_markup_are_other_bytes_but_the_same_text() -> None:
    one, other = (
        parse_content(json.dumps({"title": "x", "details": {"body": body}}).encode(), PATH)
        for body in ("<p>One</p>", "<div><p>One</p></div>")
    )
    assert isinstance(one, FullText)
    assert isinstance(other, FullText)
    assert one.text == other.text
    assert one.raw != other.raw


def test_lists_are_bounded_so_that_a_message_has_room() -> None:
    links = {"taxons": [{"title": f"{n} {'x' * 500}"} for n in range(100)]}
    history = [{"note": "y" * 5_000, "public_timestamp": None} for _ in range(100)]
    item = {"title": "x", "links": links, "details": {"change_history": history}}

    found = parse_content(json.dumps(item).encode(), PATH)

    assert isinstance(found, FullText)
    assert isinstance(found.details, Details)
    assert (len(found.details.topics), len(found.details.changes)) == (MOST_LINKED, MOST_CHANGES)
    assert len(found.details.model_dump_json().encode()) < 40_000


@pytest.mark.parametrize(
    "body,why",
    [
        (b"", "the site says it is gone"),
        (b"<html>", "the site says it is gone"),
        (b'{"details": {"explanation": "<p>In error.</p>"}}', "In error."),
        (
            b'{"details": {"alternative_path": "/new"}}',
            "the site says it is gone (instead: /new)",
        ),
    ],
)
def test_a_410_may_say_why(body: bytes, why: str) -> None:
    assert why_gone(body) == why


@pytest.mark.parametrize(
    "address,govuk",
    [
        ("https://www.gov.uk/government/news/x", True),
        ("http://WWW.GOV.UK/x", True),
        ("https://assets.publishing.service.gov.uk/x", False),
        ("https://www.gov.uk.example.com/x", False),
        ("https://[", False),
    ],
)
def test_only_the_site_itself_has_records(address: str, govuk: bool) -> None:
    assert is_govuk(address) is govuk


if __name__ == "__main__":
    for each in ITEMS:
        expected(each).write_text(json.dumps(read(each), ensure_ascii=False, indent=1) + "\n")
