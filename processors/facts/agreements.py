"""What governments and bodies agreed or are about to: parties, instrument, status, subject. Pure.

An agreement is a fact when its instrument stands with words of agreeing and with parties, which a
sentence may leave to those before it. What is only named in passing ("recent agreements with", the
Paris Agreement) is none.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from despatch.facts import MAX_OF_A_KIND, MAX_SPAN_CHARS, MAX_SPANS
from processors.facts.countries import Places
from processors.facts.gather import Row, SpanRow
from processors.facts.lexicon import MONTHS, grammar
from processors.facts.local import local_government
from processors.facts.main_parties import JOINT, Parties, codes_of, main_parties, names_of
from processors.facts.parties import Chain, chains
from processors.facts.passage import Marked, Passage
from processors.facts.phrases import clause_end, phrase

Status = Literal["agreed", "signed", "planned", "in talks"]

_BEFORE = 26
_AFTER = 30
_LEAD_CHARS = 600
_NAMED_BEHIND = 4


_WEAK = frozenset(
    {"agreement", "partnership", "dialogue", "alliance", "compact", "protocol", "roadmap"}
    | {"action plan", "working group", "cooperation"}
)
"""Instruments that are named for many other things: they need their own parties or `new`."""
_WORDS = grammar("agreements")
_PLURALS = _WORDS["plurals"]
_PASSING = _WORDS["passing"]
_OF_A_DEAL = _WORDS["of_a_deal"]
_NEW = _WORDS["new"]
_SIGNING = _WORDS["signing"]
_AGREEING = _WORDS["agreeing"]
_PLANNING = _WORDS["planning"]
_TALKING = _WORDS["talking"]
_TO_SIGN = _PLANNING | {"to"}
_ON = _WORDS["on"]
_ABOUT_STOPS = _WORDS["about_stops"]
_COVERS = _WORDS["covers"]
_MONTHS = frozenset(month.lower() for month in MONTHS)
_QUOTES = " \xa0\n\"'”’*_"
_BY = _WORDS["by"]
_LEADS_BEHIND = _WORDS["named_behind"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found(Parties):
    instrument: str
    status: Status
    about: str
    span: SpanRow


@dataclass(frozen=True, slots=True)
class Agreed:
    """The agreements of a release, and the codes of the countries that are their parties."""

    agreements: list[Row]
    codes: frozenset[str]


def find_agreements(passages: Sequence[Passage], places: Places) -> Agreed:
    """Return what the passages say was agreed, in order."""
    found: list[tuple[_Found, list[SpanRow]]] = []
    main = main_parties(passages, places)
    for passage in passages:
        for marked in passage.of_kind("instrument"):
            one = _read(passage, marked, places, main)
            if one is not None:
                main = main or (one if len(one.parties) > 1 else None)
                _add(found, one)
    codes = frozenset(code for one, _ in found for code in one.codes)
    return Agreed([_row(one, spans) for one, spans in found], codes)


def _add(found: list[tuple[_Found, list[SpanRow]]], new: _Found) -> None:
    """Add an agreement, or what it says of one that is known: the same, with parties left out."""
    for at, (known, spans) in enumerate(found):
        parties, others = set(known.parties), set(new.parties)
        if known.instrument == new.instrument and (parties <= others or others <= parties):
            fuller = known if others <= parties else new
            further = "signed" if "signed" in {known.status, new.status} else known.status
            about = known.about or new.about
            merged = replace(
                known, parties=fuller.parties, codes=fuller.codes, status=further, about=about
            )
            if len(spans) < MAX_SPANS and new.span not in spans:
                spans.append(new.span)
            found[at] = merged, spans
            return
    if len(found) < MAX_OF_A_KIND:
        found.append((new, [new.span]))


def _row(found: _Found, spans: list[SpanRow]) -> Row:
    return {
        "evidence": spans,
        "parties": found.parties,
        "instrument": found.instrument,
        "status": found.status,
        "about": found.about,
    }


def _read(passage: Passage, marked: Marked, places: Places, main: Parties | None) -> _Found | None:
    """Return the agreement that an instrument stands for; None if it is none of the release's."""
    instrument = marked.mark.value
    before = [
        passage.words[at].lower()
        for at in range(max(0, marked.first - 3), marked.first)
        if at not in passage.covered  # the African Union is no trade union
    ]
    begin, end = _bounds(passage, marked)
    status = _status(passage, marked, begin, end)
    if _in_passing(passage, marked, before, status):
        return None
    chain = _own_parties(passage, marked, begin, end, places)
    names, codes = (names_of(chain), codes_of(chain)) if chain else ((), frozenset())
    of_states = bool(codes) or (chain is not None and any(one.local for one in chain.parties))
    own = len(names) > 1 and (of_states or instrument not in _WEAK)
    listed = main is not None and main.listed
    spoken = passage.field == "title" and (instrument in JOINT or listed)
    if not own:
        if main is None or not (set(names) <= set(main.parties) or spoken):
            return None
        if status is None and not spoken:
            return None
        if instrument in _WEAK and not (_NEW & set(before) or (listed and spoken)):
            return None
        names, codes = main.parties, main.codes
    elif status is None and not _is_in_front(passage, marked):
        return None
    about_end, about = _about(passage, marked, chain, end)
    span = _evidence(passage, marked, chain, about_end)
    return _Found(
        names[:MAX_OF_A_KIND],
        codes,
        instrument=instrument,
        status=status or "agreed",
        about=about,
        span=span,
    )


