"""Facts of a release: what it says, as fields, each with the words it was read from. Pure."""

from datetime import date

from despatch.characters import storable
from despatch.facts import Fact, Facts
from despatch.model import Release
from processors.facts.agreements import find_agreements
from processors.facts.countries import Places
from processors.facts.dates import find_dates
from processors.facts.figures import find_figures
from processors.facts.gather import Row
from processors.facts.organisations import find_organisations
from processors.facts.parties import acting
from processors.facts.passage import Passage
from processors.facts.people import find_people

FACTS_LANGUAGES = frozenset({"", "en"})
"""Languages that facts are read in; a text whose language is not known is tried."""


def find_facts(title: str, text: str, published_on: date | None = None) -> Facts:
    """Return the facts of a title and a text; never raises.

    `published_on` gives days their year and says what `this autumn` is: without it, dates that
    don't stand in full are left out. Half a character is read as U+FFFD, and so shown.
    """
    return Facts.model_validate(fact_rows(storable(title), storable(text), published_on))


def fact_rows(title: str, text: str, published_on: date | None = None) -> dict[str, list[Row]]:
    """Return the facts of a title and a text as plain rows, by kind: what `find_facts` models.

    For who writes them at once, as `despatch classify` does: models of them would take as long
    again as finding them.
    """
    passages = (Passage("title", title), Passage("text", text))
    places = Places(passages)
    agreed = find_agreements(passages, places)
    parties = agreed.codes.union(*(acting(passage, places) for passage in passages))
    countries = places.facts(parties)
    return {
        "countries": countries,
        "organisations": find_organisations(passages),
        "people": find_people(passages),
        "agreements": agreed.agreements,
        "figures": find_figures(passages, [str(country["code"]) for country in countries]),
        "dates": find_dates(passages, published_on),
    }


def facts_of(release: Release) -> Facts:
    """Return the facts of a release, by the day that its publisher gives it."""
    given = release.published_at or release.updated_at
    return find_facts(release.title, release.text, given.date() if given is not None else None)


def facts_within(facts: Facts, kept: int) -> Facts:
    """Return the facts that have evidence in the first `kept` characters of the text."""
    return Facts(**{kind: _facts_within(getattr(facts, kind), kept) for kind in Facts.model_fields})


def _facts_within(facts: tuple[Fact, ...], kept: int) -> tuple[Fact, ...]:
    left = []
    for fact in facts:
        spans = tuple(one for one in fact.evidence if one.field == "title" or one.end <= kept)
        if spans:
            left.append(fact.model_copy(update={"evidence": spans}))
    return tuple(left)
