"""The facts of a release that matter to a reader, in words. Pure.

Not all: parties before places that are only named, figures that say what they measure, days on
which something happens. The rest is in `despatch export` and in a webhook's body.
"""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date

from alerts.messages.about import day
from alerts.messages.said import FactLines
from alerts.words import listed, one_line
from despatch.facts import Agreement, DateFact, Facts, Figure, Person
from despatch.shorten import shorten

MOST = 4
"""Lines of one kind."""
MAX_LINE = 200
MAX_NAMES = 8

_KINDS = {"deadline": "Deadline", "starts": "Starts", "ends": "Ends", "event": "Event"}
_SIGNS = {"GBP": "£", "EUR": "€", "USD": "$"}
_LARGE = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))


def fact_lines(facts: Facts | None) -> tuple[FactLines, ...]:
    """Return the facts that matter, kind by kind; nothing where none was found."""
    if facts is None:
        return ()
    found = (
        FactLines("Agreements", tuple(map(_agreement, facts.agreements))[:MOST]),
        FactLines("Figures", tuple(_figure(one) for one in facts.figures if one.of)[:MOST]),
        FactLines("Dates", tuple(_dated(one) for one in facts.dates if one.kind in _KINDS)[:MOST]),
        FactLines("People", tuple(map(_person, facts.people))[:MOST]),
        FactLines("Countries", tuple(_countries(facts))),
    )
    return tuple(one for one in found if one.lines)


def _agreement(one: Agreement) -> str:
    parties = f" between {listed([one_line(party) for party in one.parties[:MAX_NAMES]])}"
    on = f" {_about(one_line(one.about))}" if one.about else ""
    name = one_line(one.instrument)
    said = f"{name[:1].upper()}{name[1:]}{parties if one.parties else ''}{on}: {one.status}"
    return shorten(said, MAX_LINE)


def _about(words: str) -> str:
    """Return what it is on; a text often says what it is to do."""
    return words if words.startswith(("to ", "on ", "for ")) else f"on {words}"


def _figure(one: Figure) -> str:
    against = f", compared to {one_line(one.against)}" if one.against else ""
    turn = {"up": "up by ", "down": "down by "}.get(one.change or "", "")
    return shorten(f"{one_line(one.of)}: {turn}{amount(one)}{against}", MAX_LINE)


def amount(one: Figure) -> str:
    """Return a number with its unit: `90%`, `£1.2 billion`, `18,000 people`."""
    number = _number(one.value)
    if one.unit == "percent":
        return f"{number}%"
    if one.unit in _SIGNS:
        return f"{_SIGNS[one.unit]}{number}"
    return f"{number} {one_line(one.unit)}"


def _number(value: float) -> str:
    for size, name in _LARGE:
        if abs(value) >= size:
            return f"{value / size:,.3g} {name}" if abs(value) < 1e15 else f"{value:.3g}"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.10g}"


def _dated(one: DateFact) -> str:
    if one.until is None:
        return f"{_KINDS[one.kind]}: {day(one.on)}"
    return (
        f"{_KINDS[one.kind]}: {_month(one.on, one.until) or f'{day(one.on)} to {day(one.until)}'}"
    )


def _month(first: date, last: date) -> str:
    """Return `July 2023` for all its days; nothing for any others."""
    days = monthrange(first.year, first.month)[1]
    whole = first.day == 1 and last == first.replace(day=days)
    return f"{first:%B} {first.year}" if whole else ""


def _person(one: Person) -> str:
    return shorten(f"{one_line(one.name)}, {one_line(one.office)}".rstrip(", "), MAX_LINE)


def _countries(facts: Facts) -> Iterator[str]:
    parties = [one_line(one.name) for one in facts.countries if one.role == "party"]
    named = [one_line(one.name) for one in facts.countries if one.role == "mentioned"]
    if parties:
        yield shorten(listed(parties[:MAX_NAMES]), MAX_LINE)
    if named:
        yield shorten(f"Also named: {listed(named[:MAX_NAMES])}", MAX_LINE)
