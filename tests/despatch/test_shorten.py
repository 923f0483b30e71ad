"""A text that is too long for its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from despatch.shorten import shorten, shorten_to_sentence


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


@pytest.mark.parametrize(
    "text, most, expected",
    [
        ("One two. Three four. Five.", 26, "One two. Three four. Five."),
        ("One two. Three four. Five.", 22, "One two. Three four. …"),
        ("“One two.” Three four five six.", 19, "“One two.” …"),
        (
            "One two. Three four five six seven eight nine.",
            40,
            "One two. Three four five six seven…",
        ),
        ("It cost 3.5 million pounds.", 14, "It cost 3.5…"),
        ("one\ntwo three", 8, "one …"),
    ],
)
def test_a_text_is_cut_behind_a_sentence_if_one_fills_half_of_the_room(
    text: str, most: int, expected: str
) -> None:
    assert shorten_to_sentence(text, most) == expected


@given(st.text(st.sampled_from("ab. \n!"), min_size=1), st.integers(min_value=0, max_value=30))
def test_a_text_cut_behind_a_sentence_is_never_too_long(text: str, most: int) -> None:
    assert len(shorten_to_sentence(text, most)) <= most


@pytest.mark.parametrize(
    "text, most, expected",
    [
        ("abcde\u0301fgh", 6, "abcd…"),
        ("ab👩\u200d⚕️xyz", 5, "ab…"),
        ("ab👍🏽xyz", 4, "ab…"),
        ("ab🇬🇧🇫🇷xyz", 6, "ab🇬🇧…"),
    ],
)
def test_no_sign_is_cut_in_two(text: str, most: int, expected: str) -> None:
    assert shorten(text, most) == expected
