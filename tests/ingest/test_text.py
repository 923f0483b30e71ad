"""Plain text: made clean, cut to size, given a title."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from despatch.model import MAX_TEXT_CHARS
from ingest.text import (
    MAX_TEXT_BYTES,
    clean_line,
    clean_text,
    cut_text,
    title_from_text,
)


@pytest.mark.parametrize(
    "given_,expected",
    [
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("  one \t two  \n\n\n\n three ", "one two\n\nthree"),
        ("a\u2028b\u2029c", "a\nb\n\nc"),
        ("non\u00a0breaking\u3000space", "non breaking space"),
        ("mig\u00adra\u200btion\ufeff", "migration"),
        ("mig\u200dra\u200ction", "migration"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("family 👩\u200d👩\u200d👧", "family 👩\u200d👩\u200d👧"),
        ("nul\x00 bell\x07 c1\x9b", "nul bell c1"),
        ("turned \u202eround\u202c", "turned round"),
        ("Tu\u0308rkiye", "Türkiye"),
        ("lone \ud800 surrogate", "lone \ufffd surrogate"),
        ("", ""),
        (" \n \t ", ""),
    ],
)
def test_text_is_cleaned(given_: str, expected: str) -> None:
    assert clean_text(given_) == expected


@given(st.text())
def test_cleaning_twice_changes_nothing_more(given_: str) -> None:
    once = clean_text(given_)

    assert clean_text(once) == once
    assert unicodedata.is_normalized("NFC", once)
    once.encode()


def test_towers_of_accents_are_cut_down() -> None:
    """Python orders accents in quadratic time: 40,000 of them would take six seconds."""
    cleaned = clean_text("a" + "\u0301\u0323" * 200_000 + " b")

    assert cleaned.endswith(" b")
    assert len(cleaned) < 30


def test_a_title_is_one_line() -> None:
    assert clean_line(" Visas:\n what\u00a0changes ") == "Visas: what changes"


@pytest.mark.parametrize(
    "unit", ["x", "é", "😀", '"', "\\", "\n", "\u0001", "“words” and\n\n"], ids=ascii
)
def test_whatever_a_text_is_made_of_it_fits_a_message(unit: str) -> None:
    cut = cut_text(unit * (600_000 // len(unit)))

    assert cut.truncated
    assert len(cut.text) <= MAX_TEXT_CHARS
    assert len(json.dumps(cut.text, ensure_ascii=False).encode()) <= MAX_TEXT_BYTES


def test_a_cut_keeps_as_much_as_fits() -> None:
    assert len(cut_text("x" * 600_000).text) == MAX_TEXT_CHARS
    assert len(cut_text("😀" * 600_000).text) == (MAX_TEXT_BYTES - 2) // 4


def test_a_text_that_fits_is_not_cut() -> None:
    whole = cut_text("x" * MAX_TEXT_CHARS)

    assert (len(whole.text), whole.truncated) == (MAX_TEXT_CHARS, False)


@pytest.mark.parametrize(
    "text,expected",
    [
        ("The visa rules change. More follows.", "The visa rules change"),
        ("\n\nFirst paragraph\n\nSecond.", "First paragraph"),
        (
            "Mr. Jones of the U.S. Treasury met Dr. Ito. They spoke.",
            "Mr. Jones of the U.S. Treasury met Dr. Ito",
        ),
        ("Is it so? Yes.", "Is it so?"),
        ("He said “It is so.” Then he left.", "He said “It is so.”"),
        ("Fees rise by 3.5 per cent in 2026. Then fall.", "Fees rise by 3.5 per cent in 2026"),
        ("And so on...", "And so on..."),
        ("部長は訪問した。次の文。", "部長は訪問した。"),
        ("", ""),
    ],
)
def test_a_title_is_the_first_sentence(text: str, expected: str) -> None:
    assert title_from_text(text) == expected


def test_a_long_first_sentence_is_cut_between_words() -> None:
    title = title_from_text("word " * 100)

    assert len(title) <= 200
    assert title.endswith("word…")


@given(st.text(alphabet=st.sampled_from("a é\u0301 \n\t\r\u00a0\u200bAb."), max_size=30))
def test_steps_that_are_left_out_change_nothing(given_text: str) -> None:
    """What stands behind, and goes, makes every step be done."""
    ragged = "\x00\n\n\n \t"

    assert clean_text(given_text + ragged) == clean_text(given_text)
