"""Each theme's own examples: what it must find, and what it must leave."""

import pytest

from processors.classify import judge
from processors.themes import Example, Theme, load_themes

THEMES = load_themes()


def examples(kind: str) -> list[object]:
    return [
        pytest.param(theme, example, id=f"{theme.id}: {example.title or example.text[:40]}")
        for theme in THEMES
        for example in getattr(theme.examples, kind)
    ]


@pytest.mark.parametrize("theme,example", examples("matching"))
def test_it_finds_its_matching_examples(theme: Theme, example: Example) -> None:
    judgement = judge(example.title, example.text, theme)
    assert judgement.belongs, judgement


@pytest.mark.parametrize("theme,example", examples("missing"))
def test_it_leaves_its_missing_examples(theme: Theme, example: Example) -> None:
    judgement = judge(example.title, example.text, theme)
    assert not judgement.belongs, judgement


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.id)
def test_a_theme_has_fifteen_examples_of_either_kind(theme: Theme) -> None:
    assert len(theme.examples.matching) >= 15
    assert len(theme.examples.missing) >= 15
