"""What is said by somebody in a release, and by whom. Pure, and linear in time.

A quotation stands between marks, after a speaker and a colon, behind the `> ` of a blockquote, or
is a speaker's turn in a transcript. Words in marks that are no sentence (“Centre of Excellence”)
are none. Who speaks is said before it or after it, or is whoever spoke last (“he added”).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

LEAST_WORDS = 5
"""Fewer words between marks are a name or a term, not somebody's saying."""
MAX_LOOK = 240
"""Characters before and after a quotation in which its speaker is looked for."""
MAX_SPEAKER_CHARS = 120

_SAID = (
    r"(?:said|says|say|added|adds|commented|explained|stated|told|noted|remarked|concluded"
    r"|continued|declared|observed|replied|warned|insisted|tweeted|wrote)"
)
_MARKED = re.compile(r"“[^“”]*+(?:”|$)|\"[^\"]*+\"")
_VERB = re.compile(rf"\b{_SAID}\b")
_VERB_FIRST = re.compile(rf"[\s,]*{_SAID} ")
# A point ends a clause, but for one behind an initial or a title.
_STOP = re.compile(r"(?<!\b[A-Z])(?<!\bMr)(?<!\bMs)(?<!\bDr)\.(?:\s|$)|[!?:;“”\"\n]")
_TURN = re.compile(
    r"((?:[A-Z.’'-]+ ){0,4}?(?:MR|MS|MRS|DR|THE|SECRETARY|PRESIDENT|MINISTER|AMBASSADOR|OFFICIAL"
    r"|ADMINISTRATOR|GENERAL|CHANCELLOR|MODERATOR|OPERATOR|PARTICIPANT|AUDIENCE|QUESTION|Q)\b"
    r"[A-Z .,’'-]{0,60})(?: \([^)]{1,40}\))?:\s+(?=\S)|(Q)[ \xa0]{2,}(?=\S)"
)
_PRONOUN = re.compile(r"(?:^|.*\s)(?:he|she|they|i|we|who)(?: also)?$", re.IGNORECASE)
_WHOLE = re.compile(r"[.!?,…]['’]?[”\"]$")
_CAPITALS = re.compile(
    r"(?:(?:[A-Z][\w.'’&-]*|of|for|the|and|de|van|von|al|bin|to)(?:\s+|$))+", re.UNICODE
)
_JOINING = frozenset({"of", "for", "the", "and", "to"})
_OFFICES = frozenset(
    {"minister", "secretary", "president", "chancellor", "ambassador", "commissioner", "general"}
    | {"director", "attorney", "governor", "mayor", "sheriff", "chief", "officer", "chair", "judge"}
    | {"spokesperson", "spokesman", "spokeswoman", "commander", "commodore", "colonel", "captain"}
    | {"major", "admiral", "marshal", "administrator", "inspector", "superintendent", "leader"}
    | {"head", "agent", "envoy", "professor", "premier", "senator", "representative", "chairman"}
    | {
        "mr",
        "mrs",
        "ms",
        "miss",
        "dr",
        "sir",
        "dame",
        "lord",
        "lady",
        "baroness",
        "executive",
        "shri",
        "smt",
    }
    | {"executive", "prof", "state", "king", "queen", "prince", "princess", "counselor", "manager"}
)


@dataclass(frozen=True, slots=True)
class Quote:
    """A quotation: `text[start:end]`, with its marks, and who says it; empty where not said."""

    start: int
    end: int
    speaker: str = ""
    office: str = ""


def quotes(text: str) -> tuple[Quote, ...]:
    """Return the quotations of a text, in order, none overlapping another."""
    if not any(mark in text for mark in ("“", '"', ":", "> ", "Q ")):
        return ()
    return tuple(_Reader(text).read())


def speaker_and_office(said: str) -> tuple[str, str]:
    """Return the name and the office of `Immigration Minister Ada Lind` or `Ada Lind, Minister`.

    Both empty where no name is found.
    """
    parts = [part.strip() for part in said.split(",") if part.strip()]
    found = [(at, *_split(_last_capitals(part))) for at, part in enumerate(parts)]
    apart = {at for at in range(len(parts)) if _is_appositive(parts[at], first=not at)}
    for at, name, office in reversed(found):
        if name and office and at not in apart:
            return name, office
    for at, name, _office in found:
        if 2 <= name.count(" ") + 1 <= 4 and at not in apart:
            return name, ", ".join(parts[at + 1 :])
    named = [(name, office) for _at, name, office in found if name and office]
    return named[-1] if named else ("", "")


