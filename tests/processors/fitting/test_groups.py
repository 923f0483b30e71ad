from hypothesis import given
from hypothesis import strategies as st

from processors.fitting.groups import KEPT_PERCENT, groups, is_kept

STORY = (
    "The minister opened a bridge over the river today. It took four years to build and carries "
    "two lanes of traffic, a path for cyclists and a tram. Boats can pass below it at high tide."
)
OTHER = (
    "Nurses will be paid more from spring, after talks that lasted all winter. Hospitals have "
    "found it hard to keep staff, and waiting lists have grown longer in every region since."
)
WORDS = st.lists(st.sampled_from(STORY.split()), max_size=60).map(" ".join)


def test_a_text_and_its_copy_with_an_ending_are_of_one_group() -> None:
    copy = STORY + " Notes to editors: call the press office."
    assert groups([("Bridge", STORY), ("Pay", OTHER), ("Bridge opens", copy)]) == [0, 1, 0]


def test_what_is_like_a_third_is_like_what_that_is_like() -> None:
    middle = STORY[len(STORY) // 3 :] + " " + OTHER[: len(OTHER) // 4]
    first, second, third = groups([("", STORY), ("", middle), ("", middle + " The end.")])
    assert first == second == third


@given(st.lists(st.tuples(WORDS, WORDS), max_size=8))
def test_a_group_is_named_by_its_first_release(texts: list[tuple[str, str]]) -> None:
    found = groups(texts)
    assert len(found) == len(texts)
    assert all(found[group] == group <= at for at, group in enumerate(found))


@given(WORDS, WORDS)
def test_equal_texts_are_of_one_group(title: str, text: str) -> None:
    assert groups([(title, text), ("Pay", OTHER), (title, text)])[2] == 0


def test_about_the_stated_part_is_kept() -> None:
    kept = sum(is_kept(f"release {number}") for number in range(10_000))
    assert abs(kept / 100 - KEPT_PERCENT) < 2
