"""Whether a change of a text matters to whoever read the old one, with the reason in words. Pure.

A figure, a date, a name, a negation, a withdrawal, a sentence, a word that carries meaning: it
matters. White space, marks, letters' case, a typo, an article, the order of sentences, a contact
or a stamp of the last update: it does not. In doubt it matters: silence is the worse mistake.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from despatch.boilerplate import without_boilerplate
from despatch.changes import Changes, compare
from despatch.sentences import lowered, words
from despatch.shorten import shorten

MAX_WORDS = 80
"""Words of a sentence that are compared one by one; a change in a longer one matters."""
MAX_TRIFLES = 30
"""Changed sentences that are looked at word by word; more of them matter, whatever they are."""
MAX_SHOWN = 60
"""Characters of old and of new wording that a reason names."""


def _set(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


_MONTHS = _set(
    "january february march april may june july august september october november december"
)
_DAYS = _set("monday tuesday wednesday thursday friday saturday sunday")
_NEGATIONS = _set("not no nor never none nobody nothing cannot without neither unless except only")
_WITHDRAWALS = _set(
    "withdrawn withdraws withdraw cancelled canceled postponed suspended revoked rescinded",
    "repealed superseded scrapped abandoned halted",
)
_WEIGHTY = _set(
    "all any every both either may might must shall should will would can could need least most",
    "more less fewer over under above below before after until from to by up down",
)
_NUMBERS = _set(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen",
    "sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety",
    "hundred thousand million billion trillion half third quarter dozen first second",
)
_LIGHT = frozenset({"a", "an", "the", "of", "and", "that", "which", "who", "this", "these", "also"})
"""Words that come and go without a change of meaning."""
_YEAR = re.compile(r"(?:1[89]|20|21)\d\d")

_RANK = (
    *("withdrawal", "negation", "figure", "date", "name", "obligation", "added", "removed"),
    *("wording", "spelling"),
)
_PHRASES = {
    "withdrawal": "it speaks of a withdrawal",
    "negation": "a negation changed",
    "figure": "a figure changed",
    "date": "a date changed",
    "name": "a name changed",
    "obligation": "a word that carries the meaning changed",
    "wording": "the wording changed",
}


@dataclass(frozen=True, slots=True)
class Weighed:
    """Whether a change matters, and why: `a figure changed: “£35” became “£38”`."""

    material: bool
    reason: str


@dataclass(frozen=True, slots=True)
class _Found:
    kind: str
    old: str
    new: str


def weigh(before: str, after: str) -> Weighed:
    """Return whether a reader of the first text should hear of the second.

    The same for both directions, but for the order in which the reason names old and new.
    """
    if before.split() == after.split():
        return Weighed(False, "only white space changed" if before != after else "nothing changed")
    kept = without_boilerplate(before), without_boilerplate(after)
    changes = compare(*kept)
    if lowered(words(kept[0])) == lowered(words(kept[1])):
        return _of_equal_words(before, after, changes)
    found = list(_found(changes))
    if not found:
        return Weighed(False, "only the order of sentences changed")
    worst = min(found, key=lambda one: _RANK.index(one.kind))
    if worst.kind == "spelling":
        return Weighed(False, f"only spelling changed: {_became(worst)}")
    return Weighed(True, _said(worst))


def numbers(text: str) -> tuple[str, ...]:
    """Return the words of a text that are figures or belong to dates, in order, lower-cased.

    `"£35 from 3 May" -> ("£", "35", "3", "may")`
    """
    these = words(text)
    plain = lowered(these)
    return tuple(
        low
        for at, low in enumerate(plain)
        if _is_figure(low) or _is_date(these, at, at + 1) or these[at] == "May"
    )


def told_apart(old: str, new: str) -> str:
    """Return why two wordings of one sentence do not say the same, in words; empty if they do.

    `a name changed: “Ohio” became “Iowa”`. Stricter than `weigh` on what is long: words that
    can't be compared one by one are not taken for the same.
    """
    if max(len(words(old)), len(words(new))) > MAX_WORDS:
        return "" if lowered(words(old)) == lowered(words(new)) else "a long sentence differs"
    heavy = [one for one in _differing(old, new) if one.kind not in {"wording", "spelling"}]
    return _said(min(heavy, key=lambda one: _RANK.index(one.kind))) if heavy else ""


def _of_equal_words(before: str, after: str, changes: Changes) -> Weighed:
    if lowered(words(before)) != lowered(words(after)):
        return Weighed(False, "only a contact, a stamp or a note that is no news changed")
    if changes or not changes.moved:
        return Weighed(False, "only marks, accents or letters' case changed")
    return Weighed(False, "only the order of sentences changed")


def _found(changes: Changes) -> Iterator[_Found]:
    """Yield what was said anew, with its kind."""
    pairs = changes.became
    for old, new in pairs[:MAX_TRIFLES]:
        yield from _differing(old, new)
    if len(pairs) > MAX_TRIFLES:
        yield _Found("wording", pairs[MAX_TRIFLES][0], pairs[MAX_TRIFLES][1])
    for sentence in changes.added:
        kept = lowered(words(sentence))
        if kept:
            yield _Found("added" if _WITHDRAWALS.isdisjoint(kept) else "withdrawal", "", sentence)
    yield from (_Found("removed", one, "") for one in changes.removed if words(one))


def _differing(old: str, new: str) -> Iterator[_Found]:
    if old > new:  # which words are matched depends on the side it is looked at from
        yield from (_Found(one.kind, one.new, one.old) for one in _differing(new, old))
        return
    a, b = words(old), words(new)
    if lowered(a) == lowered(b):
        return
    if max(len(a), len(b)) > MAX_WORDS:
        yield _Found("wording", old, new)
        return
    matcher = SequenceMatcher(None, lowered(a), lowered(b), autojunk=False)
    for how, a1, a2, b1, b2 in matcher.get_opcodes():
        if how != "equal":
            kind = _kind(a, a1, a2, b, b1, b2)
            yield _Found(kind, " ".join(a[a1:a2]), " ".join(b[b1:b2]))


def _kind(a: Sequence[str], a1: int, a2: int, b: Sequence[str], b1: int, b2: int) -> str:
    """Return what one run of words in place of another changes."""
    gone, come = lowered(a[a1:a2]), lowered(b[b1:b2])
    if "".join(gone) == "".join(come):  # "on line" and "online"
        return "spelling"
    heavy = {word for word in (*gone, *come) if word not in _LIGHT}
    if not heavy:
        return "spelling"
    if heavy & _WITHDRAWALS:
        return "withdrawal"
    if heavy & _NEGATIONS or any(word.endswith("n't") for word in heavy):
        return "negation"
    if _is_date(a, a1, a2) or _is_date(b, b1, b2):
        return "date"
    if any(_is_figure(word) for word in heavy):
        return "figure"
    if heavy & _WEIGHTY:
        return "obligation"
    if _has_name(a, a1, a2) or _has_name(b, b1, b2):
        return "name"
    if len(gone) == len(come) and all(map(_is_typo, gone, come)):
        return "spelling"
    return "wording"


def _is_date(these: Sequence[str], start: int, end: int) -> bool:
    """Tell whether words are of a date: a month, a day, a year, or a number beside a month."""
    run = these[start:end]
    if any(_is_month(word) or word.lower() in _DAYS or _YEAR.fullmatch(word) for word in run):
        return True
    near = these[max(0, start - 2) : end + 2]
    return any(word[:1].isdigit() for word in run) and any(map(_is_month, near))


def _is_month(word: str) -> bool:
    return word.lower() in _MONTHS and word != "may"


def _is_figure(word: str) -> bool:
    return any(c.isdigit() for c in word) or not word[0].isalnum() or word in _NUMBERS


def _has_name(these: Sequence[str], start: int, end: int) -> bool:
    """Tell whether a run holds a capital that no sentence's beginning explains."""
    return any(
        word[:1].isupper() and word.lower() not in _LIGHT for word in these[max(1, start) : end]
    )


def _is_typo(a: str, b: str) -> bool:
    """Tell whether two words are one slip of a key apart: `recieve`, `receive`; a plural."""
    if a == b:
        return True
    if min(len(a), len(b)) < 4 or abs(len(a) - len(b)) > 1:
        return False
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    x, y = a[start:], b[start:]
    return x[1:] == y[1:] or x[1:] == y or x == y[1:] or (x[1::-1] == y[:2] and x[2:] == y[2:])


def _said(found: _Found) -> str:
    if found.kind == "added":
        return f"a sentence was added: “{shorten(found.new, MAX_SHOWN)}”"
    if found.kind == "removed":
        return f"a sentence was removed: “{shorten(found.old, MAX_SHOWN)}”"
    return f"{_PHRASES[found.kind]}: {_became(found)}"


def _became(found: _Found) -> str:
    old, new = (f"“{shorten(words_, MAX_SHOWN)}”" for words_ in (found.old, found.new))
    if not found.old:
        return f"{new} was added"
    return f"{old} became {new}" if found.new else f"{old} was removed"
