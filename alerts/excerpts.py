"""The sentences in which a theme's evidence stands, with the words told apart. Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from alerts.words import clean
from despatch.model import Evidence, Release, ThemeScore

MOST = 3
"""Excerpts shown of one theme."""
AROUND = 110
"""Characters shown on each side of the words at most."""
LONGEST = 320
"""Characters of one excerpt."""

_SPACE = re.compile(r"\s+")
_ENDS = ".!?\n"


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A stretch of a release in pieces: words, and whether they are evidence."""

    pieces: tuple[tuple[str, bool], ...]


def excerpts(score: ThemeScore, release: Release) -> tuple[Excerpt, ...]:
    """Return up to three stretches around the heaviest evidence, in the text's order.

    Each stretch marks all the evidence that stands in it; no evidence is shown twice. A span that
    does not fit the text (another version of it) is left out.
    """
    spans = [one for one in score.evidence if one.weight > 0 and _fits(one, release)]
    heaviest = sorted(spans, key=lambda one: (-one.weight, one.field != "title", one.start))
    chosen: list[tuple[str, int, int]] = []
    for span in heaviest:
        if len(chosen) == MOST:
            break
        if not any(f == span.field and a <= span.start < b for f, a, b in chosen):
            chosen.append((span.field, *_stretch(_field(span, release), span)))
    return tuple(
        Excerpt(
            tuple(_pieces(_named(field, release), a, b, (s for s in spans if s.field == field)))
        )
        for field, a, b in sorted(chosen, key=lambda one: (one[0] != "title", one[1]))
    )


def _fits(span: Evidence, release: Release) -> bool:
    return _field(span, release)[span.start : span.end] == span.text != ""


def _field(span: Evidence, release: Release) -> str:
    return _named(span.field, release)


def _named(field: str, release: Release) -> str:
    return release.title if field == "title" else release.text


def _stretch(text: str, span: Evidence) -> tuple[int, int]:
    """Return where the sentence around a span begins and ends, or what of it is shown."""
    end = min(span.end, span.start + LONGEST - 2 * AROUND)
    first = max(0, span.start - AROUND)
    last = min(len(text), end + AROUND)
    begins = max(text.rfind(mark, first, span.start) for mark in _ENDS) + 1
    ends = [at for mark in _ENDS if (at := text.find(mark, end, last)) >= 0]
    return (begins or first), (min(ends) + 1 if ends else last)


def _pieces(
    text: str, first: int, last: int, spans: Iterable[Evidence]
) -> Iterator[tuple[str, bool]]:
    """Yield the stretch in pieces; overlapping evidence is one piece, cut ends show `…`."""
    if _is_cut(text, first):
        yield "…", False
    at = first
    for start, end in _merged(spans, first, last):
        yield from _plain(text[at:start], False, left=at == first)
        yield from _plain(text[start:end], True, left=start == first)
        at = end
    yield from _plain(text[at:last], False, left=at == first, right=True)
    if last < len(text) and text[last - 1] not in _ENDS:
        yield "…", False


def _merged(spans: Iterable[Evidence], first: int, last: int) -> list[tuple[int, int]]:
    """Return where evidence stands within a stretch; what overlaps or touches is one."""
    found: list[tuple[int, int]] = []
    for span in sorted(spans, key=lambda one: one.start):
        start, end = max(span.start, first), min(span.end, last)
        if start >= end:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def _plain(
    words: str, hit: bool, *, left: bool = False, right: bool = False
) -> Iterator[tuple[str, bool]]:
    """Yield a piece cleaned, as one line, without space at the excerpt's ends; nothing if empty."""
    shown = _SPACE.sub(" ", clean(words))
    shown = shown.lstrip() if left else shown
    shown = shown.rstrip() if right else shown
    if shown:
        yield shown, hit


def _is_cut(text: str, first: int) -> bool:
    """Return whether a stretch starts in the middle of a sentence."""
    return first > 0 and text[first - 1] not in _ENDS
