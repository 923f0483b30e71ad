"""What a release says besides what it says: contacts, sharing, cookies, stamps, legal notes. Pure.

Lines are known by how they begin, and by nothing that could stand in the middle of a report: a
sentence that is taken for a footer is never judged. The text stays as it is; whoever judges it
leaves these ranges out, so that places in it stay true. Knowledge: the lines that real releases of
five governments repeat most, put into patterns of our own.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["share", "cookies", "contact", "notes", "legal", "stamp", "end"]

MAX_LINE_CHARS = 700
"""A longer line is a paragraph of the report, whatever it begins with."""
MAX_BLOCK_LINES = 12
"""A contact block goes on for no more lines after its heading."""
_MAX_BLOCK_WORDS = 8

_DATE = (
    r"(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,?\s+)?"
    r"(?:\d{1,2}(?:st|nd|rd|th)?[\s-]+[a-z]{3,9}\.?,?[\s-]+\d{4}|[a-z]{3,9}\.?\s+\d{1,2},?\s+\d{4}"
    r"|\d{4}-\d\d-\d\d|\d{1,2}[/.]\d{1,2}[/.]\d{2,4})"
)
_MEDIA = r"(?:media|press|news|newsdesk|public|general|journalists?|broadcast)"
_ASK = r"(?:contacts?|enquir\w+|inquir\w+|queries|office|desk|team|line|relations)"
_SITE = r"(?:facebook|twitter|linkedin|whatsapp|reddit|bluesky|threads|instagram|e-?mail|x)"
_REACH = r"(?:\S@\S|\d[\d ()/-]{5,}\d)"
_CASE = r"(?:case|prosecution|matter|investigation)"

# Each is tried at the beginning of a line, in any case, and can't run on for long.
_RULES: Mapping[Kind, Sequence[str]] = {
    "share": (
        r"share (?:this|on|via|with|the)\b.{0,40}$",
        rf"(?:share|tweet|{_SITE})$",
        rf"(?:share|post|send) (?:this )?(?:(?:page|article|release) )?(?:on|to|via|by) {_SITE}\b",
        r"(?:print|e-?mail|copy|download|save|bookmark) (?:this|link)\b.{0,30}$",
        r"(?:back to top|skip to (?:main )?content|contents|related (?:content|links))$",
        r"(?:is this page useful|report a problem with this page|give feedback)\b.{0,60}$",
        r"(?:get|sign up (?:for|to)|subscribe to) .{0,40}\b(?:e-?mails?|alerts?|newsletter)\b",
        r"(?:keep|stay) up to date with (?:the|us|our)\b.{0,160}$",
        rf"follow (?:(?:us|our)\b|.{{1,80}}\b(?:on ?{_SITE}|social media)\b).{{0,160}}$",
        r"follow .{1,80}\bon\s*:?$",
        r"(?:like|find) us on .{0,60}$",
    ),
    "cookies": (
        r"(?:we|this (?:web)?site|our (?:web)?site|gov\.uk) uses? (?:\w+ ){0,3}cookies\b",
        r"(?:we|this site)(?:'d|’d| would) like to (?:set|use) .{0,30}cookies\b",
        r"cookies on .{0,60}$",
        r"(?:accept|reject|view|manage|hide|change) (?:\w+ ){0,3}cookies?\b.{0,60}$",
        r"by (?:continuing to|using) .{0,60}\bcookies\b",
    ),
    "contact": (
        rf"(?:[\w&'’-]+ ){{0,4}}{_MEDIA}(?: and \w+)? {_ASK}(?:$|\s*[:–—-]|\b.{{0,40}}{_REACH})",
        r"(?:contacts?|contact (?:us|details|information|for \w+))\s*:?$",
        rf"(?:tel|telephone|phone|mobile|e-?mail|fax|switchboard)\b.{{0,40}}{_REACH}",
        rf"out[ -]of[ -]hours\b.{{0,40}}{_REACH}",
        r"for journalists$",
        r"(?:central newsdesk|newsdesk|duty press officer)\b.{0,90}$",
        rf"for (?:any |all )?(?:further|more|additional|{_MEDIA})\b.{{0,120}}"
        r"\b(?:contact|call|e-?mail|ring|phone|telephone|visit)\b",
        r"(?:please )?(?:contact|e-?mail|call|ring) (?:the |our )?.{0,60}\b(?:press|media)\b",
        r"\S+@\S+\.\w{2,}$",
    ),
    "notes": (
        r"(?:notes?|information) (?:to|for) (?:the )?(?:editors?|journalists|media)\s*:?$",
        r"(?:editor['’]?s['’]? notes?|notes|further information|background notes)\s*:?$",
    ),
    "legal": (
        r"©.{0,80}$",
        r"(?:crown )?copyright(?:[\s:]*(?:©|\(c\)|\d{4}|notice|policy|reserved).{0,80})?$",
        r"all content is available under\b",
        r"(?:an|the|a criminal) (?:indictment|complaint|information|charges?)\b.{0,80}\bmerely\b",
        r"(?:indictments|charges|complaints) .{0,60}\bmerely (?:an )?(?:accusation|allegation)",
        r"(?:all|the) defendants?\b.{0,60}\b(?:are|is) presumed innocent\b",
        rf"this {_CASE} (?:is|was) (?:being )?(?:brought )?(?:as )?part of .{{2,160}}"
        r"\bnation(?:wide|al) (?:initiative|effort|programme|program)\b",
    ),
    "stamp": (
        r"(?:first |last )?(?:published|updated|reviewed|modified)\s*(?:on|at|:)?\s*"
        rf"{_DATE}.{{0,30}}$",
        r"(?:posted|release|delivered|date|published) (?:on|date|at)?\s*:\s*"
        rf"{_DATE}.{{0,50}}$",
        r"for immediate release\b.{0,40}$",
        r"(?:this|the following|the below) is attributable to .{2,80}:?$",
        r"office of (?:the spokesperson|public affairs|communications)$",
    ),
    "end": (
        r"(?:-+\s*)?(?:ends?|end (?:of )?text|begin text)(?:\s*-+)?\s*[.:]?$",
        r"[\W_]+$",
    ),
}
_BOILERPLATE = re.compile(
    "|".join(f"(?P<{kind}>{'|'.join(rules)})" for kind, rules in _RULES.items()), re.IGNORECASE
)
_SHORT_CHARS = 160
_LONG_BEGIN = frozenset(
    {"a", "all", "an", "by", "charges", "complaints", "contact", "follow", "for", "get", "keep"}
    | {"indictments", "our", "please", "sign", "stay", "subscribe", "the", "this", "we", "gov.uk"}
)
"""How a line of boilerplate begins that is no short one: most lines are passed over by this."""
_REACHES = re.compile(_REACH)


@dataclass(frozen=True, slots=True)
class Range:
    """A part of a text: `text[start:end]`, and what it is."""

    start: int
    end: int
    kind: Kind


def boilerplate(text: str) -> tuple[Range, ...]:
    """Return the parts of a text that say nothing of their own, in order, none touching another."""
    found: list[Range] = []
    for one in _lines(text):
        if found and found[-1].kind == one.kind and not text[found[-1].end : one.start].strip():
            one = Range(found.pop().start, one.end, one.kind)
        found.append(one)
    return tuple(found)


def without_boilerplate(text: str) -> str:
    """Return a text without them."""
    kept, at = [], 0
    for one in boilerplate(text):
        kept.append(text[at : one.start])
        at = one.end
    return "".join([*kept, text[at:]])


def _lines(text: str) -> Iterator[Range]:
    """Yield each line that is boilerplate; after a contact's heading, its short lines too."""
    at = left = 0
    for line in text.split("\n"):
        start, at = at, at + len(line) + 1
        if len(line) > MAX_LINE_CHARS:
            left = 0
            continue
        stripped = line.strip()
        if not stripped:
            continue
        bare = stripped.removeprefix("- ").removeprefix("> ")
        may_be = len(bare) <= _SHORT_CHARS or bare.split(None, 1)[0].lower() in _LONG_BEGIN
        found = _BOILERPLATE.match(bare) if may_be else None
        kind: Kind | None = found.lastgroup if found else None  # type: ignore[assignment]
        if kind == "contact":
            left = MAX_BLOCK_LINES
        elif kind is None and left and _is_of_a_block(stripped):
            kind, left = "contact", left - 1
        else:
            left = 0
        if kind is not None:
            begin = start + line.index(stripped)
            yield Range(begin, begin + len(stripped), kind)


def _is_of_a_block(line: str) -> bool:
    """Tell whether a line goes on with a contact: a name with a number or an address."""
    return len(line.split()) <= _MAX_BLOCK_WORDS and _REACHES.search(line) is not None
