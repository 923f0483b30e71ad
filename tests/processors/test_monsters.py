"""The whole way of judging, on texts that nobody writes: it never raises, and it ends.

How long it takes is bench/growing.py's; a way that takes the square of a length does not end here.
"""

import json
from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alerts.changes import describe
from despatch.boilerplate import boilerplate
from despatch.changes import compare
from despatch.characters import storable
from despatch.facts import Facts
from despatch.material import weigh
from despatch.model import Classified
from despatch.ports import Message
from despatch.sentences import sentences
from despatch.signature import MOST, signature, similarity
from despatch.testing import FakeClock, a_release, a_revision
from despatch.testing.monsters import PIECES, monster
from despatch.topics import RELEASES, decode, encode
from processors.classify import classifier
from processors.facts import find_facts
from processors.jsonl import classify_lines
from processors.language import language_of_release
from processors.layout import layout
from processors.stage import Classifying
from processors.themes import load_themes

CHARS = 100_000
WHOLE_CHARS = 10_000_000
THEMES = load_themes()

SOME = st.lists(st.sampled_from(sorted(PIECES.values())), max_size=40).map("".join)
ANY = st.text(st.characters(), max_size=400)  # surrogates too
TEXTS = st.one_of(ANY, SOME, st.tuples(SOME, ANY, SOME).map("".join))


def read_whole(title: str, text: str) -> None:
    """Do everything that is done with a text, and check what is promised of all of it."""
    language = language_of_release(title, text)
    judged = classifier(THEMES).judge(title, text)
    fields = {"title": storable(title), "text": storable(text)}
    for one in judged:
        assert 0 <= one.score <= 1
        assert all(fields[e.field][e.start : e.end] == e.text for e in one.evidence)
    laid = layout(text)
    parts: Sequence[tuple[int, int]] = [
        (one.start, one.end) for kind in (laid.boilerplate, laid.quotes, laid.items) for one in kind
    ]
    assert all(0 <= start < end <= len(text) for start, end in parts)
    assert language == "" or language.isalpha()
    facts = find_facts(title, text)
    for kind in Facts.model_fields:
        for fact in getattr(facts, kind):
            assert all(fields[e.field][e.start : e.end] == e.text for e in fact.evidence)
    assert len(signature(title, text)) <= MOST


def revise(before: str, after: str) -> None:
    """Do everything that is done with two revisions of a text."""
    changes = compare(before, after)
    assert changes.apply(sentences(before)) == sentences(after)
    assert weigh(before, after).reason
    assert len(describe(before, after).words) < 4_000
    assert 0 <= similarity(signature("", before), signature("", after)) <= 1


@settings(deadline=None)
@given(TEXTS, TEXTS)
@example("migrants in small\ud800 boats", "US\ud800sIGN:AGREEMENT:WITH:FRANCE")
def test_any_text_is_read(title: str, text: str) -> None:
    read_whole(title, text)


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_any_two_texts_are_compared(before: str, after: str) -> None:
    revise(before, after)


@settings(deadline=None, max_examples=50)
@given(TEXTS, TEXTS)
def test_any_document_is_classified_line_by_line(title: str, text: str) -> None:
    line = json.dumps({"id": 1, "title": title, "text": text})
    [found] = [json.loads(one) for one in classify_lines([line], THEMES, facts=True)]
    assert found["id"] == 1


@pytest.mark.parametrize("name", PIECES)
def test_each_monster_is_read(name: str) -> None:
    text = monster(name, CHARS)
    read_whole(text[:500], text)
    assert boilerplate(text) == boilerplate(text)


@pytest.mark.parametrize("name", PIECES)
def test_each_monster_and_prose_are_compared(name: str) -> None:
    text = monster(name, CHARS)
    revise(text, monster("prose", CHARS))
    revise(text, text[: CHARS // 2] + "3 May" + text[CHARS // 2 :])


@pytest.mark.parametrize("name", PIECES)
def test_the_stage_classifies_each_monster_that_a_release_can_hold(name: str) -> None:
    """What ingest hands over is UTF-8: half characters are gone by then."""
    text = monster(name, CHARS).encode("utf-8", "replace").decode()
    revision = a_revision(a_release(title="Ports", text=text))
    message = Message(RELEASES, 0, 0, "r-1", encode(revision), (), FakeClock().now())
    outs = Classifying(THEMES, FakeClock()).handle(message)
    assert decode(Classified, outs[0].value).revision.release.title == "Ports"


@pytest.mark.parametrize("title, text", [("", ""), (" ", ""), ("", "\n\n"), ("a", ""), ("", "a")])
def test_empty_texts_are_read(title: str, text: str) -> None:
    read_whole(title, text)
    revise(title, text)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["prose", "one phrase", "opening marks", "open tags", "short lines"]
)
def test_ten_million_characters_are_read(name: str) -> None:
    read_whole("Ports", monster(name, WHOLE_CHARS))
