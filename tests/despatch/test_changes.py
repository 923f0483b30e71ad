"""What changed between two texts: a diff by sentences that can be applied and turned round."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from despatch.changes import Changes, compare
from despatch.sentences import sentences

WORDS = st.sampled_from(
    ["One came.", "Two went.", "The fee is £35.", "no", "\n\n", "- item", "a b"]
)
TEXTS = st.one_of(st.text(max_size=300), st.lists(WORDS, max_size=40).map(" ".join))


def test_a_sentence_with_a_new_wording_is_named_with_the_old_one() -> None:
    changes = compare("One came. The fee is £35.", "One came. The fee is £38.")
    assert changes.became == (("The fee is £35.", "The fee is £38."),)
    assert changes.added == changes.removed == ()


def test_sentences_that_came_and_went_are_told_apart() -> None:
    changes = compare("One came. Boats sail.", "One came. Ferries stay in harbour.")
    assert changes.added == ("Ferries stay in harbour.",)
    assert changes.removed == ("Boats sail.",)


def test_sentences_that_only_moved_are_no_change_but_stand_in_the_script() -> None:
    changes = compare("One came. Two went. Three stayed.", "Three stayed. One came. Two went.")
    assert not changes
    assert changes.moved == ("Three stayed.",)


def test_a_sentence_that_is_said_twice_and_then_once_was_removed_once() -> None:
    assert compare("Stay. Go on. Stay.", "Stay. Go on.").removed == ("Stay.",)


def test_titles_and_decimal_points_end_no_sentence() -> None:
    assert sentences("Mr. Lee of the U.S. Navy left. It rose 3.5 per cent. It fell.") == (
        "Mr. Lee of the U.S. Navy left.",
        "It rose 3.5 per cent.",
        "It fell.",
    )


def test_paragraphs_and_list_items_end_a_sentence() -> None:
    assert sentences("Fees\n\nThey rise\n- for adults\n- for children") == (
        "Fees",
        "They rise",
        "- for adults",
        "- for children",
    )


@settings(deadline=None)
@given(TEXTS)
def test_the_diff_of_equal_texts_is_empty(text: str) -> None:
    changes = compare(text, text)
    assert not changes
    assert {edit.kind for edit in changes.script} <= {"same"}


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_a_diff_applied_to_the_old_text_gives_the_new_one(before: str, after: str) -> None:
    assert compare(before, after).apply(sentences(before)) == sentences(after)


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_a_diff_turned_round_is_the_diff_of_the_way_back(before: str, after: str) -> None:
    assert compare(before, after).reversed() == compare(after, before)


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_what_came_and_went_accounts_for_every_step_that_did_not_move(
    before: str, after: str
) -> None:
    changes = compare(before, after)
    came = [edit.sentence for edit in changes.script if edit.kind == "come" and not edit.moved]
    went = [edit.sentence for edit in changes.script if edit.kind == "gone" and not edit.moved]
    assert sorted(came) == sorted((*changes.added, *(new for _old, new in changes.became)))
    assert sorted(went) == sorted((*changes.removed, *(old for old, _new in changes.became)))


def test_the_changes_of_another_text_can_t_be_applied() -> None:
    with pytest.raises(ValueError, match="another text"):
        compare("One came.", "Two went.").apply(("Three stayed.",))


def test_nothing_changed_is_false() -> None:
    assert not Changes()


def test_long_texts_without_anything_in_common_are_compared_in_pieces() -> None:
    """Not by every sentence with every other: 20,000 by 20,000 would never end."""
    before = " ".join(f"Old {n} stands here." for n in range(20_000))
    after = " ".join(f"New {n} comes there." for n in range(20_000))
    changes = compare(before, after)
    assert len(changes.added) + len(changes.became) == 20_000
