"""What governments and bodies agreed or are about to: parties, instrument, status, subject. Pure.

An agreement is a fact when its instrument stands with words of agreeing and with parties, which a
sentence may leave to those before it. What is only named in passing ("recent agreements with", the
Paris Agreement) is none.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from despatch.facts import MAX_OF_A_KIND, MAX_SPAN_CHARS, MAX_SPANS
from processors.facts.countries import Places
from processors.facts.gather import Row, SpanRow
from processors.facts.lexicon import MONTHS, grammar
from processors.facts.main_parties import JOINT, Parties, codes_of, main_parties, names_of
from processors.facts.own_parties import is_named_after, own_parties, signs_alone
from processors.facts.parties import Chain
from processors.facts.passage import Marked, Passage
from processors.facts.phrases import clause_end, phrase
from processors.facts.standing import Status, is_in_front, is_in_passing, is_made, status_of

_BEFORE = 26
_AFTER = 30


_WEAK = frozenset(
    {"agreement", "partnership", "dialogue", "alliance", "compact", "protocol", "roadmap"}
    | {"action plan", "working group", "cooperation"}
)
"""Instruments that are named for many other things: they need their own parties or `new`."""
_STANDING = frozenset({"alliance", "partnership"})
"""What may have stood for long when a text names it after its partners."""
_WORDS = grammar("agreements")
_NEW = _WORDS["new"]
_ON = _WORDS["on"]
_ABOUT_STOPS = _WORDS["about_stops"]
_COVERS = _WORDS["covers"]
_MONTHS = frozenset(month.lower() for month in MONTHS)
_QUOTES = " \xa0\n\"'”’*_"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found(Parties):
    instrument: str
    status: Status | None
    """None where no word says so: then it is agreed, unless it is said elsewhere."""
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
            further = known.status or new.status
            further = "signed" if "signed" in {known.status, new.status} else further
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
        "status": found.status or "agreed",
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
    status = status_of(passage, marked, begin, end)
    if is_in_passing(passage, marked, begin, before, status):
        return None
    chain = own_parties(passage, marked, begin, end, places)
    names, codes = (names_of(chain), codes_of(chain)) if chain else ((), frozenset())
    of_states = bool(codes) or (chain is not None and any(one.local for one in chain.parties))
    own = len(names) > 1 and (of_states or instrument not in _WEAK)
    own = own or signs_alone(passage, marked, chain)
    listed = main is not None and main.listed
    spoken = passage.field == "title" and (instrument in JOINT or listed)
    if not own:
        if main is None or not (set(names) <= set(main.parties) or spoken):
            return None
        if status is None and not spoken:
            return None
        made = not _NEW.isdisjoint(before) or is_made(passage, marked, begin)
        if instrument in _WEAK and not (made or (listed and spoken)):
            return None
        names, codes = main.parties, main.codes
    elif (status is None and not is_in_front(passage, marked)) or (
        instrument in _STANDING
        and is_named_after(passage, marked, chain)
        and not is_made(passage, marked, begin)
    ):
        return None
    about_end, about = _about(passage, marked, chain, end)
    span = _evidence(passage, marked, chain, about_end)
    return _Found(
        names[:MAX_OF_A_KIND],
        codes,
        instrument=instrument,
        status=status,
        about=about,
        span=span,
    )


def _bounds(passage: Passage, marked: Marked) -> tuple[int, int]:
    """Return the words around an instrument that stand in its sentence."""
    here = passage.sentence[marked.first]
    begin, end = passage.sentence_end(here - 1), passage.sentence_end(here)
    return max(begin, marked.first - _BEFORE), min(end, marked.last + _AFTER)


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
