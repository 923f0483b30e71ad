"""The figures that a release gives: shares and changes, money, people. Pure.

What a figure measures and what it is compared to are told in the release's own words.
"""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from processors.facts.gather import Gathered, Row, SpanRow
from processors.facts.lexicon import as_written, grammar
from processors.facts.numbers import NONE, PERCENT, POINTS, UNIT_WORDS, Number, numbers
from processors.facts.passage import Passage
from processors.facts.phrases import clause_end, phrase

Change = Literal["up", "down"]

PEOPLE = "people"
_DOLLARS = {"US": "USD", "CA": "CAD", "AU": "AUD", "NZ": "NZD"}
_MAX_SUBJECT = 14
_MAX_TO_PEOPLE = 4
_YEAR_CHARS = 4
_SAME_CHARS = 20
_MAX_THING = 5


_WORDS = grammar("figures")
_DOWN = _WORDS["down"]
_UP = _WORDS["up"]
_PEOPLE = _WORDS["people"]
_HINTS = UNIT_WORDS | as_written(_PEOPLE)
_AFTER_UNIT = _WORDS["after_unit"]
_NO_SUBJECT = _WORDS["no_subject"]
_SOFT = _WORDS["soft"]
_COMPARING = frozenset({"more", "less", "fewer", "lower", "higher"})
_PERIODS = frozenset({"year", "month", "week", "day", "hour"})
_SPENDING = _WORDS["spending"]
_ENDS_SUBJECT = (_NO_SUBJECT | {"said", "says"}) - {"over", "by", "from", "at", "between"}
_NO_VERB = frozenset({"the", "a", "an", "its", "their", "his", "her", "each", "all", "those"})
_NO_COUNTED = _WORDS["no_counted"]
_AUXILIARY = _WORDS["auxiliary"]
_MONEY = re.compile("[£$€₹]")
_AGAINST = re.compile(
    r"[ \xa0\n]?,?[ \xa0\n](?:when )?(?:((?:compared|in comparison) (?:to|with)|versus|vs\.?"
    r"|relative to|as against|up from|down from)|from|against|than|on|over|since)[ \xa0\n]+",
    re.IGNORECASE,
)
_TIMES = _WORDS["times"]


class _Figure(NamedTuple):
    """A figure, by the fields of a despatch.facts.Figure, and its words."""

    value: float
    unit: str
    change: Change | None
    of: str
    against: str
    span: SpanRow

    def row(self) -> Row:
        fields = self._asdict()
        del fields["span"]
        return fields


def find_figures(passages: Sequence[Passage], countries: Sequence[str] = ()) -> list[Row]:
    """Return the figures in order; `$` is the dollar of the first country that has one."""
    dollar = next((_DOLLARS[code] for code in countries if code in _DOLLARS), "USD")
    found = Gathered()
    known: dict[tuple[float, str, Change | None], str] = {}
    for passage in passages:
        for number in numbers(passage, dollar, _HINTS):
            figure = _people(passage, number) if number.unit == NONE else _measured(passage, number)
            if figure is not None:
                of = figure.of[:_SAME_CHARS].casefold()
                same = (figure.value, figure.unit, figure.change)
                kept = known.get(same, of)
                if not (of and kept):
                    of = kept  # said before, or said again without what it measures
                known[same] = min(kept, of)
                found.add((same, of), figure.row(), figure.span)
    return found.rows()


def _people(passage: Passage, number: Number) -> _Figure | None:
    """Return how many people, for `300 Syrian refugees`; None where no people are counted."""
    at, here = number.after, passage.sentence[number.first]
    for end in range(at, at + _MAX_TO_PEOPLE):
        if not passage.in_sentence(end, here) or _gap(passage, number, end).strip(" \xa0\n-"):
            return None
        word = passage.words[end].lower()
        if word in _PEOPLE:
            span = passage.cut(number.start, passage.ends[end])
            of = phrase(passage, at, end + 1)
            return _Figure(number.value, PEOPLE, None, of, "", span)
        if word in _NO_SUBJECT or word in _AFTER_UNIT or word in _NO_COUNTED or word[0].isdigit():
            return None
    return None


