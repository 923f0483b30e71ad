"""The days that a passage names: `9 August 2023`, `August 2023`, `by 2030`, `next month`. Pure.

What has no year, or says `this autumn`, is told by the day of the release. Seasons are those of
the north: spring is March to May.
"""

import re
from calendar import monthrange
from datetime import MAXYEAR, MINYEAR, date, timedelta
from typing import NamedTuple

from processors.facts.lexicon import grammar
from processors.facts.passage import Passage

_YEARS = range(1900, 2101)

_DAY_BEFORE = re.compile(
    r"(?:\b(\d{1,2})(?:st|nd|rd|th)?[ \xa0]?(?:[-–]|to|and)[ \xa0]?)?"
    r"\b(\d{1,2})(?:st|nd|rd|th)?[ \xa0](?:of |day of )?$"
)
_BEFORE_CHARS = 20
_LOOK_BACK = 8
_TO_COME = frozenset({"by", "until", "before", "next"})
_RECENT, _SOON = timedelta(days=300), timedelta(days=60)
"""A day without a year is soon to come; else it was in the last months."""
_DAY_AFTER = re.compile(
    r"\.?[ \xa0](\d{1,2})(?:st|nd|rd|th)?(?![\d.:%]|,\d)"
    r"(?:[ \xa0]?(?:[-–]|to|and)[ \xa0]?(\d{1,2})\b)?"
    r"(?:,?[ \xa0](\d{4})\b)?"
)
_YEAR_AFTER = re.compile(r"\.?,?[ \xa0](\d{4})\b")
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?!\d)")
_YEAR_CHARS = 4
_NO_YEARS = frozenset("%-–/")
"""What stands behind a number that is no year."""
_YEAR = re.compile(r"\d{4}(?![\d,.]*\d|[-–/]\d)")

_SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}
_QUARTERS = {"first": 1, "second": 4, "third": 7, "fourth": 10, "last": 10}
_NEAR = {"this": 0, "next": 1, "last": -1, "coming": 1, "previous": -1}
_PERIODS = frozenset({"week", "month", "year"})
_YEAR_LEADS = grammar("days")["year_leads"]
_MONTH_LEADS = _YEAR_LEADS | frozenset(
    ["this", "next", "last", "late", "early", "mid", "and", "through"]
)


class Days(NamedTuple):
    """Days, and the characters and words that name them."""

    on: date
    until: date | None
    start: int
    end: int
    first: int


def named_days(passage: Passage, today: date | None) -> list[Days]:
    """Return all days that a passage names; some may overlap."""
    found = [
        _by_month(passage, m.first, int(m.mark.value), today) for m in passage.of_kind("month")
    ]
    words = passage.words
    found += [_by_year(passage, at) for at in passage.digits if len(words[at]) == _YEAR_CHARS]
    for marked in passage.of_kind("when"):
        at, word = marked.first, marked.mark.value
        if word in _SEASONS:
            found.append(_season(passage, at, word, today))
        elif word == "quarter":
            found.append(_quarter(passage, at))
        elif today is not None:
            found.append(_relative(passage, at, word, today))
    return [days for days in found if days is not None]


def _by_month(passage: Passage, at: int, month: int, today: date | None) -> Days | None:
    """Return the days of `9 August 2023`, `August 9`, `August 2023`, `by March`."""
    text, start, end = passage.text, passage.starts[at], passage.ends[at]
    before = text[max(0, start - _BEFORE_CHARS) : start]
    day = _DAY_BEFORE.search(before)
    if day is not None:
        year = _YEAR_AFTER.match(text, end)
        begin = start - len(before) + day.start()
        return _dated(
            passage,
            at,
            month,
            (day[1] or day[2], day[2] if day[1] else None),
            year and year[1],
            begin,
            year.end() if year else end,
            today,
        )
    after = _DAY_AFTER.match(text, end)
    if after is not None:
        return _dated(passage, at, month, (after[1], after[2]), after[3], start, after.end(), today)
    year = _YEAR_AFTER.match(text, end)
    if year is not None and int(year[1]) in _YEARS:
        return _months(int(year[1]), month, 1, start, year.end(), at)
    lead = passage.words[at - 1].lower() if at else ""
    if today is None or lead not in _MONTH_LEADS or not passage.words[at][1:2].islower():
        return None
    if len(passage.words[at].rstrip(".")) < 4 and passage.words[at] != "May":
        return None
    return _months(_nearest_year(month, 15, today, lead), month, 1, start, end, at)


def _dated(
    passage: Passage,
    at: int,
    month: int,
    days: tuple[str, str | None],
    year: str | None,
    start: int,
    end: int,
    today: date | None,
) -> Days | None:
    first, last = int(days[0]), int(days[1]) if days[1] else None
    if year is not None and int(year) not in _YEARS:
        return None
    if year is None and today is None:
        return None
    lead = passage.words[at - 2].lower() if at > 1 else ""
    if year is None and lead not in _TO_COME and _is_told_as_to_come(passage, at):
        lead = "next"
    in_year = int(year) if year else _nearest_year(month, first, today or date.min, lead)
    on, until = _day(in_year, month, first), _day(in_year, month, last) if last else None
    if on is None or (last and (until is None or until <= on)):
        return None
    return Days(on, until, start, end, at)