def _bounds(passage: Passage, marked: Marked) -> tuple[int, int]:
    """Return the words around an instrument that stand in its sentence."""
    here = passage.sentence[marked.first]
    begin, end = passage.sentence_end(here - 1), passage.sentence_end(here)
    return max(begin, marked.first - _BEFORE), min(end, marked.last + _AFTER)


def _in_passing(
    passage: Passage, marked: Marked, before: Sequence[str], status: Status | None
) -> bool:
    if _PASSING & set(before):
        return True
    word = passage.words[marked.last - 1].lower()
    if word in _PLURALS:
        return status != "signed"
    if word == "deal" and marked.mark.value == "agreement":
        return not (before and before[-1] in _OF_A_DEAL)
    return False


def _is_in_front(passage: Passage, marked: Marked) -> bool:
    """Tell whether the title or the lead names an instrument that is hardly named in passing."""
    if passage.field == "title":
        return True
    return passage.starts[marked.first] < _LEAD_CHARS and marked.mark.value in JOINT


def _status(passage: Passage, marked: Marked, begin: int, end: int) -> Status | None:
    """Return how far it has come, by the words beside the instrument; None if none says so."""
    words = list(map(str.lower, passage.words[begin:end]))
    at = marked.first - begin
    near = words[max(0, at - 10) : at]
    after = words[at + marked.last - marked.first :][:8]
    signed = range(max(0, at - 13), min(at + 14, len(words)))
    signing = next((n for n in signed if words[n] in _SIGNING), None)
    if signing is not None:
        to_come = _TO_SIGN & set(words[max(0, signing - 3) : signing])
        return (
            "planned"
            if to_come or (words[signing] == "signing" and _PLANNING & set(near))
            else "signed"
        )
    if _TALKING & {*near[-6:], *after[:2]}:
        return "in talks"
    if _PLANNING & {*near[-7:], *after[:2]} or after[:2] == ["to", "be"]:
        return "planned"
    return "agreed" if _AGREEING & {*near, *after[:6]} else None


