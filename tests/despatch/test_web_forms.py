"""The sign-up form: what was meant, or every fault at once."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from despatch.filter import Choice, Filter, Phrase, Phrases, of_themes
from despatch.web.forms import (
    MAX_WORDS,
    Faults,
    NotAForm,
    Typed,
    Wanted,
    fields_of,
    frequencies,
    typed_of,
    wanted_of,
)

THEMES = ("migration", "partnerships")
GOOD = Typed("ada@example.org", frozenset({"migration"}))


def meant(typed: Typed) -> Wanted:
    found = wanted_of(typed, THEMES, "Europe/London")
    assert isinstance(found, Wanted)
    return found


def faults(typed: Typed) -> list[str]:
    found = wanted_of(typed, THEMES, "UTC")
    assert isinstance(found, Faults)
    return list(found.by_field)


def test_a_theme_and_a_time_of_day() -> None:
    found = meant(GOOD)
    assert found.address.get_secret_value() == "ada@example.org"
    assert found.filter == of_themes("migration")
    assert str(found.frequency) == "daily 08:30 Europe/London"


def test_words_stand_apart_by_commas_and_any_of_them_will_do() -> None:
    found = meant(Typed("ada@example.org", frozenset(THEMES), " visa fee,, Albania ,", "immediate"))
    assert found.filter == Filter(
        themes=Choice(any=THEMES),
        phrases=Phrases(any=(Phrase(text="visa fee"), Phrase(text="Albania"))),
    )
    assert str(found.frequency) == "immediate"


def test_words_alone_will_do() -> None:
    found = meant(Typed("ada@example.org", words="visa"))
    assert found.filter == Filter(phrases=Phrases(any=(Phrase(text="visa"),)))


@pytest.mark.parametrize(
    "typed, wrong",
    [
        (Typed(), ["theme", "address"]),
        (Typed("ada", frozenset({"migration"})), ["address"]),
        (Typed("ada@example.org", frozenset({"nonsense"})), ["theme"]),
        (Typed("ada@example.org", words="!!"), ["words"]),
        (Typed("ada@example.org", words="x" * 300), ["words"]),
        (Typed("ada@example.org", words=",".join("ab" * (MAX_WORDS + 1))), ["words"]),
        (Typed("ada@example.org", frozenset({"migration"}), every="never"), ["every"]),
        (Typed("a", frozenset({"x"}), "!!", "x"), ["theme", "words", "every", "address"]),
    ],
)
def test_every_fault_is_told_in_the_order_of_the_page(typed: Typed, wrong: list[str]) -> None:
    assert faults(typed) == wrong


def test_no_fault_shows_the_address() -> None:
    found = wanted_of(Typed("ada lovelace", frozenset({"migration"})), THEMES, "UTC")
    assert isinstance(found, Faults)
    assert "lovelace" not in repr(found)


def test_a_body_is_read_as_the_browser_wrote_it() -> None:
    body = urlencode([("theme", "migration"), ("theme", "partnerships"), ("words", "a & b, ü")])
    assert typed_of(fields_of(body.encode())) == Typed("", frozenset(THEMES), "a & b, ü", "daily")


@pytest.mark.parametrize("body", [b"a=%ff", b"\xff=1", b"&".join(b"a=1" for _ in range(300))])
def test_what_is_no_form_is_refused(body: bytes) -> None:
    with pytest.raises(NotAForm):
        fields_of(body)


@given(st.binary(max_size=200))
def test_any_body_is_read_or_refused(body: bytes) -> None:
    try:
        typed = typed_of(fields_of(body))
    except NotAForm:
        return
    assert isinstance(wanted_of(typed, THEMES, "UTC"), Wanted | Faults)


@given(st.text(max_size=100), st.text(max_size=300), st.text(max_size=10))
def test_whatever_is_typed_is_meant_or_faulty(address: str, words: str, every: str) -> None:
    typed = Typed(address, frozenset(), words, every)
    assert isinstance(wanted_of(typed, THEMES, "UTC"), Wanted | Faults)


def test_the_frequencies_that_are_offered_are_at_local_times() -> None:
    assert [str(one) for one in frequencies("Europe/Rome").values()] == [
        "immediate",
        "daily 08:30 Europe/Rome",
        "weekly saturday 08:30 Europe/Rome",
    ]
