"""Whether a change matters, on golden pairs and for any two texts."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from despatch.material import MAX_TRIFLES, Weighed, weigh

PAIRS = tomllib.loads(
    (Path(__file__).parents[1] / "data" / "revisions" / "pairs.toml").read_text(encoding="utf-8")
)
WORDS = st.sampled_from(
    ["fee", "£35", "Smith", "may", "must", "the", "boats", "boat", ".", "\n\n", "no", "May", "3"]
)
TEXTS = st.one_of(st.text(max_size=300), st.lists(WORDS, max_size=80).map(" ".join))


@pytest.mark.parametrize("pair", PAIRS["pairs"], ids=lambda pair: f"{pair['old']}-{pair['new']}")
def test_each_golden_pair_is_weighed_with_its_reason(pair: dict[str, Any]) -> None:
    base = PAIRS["base"]
    after = base.replace(pair["old"], pair["new"], 1)
    assert weigh(base, after) == Weighed(pair.get("material", True), pair["reason"])


@pytest.mark.parametrize("pair", PAIRS["pairs"], ids=lambda pair: f"{pair['old']}-{pair['new']}")
def test_the_way_back_weighs_the_same(pair: dict[str, Any]) -> None:
    base = PAIRS["base"]
    after = base.replace(pair["old"], pair["new"], 1)
    assert weigh(after, base).material == weigh(base, after).material


def test_there_are_enough_golden_pairs_of_both_kinds() -> None:
    trifles = [pair for pair in PAIRS["pairs"] if not pair.get("material", True)]
    assert len(PAIRS["pairs"]) >= 40
    assert len(trifles) >= 12


def test_more_small_changes_than_are_looked_at_matter() -> None:
    before = " ".join(f"The boat{n}s sail today here." for n in range(MAX_TRIFLES + 1))
    assert weigh(before, before.replace("sail", "sayl")).material


@settings(deadline=None)
@given(TEXTS)
def test_a_text_and_itself_differ_in_nothing(text: str) -> None:
    assert weigh(text, text) == Weighed(False, "nothing changed")


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_any_two_texts_are_weighed_alike_from_both_sides_and_with_a_reason(
    one: str, other: str
) -> None:
    there, back = weigh(one, other), weigh(other, one)
    assert there.material == back.material
    assert 0 < len(there.reason) < 300


@settings(deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=30))
def test_white_space_alone_is_never_material(words: list[str]) -> None:
    assert not weigh(" ".join(words), "   ".join(words)).material


@settings(deadline=None)
@given(TEXTS, st.integers(1, 999))
def test_a_figure_that_changes_in_a_text_of_its_own_matters(text: str, figure: int) -> None:
    before, after = f"{text}\n\nThe fee is £{figure}.", f"{text}\n\nThe fee is £{figure + 1}."
    assert weigh(before, after).material
