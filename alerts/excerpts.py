"""The sentences in which a theme's evidence stands, with the words told apart. Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from alerts.evidence import telling
from alerts.words import clean
from despatch.model import Evidence, Release, ThemeScore

MOST = 3
"""Excerpts shown of one theme."""
LONGEST = 320
"""Characters of one excerpt, about: a sentence that is no longer is shown whole."""
AROUND = 130
"""Characters shown on each side of the words in a longer one."""

_SPACE = re.compile(r"\s+")
_END = re.compile(r"[.!?][\"'”’)\]]*(?=\s)|\n")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A stretch of a release in pieces: words, and whether they are evidence."""

    pieces: tuple[tuple[str, bool], ...]


def excerpts(score: ThemeScore, release: Release, most: int = MOST) -> tuple[Excerpt, ...]:
    """Return the stretches around the heaviest evidence, `most` of them, in the text's order.

    Each stretch marks what tells of the evidence that stands in it; no stretch is shown twice, nor
    any that overlaps another. A span that does not fit the text (of another version) is left out.
    """
    spans = [one for one in telling(score) if _fits(one, release)]
    chosen: list[tuple[str, int, int]] = []
    shown: set[str] = set()
    for span in sorted(spans, key=lambda one: (-one.weight, one.field != "title", one.start)):
        text = _named(span.field, release)
        first, last = _stretch(text, span)
        words = _SPACE.sub(" ", text[first:last]).strip(" .!?").lower()
        overlaps = any(f == span.field and first < b and a < last for f, a, b in chosen)
        if not overlaps and words not in shown:
            chosen.append((span.field, first, last))
            shown.add(words)
        if len(chosen) == most:
            break
    found = []
    for field, first, last in sorted(chosen, key=lambda one: (one[0] != "title", one[1])):
        here = [span for span in spans if span.field == field]
        found.append(Excerpt(tuple(_pieces(_named(field, release), first, last, here))))
    return tuple(found)


def _fits(span: Evidence, release: Release) -> bool:
    return _named(span.field, release)[span.start : span.end] == span.text != ""


def _named(field: str, release: Release) -> str:
    return release.title if field == "title" else release.text


def _stretch(text: str, span: Evidence) -> tuple[int, int]:
    """Return where the sentence around a span begins and ends, or what of it is shown."""
    end = min(span.end, span.start + LONGEST)
    floor, ceiling = max(0, span.start - LONGEST), min(len(text), end + LONGEST)
    begins = [found.end() for found in _END.finditer(text, floor, span.start)]
    ends = _END.search(text, end, ceiling)
    first = begins[-1] if begins else floor
    last = ends.end() if ends else ceiling
    if last - first <= LONGEST:
        return first, last
    first = max(first, _at_word(text, span.start - AROUND, span.start))
    return first, min(last, _at_word(text, end + AROUND, end))


def _at_word(text: str, at: int, nearest: int) -> int:
    """Return the edge of a word at or after `at` (before, for an end), but not past `nearest`."""
    if at <= nearest:
        space = text.find(" ", max(0, at), nearest)
        return nearest if space < 0 else space + 1
    space = text.rfind(" ", nearest, at)
    return nearest if space < 0 else space


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
    if last < len(text) and not _END.match(text, last) and not _ends_sentence(text, last):
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
    return first > 0 and not _ends_sentence(text, first)


def _ends_sentence(text: str, at: int) -> bool:
    """Return whether a sentence ends just before `at`."""
    before = text[max(0, at - 4) : at].rstrip("\"'”’)] ")
    return text[at - 1] == "\n" or before[-1:] in tuple(".!?")
