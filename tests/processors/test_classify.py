import math
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from despatch.errors import SettingsError
from despatch.testing import a_release
from processors.classify import (
    Classifier,
    Judgement,
    classifier,
    classify,
    judge,
    logistic,
)
from processors.extent import extent_of
from processors.matches import MAX_EVIDENCE
from processors.sayings import MAX_SPAN_CHARS
from processors.themes import Theme, load_themes
from processors.themes.terms import Most, Term, Weights
from processors.words import Words

THEMES = load_themes()
MANY_TIMES = 16
MANY = [
    one.model_copy(update={"id": f"again{n}x{one.id}"}) for one in THEMES for n in range(MANY_TIMES)
]
SEED = next((Path(__file__).parents[2] / "seeds").glob("*.txt"))

PHRASES = [
    "migrants", "illegal migration", "small boats", "the UK and France", "bird migration",
    "a joint statement", "agreed to work together", "visa", "Minister of Immigration",
    "memorandum of understanding", "both countries", "the report says", "of the", ". ", "\n\n",
    "Immigration and Customs Enforcement", "refugees", "İß ﬁ", "signed a treaty with Japan",
]  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=200), st.lists(st.sampled_from(PHRASES), max_size=60).map(" ".join)
)


def a_theme(**changed: object) -> Theme:
    fields: dict[str, object] = {
        "id": "boats",
        "title": "Boats",
        "description": "Boats and ships.",
        "version": "1",
        "bias": -1.0,
        "terms": (
            Term(
                name="boat",
                patterns=("boat*", "fishing boat*"),
                weights=Weights(title=2, lead=1, body=0.5),
                most=Most(lead=2),
            ),
        ),
    }
    return Theme.model_validate(fields | changed)


def spans(judgement: Judgement) -> list[tuple[str, float]]:
    return [(one.text, one.weight) for one in judgement.evidence]


def test_the_seed_gets_migration_and_partnerships_and_shows_the_words() -> None:
    text = re.sub(r"^ date \S+ ", "", SEED.read_text("utf-8"))
    title = text[: text.index(".")]
    scores = classify(a_release(title=title, text=text), THEMES)
    assert [score.theme for score in scores] == ["migration", "partnerships"]
    for score in scores:
        assert score.evidence
        for one in score.evidence:
            assert {"title": title, "text": text}[one.field][one.start : one.end] == one.text


def test_a_release_about_something_else_has_no_theme() -> None:
    assert classify(a_release(title="New bridge opens", text="Traffic may use it."), THEMES) == ()


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.id)
@given(title=TEXTS, text=TEXTS)
@example(title="", text="")
@example(title="\u200b\u2060", text="ﷺ İ ß \ud800 \x00")
def test_bias_and_weights_of_the_evidence_add_up_to_the_log_odds(
    theme: Theme, title: str, text: str
) -> None:
    found = judge(title, text, theme)
    total = math.fsum([theme.bias_for(extent_of(text)), *(one.weight for one in found.evidence)])
    assert found.log_odds == pytest.approx(total, abs=1e-9)
    assert found.bias == theme.bias_for(extent_of(text))
    assert found.score == pytest.approx(1 / (1 + math.exp(-total)))
    assert found.belongs == (total >= theme.log_odds_threshold)
    assert len(found.terms) == len(found.evidence) <= MAX_EVIDENCE


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.id)
@given(title=TEXTS, text=TEXTS)
def test_evidence_stands_where_it_says_in_order_and_never_overlaps(
    theme: Theme, title: str, text: str
) -> None:
    reached = {"title": 0, "text": 0}
    for one in judge(title, text, theme).evidence:
        assert {"title": title, "text": text}[one.field][one.start : one.end] == one.text
        assert one.weight != 0
        assert one.start >= reached[one.field]
        reached[one.field] = one.end


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.id)
@given(title=TEXTS, text=TEXTS)
def test_without_the_sentences_of_its_evidence_a_release_does_not_belong(
    theme: Theme, title: str, text: str
) -> None:
    """Evidence beyond a term's most comes forward when what counted is gone: it goes too."""
    while (found := judge(title, text, theme)).evidence:
        for one in reversed(found.evidence):
            if one.field == "title":
                title = ""
            else:
                start = max(text.rfind(". ", 0, one.start), text.rfind("\n\n", 0, one.start))
                ends = [
                    at for at in (text.find(". ", one.end), text.find("\n\n", one.end)) if at > 0
                ]
                text = text[: max(start, 0)] + text[min(ends, default=len(text)) :]
    assert not found.belongs


