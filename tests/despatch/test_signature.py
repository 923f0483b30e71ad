"""Near copies of a text have signatures that are alike, as far as their words are."""

from hypothesis import given, settings
from hypothesis import strategies as st

from despatch.signature import MAX_CHARS, MOST, RUN, signature, similarity

WORDS = st.lists(st.sampled_from([f"word{n}" for n in range(60)]), max_size=400)


def runs(words: list[str]) -> set[tuple[str, ...]]:
    return set(zip(words, words[1:], words[2:], strict=False))


def story(*, without: int = 0, start: int = 0) -> str:
    """Return 400 different words, some of them left out at the end."""
    return " ".join(f"word{n}" for n in range(start, start + 400 - without))


@given(st.text(max_size=200), st.text(max_size=500))
def test_a_signature_is_at_most_64_rising_numbers_of_32_bits(title: str, text: str) -> None:
    found = signature(title, text)
    assert list(found) == sorted(set(found))
    assert len(found) <= MOST
    assert all(0 <= number < 2**32 for number in found)


@given(st.text(max_size=200), st.text(max_size=500))
def test_a_text_is_like_itself_if_it_has_a_word(title: str, text: str) -> None:
    found = signature(title, text)
    assert similarity(found, found) == (1.0 if found else 0.0)


@given(WORDS, WORDS)
def test_it_is_the_same_from_both_sides(one: list[str], other: list[str]) -> None:
    a, b = signature("", " ".join(one)), signature("", " ".join(other))
    assert similarity(a, b) == similarity(b, a)


@given(st.lists(st.sampled_from("abcdef"), min_size=RUN, max_size=30), st.data())
def test_of_short_texts_it_is_exactly_the_share_of_runs(
    one: list[str], data: st.DataObject
) -> None:
    other = data.draw(st.lists(st.sampled_from("abcdef"), min_size=RUN, max_size=30))
    share = len(runs(one) & runs(other)) / len(runs(one) | runs(other))
    assert similarity(signature("", " ".join(one)), signature("", " ".join(other))) == share


@settings(deadline=None)
@given(st.integers(0, 200))
def test_of_long_texts_it_is_near_the_share_of_runs(without: int) -> None:
    share = (398 - without) / 398
    found = similarity(signature("", story()), signature("", story(without=without)))
    assert abs(found - share) < 0.2


def test_case_marks_and_white_space_do_not_count() -> None:
    assert signature("The Fee", "rises, today!") == signature("the  fee", "Rises\n\ntoday")


def test_texts_that_share_nothing_are_not_alike() -> None:
    assert similarity(signature("", story()), signature("", story(start=1_000))) == 0.0


def test_a_text_without_words_is_like_none() -> None:
    assert signature("", "…") == ()
    assert similarity((), signature("", story())) == 0.0


def test_what_stands_behind_the_first_pages_does_not_count() -> None:
    page = "word " * MAX_CHARS
    assert signature("", page) == signature("", page + "and more of it")


def test_a_signature_never_changes() -> None:
    """It is kept: another algorithm needs another field."""
    assert signature("New treaty", "Signed today.") == (989964041, 2791877018)
