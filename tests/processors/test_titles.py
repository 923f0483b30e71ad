"""Many feeds show titles alone: what the themes make of some that we wrote ourselves.

A tripwire and no measure: whoever fits the themes anew and loses titles by it is told here. How
right they are on real releases, `make evaluate` says.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from processors.classify import judge
from processors.themes import load_themes

FILE = Path(__file__).parents[1] / "data" / "titles.txt"
THEMES = ("migration", "partnerships")
LEAST_F1 = 0.8


def titles(part: str) -> Iterator[tuple[str, str, str]]:
    """Yield the labels, title and teaser of each line of a part."""
    of = ""
    for line in FILE.read_text("utf-8").splitlines():
        if line.startswith("#"):
            of = line.removeprefix("# ")
        elif of == part:
            labels, title, teaser = line.split("|")
            yield labels, title, teaser


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("part", ["first part", "second part"])
def test_most_titles_are_judged_by_what_they_say(part: str, theme: str) -> None:
    [rules] = load_themes(only=(theme,))
    at = THEMES.index(theme)
    pairs = [
        (labels[at] == "1", judge(title, teaser, rules).belongs)
        for labels, title, teaser in titles(part)
    ]
    assert len(pairs) > 90
    right = pairs.count((True, True))
    wrong = pairs.count((True, False)) + pairs.count((False, True))
    assert 2 * right / (2 * right + wrong) >= LEAST_F1
