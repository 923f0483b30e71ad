"""What counts for a theme, against the rules of docs/judgement.md followed one by one."""

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from despatch.boilerplate import boilerplate
from processors.classify import Classifier
from processors.lexicon import LISTS
from processors.pattern import parse
from processors.sayings import MAX_SPAN_CHARS
from processors.scan import Scanner
from processors.themes import Theme
from processors.themes.terms import Most, Place, Term, Weights
from processors.words import Words

Span = tuple[int, int]
Shown = tuple[str, int, int, float]
"""Field, start, end and weight of a piece of evidence."""

PATTERNS = ["boat*", "small boat*", "boat* ~2 sea", "the sea", "sea", "harbour", "@country", "of"]
PIECES = ["boat", "small boats", "the sea", "harbour", "France", "United States", "of", "sea boat"]
BREAKS = [". ", "\n\n", "\n\nMedia enquiries: boats@sea.example\n\n", " x " * 120]
TEXTS = st.lists(st.sampled_from([*PIECES, *PIECES, *BREAKS]), max_size=30).map(" ".join)
TITLES = st.lists(st.sampled_from([*PIECES, ". "]), max_size=8).map(" ".join)
WEIGHTS = st.sampled_from([-1.5, -0.25, 0.0, 0.5, 2.0])
SOME = st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=3)


@st.composite
def a_term(draw: st.DrawFn, number: int) -> Term:
    return Term(
        name=f"term {number}",
        patterns=tuple(draw(SOME)),
        weights=Weights(title=draw(WEIGHTS), lead=draw(WEIGHTS), body=draw(WEIGHTS)),
        most=Most(lead=draw(st.integers(1, 3)), body=draw(st.integers(1, 3))),
        near=draw(st.sampled_from([None, "abroad"])),
        unless=draw(st.sampled_from([None, "harbours"])),
        found=draw(st.booleans()),
    )


@st.composite
def a_theme(draw: st.DrawFn, number: int) -> Theme:
    return Theme(
        id=f"theme-{number}",
        title="Boats",
        description="Boats and ships.",
        version="1",
        bias=draw(st.sampled_from([-3.0, -1.0, 0.5])),
        terms=tuple(draw(a_term(n)) for n in range(draw(st.integers(1, 4)))),
        exclusions=tuple(draw(st.lists(st.sampled_from(["harbour", "of the sea"]), max_size=1))),
        context={"abroad": ("@country",), "harbours": ("harbour",)},
    )


def plainly(theme: Theme, title: str, text: str) -> list[Shown]:
    """Return the evidence as the rules say it, each of them by itself and for the whole text."""
    return [
        one for name, body in (("title", title), ("text", text)) for one in _in(theme, name, body)
    ]


def _in(theme: Theme, name: str, body: str) -> Iterator[Shown]:
    words = Words(body)
    lead = words.lead()
    stand = []
    for order, term in enumerate(theme.terms):
        for start, end in _spans(term.patterns, body):
            near = _beside(theme, term.near, start, body)
            if (term.near is None or near) and not _beside(theme, term.unless, start, body):
                stand.append((2 if term.found else 1, start - end, order, start, end))
    stand += [(0, start - end, -1, start, end) for start, end in _spans(theme.exclusions, body)]
    kept: list[tuple[int, int, int]] = []
    for _rank, _length, order, start, end in sorted(stand):
        if all(end <= other_start or other_end <= start for other_start, other_end, _ in kept):
            kept.append((start, end, order))
    times: dict[tuple[int, Place], int] = {}
    for start, end, order in sorted(kept):
        if order >= 0:
            in_lead = words.starts.index(start) < lead
            place: Place = "title" if name == "title" else "lead" if in_lead else "body"
            term = theme.terms[order]
            if term.weight(place) and times.get((order, place), 0) < term.most_at(place):
                times[order, place] = times.get((order, place), 0) + 1
                yield name, start, end, term.weight(place)


def _spans(patterns: tuple[str, ...], body: str) -> set[Span]:
    """Return where patterns stand, but for contacts and spans that are too long."""
    phrases = [(phrase, None) for one in patterns for phrase in parse(one, LISTS)]
    words, found = Scanner(phrases, LISTS).scan(body)
    spans = {(words.starts[first], words.ends[last - 1]) for _what, first, last in found}
    hidden = boilerplate(body)
    return {
        (start, end)
        for start, end in spans
        if end - start <= MAX_SPAN_CHARS and not any(one.start <= start < one.end for one in hidden)
    }


def _beside(theme: Theme, context: str | None, start: int, body: str) -> bool:
    """Tell whether a context stands in the sentence of a place."""
    if context is None:
        return False
    words = Words(body)
    sentence = dict(zip(words.starts, words.sentence, strict=False))
    return any(sentence[at] == sentence[start] for at, _end in _spans(theme.context[context], body))


@given(st.integers(1, 3).flatmap(lambda n: st.tuples(*map(a_theme, range(n)))), TITLES, TEXTS)
def test_what_counts_is_what_the_rules_say(
    themes: tuple[Theme, ...], title: str, text: str
) -> None:
    ready = Classifier(themes)
    for theme, judged in zip(themes, ready.judge(title, text), strict=True):
        shown = [(one.field, one.start, one.end, one.weight) for one in judged.evidence]
        assert shown == plainly(theme, title, text)
        assert judged.log_odds == theme.bias + sum(weight for *_where, weight in shown)
    belongs = [one.theme for one in ready.judge(title, text) if one.belongs]
    assert [one.theme for one in ready.classify(title, text)] == belongs
