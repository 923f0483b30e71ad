"""Lists of feeds as OPML 2.0, the form that every feed reader imports and exports. Pure.

Read with expat alone and without a tree: nothing outside the document is ever fetched, and one
with a DOCTYPE is refused, for it is where entity bombs begin and no OPML needs it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from xml.parsers.expat import ExpatError, ParserCreate
from xml.sax.saxutils import escape, quoteattr

from despatch.errors import PermanentError

MAX_BYTES = 15 * 1024 * 1024
MAX_DEPTH = 50

_OURS = "urn:despatch:opml"
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Outline:
    """One feed of a list."""

    address: str
    title: str = ""
    site: str = ""
    """The page that the feed belongs to."""
    folders: tuple[str, ...] = ()
    """The folders that it lies in, the outermost first."""
    name: str = ""
    """What its source was called where the list was made, if that was Despatch."""
    settings: str = ""
    """The source's other settings, as JSON, likewise."""
    paused: bool = False


@dataclass(slots=True)
class _Reading:
    """What was read so far."""

    outlines: list[Outline] = field(default_factory=list)
    open: list[tuple[str, str]] = field(default_factory=list)
    """The elements around the place: each one's name, and an outline's text."""
    is_opml: bool = False


def read_opml(document: bytes) -> list[Outline]:
    """Return the feeds of a list in their order: every outline that has an `xmlUrl`.

    Raises PermanentError (`not OPML`) for another document, one that is broken, has a DOCTYPE, is
    over 15 MiB or nested more than 50 deep.
    """
    if len(document) > MAX_BYTES:
        raise _no_opml(f"it is over {MAX_BYTES // 1024 // 1024} MiB")
    reading = _Reading()
    parser = ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = lambda name, given: _begin(reading, name, given)
    parser.EndElementHandler = lambda _name: reading.open.pop()
    try:
        parser.Parse(document.lstrip(), True)
    except ExpatError as exc:
        raise _no_opml(str(exc)) from exc
    except (LookupError, ValueError) as exc:  # an encoding that nobody knows
        raise _no_opml(str(exc)) from exc
    if not reading.is_opml:
        raise _no_opml("its first element is another")
    return reading.outlines


def write_opml(outlines: Iterable[Outline], *, title: str, at: datetime) -> str:
    """Return a list of feeds as OPML 2.0; `read_opml` gives the same outlines back.

    What XML can't hold (control characters) is left out.
    """
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<opml version="2.0" xmlns:despatch="{_OURS}">',
        "  <head>",
        f"    <title>{escape(_NO_XML.sub('', title))}</title>",
        f"    <dateCreated>{format_datetime(at, usegmt=True)}</dateCreated>",
        "  </head>",
        "  <body>",
    ]
    inside: tuple[str, ...] = ()
    for one in outlines:
        common = next(
            (n for n, (a, b) in enumerate(zip(inside, one.folders, strict=False)) if a != b),
            min(len(inside), len(one.folders)),
        )
        lines += ["  " * (n + 2) + "</outline>" for n in range(len(inside), common, -1)]
        for n, folder in enumerate(one.folders[common:], common):
            lines.append("  " * (n + 2) + f"<outline text={_quoted(folder)}>")
        inside = one.folders
        lines.append("  " * (len(inside) + 2) + f"<outline {_attributes(one)}/>")
    lines += ["  " * (n + 2) + "</outline>" for n in range(len(inside), 0, -1)]
    return "\n".join([*lines, "  </body>", "</opml>"]) + "\n"


def _attributes(one: Outline) -> str:
    given = {
        "type": "rss",
        "text": one.title or one.name or one.address,
        "title": one.title,
        "xmlUrl": one.address,
        "htmlUrl": one.site,
        "despatch:name": one.name,
        "despatch:settings": one.settings,
        "despatch:paused": "true" if one.paused else "",
    }
    return " ".join(f"{name}={_quoted(value)}" for name, value in given.items() if value)


def _quoted(value: str) -> str:
    """Return a value in quotes; line ends and tabs as references, else a reader sees blanks."""
    return quoteattr(_NO_XML.sub("", value))


def _begin(reading: _Reading, name: str, given: Mapping[str, str]) -> None:
    if len(reading.open) >= MAX_DEPTH:
        raise _no_opml(f"it is nested more than {MAX_DEPTH} deep")
    plain = name.rpartition(":")[2].casefold()
    if not reading.open and plain == "opml":
        reading.is_opml = True
    attributes = {key.casefold(): value for key, value in given.items()}
    text = attributes.get("text") or attributes.get("title") or ""
    address = attributes.get("xmlurl", "").strip()
    if plain == "outline" and address:
        reading.outlines.append(
            Outline(
                address=address,
                title=attributes.get("title") or text,
                site=attributes.get("htmlurl", "").strip(),
                folders=tuple(text for name, text in reading.open if name == "outline"),
                name=attributes.get("despatch:name", ""),
                settings=attributes.get("despatch:settings", ""),
                paused=attributes.get("despatch:paused") == "true",
            )
        )
    reading.open.append((plain, text))


def _refuse_doctype(*_given: object) -> None:
    raise _no_opml("it has a DOCTYPE; remove that line")


def _no_opml(why: str) -> PermanentError:
    return PermanentError(f"not OPML: {why}")
