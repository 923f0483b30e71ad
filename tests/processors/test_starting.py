"""A new theme's file."""

from pathlib import Path

import pytest

from despatch.errors import UsageError
from processors.examples import try_examples
from processors.starting import new_theme
from processors.themes import load_themes

NAMES = ["housing", "social-care", "a-b-c-d-e-f-g-h", "x" * 41, "net-zero-2050"]


@pytest.mark.parametrize("name", NAMES)
def test_a_new_theme_is_valid_at_once_and_passes_its_examples(name: str, tmp_path: Path) -> None:
    (tmp_path / f"{name}.toml").write_text(new_theme(name), "utf-8")
    [theme] = load_themes(tmp_path)
    tried = list(try_examples(theme))
    assert {one.kind for one in tried} == {"matching", "missing"}
    assert all(one.passed for one in tried)
    assert theme.experimental


@pytest.mark.parametrize(
    "name",
    ["Housing", "housing law", "", "-x", "x-", "2050", "x" * 42, "a-b-c-d-e-f-g-h-i", "../x"],
)
def test_a_name_that_can_be_none_is_refused_with_the_form(name: str) -> None:
    with pytest.raises(UsageError, match="small letters"):
        new_theme(name)
