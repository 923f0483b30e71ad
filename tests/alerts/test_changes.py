"""What changed, in words."""

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.changes import MAX_SHOWN, describe
from despatch.material import weigh

BEFORE = (
    "The fee is £35. People who recieve help must apply by 3 May 2026.\n\n"
    "John Smith said that 40 small boats came. More will be done, he added."
)

WORDS = st.sampled_from(["fee", "£35", "Smith", "may", "must", "the", "boats", ".", "\n\n", "no"])
TEXTS = st.one_of(st.text(max_size=300), st.lists(WORDS, max_size=80).map(" ".join))


def test_the_diff_names_the_old_and_the_new_sentence() -> None:
    after = BEFORE.replace("£35", "£38")
    assert describe(BEFORE, after).words == "Now says: “The fee is £38.” (was: “The fee is £35.”)"


def test_added_and_removed_sentences_are_told_apart() -> None:
    after = BEFORE.replace(" More will be done, he added.", "") + " Ferries stay as they were."
    assert describe(BEFORE, after).words == (
        "Added: “Ferries stay as they were.”\nRemoved: “More will be done, he added.”"
    )


def test_more_changes_than_are_shown_are_counted() -> None:
    after = " ".join(f"Sentence number {n} is here." for n in range(MAX_SHOWN + 3))
    assert describe("", after).words.endswith("… and 3 more changes.")


def test_equal_texts_have_nothing_to_describe() -> None:
    assert describe(BEFORE, BEFORE).words == ""


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_a_description_is_bounded_and_there_is_one_of_whatever_matters(
    before: str, after: str
) -> None:
    assert len(describe(before, after).words) < 4_000
    if weigh(before, after).material:
        assert describe(before, after).words


def test_one_sentence_of_half_a_million_characters_is_compared_too() -> None:
    before = "word " * 100_000
    assert weigh(before, before + "and 7 more").material
    assert len(describe(before, before + "and 7 more").words) < 1_000
