"""Which countries and territories a release names, and which of them are parties. Pure."""

from collections.abc import Collection, Sequence

from processors.facts.gather import Gathered, Row
from processors.facts.lexicon import COUNTRY_NAMES, UNDECIDED, word_set
from processors.facts.passage import Marked, Passage
from processors.facts.table import FOLDED

_GEORGIA = "GE"
_STATE_NEAR = 12
"""Words around Georgia that say which one it is."""
_SURE = frozenset({"Georgian", "Georgians", "Tbilisi", "Abkhazia", "Ossetia"})
_CITY_STATE = word_set("us_states") | {"Georgia"}
_ALSO_NAMES = word_set("also_names")
_FIRST_NAMES = word_set("first_names")
_STATE_WORDS = word_set("georgia_state")
_COUNTRY_WORDS = word_set("georgia_country")


class Places:
    """The countries of all passages of one release, told apart from what only looks like them."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._named = {
            marked.mark.value for passage in passages for marked in passage.of_kind("country")
        }
        self._georgia_is_state: bool | None = None
        self._passages = passages
        self._codes: dict[tuple[str, int], str] = {}
        for passage in passages:
            for marked in passage.of_kind("country"):
                code = self._decide(passage, marked)
                if code:
                    self._codes[passage.field, marked.first] = code

    def code(self, passage: Passage, marked: Marked) -> str | None:
        """Return the code of a name, or None if it is no country after all."""
        return self._codes.get((passage.field, marked.first))

    def within(self, passage: Passage, first: int, last: int) -> list[tuple[int, str]]:
        """Return where countries are named in the words `[first, last)`, with their codes."""
        codes = self._codes
        named = [name.first for name in passage.names_in(first, last)]
        return [(at, code) for at in named if (code := codes.get((passage.field, at)))]

    def facts(self, parties: Collection[str]) -> list[Row]:
        """Return the countries in order; those whose codes are among the parties are parties."""
        found = Gathered()
        for passage in self._passages:
            for marked in passage.of_kind("country"):
                code = self.code(passage, marked)
                if code and found.wants(code):
                    role = "party" if code in parties else "mentioned"
                    row: Row = {"code": code, "name": COUNTRY_NAMES[code], "role": role}
                    found.add(code, row, passage.span(marked.first, marked.last))
        return found.rows()

    def _decide(self, passage: Passage, marked: Marked) -> str | None:
        code = marked.mark.value
        if code in UNDECIDED:
            known = [one for one in UNDECIDED[code] if one in self._named]
            return known[0] if known else UNDECIDED[code][0]
        word = passage.words[marked.first]
        if FOLDED[word][1] in _ALSO_NAMES and _is_of_a_person(passage, marked):
            return None
        if _is_in_a_state(passage, marked):
            return None
        if code == _GEORGIA and not marked.mark.adjective and self._is_state(passage, marked):
            return None
        if code == "RE" and "é" not in word:
            return None
        return code

    def _is_state(self, passage: Passage, marked: Marked) -> bool:
        """Tell whether Georgia is the state: by the words near it, else by the whole text."""
        if marked.last > marked.first + 1:
            return False
        near = range(max(0, marked.first - _STATE_NEAR), marked.last + _STATE_NEAR)
        words = {
            FOLDED[passage.words[at]][1]
            for at in near
            if passage.in_sentence(at, passage.sentence[marked.first])
        }
        state, country = len(words & _STATE_WORDS), len(words & _COUNTRY_WORDS)
        if state != country:
            return state > country
        if self._georgia_is_state is None:
            self._georgia_is_state = self._whole_text_is_of_the_state()
        return self._georgia_is_state

    def _whole_text_is_of_the_state(self) -> bool:
        words = {FOLDED[word][1] for passage in self._passages for word in passage.words}
        return not words & _SURE and len(words & _STATE_WORDS) >= len(words & _COUNTRY_WORDS)


def _is_of_a_person(passage: Passage, marked: Marked) -> bool:
    """Tell whether a name is part of a person's: Jim Jordan, Chad Wolf, J. Holland."""
    first, last = marked.first, marked.last
    if last > first + 1:
        return False
    here = passage.sentence[first]
    if passage.in_sentence(first - 1, here):
        before = passage.words[first - 1].rstrip(".")
        if before in _FIRST_NAMES or (len(before) == 1 and before.isupper()):
            return True
    if not passage.in_sentence(last, here) or passage.in_title_case:
        return False
    alone = (
        passage.between(last - 1) == " " and passage.words[first] == FOLDED[passage.words[first]][1]
    )
    return (
        alone
        and passage.is_capital(last)
        and last not in passage.covered
        and _is_given(passage, first)
    )


def _is_given(passage: Passage, at: int) -> bool:
    return FOLDED[passage.words[at]][1] in {"Jordan", "Chad", "Israel", "Georgia", "India"}


def _is_in_a_state(passage: Passage, marked: Marked) -> bool:
    """Tell whether a name is a town's: `Lebanon, Pennsylvania`."""
    at = marked.last
    return (
        not marked.mark.adjective
        and passage.text[passage.ends[at - 1] : passage.ends[at - 1] + 1] == ","
        and passage.in_sentence(at, passage.sentence[marked.first])
        and FOLDED[passage.words[at]][1] in _CITY_STATE - {"Georgia"}
    )
