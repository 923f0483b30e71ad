"""What `find_facts` promises of any text, whatever its facts are."""

import json
from datetime import date
from typing import Any, SupportsIndex

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from despatch.facts import Fact, Facts
from despatch.testing import a_release
from despatch.testing.monsters import PIECES
from processors.facts import fact_rows, facts_of, facts_within, find_facts
from processors.facts.lexicon import known_names
from processors.facts.table import FOLDED
from processors.words import MAX_WORD_CHARS

DAY = date(2026, 3, 2)

_SOME = """the and of for to by between with UK US U.S. Türkiye Turkish France Georgia Jordan Chad
Congo Korea Foreign Prime Home Minister Secretary President Ministry Department Office Commission
said Ann Lee O’Neil Dr. signed agreed will sign agreement treaty memorandum understanding
partnership deal joint statement trade talks on 90% £1.2 $3 billion million people fell rose
compared last year 9 31 2023 2023-02-30 February May first quarter next spring week until
, . : ; ( ) “ ” - – US$ Rs. crore ’s İ ß ﬁ \u200d \u202e ١٢ ² ½"""
WORDS = st.sampled_from([*_SOME.split(), "\n", "\n\n"])
SENTENCES = st.lists(WORDS, max_size=60).map(" ".join)
TEXTS = st.one_of(st.text(max_size=300), SENTENCES)
DAYS = st.one_of(st.none(), st.dates())


def every_fact(facts: Facts) -> list[Fact]:
    return [fact for kind in Facts.model_fields for fact in getattr(facts, kind)]


@settings(max_examples=400)
@given(TEXTS, TEXTS, DAYS)
def test_any_text_gives_facts_whose_evidence_stands_where_it_says(
    title: str, text: str, day: date | None
) -> None:
    fields = {"title": title, "text": text}
    for fact in every_fact(find_facts(title, text, day)):
        for span in fact.evidence:
            assert fields[span.field][span.start : span.end] == span.text


@given(SENTENCES, SENTENCES)
def test_the_same_text_gives_the_same_facts(title: str, text: str) -> None:
    assert find_facts(title, text, DAY) == find_facts(title, text, DAY)


@given(SENTENCES)
def test_without_a_day_only_dates_in_full_are_told(text: str) -> None:
    dated, undated = find_facts("", text, DAY).dates, find_facts("", text).dates
    days = {(fact.on, fact.until) for fact in dated}
    assert all((fact.on, fact.until) in days for fact in undated)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Minister " * 20_000,
        "Minister of Foreign " * 8_000,
        "UK and France, " * 10_000,
        "agreement between the UK and " * 6_000,
        "1,234,567,890,123,456,789 " * 6_000,
        "1" * 150_000,
        "£" * 150_000,
        "May 9 " * 20_000,
        "A. " * 50_000,
        "up by " * 25_000 + "9%",
        "x" * 150_000,
        "\u202e\u0000\u200d" * 50_000,
    ],
    ids=lambda text: text[:20],
)
def test_long_texts_of_one_thing_are_read(text: str) -> None:
    find_facts(text[:1000], text, DAY)


class Sliced(str):
    """A text that counts the characters that are cut out of it."""

    __slots__ = ("cut",)
    cut: int

    def __getitem__(self, key: "SupportsIndex | slice[Any, Any, Any]") -> str:
        found = super().__getitem__(key)
        self.cut += len(found)
        return found


def characters_cut(piece: str, times: int) -> int:
    find_facts("", piece, DAY)  # a word that is met for the first time is cut out once more
    text = Sliced(piece * times)
    text.cut = 0
    find_facts("", text, DAY)
    return text.cut


@pytest.mark.parametrize("name", PIECES)
def test_twice_the_text_has_twice_the_characters_looked_at(name: str) -> None:
    """`in 2019 in 2019 …` cut the rest of the text out at each year: the square of its length."""
    piece = PIECES[name]
    times = 2_000 // len(piece) + 1
    assert characters_cut(piece, 2 * times) <= 2.2 * characters_cut(piece, times) + 1_000


@settings(deadline=None)
@given(SENTENCES, SENTENCES, DAYS)
def test_rows_are_written_as_their_models_are(title: str, text: str, day: date | None) -> None:
    rows = json.loads(msgspec.json.encode(fact_rows(title, text, day)))
    assert rows == find_facts(title, text, day).model_dump(mode="json")


def test_a_text_of_ever_new_words_is_not_remembered_for_ever() -> None:
    """What no name begins with is looked up once; a monster of one word is not kept at all."""
    find_facts("", "France")
    known = len(known_names())
    find_facts("", "x" * 1_000_000)
    assert len(known_names()) == known
    assert max(map(len, FOLDED)) <= MAX_WORD_CHARS


def test_a_release_is_dated_by_its_publisher() -> None:
    release = a_release(title="Visas", text="It opens next year.")
    assert [fact.on.year for fact in facts_of(release).dates] == [2027]
    undated = release.model_copy(update={"published_at": None})
    assert facts_of(undated).dates == ()


def test_facts_behind_a_cut_are_left_out() -> None:
    text = "France and Spain met. Spain and Chile met."
    kept = facts_within(find_facts("", text), text.index("Chile"))
    assert [country.code for country in kept.countries] == ["FR", "ES"]
    assert [len(country.evidence) for country in kept.countries] == [1, 2]
    assert [country.code for country in facts_within(find_facts("", text), 8).countries] == ["FR"]
