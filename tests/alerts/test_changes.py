"""What changed between two texts, and whether a reader should hear of it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.changes import MAX_SHOWN, compare, describe, material, sentences

BEFORE = (
    "The fee is £35. People who recieve help must apply by 3 May 2026.\n\n"
    "John Smith said that 40 small boats came. More will be done, he added."
)

WORDS = st.sampled_from(["fee", "£35", "Smith", "may", "must", "the", "boats", ".", "\n\n", "no"])
TEXTS = st.one_of(st.text(max_size=300), st.lists(WORDS, max_size=80).map(" ".join))


@pytest.mark.parametrize(
    "old, new",
    [
        ("£35", "£38"),
        ("3 May", "4 May"),
        ("3 May 2026", "3 June 2026"),
        ("John Smith", "Jane Smith"),
        ("must apply", "may apply"),
        ("will be done", "will not be done"),
        ("40 small boats", "forty small boats"),
        ("40 small boats", "small boats"),
        (" More will be done, he added.", ""),
        ("The fee is £35. ", ""),
        ("small boats", "lorries"),
    ],
)
def test_a_figure_a_date_a_name_a_sentence_or_a_word_of_weight_is_material(
    old: str, new: str
) -> None:
    assert material(BEFORE, BEFORE.replace(old, new, 1))


@pytest.mark.parametrize(
    "old, new",
    [
        ("recieve", "receive"),
        ("done, he", "done he"),
        (" he added.", " he added"),
        ("More will", "More  will"),
        ("\n\n", "\n"),
        (". People", ".\n\nPeople"),
        ("people", "People"),
        ("small boats", "the small boats"),
        ("small boats came", "small boats  came"),
        ("boats", "boat"),
        ("added.", "added!"),
    ],
)
def test_a_typo_white_space_punctuation_case_or_an_article_is_not_material(
    old: str, new: str
) -> None:
    assert not material(BEFORE, BEFORE.replace(old, new, 1))


def test_the_diff_names_the_old_and_the_new_sentence() -> None:
    after = BEFORE.replace("£35", "£38")
    assert describe(BEFORE, after) == "Now says: “The fee is £38.” (was: “The fee is £35.”)"


def test_added_and_removed_sentences_are_told_apart() -> None:
    after = BEFORE.replace(" More will be done, he added.", "") + " Ferries stay as they were."
    assert describe(BEFORE, after) == (
        "Added: “Ferries stay as they were.”\nRemoved: “More will be done, he added.”"
    )


def test_sentences_that_only_moved_are_no_change() -> None:
    assert not compare("One came. Two went. Three stayed.", "Three stayed. One came. Two went.")


def test_more_changes_than_are_shown_are_counted() -> None:
    after = " ".join(f"Sentence number {n} is here." for n in range(MAX_SHOWN + 3))
    assert describe("", after).endswith("… and 3 more changes.")


def test_a_decimal_point_ends_no_sentence() -> None:
    assert sentences("It rose 3.5 per cent. It fell.") == ("It rose 3.5 per cent.", "It fell.")


@settings(deadline=None)
@given(TEXTS)
def test_a_text_is_equal_to_itself(text: str) -> None:
    assert not compare(text, text)
    assert not material(text, text)
    assert describe(text, text) == ""


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_a_diff_never_fails_and_is_bounded(before: str, after: str) -> None:
    assert len(describe(before, after)) < 4_000
    if material(before, after):
        assert describe(before, after)


@settings(deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=30))
def test_white_space_alone_is_never_material(words: list[str]) -> None:
    assert not material(" ".join(words), "   ".join(words))


def test_long_texts_without_anything_in_common_are_compared_in_pieces() -> None:
    """Not by every sentence with every other: 20,000 by 20,000 would never end."""
    before = " ".join(f"Old {n} stands here." for n in range(20_000))
    after = " ".join(f"New {n} comes there." for n in range(20_000))
    assert material(before, after)
    assert "more changes" in describe(before, after)


def test_one_sentence_of_half_a_million_characters_is_compared_too() -> None:
    before = "word " * 100_000
    assert material(before, before + "and 7 more")
    assert len(describe(before, before + "and 7 more")) < 1_000