class _Reader:
    """Goes through the lines of a text; knows who spoke last, and whether a quotation is due."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._last = ("", "")
        self._due = False
        """The line before said that somebody says what follows."""

    def read(self) -> Iterator[Quote]:
        at = 0
        for line in self._text.split("\n"):
            start, at = at, at + len(line) + 1
            bare = line.strip()
            if bare:
                yield from self._line(bare, start + line.index(bare))

    def _line(self, line: str, start: int) -> Iterator[Quote]:
        end = start + len(line)
        if line.startswith("> ") and len(line) > 2:
            yield Quote(start + 2, end, *self._last)
            return  # the next one may go on with it
        due, self._due = self._due, False
        may_turn = line[1:2].isupper() or line[0] == "Q"
        if may_turn and (turn := _TURN.match(line)):
            self._last = (turn[1] or turn[2]).strip(" ,"), ""
            yield Quote(start + turn.end(), end, *self._last)
        elif "“" in line or '"' in line:
            yield from self._marked(line, start, follows=due)
        elif line.endswith(":"):
            self._introduced(line)
        elif due:
            yield Quote(start, end, *self._last)

    def _introduced(self, line: str) -> None:
        who = _before_verb(line[-MAX_LOOK:].rstrip(" :"))
        if who is not None:
            self._due = True
            self._heard(who)

    def _marked(self, line: str, start: int, *, follows: bool) -> Iterator[Quote]:
        """Yield what stands between marks and is somebody's saying."""
        for found in _MARKED.finditer(line):
            if found[0].count(" ") + 1 < LEAST_WORDS:
                continue
            before = line[max(0, found.start() - MAX_LOOK) : found.start()]
            after = line[found.end() : found.end() + MAX_LOOK]
            named = self._named(before.rstrip(" ,:"), after)
            if named or follows or not found.start() or _WHOLE.search(found[0]):
                yield Quote(start + found.start(), start + found.end(), *self._last)
        if line.endswith(":"):
            self._introduced(line)

    def _named(self, before: str, after: str) -> bool:
        """Tell whether a quotation says who speaks, and remember who."""
        who = _before_verb(before)
        if who is not None:
            return self._heard(who)
        if verb := _VERB_FIRST.match(after):
            stop = _STOP.search(after, verb.end())
            return self._heard(after[verb.end() : stop.start() if stop else None], first=True)
        found = _VERB.search(after)
        return (
            found is not None
            and not _STOP.search(after, 0, found.start())
            and self._heard(after[: found.start()])
        )

    def _heard(self, who: str, *, first: bool = False) -> bool:
        """Remember who speaks; a pronoun is whoever spoke last. Return whether anybody does."""
        who = who.strip()
        if _PRONOUN.match(who):
            return True
        found = _named_first(who) if first else speaker_and_office(who)
        if found[0]:
            self._last = found
        return bool(found[0])


def _before_verb(clause: str) -> str | None:
    """Return who says what follows: the clause before its last verb of saying."""
    verbs = list(_VERB.finditer(clause))
    if not verbs or _STOP.search(clause, verbs[-1].end()):
        return None
    verb = verbs[-1]
    begin = 0
    for stop in _STOP.finditer(clause, 0, verb.start()):
        begin = stop.end()
    return clause[begin : verb.start()].strip(" ,")[-MAX_SPEAKER_CHARS:]


def _named_first(said: str) -> tuple[str, str]:
    """Return name and office of what follows the verb: `Ada Lind, Minister for Ports`."""
    name, _comma, rest = said.partition(",")
    name, office = _split(_last_capitals(name))
    return name, office or rest.strip()


def _is_appositive(part: str, *, first: bool) -> bool:
    """Tell whether a part is an office alone: `an adviser`, and behind a comma `Head of Ports`."""
    words = part.split()
    of = any(word in _JOINING for word in words[1:3])
    return words[0][:1].islower() or (not first and of and words[0].lower() in _OFFICES)


def _last_capitals(part: str) -> list[str]:
    """Return the words of the last run of capitals, such as `Secretary of State Ada Lind`."""
    runs = [run for run in _CAPITALS.findall(part) if any(map(str.isupper, run))]
    words = runs[-1].split() if runs else []
    while words and words[0] in _JOINING:
        words.pop(0)
    while words and words[-1] in _JOINING:
        words.pop()
    return words


def _split(words: list[str]) -> tuple[str, str]:
    """Return name and office: what follows the last word of an office, or the last two words."""
    if not words or words[-1].lower().strip(".") in _OFFICES:
        return "", ""
    offices = [at for at, word in enumerate(words) if word.lower().strip(".") in _OFFICES]
    start = offices[-1] + 1 if offices else 0
    end = next((at for at, word in enumerate(words) if at > start and word in _JOINING), len(words))
    if words[start] in _JOINING or end - start > 4:  # Minister for Ports Ada Lind
        start, end = len(words) - 2, len(words)
    rest = " ".join(words[end:])
    office = " ".join(words[:start])
    return " ".join(words[start:end]), f"{office} {rest}".strip() if office else ""
