"""Why a decision is as it is, and what would turn it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.classify import judge
from processors.examples import try_examples
from processors.explain import explain
from processors.themes import Example, Examples, Theme
from processors.themes.terms import Term, Weights

HOUSING = Theme(
    id="housing",
    title="Housing",
    description="Homes.",
    version="1",
    bias=-2.0,
    terms=(
        Term(name="homes", patterns=("home*",), weights=Weights(title=3.0, lead=1.5)),
        Term(name="rent", patterns=("rent",), weights=Weights(title=1.0, lead=0.75)),
        Term(name="at sea", patterns=("harbour",), weights=Weights(title=-2.5, lead=-1.0)),
    ),
)
WORDS = st.lists(st.sampled_from(["homes", "rent", "harbour", "and", "."]), max_size=8)
TEXTS = WORDS.map(" ".join)


@given(TEXTS, TEXTS)
def test_bias_and_reasons_add_up_to_the_threshold_and_the_margin(title: str, text: str) -> None:
    found = explain(judge(title, text, HOUSING), HOUSING)
    weights = sum(reason.evidence.weight for reason in found.reasons)
    assert HOUSING.bias + weights == pytest.approx(found.threshold + found.margin)
    assert (found.margin >= 0) == found.judgement.belongs


@given(TEXTS, TEXTS)
def test_without_the_turning_spans_the_decision_is_the_other_and_one_fewer_is_too_few(
    title: str, text: str
) -> None:
    found = explain(judge(title, text, HOUSING), HOUSING)
    if not found.turning:
        pulling = [r for r in found.reasons if (r.evidence.weight > 0) == found.judgement.belongs]
        left = found.margin - sum(reason.evidence.weight for reason in pulling)
        assert (left >= 0) == found.judgement.belongs
        return
    left = found.margin - sum(reason.evidence.weight for reason in found.turning)
    assert (left >= 0) != found.judgement.belongs
    fewer = found.margin - sum(reason.evidence.weight for reason in found.turning[:-1])
    assert (fewer >= 0) == found.judgement.belongs


def test_reasons_come_by_place_with_their_terms_and_those_against_apart() -> None:
    found = explain(judge("Homes at the harbour", "Rent is due.", HOUSING), HOUSING)
    assert [(r.evidence.text, r.term) for r in found.reasons] == [
        ("Homes", "homes"),
        ("harbour", "at sea"),
        ("Rent", "rent"),
    ]
    assert [reason.evidence.text for reason in found.against] == ["harbour"]
    assert [reason.evidence.text for reason in found.turning] == ["harbour"]


def test_an_example_passes_if_it_is_found_or_left_as_it_must_be_and_says_why() -> None:
    examples = Examples(
        matching=(Example(title="New homes", text=""), Example(text="Rent.")),
        missing=(Example(title="Rent for homes", text=""), Example(text="A bridge.")),
    )
    tried = list(try_examples(HOUSING.model_copy(update={"examples": examples})))
    assert [(one.kind, one.number, one.passed) for one in tried] == [
        ("matching", 1, True),
        ("matching", 2, False),
        ("missing", 1, False),
        ("missing", 2, True),
    ]
    assert tried[1].why == "22% sure, 1.25 below the threshold: “Rent” +0.75"
    assert tried[2].why == "88% sure, 2.00 above the threshold: “homes” +3.00, “Rent” +1.00"
    assert "no term of the theme" in tried[3].why
