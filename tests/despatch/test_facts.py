import pytest
from pydantic import ValidationError

from despatch.facts import MAX_OF_A_KIND, MAX_SPAN_CHARS, MAX_SPANS, Country, Facts, Span
from despatch.model import Classified
from despatch.testing import a_classified
from despatch.topics import decode, encode

NAMED = Span(field="text", start=4, end=11, text="Türkiye")


def a_country(evidence: tuple[Span, ...] = (NAMED,)) -> Country:
    return Country(code="TR", name="Türkiye", role="party", evidence=evidence)


def test_facts_travel_with_a_classified_release() -> None:
    classified = a_classified(facts=Facts(countries=(a_country(),)))
    assert decode(Classified, encode(classified)) == classified


def test_a_message_of_a_stage_that_read_no_facts_has_none() -> None:
    assert a_classified().facts is None


def test_a_fact_without_evidence_is_refused() -> None:
    with pytest.raises(ValidationError, match="evidence"):
        a_country(evidence=())


def test_there_is_a_limit_to_facts_spans_and_their_length() -> None:
    with pytest.raises(ValidationError, match="countries"):
        Facts(countries=(a_country(),) * (MAX_OF_A_KIND + 1))
    with pytest.raises(ValidationError, match="evidence"):
        a_country(evidence=(NAMED,) * (MAX_SPANS + 1))
    with pytest.raises(ValidationError, match="text"):
        Span(field="text", start=0, end=900, text="x" * (MAX_SPAN_CHARS + 1))