def _own_parties(
    passage: Passage, marked: Marked, begin: int, end: int, places: Places
) -> Chain | None:
    """Return the parties that the sentence gives an instrument, or None."""
    all_chains = chains(passage, begin, end, places)
    before = [chain for chain in all_chains if chain.last <= marked.first]
    after = [chain for chain in all_chains if chain.first >= marked.last]
    for chain in chains(passage, marked.last, end, places, bodies=True):
        lead = {
            word.lower() for word in passage.words[max(marked.last, chain.first - 6) : chain.first]
        }
        if len(chain.parties) > 1 and (
            lead & {"between", "among"} or (lead & _BY and marked.mark.value in JOINT)
        ):
            return chain
    several = [chain for chain in before if len(chain.parties) > 1]
    partner = next((chain for chain in after if _is_with(passage, marked, chain)), None)
    if partner is not None and before and (not several or several[-1] is not before[-1]):
        return _together(before[0], partner)
    if several:
        return several[-1]
    if after and len(after[0].parties) > 1:
        named = _is_named_behind(passage, marked, after[0])
        if marked.mark.value in JOINT or (named and not before):
            return after[0]
    local = local_government(passage, marked.last, end)
    bodies = chains(passage, begin, marked.first, places, bodies=True) if local else []
    if local is not None and bodies:
        return _together(bodies[-1], Chain((local,), local.first, local.last))
    return partner or (before[-1] if before else None)


def _is_named_behind(passage: Passage, marked: Marked, chain: Chain) -> bool:
    """Tell whether its name says whose it is: `Roadmap for a Renewed U.S.-Canada Partnership`."""
    first, second = chain.parties[0], chain.parties[1]
    return (
        chain.first - marked.last <= _NAMED_BEHIND
        and passage.words[marked.last].lower() in _LEADS_BEHIND
        and first.last == second.first
        and passage.between(first.last - 1) in {"-", "–", "‑"}
    )


def _is_with(passage: Passage, marked: Marked, chain: Chain) -> bool:
    lead = [word.lower() for word in passage.words[max(marked.last, chain.first - 4) : chain.first]]
    return "with" in lead


def _together(one: Chain, other: Chain) -> Chain:
    names = {party.name: party for party in (*other.parties, *one.parties)}
    parties = tuple(sorted(names.values(), key=lambda party: party.first))
    return Chain(parties, one.first, other.last)


def _about(passage: Passage, marked: Marked, chain: Chain | None, end: int) -> tuple[int, str]:
    """Return what the instrument is on, and where that ends; empty where it is not said."""
    at = marked.last
    if chain is not None and marked.last < chain.last and chain.first - marked.last < 6:
        at = chain.last
    words = [word.lower() for word in passage.words[at : min(end, at + 4)]]
    covers = next((n for n, word in enumerate(words) if word in _COVERS), None)
    if covers is not None:
        return _phrase(passage, at + covers + 1, end, commas=True)
    if not words or (at > 0 and passage.between(at - 1).strip(_QUOTES)):
        return at, ""
    if words[0] == "to" and len(words) > 1 and words[1] not in {"be", "the", "a"}:
        return _phrase(passage, at, end)
    if words[0] in _ON:
        in_field = words[0] == "in" and "of" in words[:4] and words.index("of") + 1
        dated = len(words) > 1 and (words[1][0].isdigit() or words[1] in _MONTHS)
        if not dated and (words[0] != "in" or in_field):
            return _phrase(passage, at + (in_field or 1), end)
    return at, ""


def _phrase(passage: Passage, first: int, end: int, *, commas: bool = False) -> tuple[int, str]:
    last = (
        min(end, clause_end(passage, first, stops=_ABOUT_STOPS, commas=commas))
        if first < end
        else first
    )
    return last, phrase(passage, first, last)


def _evidence(passage: Passage, marked: Marked, chain: Chain | None, about_end: int) -> SpanRow:
    """Return the words from the parties to the subject, as far as they fit in a span."""
    first = min(marked.first, chain.first) if chain is not None else marked.first
    if passage.ends[marked.last - 1] - passage.starts[first] > MAX_SPAN_CHARS:
        first = marked.first
    return passage.span(first, max(marked.last, about_end))
