"""What happens on the days that a release names: deadlines, starts, ends, events. Pure."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Literal

from processors.facts.days import Days, named_days
from processors.facts.gather import Gathered, Row
from processors.facts.lexicon import grammar
from processors.facts.passage import Passage

DateKind = Literal["deadline", "starts", "ends", "event", "mentioned"]

_LOOK_BACK = 5
_DAYS_OF_A_QUARTER = 92
_LOOK_ROUND = 14
_END_OF = re.compile(r"\bend[ \xa0]of[ \xa0](?:the[ \xa0])?$", re.IGNORECASE)
_WORDS = grammar("dates")
_LED: dict[str, DateKind] = {
    "by": "deadline",
    "before": "deadline",
    "deadline": "deadline",
    "due": "deadline",
    "than": "deadline",
    "until": "ends",
    "beyond": "ends",
    "till": "ends",
    "through": "ends",
    "from": "starts",
    "effective": "starts",
    "starting": "starts",
}
"""What the word that leads a date makes of it."""
_BETWEEN = _WORDS["between"]
_ENDS = _WORDS["ends"]
_STARTS = _WORDS["starts"]
_EVENT = _WORDS["event"]


def find_dates(passages: Sequence[Passage], published_on: date | None) -> list[Row]:
    """Return the dates in order, each once for each kind."""
    found = Gathered()
    for passage in passages:
        free = 0
        for days in sorted(
            named_days(passage, published_on), key=lambda one: (one.start, -one.end)
        ):
            if days.start < free:
                continue
            free = days.end
            days, kind = _at_the_end(passage, days), _kind(passage, days, published_on)
            row: Row = {"on": days.on, "until": days.until, "kind": kind}
            found.add((days.on, days.until, kind), row, passage.cut(days.start, days.end))
    return found.rows()


def _at_the_end(passage: Passage, days: Days) -> Days:
    """Return the last day alone for `the end of 2025`."""
    if days.until is None or not _END_OF.search(passage.text[max(0, days.start - 20) : days.start]):
        return days
    return days._replace(on=days.until, until=None)


def _is_past_year(days: Days, published_on: date | None) -> bool:
    """Tell whether a whole year is named that is over: `from 2019` starts nothing."""
    if days.until is None or published_on is None:
        return False
    return (days.until - days.on).days > _DAYS_OF_A_QUARTER and days.until < published_on


def _kind(passage: Passage, days: Days, published_on: date | None) -> DateKind:
    """Return what happens on the days, by the words before them and around them."""
    first = days.first
    while first > 0 and passage.starts[first - 1] >= days.start:
        first -= 1
    here = passage.sentence[days.first]
    begin, end = passage.sentence_end(here - 1), passage.sentence_end(here)
    words = passage.words
    before = [word.lower() for word in words[max(begin, first - _LOOK_BACK) : first]]
    if _is_past_year(days, published_on):
        return "mentioned"
    led = next((word for word in reversed(before) if word not in _BETWEEN), "")
    if led in _LED and not (led == "from" and days.until is not None):
        return _LED[led]
    for word in reversed(before):
        if word in _STARTS:
            return "starts"
        if word in _ENDS and word != "end":
            return "ends"
        if word == "deadline":
            return "deadline"
    around = words[max(begin, first - _LOOK_ROUND) : min(end, first + _LOOK_ROUND)]
    return "mentioned" if _EVENT.isdisjoint(map(str.lower, around)) else "event"
