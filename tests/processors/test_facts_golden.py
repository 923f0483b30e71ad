"""Made-up releases of five governments, and the seed, get exactly the facts that they state.

A fact is one line: `GB party`; `Home Office`; `Ann Lee, Home Secretary`; an agreement's
instrument, status, parties and subject; a figure with its change, what it measures and what it is
compared to; a day or days and what happens then.
"""

import tomllib
from datetime import date
from pathlib import Path

import pytest

from despatch.facts import Agreement, DateFact, Facts, Figure
from ingest.document import entry_of_text
from processors.facts import find_facts

ROOT = Path(__file__).parents[2]
SEEDS = ROOT / "seeds"
EXPECTED = tomllib.loads((SEEDS / "expected.toml").read_text("utf-8"))

Lines = dict[str, list[str]]


def releases() -> list[object]:
    files = sorted((ROOT / "tests" / "data" / "facts").glob("*.toml"))
    return [
        pytest.param(release, id=f"{file.stem}: {release['title']}")
        for file in files
        for release in tomllib.loads(file.read_text("utf-8"))["releases"]
    ]


def lines(facts: Facts) -> Lines:
    return {
        "countries": [f"{one.code} {one.role}" for one in facts.countries],
        "organisations": [one.name for one in facts.organisations],
        "people": [f"{one.name}, {one.office}" for one in facts.people],
        "agreements": [agreement(one) for one in facts.agreements],
        "figures": [figure(one) for one in facts.figures],
        "dates": [days(one) for one in facts.dates],
    }


def agreement(one: Agreement) -> str:
    return " | ".join((one.instrument, one.status, " + ".join(one.parties), one.about))


def figure(one: Figure) -> str:
    value = f"{one.value:g}" if one.value < 1_000_000 else f"{one.value:.0f}"
    return " | ".join((f"{value} {one.unit}", one.change or "-", one.of, one.against))


def days(one: DateFact) -> str:
    until = f" to {one.until}" if one.until else ""
    return f"{one.on}{until} {one.kind}"


@pytest.mark.parametrize("release", releases())
def test_a_release_gets_the_facts_that_it_states(release: dict[str, object]) -> None:
    day = release["published_on"]
    assert isinstance(day, date)
    found = find_facts(str(release["title"]), str(release["text"]), day)
    assert lines(found) == {kind: release[kind] for kind in Facts.model_fields}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_seed_gets_its_facts(name: str) -> None:
    entry = entry_of_text((SEEDS / name).read_bytes(), name)
    assert entry.published_at is not None
    found = find_facts(entry.title, entry.text, entry.published_at.date())
    assert lines(found) == EXPECTED[name]["facts"]
