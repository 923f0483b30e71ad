"""Phrases as they stand in a passage: where a clause ends, what is said in it. Pure."""

from collections.abc import Collection

from despatch.facts import MAX_PHRASE_CHARS
from processors.facts.lexicon import grammar
from processors.facts.passage import Passage

MAX_WORDS = 24
_WORDS = grammar("phrases")
_STOPS = _WORDS["stops"]
_BREAKS = frozenset(',;:.()[]—–"“”\n!?')
_PLAIN = frozenset(" \xa0-‑'’/&£$€₹%,.")


def clause_end(
    passage: Passage,
    first: int,
    max_words: int = MAX_WORDS,
    stops: Collection[str] = _STOPS,
    commas: bool = False,
) -> int:
    """Return where the clause ends that begins with a word: at a comma, a stop word, a figure.

    With `commas`, a list goes on behind its commas: `data, information and feeds`.
    """
    at = first
    while at < len(passage.words) and at - first < max_words:
        if at > first:
            gap = passage.between(at - 1)
            if passage.sentence[at] != passage.sentence[first] or _ends(gap, commas):
                break
        word = passage.words[at].lower()
        if at > first and (word in stops or (word == "and" and _begins_anew(passage, at + 1))):
            break
        at += 1
    return at


def phrase(passage: Passage, first: int, last: int) -> str:
    """Return the words in one line, cut behind a word where they are too many."""
    while last > first:
        written = passage.written(first, last)
        if len(written) <= MAX_PHRASE_CHARS:
            return written
        last -= 1
    return ""


def _ends(gap: str, commas: bool) -> bool:
    plain = gap.strip()
    if not plain or plain in {"-", "‑", "'", "’", "/", "&", "£", "$", "€", "₹", "%"}:
        return "\n\n" in gap
    if plain == ",":
        return not commas and gap != ","  # `1,200` is one figure
    return not (plain == "." and gap == ".")  # so is `4.5`


def _begins_anew(passage: Passage, at: int) -> bool:
    """Tell whether another figure begins: behind `and` in `a drop in X and a 40% rise in Y`."""
    words = [word.lower() for word in passage.words[at : at + 2]]
    return bool(words) and (
        words[0][:1].isdigit() or (words[0] in {"a", "an", "the"} and words[-1][:1].isdigit())
    )