def _nearest_year(month: int, day: int, today: date, lead: str) -> int:
    """Return the year that brings a day nearest to the release's; a deadline is to come."""
    years = [
        year for year in (today.year - 1, today.year, today.year + 1) if MINYEAR <= year <= MAXYEAR
    ]
    dates = {year: _day(year, month, min(day, 28)) or today for year in years}
    if lead in _TO_COME:
        to_come = [year for year in years if dates[year] >= today.replace(day=1)]
        if to_come:
            return to_come[0]
    if lead == "last":
        return max((year for year in years if dates[year] <= today), default=today.year)
    recent = [year for year in years if timedelta(0) <= today - dates[year] < _RECENT]
    soon = [year for year in years if timedelta(0) <= dates[year] - today < _SOON]
    nearest = min(years, key=lambda year: abs(dates[year] - today))
    return (soon or recent or [nearest])[-1]


def _is_told_as_to_come(passage: Passage, at: int) -> bool:
    """Tell whether the words before a day speak of what will be."""
    here = passage.sentence[at]
    near = range(max(0, at - _LOOK_BACK), at)
    return any(
        passage.words[n].lower() in {"will", "shall"} for n in near if passage.sentence[n] == here
    )


def _day(year: int, month: int, day: int) -> date | None:
    if not (
        MINYEAR <= year <= MAXYEAR and 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]
    ):
        return None
    return date(year, month, day)


def _months(year: int, month: int, count: int, start: int, end: int, at: int) -> Days | None:
    """Return the days from the first of a month to the last of the `count`-th."""
    last_year, last_month = year + (month + count - 2) // 12, (month + count - 2) % 12 + 1
    if not (year >= MINYEAR and last_year <= MAXYEAR):
        return None
    until = date(last_year, last_month, monthrange(last_year, last_month)[1])
    return Days(date(year, month, 1), until, start, end, at)


def _by_year(passage: Passage, at: int) -> Days | None:
    """Return the days of `2023-08-09`, and of a year behind a word that tells it from a number."""
    text, start, end = passage.text, passage.starts[at], passage.ends[at]
    iso = _ISO.match(text, start)
    if iso is not None:
        on = _day(int(iso[1]), int(iso[2]), int(iso[3])) if int(iso[1]) in _YEARS else None
        return None if on is None else Days(on, None, start, iso.end(), at)
    if not _YEAR.fullmatch(passage.words[at]) or int(passage.words[at]) not in _YEARS:
        return None
    here = passage.sentence[at]
    lead = passage.words[at - 1].lower() if passage.in_sentence(at - 1, here) else ""
    listed = lead in {"and", "or"} and _YEAR.fullmatch(passage.words[at - 2])
    if lead not in _YEAR_LEADS and not listed:
        return None
    if passage.words[at - 1] == "of" and at > 1 and passage.is_capital(at - 2):
        return None  # the Act of 1950
    if passage.between(at - 1).strip(" \xa0\n") or text[end : end + 1] in _NO_YEARS:
        return None
    return _months(int(passage.words[at]), 1, 12, start, end, at)


def _season(passage: Passage, at: int, season: str, today: date | None) -> Days | None:
    lead = passage.words[at - 1].lower() if at else ""
    start, end = passage.starts[at], passage.ends[at]
    year = _YEAR_AFTER.match(passage.text, end)
    if year is not None and int(year[1]) in _YEARS:
        return _months(int(year[1]), _SEASONS[season], 3, start, year.end(), at)
    if today is None or lead not in _NEAR:
        return None
    in_year = today.year + _NEAR[lead]
    if lead == "next" and _SEASONS[season] > today.month:
        in_year = today.year
    if lead == "last" and _SEASONS[season] + 2 < today.month:
        in_year = today.year
    return _months(in_year, _SEASONS[season], 3, passage.starts[at - 1], end, at)


def _quarter(passage: Passage, at: int) -> Days | None:
    """Return the days of `first quarter of 2023`."""
    lead = passage.words[at - 1].lower() if at else ""
    after = [word.lower() for word in passage.words[at + 1 : at + 3]]
    year = after[1] if after[:1] in (["of"], ["in"]) and len(after) > 1 else "".join(after[:1])
    if lead not in _QUARTERS or not _YEAR.fullmatch(year) or int(year) not in _YEARS:
        return None
    last = at + 1 + after.index(year)
    if passage.sentence[last] != passage.sentence[at]:
        return None
    start, end = passage.starts[at - 1], passage.ends[last]
    return _months(int(year), _QUARTERS[lead], 3, start, end, at - 1)


def _relative(passage: Passage, at: int, word: str, today: date) -> Days | None:
    """Return the days of `tomorrow`, `next week`, `last year`, `the end of this month`."""
    start, end = passage.starts[at], passage.ends[at]
    if word not in _PERIODS:
        on = _shifted(today, 1 if word == "tomorrow" else -1)
        return None if on is None else Days(on, None, start, end, at)
    lead = passage.words[at - 1].lower() if at else ""
    of_the_end = lead == "the" and [w.lower() for w in passage.words[max(0, at - 3) : at - 1]] == [
        "end",
        "of",
    ]
    if lead not in _NEAR and not of_the_end:
        return None
    shift, start = _NEAR.get(lead, 0), passage.starts[at - 1]
    if word == "week":
        monday = _shifted(today, 7 * shift - today.weekday())
        sunday = None if monday is None else _shifted(monday, 6)
        return (
            None if monday is None or sunday is None else Days(monday, sunday, start, end, at - 1)
        )
    if word == "year":
        return (
            _months(today.year + shift, 1, 12, start, end, at - 1)
            if today.year + shift > 0
            else None
        )
    month = today.month + shift
    year, month = today.year + (month - 1) // 12, (month - 1) % 12 + 1
    return _months(year, month, 1, start, end, at - 1)


def _shifted(day: date, days: int) -> date | None:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return None
