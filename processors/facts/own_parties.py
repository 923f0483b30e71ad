"""Who a sentence gives an instrument: `the UK and Ghana signed`, `with the Village of …`. Pure."""

from processors.facts.countries import Places
from processors.facts.lexicon import grammar
from processors.facts.main_parties import JOINT
from processors.facts.parties import Chain, chains
from processors.facts.partner import partner_of
from processors.facts.passage import Marked, Passage

_NAMED_BEHIND = 4
_NAMED_BEFORE = 2
_WORDS = grammar("agreements")
_BY = _WORDS["by"]
_SIGNING = _WORDS["signing"]
_LEADS_BEHIND = _WORDS["named_behind"]


def own_parties(
    passage: Passage, marked: Marked, begin: int, end: int, places: Places
) -> Chain | None:
    """Return the parties that the sentence `[begin, end)` gives an instrument, or None."""
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
    body = _with_a_body(passage, marked, begin, end, places)
    return body or partner or (before[-1] if before else None)


def signs_alone(passage: Passage, marked: Marked, chain: Chain | None) -> bool:
    """Tell whether a title says that one state signs what many have: `Peru Signs the … Accords`."""
    if passage.field != "title" or chain is None or chain.last > marked.first:
        return False
    between = passage.words[chain.last : marked.first]
    return len(chain.parties) == 1 and not _SIGNING.isdisjoint(map(str.lower, between))


def is_named_after(passage: Passage, marked: Marked, chain: Chain | None) -> bool:
    """Tell whether a text names it after its partners: `the Chile-Peru Alliance`."""
    if passage.field == "title" or chain is None or len(chain.parties) != 2:
        return False
    first, second = chain.parties
    joined = first.last == second.first and passage.between(first.last - 1) in {"-", "–", "‑"}
    return joined and 0 <= marked.first - chain.last <= _NAMED_BEFORE


def _with_a_body(
    passage: Passage, marked: Marked, begin: int, end: int, places: Places
) -> Chain | None:
    """Return a department and the town or body with which it agrees, wherever it is named."""
    partner = partner_of(passage, marked.last, end)
    if partner is None:
        return None
    others = [
        chain
        for first, last in ((begin, marked.first), (partner.last, end))
        for chain in chains(passage, first, last, places, bodies=True)
        if any(one.code is None and one.name != partner.name for one in chain.parties)
    ]
    if not others:
        return None
    before = [chain for chain in others if chain.last <= marked.first]
    whose = before[-1] if before else others[-1]
    return _together(whose, Chain((partner,), partner.first, partner.last))


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
    return Chain(parties, min(one.first, other.first), max(one.last, other.last))
