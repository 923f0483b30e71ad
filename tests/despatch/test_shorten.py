"""A text that is too long for its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from despatch.shorten import shorten


@pytest.mark.parametrize(
    "text,most,expected",
    [
        ("short", 10, "short"),
        ("exactly ten", 11, "exactly ten"),
        ("one two three four", 12, "one two…"),
        ("one two, three four", 10, "one two…"),
        ("onewordwithoutend", 10, "onewordwi…"),
        ("one two three", 8, "one two…"),
        ("one\n\ntwo three", 5, "one…"),
        ("one", 1, "…"),
        ("one", 0, ""),
    ],
)
def test_a_text_is_cut_between_words(text: str, most: int, expected: str) -> None:
    assert shorten(text, most) == expected


@given(st.text(min_size=1), st.integers(min_value=0, max_value=30))
def test_a_cut_text_is_never_too_long(text: str, most: int) -> None:
    assert len(shorten(text, most)) <= most