def _measured(passage: Passage, number: Number) -> _Figure:
    change, first, last = _subject(passage, number)
    end = max(number.end, passage.ends[last - 1] if last > number.after else 0)
    moved = change is not None or number.unit in (PERCENT, POINTS)
    against, end = _against(passage, end, max(last, number.after), number, moved=moved)
    start = min(number.start, passage.starts[first]) if first < last else number.start
    if end - start > 200:
        start = number.start
    of, span = phrase(passage, first, last), passage.cut(start, end)
    return _Figure(number.value, number.unit, change, of, against, span)


def _subject(passage: Passage, number: Number) -> tuple[Change | None, int, int]:
    """Return whether it rose or fell, and the words of what it measures."""
    here, at = passage.sentence[number.first], number.after
    for noun in range(at, at + 2):
        if not passage.in_sentence(noun, here) or _gap(passage, number, noun).strip(" \xa0\n-"):
            break
        change = _change(passage.words[noun])
        if change and passage.words[noun].lower() not in {"up", "down"}:
            return change, *_behind(passage, number, noun + 1, here)
    verb, change = _verb_before(passage, number, here)
    if change and passage.words[verb + 1].lower() == "to":
        return None, *_before(passage, verb, here)  # `fell to 4%` gives a level
    if change:
        return change, *_before(passage, verb, here)
    verb, change = _verb_with_object(passage, number, here)
    if change:
        return change, verb + 1, number.first - 1
    thing = number.first - 1
    if passage.in_sentence(thing, here) and passage.words[thing].lower() in {"worth", "of"}:
        return None, *_thing(passage, thing, here)
    if number.unit in (PERCENT, POINTS) or passage.in_sentence(at, here):
        return None, *_behind(passage, number, at, here, plain=True)
    return None, at, at


def _thing(passage: Passage, at: int, here: int) -> tuple[int, int]:
    """Return the words before `of` or `worth`: `dues` in `asked States to clear dues of`."""
    first, last = _before(passage, at, here, _MAX_THING)
    to = next((n for n in range(last - 1, first - 1, -1) if passage.words[n] == "to"), None)
    return (first if to is None else min(to + 2, last)), last


def _gap(passage: Passage, number: Number, at: int) -> str:
    """Return what stands before a word behind a figure; the figure's unit is not of it."""
    return passage.text[max(number.end, passage.ends[at - 1]) : passage.starts[at]]


def _change(word: str) -> Change | None:
    word = word.lower()
    return "down" if word in _DOWN else "up" if word in _UP else None


def _behind(
    passage: Passage, number: Number, at: int, here: int, *, plain: bool = False
) -> tuple[int, int]:
    """Return the words behind a figure that say of what: `of voters`, `tariff on foreign cars`."""
    if not passage.in_sentence(at, here) or _gap(passage, number, at).strip(" \xa0\n-"):
        return at, at
    if plain:
        at = _past_spending(passage, at, here)
    word = passage.words[at].lower()
    if word in _AFTER_UNIT:
        at += 1
        to_whom = word == "to" and passage.in_sentence(at, here) and not _is_verb(passage, at)
        if plain and number.unit not in (PERCENT, POINTS) and to_whom:
            return at, at
    elif not plain or word in _NO_SUBJECT or _change(word):
        return at, at
    if not passage.in_sentence(at, here) or _is_each(passage, at):
        return at, at
    return at, _before_another(passage, at, clause_end(passage, at, _MAX_SUBJECT))


def _before_another(passage: Passage, at: int, end: int) -> int:
    """Return where the words end that are of this figure: `dues and paid £5` has those of two.

    That is at the `and` before a sum of money, or nowhere: then nothing is said beside it.
    """
    if end <= at or not _MONEY.search(passage.text, passage.starts[at], passage.ends[end - 1]):
        return end
    return next((n for n in range(at, end) if passage.words[n] == "and"), at)


