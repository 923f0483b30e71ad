import pytest
from hypothesis import given
from hypothesis import strategies as st

from despatch.wording import beginning, fold, loose, name_key, placed, stem, words


def test_case_accents_points_and_possessives_do_not_count() -> None:
    assert words("Türkiye’s U.S. visa-fees, don't!") == [
        "turkiye",
        "us",
        "visa",
        "fees",
        "dont",
    ]


def test_what_hides_inside_a_word_does_not_count() -> None:
    assert words("bor\u00adder e\u0301migre\u0301s") == ["border", "emigres"]


def test_inflections_share_their_stem() -> None:
    assert stem("fees") == stem("fee")
    assert stem("arriving") == stem("arrivals") or stem("arriving") == stem("arrived")
    assert stem("visa") != stem("vista")


def test_a_name_is_known_without_its_article_and_its_ampersand() -> None:
    full = name_key("The Foreign, Commonwealth & Development Office")
    assert full == name_key("foreign commonwealth and development office")
    assert name_key("&") == ""


@given(st.text(max_size=200))
def test_a_word_stands_where_it_is_said_to(text: str) -> None:
    for word, start, end in placed(text):
        assert fold(text[start:end]) == word


@given(st.text(max_size=200))
def test_folding_again_changes_nothing(text: str) -> None:
    found = words(text)
    assert words(" ".join(found)) == found


@given(st.text(max_size=100))
def test_what_a_text_does_not_show_is_not_in_it(text: str) -> None:
    shown = loose(text)
    for word in words(text):
        assert not word.isascii() or word in shown


WORDS = """
skis skies vying
dying lying tying idly gently ugly early only singly hoping hopping relational seyyed
conditional sensibility activities formalities radically vietnamization operators policies digitizer
agreed proceeding replacement adjustment adoption irritant luxuriated sized controlling communism
argued news innings outing canning herring proceed exceed succeed bribing lazy visas fees aging
"""


@pytest.mark.parametrize("word", WORDS.split())
def test_a_word_begins_as_its_stem_does(word: str) -> None:
    assert word.startswith(beginning(stem(word)))
