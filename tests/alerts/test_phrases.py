"""Phrases: what stands in a text is found, however the phrases came and were merged."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from alerts.phrases import FEW, GROWTH, Phrases

SHORT = st.text("ab ", max_size=4)


class Later:
    """Runs nothing until it is told to: a background that stands still."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Callable[[], Any], Future[Any]]] = []

    def __call__(self, build: Callable[[], Any], /) -> Future[Any]:
        promise: Future[Any] = Future()
        self.waiting.append((build, promise))
        return promise

    def go(self) -> None:
        for build, promise in self.waiting:
            promise.set_result(build())
        self.waiting.clear()


def some(count: int, prefix: str = "p") -> list[str]:
    return [f"<{prefix}{number}>" for number in range(count)]


def filled(count: int, later: Later) -> Phrases:
    """Return phrases `<p0>`, `<p1>`, … in one part, and a background that waits."""
    phrases = Phrases(str, later)
    for phrase in some(count):
        phrases.add(phrase)
    phrases.settle()
    return phrases


@given(phrases=st.lists(SHORT), text=st.text("ab ", max_size=30), settle=st.booleans())
def test_a_phrase_is_found_if_and_only_if_it_stands_in_the_text(
    phrases: list[str], text: str, settle: bool
) -> None:
    known = Phrases(str)
    for phrase in phrases:
        known.add(phrase)
        if settle:
            known.settle()
    assert known.find(text) == {phrase for phrase in phrases if phrase and phrase in text}


@given(batches=st.lists(st.integers(1, 3 * FEW), max_size=12), held=st.booleans())
def test_every_phrase_is_found_whatever_was_merged_meanwhile(
    batches: list[int], held: bool
) -> None:
    later = Later()
    phrases = Phrases(str, later)
    expected: set[str] = set()
    for number, size in enumerate(batches):
        for phrase in some(size, f"{number}-"):
            phrases.add(phrase)
            expected.add(phrase)
        phrases.settle()
        if not held:
            later.go()
        assert phrases.find(" ".join(expected)) == expected
    later.go()
    assert phrases.find(" ".join(expected)) == expected


def test_a_new_phrase_is_found_at_once_beside_many_old_ones() -> None:
    phrases = filled(GROWTH * FEW, Later())
    phrases.add("<new>")
    phrases.settle()
    assert phrases.find("<new> and <p7>") == {"<new>", "<p7>"}


def test_few_new_phrases_are_not_merged() -> None:
    later = Later()
    phrases = filled(GROWTH * FEW, later)
    for phrase in some(FEW - 1, "new"):
        phrases.add(phrase)
    phrases.settle()
    assert later.waiting == []


def test_many_new_phrases_are_merged_in_the_background_and_found_before_it_is_done() -> None:
    later = Later()
    phrases = filled(GROWTH * FEW, later)
    new = some(FEW, "new")
    for phrase in new:
        phrases.add(phrase)
    phrases.settle()
    assert len(later.waiting) == 1
    assert phrases.find(" ".join(new)) == set(new)
    phrases.add("<late>")
    later.go()
    assert phrases.find(" ".join(["<late>", *new])) == {"<late>", *new}


def test_a_phrase_is_looked_for_as_it_is_written_in_texts() -> None:
    phrases = Phrases(str.upper)
    phrases.add("visa")
    assert phrases.find("A VISA FEE") == {"visa"}
    assert phrases.find("a visa fee") == set()


def test_a_text_is_searched_with_few_automata_however_the_phrases_came() -> None:
    phrases = Phrases(str)
    for phrase in some(40 * FEW):
        phrases.add(phrase)
        phrases.settle()
        assert phrases.parts <= 4
