"""Which release another is the translation of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from despatch.fingerprint import release_id
from processors.translation import original_address, original_of

NEWS = "https://www.gov.uk/government/news/ports"


@pytest.mark.parametrize(
    "address, original",
    [
        (f"{NEWS}.cy", NEWS),
        (f"{NEWS}.ar", NEWS),
        (f"{NEWS}.es-419", NEWS),
        (f"{NEWS}.zh-hk", NEWS),
        (f"{NEWS}/cymraeg", NEWS),
        ("https://example.wales/cymraeg/ports", "https://example.wales/ports"),
        ("https://example.wales/cy/ports", "https://example.wales/ports"),
        (NEWS, None),
        (f"{NEWS}.en", None),
        ("https://www.gov.uk/cymraeg", None),
        ("https://example.org/data.fr", None),
        ("https://example.org/cymraegol/ports", None),
        ("https://[broken", None),
    ],
)
def test_an_address_names_that_of_its_english_release(address: str, original: str | None) -> None:
    assert original_address(address) == original


def test_a_welsh_release_is_tied_to_its_english_one() -> None:
    assert original_of(f"{NEWS}.cy", "cy") == release_id(NEWS)


def test_a_text_that_is_english_after_all_is_no_translation() -> None:
    assert original_of(f"{NEWS}.cy", "en") is None


def test_a_release_without_an_address_is_of_no_other() -> None:
    assert original_of(None, "cy") is None


@given(st.text(max_size=80))
def test_any_path_is_read(path: str) -> None:
    original_address(f"https://www.gov.uk/{path}")
