import pytest
from pydantic import ValidationError

from despatch.filter import Choice, Filter, Names, Phrase, Phrases, of_themes


def test_two_choices_that_ask_the_same_are_equal() -> None:
    """Order, repeats, and a lone `any` say nothing of their own."""
    assert Choice[str](any=("b", "a", "a")) == Choice[str](any=("a", "b"))
    assert Choice[str](any=("a",)) == Choice[str](all=("a",))
    assert Choice[str](any=("a", "b"), all=("b", "c")) == Choice[str](all=("b", "c"))


def test_what_is_asked_for_and_excluded_is_refused() -> None:
    with pytest.raises(ValidationError, match="a is both asked for and excluded"):
        Choice[str](any=("a", "b"), none=("a",))


def test_spellings_of_one_name_are_one() -> None:
    assert Names(any=("The Home Office", "home office")).all == ("The Home Office",)


def test_phrases_that_look_for_the_same_are_one() -> None:
    fee, fees = Phrase(text="visa fee"), Phrase(text="Visa Fees")
    assert Phrases(any=(fee, fees)).all == (fee,)
    exact = Phrase(text="visa fee", exact=True)
    assert len(Phrases(any=(fee, exact)).any) == 2


def test_an_exact_phrase_keeps_its_endings() -> None:
    assert Phrase(text="Visa Fees").words() == ("visa", "fee")
    assert Phrase(text="Visa Fees", exact=True).words() == ("visa", "fees")


@pytest.mark.parametrize("text", ["", "  ", "!?", '"'])
def test_a_phrase_has_a_word(text: str) -> None:
    with pytest.raises(ValidationError):
        Phrase(text=text)


def test_a_country_is_two_letters() -> None:
    assert Filter(countries={"any": ["tr"]}).countries.all == ("TR",)
    with pytest.raises(ValidationError):
        Filter(countries={"any": ["Turkey"]})


def test_a_document_type_is_written_as_publishers_write_it() -> None:
    filter_ = Filter(document_types={"any": ["Press release"]})
    assert filter_.document_types.all == ("press_release",)


def test_a_filter_survives_its_json() -> None:
    filter_ = Filter(
        themes=Choice(any=("migration", "trade")),
        phrases=Phrases(none=(Phrase(text="small boats", where="title"),)),
        minimum_score=0.5,
    )
    assert Filter.model_validate_json(filter_.model_dump_json()) == filter_


def test_a_filter_that_asks_for_nothing_is_false() -> None:
    assert not Filter()
    assert of_themes("migration")
    assert Filter(minimum_score=0.0)
