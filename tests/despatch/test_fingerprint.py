"""Ids and fingerprints are the same for the same thing, and differ for another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from despatch.fingerprint import canonical_address, digest, fingerprint, release_id, revision_id
from despatch.model import ReleaseId

SAME = "https://www.gov.uk/government/news/x"


@pytest.mark.parametrize(
    "url",
    [
        "https://www.gov.uk/government/news/x",
        "http://www.gov.uk/government/news/x",
        "https://www.gov.uk/government/news/x/",
        "https://WWW.GOV.UK:443/government/news/x",
        "https://www.gov.uk/government/news/x#2023-08-09T10:00:00Z",
        "https://www.gov.uk/government/news/x?utm_source=feed&utm_medium=rss",
    ],
)
def test_one_document_has_one_address(url: str) -> None:
    assert canonical_address(url) == SAME


@pytest.mark.parametrize(
    "url",
    [
        "https://www.gov.uk/government/news/X",
        "https://www.gov.uk/government/news/x?page=2",
        "https://www.gov.uk:8443/government/news/x",
        "https://gov.uk/government/news/x",
    ],
)
def test_another_document_has_another_address(url: str) -> None:
    assert canonical_address(url) != SAME


@pytest.mark.parametrize("url", ["", "mailto:a@b", "/news/x", "javascript:alert(1)", "https://"])
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="not an http or https address"):
        canonical_address(url)


@given(st.text(), st.text(), st.text(), st.text())
def test_parts_are_told_apart(a: str, b: str, c: str, d: str) -> None:
    assert (digest(a, b) == digest(c, d)) == ((a, b) == (c, d))


@given(st.text(min_size=1))
def test_a_canonical_address_stays_as_it_is(path: str) -> None:
    try:
        once = canonical_address("https://example.gov/" + path)
    except ValueError:
        return
    assert canonical_address(once) == once


def test_white_space_and_composition_do_not_count_but_words_and_status_do() -> None:
    assert fingerprint("A  title ", "Caf\u00e9\n\nopen") == fingerprint(
        "A title", "Cafe\u0301 open"
    )
    assert fingerprint("A title", "text") != fingerprint("A title", "Text")
    assert fingerprint("A", "text") != fingerprint("A", "text", "withdrawn")
    assert fingerprint("A b", "") != fingerprint("A", "b")


def test_an_address_alone_makes_the_id_and_without_one_the_source_does() -> None:
    assert release_id(SAME, source="a", entry="1") == release_id(SAME, source="b", entry="2")
    assert release_id(None, source="a", entry="1") != release_id(None, source="b", entry="1")
    assert release_id(SAME, edition="2") != release_id(SAME)


def test_the_nth_state_has_its_own_id_even_with_an_old_text() -> None:
    release = ReleaseId("r-1")
    first, third = revision_id(release, "s", 1, "1:a"), revision_id(release, "s", 3, "1:a")
    assert first != third
    assert revision_id(release, "s", 1, "1:a") == first


@given(st.from_regex(r"https://[a-z0-9.-]{1,12}(/[A-Za-z0-9._~%@:/-]{0,20})?", fullmatch=True))
def test_an_address_that_is_seen_to_be_canonical_is_what_taking_it_apart_gives(url: str) -> None:
    """A blank behind it makes it be taken apart."""

    def canonical(given_url: str) -> str | None:
        try:
            return canonical_address(given_url)
        except ValueError:
            return None

    assert canonical(url) == canonical(url + " ")