def only_where(text: str, spans: set[tuple[int, int]]) -> str:
    """A text in which every sentence without one of the spans says nothing; places stay true."""
    words = Words(text)
    kept = {
        words.sentence[at]
        for at, start in enumerate(words.starts[:-1])
        if any(first <= start < last for first, last in spans)
    }
    chars = list(text)
    for at, sentence in enumerate(words.sentence):
        if sentence not in kept:
            start, end = words.starts[at], words.ends[at]
            chars[start:end] = "q" * (end - start)
    return "".join(chars)


def keeps_its_judgement(title: str, text: str, theme: Theme) -> None:
    found = judge(title, text, theme)
    there = {field: set[tuple[int, int]]() for field in ("title", "text")}
    for one in found.evidence:
        there[one.field].add((one.start, one.end))
    again = judge(only_where(title, there["title"]), only_where(text, there["text"]), theme)
    assert again == found


BESIDE = a_theme(
    context={"people": ("refugee*",), "birds": ("bird",)},
    exclusions=("the report",),
    terms=(
        Term(name="visa", patterns=("visa", "treaty"), weights=Weights(lead=1), near="people"),
        Term(name="boat", patterns=("boats", "report"), weights=Weights(lead=2), unless="birds"),
    ),
)


@pytest.mark.parametrize("theme", [*THEMES, BESIDE], ids=lambda theme: theme.id)
@given(title=TEXTS, text=TEXTS)
@example(title="", text="A visa is needed. Nobody speaks of refugees.")
def test_the_sentences_of_its_evidence_alone_decide(theme: Theme, title: str, text: str) -> None:
    keeps_its_judgement(title, text, theme)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.id)
def test_the_sentences_of_the_evidence_alone_decide_the_examples(theme: Theme) -> None:
    for one in (*theme.examples.matching, *theme.examples.missing):
        keeps_its_judgement(one.title, one.text, theme)


@given(title=TEXTS, text=TEXTS)
def test_themes_are_judged_alike_alone_and_together(title: str, text: str) -> None:
    together = classifier(THEMES).judge(title, text)
    assert together == tuple(judge(title, text, theme) for theme in THEMES)


@given(st.sampled_from(PHRASES), TEXTS)
@example("", "The UK and Turkey signed a memorandum of understanding on migrants and small boats.")
def test_of_hundreds_of_themes_each_is_judged_as_alone(title: str, text: str) -> None:
    """More than have room in one number of the machine, as which themes are told in a mask."""
    alone = classifier(THEMES).classify(title, text)
    together = classifier(MANY).classify(title, text)
    assert [(one.theme.split("x", 1)[1], one.score, one.evidence) for one in together] == [
        (one.theme, one.score, one.evidence) for one in alone for _ in range(MANY_TIMES)
    ]


def test_a_repeated_term_counts_no_more_often_than_its_most() -> None:
    found = judge("", "Boats. Boats. Boats.", a_theme())
    assert spans(found) == [("Boats", 1.0), ("Boats", 1.0)]
    assert found.log_odds == 1.0


def test_a_theme_that_needs_a_term_twice_gets_what_says_it_twice() -> None:
    needs_two = classifier([a_theme(bias=-1.5)])
    (found,) = needs_two.classify("", "Boats. Boats.")
    assert [(one.text, one.weight) for one in found.evidence] == [("Boats", 1.0)] * 2
    assert needs_two.classify("", "Boats.") == ()


def test_a_term_weighs_what_its_place_says() -> None:
    body = "Some words stand here. " * 40
    assert spans(judge("Boat", f"Boat. {body} Boat.", a_theme())) == [
        ("Boat", 2.0),
        ("Boat", 1.0),
        ("Boat", 0.5),
    ]


@pytest.mark.parametrize("before, weight", [(26, 1.0), (27, 0.5)])
def test_what_begins_behind_the_lead_stands_in_the_body(before: int, weight: float) -> None:
    """The 27th of these sentences begins before the 600th character."""
    text = "Some words stand here. " * before + "Boat left."
    assert spans(judge("", text, a_theme())) == [("Boat", weight)]


def test_of_two_that_overlap_and_are_alike_the_first_counts() -> None:
    theme = a_theme(terms=(Term(name="boats", patterns=("boat boat",), weights=Weights(lead=1)),))
    (evidence,) = judge("", "boat boat boat", theme).evidence
    assert (evidence.start, evidence.end) == (0, 9)


SAID = "Boats came. “We need a boat for every harbour here,” said Ada Lind. A boat left."


