"""The theme files that come with Despatch: nothing in them is without effect."""

from collections.abc import Iterator
from itertools import islice, product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from processors.classify import classifier, judge
from processors.lexicon import LISTS
from processors.pattern import Choice, Phrase, parse
from processors.scan import Scanner
from processors.themes import Example, Theme, load_themes
from processors.themes.terms import Term

THEMES = load_themes()
UNTRIED = [theme for theme in THEMES if theme.experimental]
BODY = "A sentence. " * 60
"""So much stands before the body."""

every_theme = pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.id)
every_untried = pytest.mark.parametrize("theme", UNTRIED, ids=lambda theme: theme.id)


def patterns(theme: Theme) -> Iterator[str]:
    """Every pattern of a theme: of terms, exclusions and contexts."""
    for term in theme.terms:
        yield from term.patterns
    yield from theme.exclusions
    for of_context in theme.context.values():
        yield from of_context


def spelt(choice: Choice, entry: int = 0) -> str:
    """A word of a text that a choice asks for; of a list, one of its names."""
    if choice.word.startswith("@"):
        names = LISTS[choice.word[1:]]
        return names[entry % len(names)]
    forms = (choice.word, choice.word.capitalize(), choice.word.upper())
    return forms[choice.capitals]


def texts(pattern: str) -> Iterator[str]:
    """Texts that are the pattern and nothing else, one for each combination of its words."""
    for phrase in parse(pattern, LISTS):
        for choices in product(
            *(sorted(step.choices, key=lambda one: one.word) for step in phrase)
        ):
            yield " ".join(map(spelt, choices))


def counts(theme: Theme, term: Term, pattern: str) -> bool:
    """Whether some text of the pattern counts for the term, in the title, the lead or the body."""
    beside = f" {next(texts(theme.context[term.near][0]))}" if term.near else ""
    said = (text + beside for text in islice(texts(pattern), 3_000))
    return any(
        term.name in judge(title, text, theme).terms
        for one in said
        for title, text in ((one, ""), ("", one), ("", BODY + one))
    )


@st.composite
def phrases_in_texts(draw: st.DrawFn) -> tuple[Phrase, str]:
    """A phrase of a shipped pattern, and a text with it: any of its words, anything in its gaps."""
    theme = draw(st.sampled_from(UNTRIED))
    phrase = draw(st.sampled_from(parse(draw(st.sampled_from(list(patterns(theme)))), LISTS)))
    words = draw(st.lists(st.sampled_from(("quietly", "then", "Oxford")), max_size=3))
    for step in phrase:
        words += ["quietly"] * draw(st.integers(0, step.gap))
        choice = draw(st.sampled_from(sorted(step.choices, key=lambda one: one.word)))
        ending = draw(st.sampled_from(("", "s", "ing"))) if choice.stem else ""
        words.append(spelt(choice, draw(st.integers(0, 300))) + ending)
    return phrase, " ".join([*words, "afterwards"])


@given(phrases_in_texts())
@example((parse("AHTU*", LISTS)[0], "AHTUs afterwards"))
def test_each_phrase_of_a_shipped_theme_is_found_wherever_it_stands(
    case: tuple[Phrase, str],
) -> None:
    phrase, text = case
    _words, found = Scanner([(phrase, "it")], LISTS).scan(text)
    assert found, (phrase, text)


@every_theme
def test_a_theme_written_out_and_read_again_is_the_same(theme: Theme) -> None:
    again = Theme.model_validate_json(theme.model_dump_json())
    assert again == theme
    assert again.stamp == theme.stamp


@every_untried
def test_no_pattern_is_always_beaten_by_another_or_by_an_exclusion(theme: Theme) -> None:
    dead = [
        (term.name, pattern)
        for term in theme.terms
        for pattern in term.patterns
        if not counts(theme, term, pattern)
    ]
    assert dead == []


@every_untried
def test_each_context_is_asked_for(theme: Theme) -> None:
    asked = {term.near for term in theme.terms} | {term.unless for term in theme.terms}
    assert set(theme.context) <= asked


@every_untried
def test_each_missing_example_holds_something_that_the_theme_looks_at(theme: Theme) -> None:
    """One that holds nothing could not fail, whatever the rules."""
    scanner = Scanner(
        ((phrase, pattern) for pattern in patterns(theme) for phrase in parse(pattern, LISTS)),
        LISTS,
    )

    def looked_at(example: Example) -> bool:
        return any(scanner.scan(text)[1] for text in (example.title, example.text))

    assert [one.title for one in theme.examples.missing if not looked_at(one)] == []


@every_theme
def test_no_example_is_given_twice(theme: Theme) -> None:
    examples = [*theme.examples.matching, *theme.examples.missing]
    assert len({(one.title, one.text) for one in examples}) == len(examples)


@every_untried
def test_no_experimental_theme_takes_an_empty_text(theme: Theme) -> None:
    assert classifier((theme,)).classify("", "") == ()
