"""The pages' colours can be read, on a light screen and on a dark one (WCAG 2.2, 1.4.3)."""

import re

import pytest

from despatch.web.rendering import Templates

PAIRS = [
    ("text", "page"),
    ("soft", "page"),
    ("link", "page"),
    ("fault", "page"),
    ("text", "foot"),
    ("link", "foot"),
    ("text", "plain"),
    ("text", "plain-over"),
]
WHITE_ON = ["band", "well", "well-over", "wrong", "wrong-over"]


def palettes() -> list[dict[str, str]]:
    """Return the colours of a light screen, and those of a dark one."""
    blocks = re.findall(r":root \{(.*?)\}", Templates("", None).style(), re.DOTALL)
    light, dark = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]+);", block)) for block in blocks)
    return [light, light | dark]


def light_of(colour: str) -> float:
    """Return the relative luminance of `#rgb` or `#rrggbb`: 0 to 1."""
    digits = colour.removeprefix("#")
    whole = digits if len(digits) == 6 else "".join(d * 2 for d in digits)
    parts = [int(whole[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((light_of(one), light_of(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", palettes(), ids=["light", "dark"])
def test_all_text_can_be_read_on_what_is_behind_it(palette: dict[str, str]) -> None:
    pairs = [(palette[front], palette[behind]) for front, behind in PAIRS]
    pairs += [("#fff", palette[behind]) for behind in WHITE_ON]
    assert [pair for pair in pairs if contrast(*pair) < 4.5] == []


@pytest.mark.parametrize("palette", palettes(), ids=["light", "dark"])
def test_a_field_s_edge_can_be_seen(palette: dict[str, str]) -> None:
    """WCAG 2.2, 1.4.11: 3 is enough for what is no text."""
    assert contrast(palette["edge"], palette["page"]) >= 3


def test_every_colour_that_is_named_is_given() -> None:
    used = set(re.findall(r"var\(--([\w-]+)\)", Templates("", None).style()))
    assert used <= palettes()[0].keys()
