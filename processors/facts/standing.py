"""How far an agreement has come, and whether it is the release's own. Pure.

Told by the small words around its instrument: `will sign a treaty`, `under an earlier treaty`.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from processors.facts.lexicon import grammar
from processors.facts.main_parties import JOINT
from processors.facts.passage import Marked, Passage

Status = Literal["agreed", "signed", "planned", "in talks"]

_LEAD_CHARS = 600
_SIGNED_NEAR = 13
_MADE_NEAR = 5
_PASSING_NEAR = 12
_WORDS = grammar("agreements")
_PLURALS = _WORDS["plurals"]
_PASSING = _WORDS["passing"]
_OF_A_DEAL = _WORDS["of_a_deal"]
_SIGNING = _WORDS["signing"]
_AGREEING = _WORDS["agreeing"]
_PLANNING = _WORDS["planning"]
_TALKING = _WORDS["talking"]
_MAKING = _WORDS["making"]
_DECIDING = _WORDS["deciding"]
_TO_SIGN = _PLANNING | {"to"}
_BECOMING = frozenset({"becomes", "became"})
_PARTY_TO = ("party", "to")


def is_in_passing(
    passage: Passage, marked: Marked, begin: int, before: Sequence[str], status: Status | None
) -> bool:
    """Tell whether an instrument is only named: `recent agreements with`, `party to the treaty`.

    `begin` is where its sentence begins, `before` the three words before it.
    """
    if not _PASSING.isdisjoint(before):
        return True
    if _is_said_of_another(passage, marked):
        return True
    word = passage.words[marked.last - 1].lower()
    if word in _PLURALS:
        return status != "signed"
    if marked.mark.value == "agreement":
        if word == "deal":
            return not (before and before[-1] in _OF_A_DEAL)
        if before[-1:] == ["in"]:
            return True  # `the two are in agreement` that something is so
    near = passage.words[max(begin, marked.first - _PASSING_NEAR) : marked.first]
    small = list(map(str.lower, near))
    return "pursuant" in small or _PARTY_TO in pairwise(small)


def _is_said_of_another(passage: Passage, marked: Marked) -> bool:
    """Tell whether it says what another is: `launched the Ports Alliance, a partnership to …`."""
    article = marked.first - 1
    return (
        article > 0
        and passage.words[article] in {"a", "an"}
        and "," in passage.between(article - 1)
        and any(other.last == article for other in passage.of_kind("instrument"))
    )


def is_in_front(passage: Passage, marked: Marked) -> bool:
    """Tell whether the title or the lead names an instrument that is hardly named in passing."""
    if passage.field == "title":
        return True
    return passage.starts[marked.first] < _LEAD_CHARS and marked.mark.value in JOINT


def is_made(passage: Passage, marked: Marked, begin: int) -> bool:
    """Tell whether it is made here: `decided to develop a roadmap`, `convene a working group`."""
    near = passage.words[max(begin, marked.first - _MADE_NEAR) : marked.first]
    return not _MAKING.isdisjoint(near)


def status_of(passage: Passage, marked: Marked, begin: int, end: int) -> Status | None:
    """Return how far it has come, by the words beside the instrument; None if none says so."""
    words = list(map(str.lower, passage.words[begin:end]))
    at = marked.first - begin
    near = words[max(0, at - 10) : at]
    after = words[at + marked.last - marked.first :][:8]
    signed = range(max(0, at - _SIGNED_NEAR), min(at + _SIGNED_NEAR + 1, len(words)))
    signing = next((n for n in signed if words[n] in _SIGNING), None)
    if signing is not None:
        to_come = not _TO_SIGN.isdisjoint(words[max(0, signing - 3) : signing])
        if not _BECOMING.isdisjoint(words[:signing]):
            to_come = False  # `becomes the tenth nation to sign`
        planned = to_come or (words[signing] == "signing" and _PLANNING & set(near))
        return "planned" if planned else "signed"
    if _TALKING & {*near[-6:], *after[:2]}:
        return "in talks"
    if _PLANNING & {*near[-7:], *after[:2]} or after[:2] == ["to", "be"]:
        return "planned"
    if any(
        to == "to" and not _DECIDING.isdisjoint({decided}) and made in _MAKING
        for decided, to, made in zip(near, near[1:], near[2:], strict=False)
    ):
        return "planned"  # `decided to develop a roadmap`
    return "agreed" if _AGREEING & {*near, *after[:6]} else None
