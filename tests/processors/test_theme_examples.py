"""Each theme's own examples: what it must find, and what it must leave.

Themes of your own run too: set DESPATCH_THEMES_DIR to their folder.
"""

import os
from pathlib import Path

import pytest

from processors.classify import judge
from processors.themes import HERE, Example, Theme, load_themes

BUILT_IN = load_themes()
OWN = Path(os.environ.get("DESPATCH_THEMES_DIR", HERE))
THEMES = BUILT_IN if OWN == HERE else (*BUILT_IN, *load_themes(OWN))


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


@pytest.mark.parametrize("theme", BUILT_IN, ids=lambda theme: theme.id)
def test_a_theme_has_fifteen_examples_of_either_kind(theme: Theme) -> None:
    assert len(theme.examples.matching) >= 15
    assert len(theme.examples.missing) >= 15