def _is_each(passage: Passage, at: int) -> bool:
    """Tell whether `a year` stands behind a figure: how often, not of what."""
    words = [word.lower() for word in passage.words[at : at + 2]]
    return words[0] in {"a", "an", "each", "every"} and words[-1] in _PERIODS


def _past_spending(passage: Passage, at: int, here: int) -> int:
    """Return the word behind `will be spent`, if that is what stands at `at`."""
    for verb in range(at, at + _MAX_TO_PEOPLE):
        if not passage.in_sentence(verb + 1, here) or passage.between(verb).strip(" \xa0\n"):
            return at
        if passage.words[verb].lower() in _SPENDING:
            return verb + 1 if passage.words[verb + 1].lower() in _AFTER_UNIT else at
    return at


def _is_verb(passage: Passage, at: int) -> bool:
    """Tell whether `to` goes on with what money is for, not with who gets it."""
    return passage.words[at].islower() and passage.words[at] not in _NO_VERB


def _verb_before(passage: Passage, number: Number, here: int) -> tuple[int, Change | None]:
    """Return the verb before a figure, and which way it goes: `fell by nearly 12%`."""
    at = number.first - 1
    for _ in range(4):
        if not passage.in_sentence(at, here):
            break
        word = passage.words[at].lower()
        if passage.between(at).strip(" \xa0\n-£$€₹~USCAInrRs."):
            break
        up_to = word == "up" and passage.words[at + 1].lower() == "to"
        change = None if up_to or word in _COMPARING else _change(word)
        if change:
            return at, change
        if word not in _SOFT and not up_to:
            break
        at -= 1
    return at, None


def _verb_with_object(passage: Passage, number: Number, here: int) -> tuple[int, Change | None]:
    """Return the verb of `cut the number of crossings by 36%`; the object between."""
    by = number.first - 1
    if not passage.in_sentence(by, here) or passage.words[by].lower() != "by":
        return by, None
    for verb in range(by - 2, by - _MAX_SUBJECT, -1):
        if not passage.in_sentence(verb, here) or passage.between(verb).strip(" \xa0\n-‑'’"):
            break
        change = _change(passage.words[verb])
        if change:
            return verb, change
    return by, None


def _before(
    passage: Passage, verb: int, here: int, max_words: int = _MAX_SUBJECT
) -> tuple[int, int]:
    """Return the words before a verb back to where their clause begins."""
    last = verb
    while passage.in_sentence(last - 1, here) and passage.words[last - 1].lower() in _AUXILIARY:
        last -= 1
    first = last
    if passage.in_sentence(last - 1, here) and passage.between(last - 1).strip(" \xa0\n"):
        return last, last  # `£3 million, up 5%`: of what is not said beside it
    while passage.in_sentence(first - 1, here) and last - first < max_words:
        gap = passage.between(first - 1)
        if first < last and gap != "." and gap.strip(" \xa0\n-‑'’/&%£$€₹"):
            break
        if passage.words[first - 1].lower() in _ENDS_SUBJECT:
            break
        first -= 1
    return first, last


def _against(
    passage: Passage, end: int, at: int, number: Number, *, moved: bool
) -> tuple[str, int]:
    """Return what a figure is compared to, and where that ends; empty where nothing is said.

    A level that has not `moved` is compared by `compared to` alone: `£5 million over a year`.
    """
    found = _AGAINST.match(passage.text, end)
    if found is None:
        return "", end
    first = passage.word_from(at, found.end())
    here = passage.sentence[number.first]
    if not passage.in_sentence(first, here):
        return "", end
    last = clause_end(passage, first, _MAX_SUBJECT)
    words = {word.lower() for word in passage.words[first:last]}
    sure = found[1] is not None
    year = len(passage.words[first]) == _YEAR_CHARS and passage.words[first].isdigit()
    if not sure and not (moved and (words & _TIMES or year)):
        return "", end
    return phrase(passage, first, last), passage.ends[last - 1]
