from typing import Any

import pytest

from alerts.evaluate import EVERYTHING, checks, matches
from alerts.facets import Facets
from despatch.facts import Country, Facts, Organisation, Person, Span
from despatch.filter import Filter
from despatch.model import Classified, Details, Linked
from despatch.testing.releases import a_classified, a_release, a_revision

SPAN = (Span(field="text", start=0, end=3, text="The"),)
FACTS = Facts(
    countries=(
        Country(code="TR", name="Türkiye", role="party", evidence=SPAN),
        Country(code="GB", name="United Kingdom", role="mentioned", evidence=SPAN),
    ),
    organisations=(Organisation(name="Home Office", evidence=SPAN),),
    people=(Person(name="Ada Okoye", office="Border Minister", evidence=SPAN),),
)


def release(**changed: Any) -> Classified:
    document = a_release(
        title="New visa fees announced",
        text="The minister spoke of border co-operation.\n\nSmall boats were not named.",
        details=Details(
            document_type="press_release",
            organisations=(Linked(title="Foreign, Commonwealth & Development Office"),),
        ),
    )
    themes = changed.pop("themes", ("migration", "partnerships"))
    return a_classified(a_revision(document), themes=themes, **({"facts": FACTS} | changed))


def asks(**facets: Any) -> Filter:
    return Filter.model_validate(facets)


MET = [
    asks(),
    asks(themes={"any": ["migration", "trade"]}),
    asks(themes={"all": ["migration", "partnerships"]}),
    asks(themes={"none": ["trade"]}),
    asks(countries={"any": ["TR", "AL"]}),
    asks(countries={"all": ["TR", "GB"], "none": ["FR"]}),
    asks(organisations={"any": ["the home office"]}),
    asks(organisations={"any": ["Foreign, Commonwealth and Development Office"]}),
    asks(people={"any": ["ada okoye"]}),
    asks(document_types={"any": ["Press release"]}),
    asks(sources={"any": ["example"]}),
    asks(phrases={"all": [{"text": "visa fee"}, {"text": "small boat"}]}),
    asks(
        phrases={"any": [{"text": "passports"}, {"text": "border cooperation"}, {"text": "boat"}]}
    ),
    asks(phrases={"any": [{"text": "visa fees", "exact": True, "where": "title"}]}),
    asks(phrases={"none": [{"text": "small boats", "where": "title"}]}),
    asks(themes={"any": ["migration"]}, minimum_score=0.9),
    asks(minimum_score=0.9),
]
UNMET = [
    asks(themes={"any": ["trade", "health"]}),
    asks(themes={"all": ["migration", "trade"]}),
    asks(themes={"any": ["partnerships"], "none": ["migration"]}),
    asks(countries={"any": ["FR"]}),
    asks(countries={"all": ["TR", "FR"]}),
    asks(countries={"none": ["GB"]}),
    asks(organisations={"any": ["Home"]}),
    asks(people={"any": ["Okoye"]}),
    asks(document_types={"any": ["speech"]}),
    asks(sources={"any": ["another"]}),
    asks(phrases={"all": [{"text": "visa fee"}, {"text": "passport"}]}),
    asks(phrases={"any": [{"text": "visa fee", "exact": True}]}),
    asks(phrases={"any": [{"text": "small boats", "where": "title"}]}),
    asks(phrases={"none": [{"text": "small boats"}]}),
    asks(phrases={"any": [{"text": "fees announced the"}]}),
    asks(themes={"any": ["migration"]}, minimum_score=0.91),
    asks(minimum_score=0.91),
    asks(themes={"none": ["migration"]}, minimum_score=0.99),
    asks(themes={"any": ["migration"]}, countries={"any": ["FR"]}),
]


@pytest.mark.parametrize("filter_", MET, ids=lambda one: one.model_dump_json(exclude_defaults=True))
def test_a_filter_is_met(filter_: Filter) -> None:
    assert matches(filter_, release())


@pytest.mark.parametrize(
    "filter_", UNMET, ids=lambda one: one.model_dump_json(exclude_defaults=True)
)
def test_a_filter_is_not_met(filter_: Filter) -> None:
    assert matches(filter_, release()) is None


def test_the_reason_names_what_was_found_in_its_own_words() -> None:
    filter_ = asks(
        themes={"any": ["migration", "trade"]},
        countries={"all": ["TR"]},
        phrases={"all": [{"text": "visa fee"}, {"text": "small boat"}]},
    )
    assert matches(filter_, release()) == (
        "theme migration, 90% sure: “New”; country TR (Türkiye); "
        "“Small boats”; “visa fees” in the title"
    )


def test_a_filter_that_only_excludes_matches_every_other_release() -> None:
    assert matches(asks(countries={"none": ["FR"]}), release()) == EVERYTHING


@pytest.mark.parametrize(
    "filter_, said",
    [
        (
            asks(themes={"any": ["trade", "health"]}),
            "it has none of theme health and theme trade: "
            "its themes are migration and partnerships",
        ),
        (
            asks(themes={"all": ["migration"], "any": ["health", "trade"]}, minimum_score=0.95),
            "it lacks theme migration: migration is 90% sure, less than the 95% asked for "
            "and partnerships is 90% sure, less than the 95% asked for",
        ),
        (
            asks(countries={"any": ["FR"]}),
            "it lacks country FR: it names TR (Türkiye) and GB (United Kingdom)",
        ),
        (asks(countries={"none": ["GB"]}), "it has country GB (United Kingdom), which is excluded"),
        (
            asks(phrases={"all": [{"text": "visa fee", "exact": True}]}),
            "it lacks exactly “visa fee”",
        ),
        (
            asks(phrases={"none": [{"text": "small boats"}]}),
            "it has “Small boats”, which is excluded",
        ),
    ],
)
def test_what_is_missing_is_said_with_what_is_there(filter_: Filter, said: str) -> None:
    (check,) = checks(filter_, Facets(release(themes=("migration", "partnerships"))))
    assert (check.met, check.said) == (False, said)


def test_a_release_without_facts_says_so() -> None:
    (check,) = checks(asks(countries={"any": ["FR"]}), Facets(release(facts=None)))
    assert check.said == ("it lacks country FR: it names no country (no facts were read from it)")
