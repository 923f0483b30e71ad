"""Whether two releases say the same: never when figures, dates or sources say otherwise."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.stories import ALIKE, KEYS, LEAST, SHARED, WINDOW, can_be_tied, compared, keys
from despatch.facts import DateFact, Facts, Figure, Span
from despatch.material import numbers
from despatch.model import Classified, SourceId
from despatch.signature import signature, similarity
from despatch.testing import a_classified, a_release, a_revision
from despatch.testing.releases import SEEN

TEXT = (
    "Ministers of both governments met in the old town hall and signed a plan for the ferries. "
    "The fee for a crossing rises to £35 on 3 May and stays there for two years. "
    "Whoever lives on an island pays nothing, as before. "
    "Boats leave every hour from the new quay, and the last one waits for the evening train. "
    "The harbour office answers questions about lost luggage and about dogs on board."
)


def a_copy(text: str = TEXT, *, source: str = "no10", **changed: Any) -> Classified:
    """Return a release that a source published, signed as the processors do."""
    hours = changed.pop("hours", 0)
    facts = changed.pop("facts", None)
    title = changed.pop("title", "Ferries to the islands")
    release = a_release(source, source=SourceId(source), title=title, text=text, **changed)
    revision = a_revision(release, observed_at=SEEN + timedelta(hours=hours))
    return a_classified(revision, signature=signature(title, text), facts=facts)


def test_a_copy_of_another_source_says_the_same() -> None:
    found = compared(a_copy(source="home-office"), a_copy())
    assert found.same
    assert found.reason == "1.00 of their words in common, and every figure"


@pytest.mark.parametrize(
    "old, new, why",
    [
        ("£35", "£38", "a figure or a date differs"),
        ("3 May", "4 May", "a figure or a date differs"),
        ("3 May", "3 June", "a figure or a date differs"),
        ("two years", "three years", "a figure or a date differs"),
        ("pays nothing", "pays", "a negation changed: “nothing” was removed"),
        ("old town hall", "Town Hall of Calais", "a name changed"),
        ("every hour", "every Sunday", "a figure or a date differs"),
        (" as before.", " as before. The mayor of Calais welcomed it.", "a name or a word of"),
        (" as before.", " as before. It costs 4 million.", "a figure or a date stands in one"),
        ("as before.", "as before. The plan was withdrawn.", "a name or a word of weight stands"),
    ],
)
def test_what_differs_keeps_them_apart(old: str, new: str, why: str) -> None:
    assert old in TEXT
    found = compared(a_copy(source="home-office"), a_copy(TEXT.replace(old, new)))
    assert not found.same
    assert why in found.reason


@pytest.mark.parametrize(
    "old, new",
    [
        ("met in the", "gathered in the"),
        (" as before.", " as before. Everybody was happy."),
        ("about dogs on board.", "about dogs on board.\n\nMedia enquiries\n\nTel: 020 7946 0000"),
        ("harbour", "harbor"),
    ],
)
def test_a_flourish_and_a_contact_don_t(old: str, new: str) -> None:
    assert old in TEXT
    assert compared(a_copy(source="home-office"), a_copy(TEXT.replace(old, new))).same


def test_two_releases_of_one_source_are_two() -> None:
    assert not compared(a_copy(), a_copy()).same
    assert not compared(a_copy(), a_copy(source="wire"), [SourceId("no10")]).same


def test_three_days_between_first_sights_or_dates_are_the_most() -> None:
    first = a_copy(source="home-office")
    assert compared(first, a_copy(hours=72)).same
    assert not compared(first, a_copy(hours=73)).same
    dated = a_copy(published_at=SEEN - WINDOW - timedelta(minutes=1))
    assert compared(first, dated).reason == "72 hours lie between them"
    assert not compared(first, dated).same


def test_a_day_that_both_name_by_the_same_words_may_be_two_days() -> None:
    span = Span(field="text", start=0, end=6, text="Friday")

    def on(day: int) -> Facts:
        return Facts(dates=(DateFact(on=date(2026, 3, day), kind="deadline", evidence=(span,)),))

    friday, next_friday = (a_copy(source=str(day), facts=on(day)) for day in (6, 13))
    assert compared(friday, next_friday).reason == "their dates differ"


def test_figures_found_in_only_one_keep_them_apart() -> None:
    span = Span(field="text", start=0, end=3, text="£35")
    figure = Figure(value=35, unit="GBP", evidence=(span,))
    one = a_copy(source="home-office", facts=Facts(figures=(figure,)))
    assert compared(one, a_copy(facts=Facts())).reason == "their figures differ"


def test_what_can_t_be_told_from_a_formula_is_of_no_story() -> None:
    assert can_be_tied(a_copy())
    assert not can_be_tied(a_copy("A statement was made today."))
    assert not can_be_tied(a_copy(text_kind="summary"))
    assert not can_be_tied(a_copy(status="withdrawn"))
    assert not can_be_tied(a_copy().model_copy(update={"quiet": True}))
    backlog = a_revision(a_copy().revision.release, backlog=True)
    assert not can_be_tied(a_classified(backlog, signature=a_copy().signature))


PIECES = st.lists(
    st.sampled_from(
        [
            "The fee is £35.", "The fee is £38.", "It starts on 3 May.", "It starts on 4 May.",
            "Ministers met.", "Boats leave.", "five of the six", "six of the five", "Calais", "no",
            "Ada said so. She left.", "\n\n",
        ]
    ),
    max_size=8,
).map(" ".join)  # fmt: skip


@given(one=PIECES, other=PIECES)
def test_no_two_are_tied_whose_figures_or_dates_differ(one: str, other: str) -> None:
    found = compared(a_copy(f"{TEXT} {one}", source="home-office"), a_copy(f"{TEXT} {other}"))
    if found.same:
        assert sorted(numbers(one)) == sorted(numbers(other))


@given(one=PIECES, other=PIECES)
def test_the_answer_is_the_same_from_both_sides(one: str, other: str) -> None:
    a, b = a_copy(f"{TEXT} {one}", source="home-office"), a_copy(f"{TEXT} {other}")
    assert compared(a, b) == compared(b, a)


@given(one=PIECES, other=PIECES)
def test_whatever_is_a_copy_is_found_by_its_keys(one: str, other: str) -> None:
    a, b = a_copy(f"{TEXT} {one}", source="home-office"), a_copy(f"{TEXT} {other}")
    if similarity(a.signature, b.signature) >= ALIKE:
        assert len({*keys(a)} & {*keys(b)}) >= SHARED
    assert len(keys(a)) == KEYS < LEAST
