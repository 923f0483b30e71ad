"""The countries that are known, against ISO's own list, and names that only look like theirs."""

import pycountry
import pytest

from processors.facts import find_facts
from processors.facts.lexicon import COUNTRY_NAMES

KOSOVO = "XK"
BY_ANOTHER_NAME = {
    "BQ": "Bonaire",
    "CC": "Cocos Islands",
    "CD": "Democratic Republic of the Congo",
    "CG": "Republic of the Congo",
    "FK": "Falkland Islands",
    "FM": "Micronesia",
    "MF": "Saint Martin",
    "PS": "Palestine",
    "SX": "Sint Maarten",
    "VA": "Holy See",
    "VG": "British Virgin Islands",
    "VI": "U.S. Virgin Islands",
}
"""What pycountry writes in a form that no text has: `Congo, The Democratic Republic of the`."""


def codes(text: str, title: str = "") -> list[str]:
    return [country.code for country in find_facts(title, text).countries]


def test_the_codes_are_those_of_iso_and_kosovos() -> None:
    assert set(COUNTRY_NAMES) == {country.alpha_2 for country in pycountry.countries} | {KOSOVO}


@pytest.mark.parametrize("country", list(pycountry.countries), ids=lambda one: str(one.alpha_2))
def test_every_country_is_known_by_isos_name(country: object) -> None:
    code = str(getattr(country, "alpha_2", ""))
    name = getattr(country, "common_name", getattr(country, "name", ""))
    text = BY_ANOTHER_NAME.get(code, str(name))
    assert codes(f"Officials from Tbilisi visited {text} today.") == [code]


@pytest.mark.parametrize("code,name", COUNTRY_NAMES.items(), ids=COUNTRY_NAMES)
def test_every_country_is_known_by_the_name_that_facts_give(code: str, name: str) -> None:
    assert codes(f"Officials from Tbilisi visited {name} today.") == [code]


@pytest.mark.parametrize(
    "text,expected",
    [
        ("Turkey and Türkiye and TÜRKİYE", ["TR"]),
        ("UK-Turkish talks", ["GB", "TR"]),
        ("the U.S.–Japan alliance and the US’s bases", ["US", "JP"]),
        ("Britain’s ports and Great Britain", ["GB"]),
        ("Turkish, French and Danes", ["TR", "FR", "DK"]),
        ("Let us know. CONTACT US TODAY. ABOUT US", []),
        ("a turkey, a polish, some china", []),
        ("Northern Ireland and New Mexico", []),
        ("Ireland and Mexico", ["IE", "MX"]),
        ("South Korea and North Korea", ["KR", "KP"]),
        ("The DPRK tested a missile. Korean families fled.", ["KP"]),
        ("Seoul said Korea was ready.", ["KR"]),
        ("The Republic of the Congo agreed. Congo said so.", ["CG"]),
        ("Kinshasa said the Congolese army was ready.", ["CD"]),
        ("Papua New Guinea, Guinea-Bissau and Equatorial Guinea", ["PG", "GW", "GQ"]),
        ("Niger and Nigeria", ["NE", "NG"]),
        ("South Sudan", ["SS"]),
        ("the Dominican Republic and Dominica", ["DO", "DM"]),
        ("Côte d’Ivoire and the Ivory Coast", ["CI"]),
        ("A court in Atlanta, Georgia heard", []),
        ("The Northern District of Georgia heard", []),
        ("Ukraine, Moldova and Georgia applied", ["UA", "MD", "GE"]),
        ("Tbilisi is the capital. Georgia voted.", ["GE"]),
        ("Jim Jordan, Chad Wolf and Tom Holland spoke.", []),
        ("King Abdullah of Jordan flew to Chad.", ["JO", "TD"]),
        ("a plant in Lebanon, Pennsylvania", []),
        ("Beirut, Lebanon, hosted them", ["LB"]),
        ("the Indian Ocean, the South China Sea and Latin America", []),
        ("Native American and African American families", []),
        ("the Family Reunion", []),
        ("Kosovo and Serbia", ["XK", "RS"]),
    ],
)
def test_names_are_told_from_what_only_looks_like_them(text: str, expected: list[str]) -> None:
    assert codes(text) == expected


@pytest.mark.parametrize(
    "title,text,parties",
    [
        ("UK and Ghana sign a treaty", "Togo was told.", ["GB", "GH"]),
        ("Talks held", "Canada and Fiji signed a memorandum of understanding.", ["CA", "FJ"]),
        ("Call with the President of Peru", "They discussed Bolivia.", ["PE"]),
        ("A report", "It has recent agreements with France and Spain.", []),
    ],
)
def test_a_party_takes_part_and_others_are_mentioned(
    title: str, text: str, parties: list[str]
) -> None:
    found = find_facts(title, text).countries
    assert [country.code for country in found if country.role == "party"] == parties
