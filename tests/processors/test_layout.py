"""What is boilerplate, quoted and listed in a release; each place points into the text as it is."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from despatch.boilerplate import boilerplate, without_boilerplate
from processors.layout import layout
from processors.quotes import speaker_and_office

CASES = sorted((Path(__file__).parents[1] / "data" / "layout").glob("*.toml"))
LINES = st.sampled_from(
    """Share this page
ENDS
Ada Lind said:
> words
“one two three four five.”

* a
Media enquiries
0300 7777 000
Minister Ada Lind said that.
"
“
MR LEE: so
:""".splitlines()
)
BOILERPLATE = tomllib.loads(
    (Path(__file__).parents[1] / "data" / "boilerplate.toml").read_text(encoding="utf-8")
)
TEXTS = st.one_of(st.text(max_size=300), st.lists(LINES, max_size=30).map("\n".join))


def case(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_boilerplate_is_found_with_its_kind_and_nothing_else_is(path: Path) -> None:
    found = layout(case(path)["text"]).boilerplate
    text = case(path)["text"]
    assert [[one.kind, text[one.start : one.end]] for one in found] == case(path)["boilerplate"]


@pytest.mark.parametrize(
    "kind, line", [(kind, line) for kind, lines in BOILERPLATE.items() for line in lines]
)
def test_a_line_alone_is_the_boilerplate_that_it_is_or_kept(kind: str, line: str) -> None:
    found = [one.kind for one in boilerplate(f"Harbours open.\n\n{line}\n\nThey are large.")]
    assert found == ([] if kind == "kept" else [kind])


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_quotations_are_found_with_speaker_and_office(path: Path) -> None:
    text = case(path)["text"]
    assert [
        [one.speaker, one.office, text[one.start : one.end]] for one in layout(text).quotes
    ] == case(path)["quotes"]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_items_are_found_without_their_marks(path: Path) -> None:
    text = case(path)["text"]
    assert [text[one.start : one.end] for one in layout(text).items] == case(path)["items"]


@pytest.mark.parametrize(
    "said, name, office",
    [
        ("Immigration Minister Ada Lind", "Ada Lind", "Immigration Minister"),
        ("Secretary of State Ada J. Lind", "Ada J. Lind", "Secretary of State"),
        ("Minister for Ports Ada Lind", "Ada Lind", "Minister for Ports"),
        ("Ada Lind, Head of Harbour Operations", "Ada Lind", "Head of Harbour Operations"),
        ("Commanding Officer, Captain Bo Reed", "Bo Reed", "Captain"),
        ("Speaking in Nordhavn, Prime Minister Reed", "Reed", "Prime Minister"),
        (
            "Attorney General Bo Reed of the Sea Division",
            "Bo Reed",
            "Attorney General of the Sea Division",
        ),
        ("the ministry", "", ""),
        ("", "", ""),
    ],
)
def test_a_speaker_is_told_from_the_office(said: str, name: str, office: str) -> None:
    assert speaker_and_office(said) == (name, office)


def test_a_place_knows_whether_it_is_quoted_or_boilerplate() -> None:
    text = "Ada Lind said: “We are glad of this day.” It rained.\n\nShare this page"
    found = layout(text)
    quote = found.quote_at(text.index("glad"))
    assert quote is not None
    assert quote.speaker == "Ada Lind"
    assert found.quote_at(text.index("rained")) is None
    assert [text[one.start : one.end].strip() for one in found.boilerplate] == ["Share this page"]


def test_a_long_line_is_a_paragraph_of_the_report_whatever_it_begins_with() -> None:
    line = "For more information, contact the port. " + "It has much to say. " * 40
    assert boilerplate(line[:60])
    assert boilerplate(line) == ()


def test_a_few_words_in_marks_are_no_quotation_though_somebody_said_them() -> None:
    assert layout("Bo Reed said “never again” on Friday.").quotes == ()
    assert layout("Bo Reed said “it will never happen again” on Friday.").quotes


def test_a_text_without_its_boilerplate_keeps_the_rest_in_order() -> None:
    assert without_boilerplate("One.\n\nShare this page\n\nTwo.") == "One.\n\n\n\nTwo."


@settings(deadline=None)
@given(TEXTS)
def test_every_range_is_of_the_text_in_order_and_apart(text: str) -> None:
    found = layout(text)
    for parts in (found.boilerplate, found.quotes, found.items):
        bounds = [at for one in parts for at in (one.start, one.end)]
        assert bounds == sorted(bounds)
        assert all(0 <= one.start < one.end <= len(text) for one in parts)


@settings(deadline=None)
@given(TEXTS)
def test_taking_boilerplate_out_leaves_every_other_line(text: str) -> None:
    kept = without_boilerplate(text)
    taken = sum(one.end - one.start for one in boilerplate(text))
    assert len(kept) == len(text) - taken
