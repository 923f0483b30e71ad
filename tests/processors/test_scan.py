from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.pattern import parse
from processors.scan import Scanner

LISTS = {
    "country": ["France", "UK", "Turkiye", "United States", "United States of America", "Turkey"]
}


def found(pattern: str, text: str) -> list[str]:
    scanner = Scanner([(phrase, None) for phrase in parse(pattern, LISTS)], LISTS)
    words, matches = scanner.scan(text)
    return [text[words.starts[one.first] : words.ends[one.last - 1]] for one in matches]


@pytest.mark.parametrize(
    "pattern,text,spans",
    [
        ("migrant*", "Migrants’ boats and a MIGRANT", ["Migrants", "MIGRANT"]),
        ("migrant*", "immigrants", []),
        ("small boat*", "small-boat arrivals", ["small-boat"]),
        ("small boat*", "too small. Boats came", []),
        ("cross* ~2 channel", "crossed the icy Channel", ["crossed the icy Channel"]),
        ("cross* ~2 channel", "crossed the very icy Channel", []),
        ("@country", "in Türkiye’s capital", ["Türkiye’s"]),
        ("@country", "a turkey for Turkey", ["Turkey"]),
        ("@country", "theUK and U.K.", ["theUK", "U.K."]),
        ("with @country", "with the with United States.", ["with United States"]),
        ("@country law", "United States of America law", ["United States of America law"]),
        ("united states", "the United\xa0States", ["United\xa0States"]),
        ("UK", "Uk uk UK", ["UK"]),
        ("joint taskforce|task_force", "a joint task force", ["joint task force"]),
        ("migrant*", "mi\u00adgrants", ["mi\u00adgrants"]),
    ],
)
def test_a_pattern_finds_what_it_says(pattern: str, text: str, spans: list[str]) -> None:
    assert found(pattern, text) == spans


def test_a_phrase_that_can_go_on_two_ways_takes_the_one_that_fits() -> None:
    assert found("a ~2 b c", "a b x b c") == ["a b x b c"]


@given(st.lists(st.sampled_from(["aa", "bb", "cc", "."]), max_size=30))
def test_every_phrase_is_found_where_it_stands_and_nowhere_else(tokens: list[str]) -> None:
    """Against the obvious way: look at every pair of neighbours."""
    pairs = list(pairwise(tokens))
    assert len(found("aa bb", " ".join(tokens))) == pairs.count(("aa", "bb"))
