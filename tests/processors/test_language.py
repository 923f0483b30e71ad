"""Which language a text is in, and what becomes of one that no theme reads."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from despatch.testing import a_release
from processors.classify import classifier, classify
from processors.jsonl import classify_lines
from processors.language import language_of, language_of_release, why_unjudged
from processors.themes import Theme, load_themes

TEXTS = tomllib.loads(
    (Path(__file__).parents[1] / "data" / "languages.toml").read_text(encoding="utf-8")
)["texts"]
BY_LANGUAGE = {one["language"]: one["text"] for one in reversed(TEXTS)}
THEMES = load_themes(only=["migration"])
BOATS = "The UK and France signed a treaty to stop small boats and return illegal migrants."


@pytest.mark.parametrize("one", TEXTS, ids=lambda one: f"{one['language']}-{one['text'][:20]}")
def test_each_golden_text_has_its_language(one: dict[str, Any]) -> None:
    assert language_of(one["text"], one.get("tag")) == one["language"]


def test_a_text_that_is_english_in_any_part_is_english() -> None:
    """A letter in two languages is judged, whichever comes first."""
    french, english = BY_LANGUAGE["fr"] * 24, BY_LANGUAGE["en"] * 8
    assert language_of(french + english) == "en"
    assert language_of(english + french) == "en"
    assert language_of(french + english + french) == "en"


def test_a_short_text_is_read_together_with_its_title() -> None:
    title = "Le bureau du port a déclaré aujourd’hui que les frais de visite"
    text = "vont augmenter en avril pour les deux phares de la côte."
    assert language_of(text) == ""
    assert language_of_release(title, text) == "fr"


@given(st.text(max_size=500), st.one_of(st.none(), st.text(max_size=12)))
def test_any_text_and_any_tag_give_a_tag_or_nothing(text: str, tag: str | None) -> None:
    found = language_of(text, tag)
    assert found == "" or (found.isalpha() and found.islower() and 2 <= len(found) <= 3)


def test_a_text_in_another_language_has_no_theme() -> None:
    """Though the words that a theme knows stand in it."""
    text = f"{BY_LANGUAGE['fr']} Illegal migration, small boats, asylum seekers."
    assert classify(a_release(title="Illegal migration", text=text), THEMES) == ()
    assert classifier(THEMES).classify("Illegal migration", text)


def test_a_text_whose_language_is_not_known_is_judged() -> None:
    release = a_release(title="Small boats: illegal migration", text="Asylum.")
    assert [score.theme for score in classify(release, THEMES)] == ["migration"]


def test_a_theme_may_read_other_languages() -> None:
    [theme] = THEMES
    both = Theme.model_validate(theme.model_dump() | {"languages": ["en", "fr"]})
    text = f"{BY_LANGUAGE['fr']} Illegal migration, small boats, asylum seekers."
    release = a_release(title="Illegal migration", text=text)
    assert [score.theme for score in classify(release, (both,))] == ["migration"]


def test_why_a_text_is_not_judged_is_said() -> None:
    readers = [("en",), ("en", "fr")]
    assert why_unjudged("cy", readers) == "it is in cy, and no theme reads that: themes read en, fr"
    assert why_unjudged("fr", readers) == ""
    assert why_unjudged("", readers) == ""


def test_classify_marks_what_is_not_english_and_says_why_it_has_no_theme() -> None:
    rows = [
        {"id": 1, "title": "Boats", "text": BOATS},
        {"id": 2, "title": "Navires", "text": BY_LANGUAGE["fr"]},
        {"id": 3, "title": "Porthladdoedd", "language": "cy"},
    ]
    found = [json.loads(line) for line in classify_lines(map(json.dumps, rows), THEMES)]
    assert found[0].keys() == {"id", "themes"}
    assert [row.get("language") for row in found] == [None, "fr", "cy"]
    assert found[1]["themes"] == []
    assert found[1]["why"] == "it is in fr, and no theme reads that: themes read en"