def test_what_somebody_says_weighs_what_a_term_says_of_quotes() -> None:
    quoted = Term(name="boat", patterns=("boat*",), weights=Weights(lead=1, quote=0.25))
    found = judge("", SAID, a_theme(terms=(quoted,)))
    assert spans(found) == [("Boats", 1.0), ("boat", 0.25)]


def test_quotes_have_a_most_of_their_own() -> None:
    most = Most(lead=3, quote=2)
    quoted = Term(name="boat", patterns=("boat*",), weights=Weights(lead=1, quote=0.5), most=most)
    found = judge("", SAID + " " + SAID + " " + SAID, a_theme(terms=(quoted,)))
    assert [weight for _, weight in spans(found)] == [1.0, 0.5, 1.0, 1.0, 0.5]


def test_what_is_said_only_in_a_quote_can_settle_it() -> None:
    quoted = Term(name="boat", patterns=("boat*",), weights=Weights(quote=5))
    theme = a_theme(terms=(quoted,))
    assert [score.theme for score in classify(a_release(title="Ports", text=SAID), (theme,))]


def test_what_is_said_in_a_quote_and_beside_it_can_settle_it_together() -> None:
    quoted = Term(name="boat", patterns=("boat*",), weights=Weights(lead=1, quote=1))
    theme = a_theme(terms=(quoted,), bias=-1.5)
    assert [score.theme for score in classify(a_release(title="Ports", text=SAID), (theme,))]


def test_who_says_nothing_of_quotes_weighs_them_as_what_stands_around() -> None:
    term = Term(name="boat", patterns=("boat*",), weights=Weights(lead=1), most=Most(lead=9))
    theme = a_theme(terms=(term,))
    assert [weight for _, weight in spans(judge("", SAID, theme))] == [1.0] * 3
    assert "quote" not in theme.model_dump_json()


def test_the_longest_match_counts_and_what_lies_inside_it_does_not() -> None:
    assert spans(judge("", "fishing boats", a_theme())) == [("fishing boats", 1.0)]


def test_an_exclusion_cancels_every_term_that_it_overlaps() -> None:
    theme = a_theme(exclusions=("gravy boat",))
    assert spans(judge("", "A gravy boat beside a boat", theme)) == [("boat", 1.0)]


def test_context_in_the_same_sentence_allows_or_forbids_a_term() -> None:
    theme = a_theme(
        context={"sea": ("sea",), "toys": ("toy*",)},
        terms=(
            Term(
                name="boat",
                patterns=("boat*",),
                weights=Weights(lead=1),
                most=Most(lead=9),
                near="sea",
                unless="toys",
            ),
        ),
    )
    text = "A boat at sea. A boat. A toy boat at sea. The sea has boats."
    assert spans(judge("", text, theme)) == [("boat", 1.0), ("boats", 1.0)]


def test_of_too_much_evidence_the_heaviest_counts_and_the_sum_stays_right() -> None:
    terms = tuple(
        Term(
            name=f"term {n}",
            patterns=(f"word{n}",),
            weights=Weights(lead=1 if n % 2 else 2, body=1 if n % 2 else 2),
        )
        for n in range(2 * MAX_EVIDENCE)
    )
    text = " ".join(f"word{n}" for n in range(2 * MAX_EVIDENCE))
    found = judge("", text, a_theme(terms=terms))
    assert [one.weight for one in found.evidence] == [2.0] * MAX_EVIDENCE
    assert found.log_odds == 2.0 * MAX_EVIDENCE - 1


def test_a_match_that_is_too_long_to_be_sent_is_none() -> None:
    theme = a_theme(terms=(Term(name="far", patterns=("one ~12 two",), weights=Weights(lead=5)),))
    for more in (0, 1):
        words = " ".join(["x" * 40] * 4 + ["x" * (MAX_SPAN_CHARS - 172 + more)])
        text = f"one {words} two"
        assert len(text) == MAX_SPAN_CHARS + more
        assert bool(judge("", text, theme).evidence) is not bool(more)


def test_two_themes_of_one_name_are_refused() -> None:
    with pytest.raises(SettingsError, match="two themes are called 'boats'"):
        Classifier([a_theme(), a_theme(bias=-2.0)])


@pytest.mark.parametrize("log_odds,score", [(0, 0.5), (-1e9, 0.0), (1e9, 1.0)])
def test_log_odds_of_any_size_have_a_probability(log_odds: float, score: float) -> None:
    assert logistic(log_odds) == score
