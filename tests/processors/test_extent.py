"""How much of a release there is, and what a theme adds for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from processors.classify import judge
from processors.extent import TEASER_CHARS, Short, extent_of
from processors.themes import Theme
from processors.themes.terms import Term, Weights

BOATS = Theme(
    id="boats",
    title="Boats",
    description="Boats.",
    version="1",
    bias=-3.0,
    short=Short(title=1.5, teaser=0.5),
    terms=(Term(name="boat", patterns=("boat*",), weights=Weights(title=2.0, lead=1.0)),),
)


@pytest.mark.parametrize(
    "text,extent",
    [
        ("", "title"),
        (" \n\t", "title"),
        ("Two boats.", "teaser"),
        ("x" * TEASER_CHARS, "teaser"),
        ("  " + "x" * TEASER_CHARS + "\n\n", "teaser"),
        ("x" * (TEASER_CHARS + 1), "whole"),
    ],
)
def test_what_there_is_of_a_release(text: str, extent: str) -> None:
    assert extent_of(text) == extent


@pytest.mark.parametrize("text,bias", [("", -1.5), ("It rains.", -2.5), ("It rains. " * 50, -3.0)])
def test_the_bias_is_the_theme_s_and_what_it_adds_for_what_there_is(text: str, bias: float) -> None:
    found = judge("Bridges", text, BOATS)
    assert (found.bias, found.log_odds) == (bias, bias)


def test_a_title_alone_may_be_enough_where_beside_a_text_it_is_not() -> None:
    assert judge("New boats", "", BOATS).belongs
    assert not judge("New boats", "It rains. " * 50, BOATS).belongs


@given(st.text(max_size=3 * TEASER_CHARS), st.text(max_size=3 * TEASER_CHARS))
def test_who_shows_more_is_given_no_more(text: str, more: str) -> None:
    order = ["title", "teaser", "whole"]
    assert order.index(extent_of(text)) <= order.index(extent_of(text + more))


def test_a_theme_can_t_take_off_for_showing_less() -> None:
    """Or taking away what is no evidence could change a decision."""
    with pytest.raises(ValidationError):
        Short(title=-0.1)
