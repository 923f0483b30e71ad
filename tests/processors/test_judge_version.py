"""Whoever changes what the code makes of a text raises the version that theme stamps carry."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

from despatch.fingerprint import digest
from despatch.testing.monsters import PIECES, monster
from processors.classify import judge
from processors.extent import Short
from processors.language import language_of_release
from processors.pattern import parse
from processors.scan import Scanner
from processors.themes import JUDGE_VERSION, Theme
from processors.themes.terms import Most, Term, Weights

GOLDEN = {"2": "ec0abefe76bd982928b4f7b5"}
"""By version, the digest of what the code makes of the texts below: of other texts, another."""

FOLDER = Path(__file__).parents[1] / "data" / "layout"
LISTS = {"place": ["France", "United States", "United States of America", "U.S."]}
PATTERNS = ("@place", "with @place", "port* ~3 @place", "Border Force", "said|says ~2 that")
THEME = Theme(
    id="ports",
    title="Ports",
    description="Ports and ships.",
    version="1",
    bias=-1.0,
    short=Short(title=0.5, teaser=0.25),
    exclusions=("port wine", "passport*"),
    context={"sea": ("sea", "ship*", "boat*")},
    terms=(
        Term(
            name="port",
            patterns=("port*", "harbour*", "press|media office"),
            weights=Weights(title=2, lead=1, body=0.5, quote=0.25),
            most=Most(lead=9, body=20, quote=5),
        ),
        Term(name="work", patterns=("work*",), weights=Weights(lead=1, body=1), near="sea"),
        Term(name="say", patterns=("said", "is ~2 the"), weights=Weights(lead=-1, body=-0.1)),
        Term(name="new", patterns=("new", "the"), weights=Weights(lead=0.1), unless="sea"),
    ),
)


def texts() -> Iterator[tuple[str, str]]:
    """Yield the fixed texts: releases in our own words, and texts that nobody writes."""
    for path in sorted(FOLDER.glob("*.toml")):
        yield "New ports", tomllib.loads(path.read_text("utf-8"))["text"]
    for name in sorted(PIECES):
        yield "Ports " + monster(name, 50), ""
        yield "Ports", monster(name, 2_000) + " A port. “We work at sea, in the new port,” he said."


def test_the_code_judges_as_its_version_did() -> None:
    """If this fails, raise JUDGE_VERSION in processors/themes, and add what it says here."""
    scanner = Scanner(((phrase, one) for one in PATTERNS for phrase in parse(one, LISTS)), LISTS)
    made = []
    for title, text in texts():
        found = judge(title, text, THEME)
        spans = [(one.field, one.start, one.end, one.weight) for one in found.evidence]
        named = scanner.scan(text)[1]
        made.append(
            repr((spans, found.bias, found.terms, sorted(named), language_of_release(title, text)))
        )
    assert len(made) > 40
    assert GOLDEN.get(JUDGE_VERSION) == digest(*made)
