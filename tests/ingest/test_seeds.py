"""The seeds get what `seeds/expected.toml` says."""

import tomllib
from pathlib import Path

import pytest

from ingest.document import entry_of_text
from processors.classify import classifier
from processors.themes import load_themes

SEEDS = Path(__file__).parent.parent.parent / "seeds"
EXPECTED = tomllib.loads((SEEDS / "expected.toml").read_text())


def test_every_seed_has_its_expectation() -> None:
    assert set(EXPECTED) == {path.name for path in SEEDS.glob("*.txt")}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_seed_is_read_as_expected(name: str) -> None:
    expected = EXPECTED[name]

    entry = entry_of_text((SEEDS / name).read_bytes(), name)

    assert entry.title == expected["title"]
    assert entry.published_at == expected["published_at"]
    assert entry.text.startswith(expected["text_begins"])
    assert entry.text.endswith(expected["text_ends"])
    assert len(entry.text.split("\n\n")) == expected["paragraphs"]


@pytest.mark.parametrize("name", EXPECTED)
def test_a_seed_gets_its_themes_with_the_words_that_made_them(name: str) -> None:
    entry = entry_of_text((SEEDS / name).read_bytes(), name)
    fields = {"title": entry.title, "text": entry.text}

    scores = classifier(load_themes()).classify(entry.title, entry.text)

    assert [score.theme for score in scores] == [theme["id"] for theme in EXPECTED[name]["themes"]]
    for score, theme in zip(scores, EXPECTED[name]["themes"], strict=True):
        assert all(fields[e.field][e.start : e.end] == e.text for e in score.evidence)
        shown = {evidence.text.casefold() for evidence in score.evidence}
        assert set(theme["evidence"]) <= shown
