"""Whether a filter matches a release, facet by facet, and why. Pure.

This is what a filter means. The matcher that is fast over many subscriptions gives the same answer.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from alerts.evidence import scored
from alerts.facets import Facets
from alerts.words import listed, one_line
from despatch.filter import Choice, Filter, Phrase
from despatch.model import Classified, ThemeScore
from despatch.shorten import shorten
from despatch.sureness import percent
from despatch.wording import name_key

MAX_NAMED = 6
"""Values that a sentence names."""
MAX_VALUE = 60
"""Characters of one of them."""

EVERYTHING = "every release"
"""The reason where a filter asks for nothing."""


@dataclass(frozen=True, slots=True)
class Check:
    """What one facet of a filter makes of a release."""

    facet: str
    """Field of the filter."""
    met: bool
    said: str
    """What was found, or what is missing or in the way; empty if only `none` was asked and met."""


def matches(filter_: Filter, classified: Classified) -> str | None:
    """Return why a filter matches, or None if it doesn't.

    `theme migration, 97% sure: “small boats”; country TR (Türkiye); “visa fee” in the title`.
    """
    return reason(filter_, Facets(classified))


def reason(filter_: Filter, facets: Facets) -> str | None:
    """Return the same for a release whose facets are read once for many filters."""
    said = []
    for check in checks(filter_, facets):
        if not check.met:
            return None
        if check.said:
            said.append(check.said)
    return "; ".join(said) or EVERYTHING


def checks(filter_: Filter, facets: Facets) -> Iterator[Check]:
    """Yield one answer for each facet that is asked about, in the order of the filter's fields."""
    if filter_.themes or filter_.minimum_score is not None:
        yield _themes(filter_, facets)
    for there in _there(facets):
        wanted: Choice[Any] = getattr(filter_, there.facet)
        if wanted:
            yield _check(there.facet, wanted, there.has, there.show, there.instead)
    if filter_.phrases:
        yield _phrases(filter_.phrases, facets)


def _themes(filter_: Filter, facets: Facets) -> Check:
    wanted, least = filter_.themes, filter_.minimum_score or 0.0
    best_first = sorted(facets.classified.themes, key=lambda one: (-one.score, one.theme))
    enough = {str(one.theme): one for one in best_first if one.score >= least}
    low = [one for one in best_first if one.score < least]
    barred = [name for name in wanted.none if name in facets.themes]
    if barred:
        return Check("themes", False, f"it has theme {_named(barred)}, which is excluded")
    if not wanted.any and not wanted.all and filter_.minimum_score is not None and not enough:
        return Check("themes", False, _lacks("it has no theme with the score", _scores(low, least)))
    there = [_it_has("its themes are", enough, ""), _scores(low, least)]
    instead = "; ".join(part for part in there if part) or "it belongs to no theme"
    found = _check("themes", wanted, enough.__contains__, "theme {}".format, instead)
    asked = {*wanted.any, *wanted.all} or (set(enough) if filter_.minimum_score else set())
    if not found.met:
        return found
    return replace(
        found, said="; ".join(map(scored, (enough[name] for name in enough if name in asked)))
    )


def _scores(low: Sequence[ThemeScore], least: float) -> str:
    wanted = f"less than the {100 * least:g}% asked for"
    return listed([f"{one.theme} is {percent(one.score)} sure, {wanted}" for one in low])


@dataclass(frozen=True, slots=True)
class _There:
    """The values that a release has of one facet, and how they are spoken of."""

    facet: str
    label: str
    values: Mapping[str, str]
    """Each with the words that show it."""
    instead: str
    """What is there, for whoever misses something."""
    key: Callable[[str], str] = str

    def has(self, value: str) -> bool:
        return self.key(value) in self.values

    def show(self, value: str) -> str:
        return f"{self.label} {self.values.get(self.key(value), value)}"


def _there(facets: Facets) -> Iterator[_There]:
    unread = " (no facts were read from it)" if facets.classified.facts is None else ""
    countries = {code: f"{code} ({name})" for code, name in facets.countries.items()}
    bodies, people = facets.organisations, facets.people
    types = {one: one for one in facets.document_types}
    sources = {one: one for one in facets.sources}
    named = _it_has("it names", countries.values(), "it names no country") + unread
    yield _There("countries", "country", countries, named)
    named = _it_has("it names", bodies.values(), "it names no organisation") + unread
    yield _There("organisations", "organisation", bodies, named, name_key)
    named = _it_has("it names", people.values(), "it names nobody") + unread
    yield _There("people", "person", people, named, name_key)
    typed = _it_has("its type is", types, "its source gives no document type")
    yield _There("document_types", "document type", types, typed)
    yield _There("sources", "source", sources, _it_has("it is from", sources, ""))


def _phrases(wanted: Choice[Phrase], facets: Facets) -> Check:
    found = {phrase: facets.find(phrase) for phrase in (*wanted.any, *wanted.all, *wanted.none)}

    def show(phrase: Phrase) -> str:
        at = found[phrase]
        if at is None:
            in_title = " in the title" if phrase.where == "title" else ""
            return f"{'exactly ' if phrase.exact else ''}{phrase}{in_title}"
        text = facets.release.title if at.field == "title" else facets.release.text
        shown = shorten(one_line(text[at.start : at.end]), MAX_VALUE)
        return f"“{shown}”{' in the title' if at.field == 'title' else ''}"

    return _check("phrases", wanted, lambda one: found[one] is not None, show, "")


def _check(
    name: str,
    wanted: Choice[Any],
    has: Callable[[Any], bool],
    show: Callable[[Any], str],
    instead: str,
) -> Check:
    barred = [one for one in wanted.none if has(one)]
    if barred:
        return Check(name, False, f"it has {_named(map(show, barred))}, which is excluded")
    lacking = [one for one in wanted.all if not has(one)]
    if lacking:
        return Check(name, False, _lacks(f"it lacks {_named(map(show, lacking))}", instead))
    some = [one for one in wanted.any if has(one)]
    if wanted.any and not some:
        return Check(
            name, False, _lacks(f"it has none of {_named(map(show, wanted.any))}", instead)
        )
    return Check(name, True, _named([show(one) for one in (*wanted.all, *some)], "; "))


def _lacks(what: str, instead: str) -> str:
    return f"{what}: {instead}" if instead else what


def _it_has(before: str, values: Collection[str], otherwise: str) -> str:
    return f"{before} {_named(values)}" if values else otherwise


def _named(values: Any, between: str = "") -> str:
    known = [shorten(one_line(str(value)), 4 * MAX_VALUE) for value in values]
    cut = known[:MAX_NAMED]
    if len(known) > MAX_NAMED:
        cut.append(f"{len(known) - MAX_NAMED} more")
    return between.join(cut) if between else listed(cut)
