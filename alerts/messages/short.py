"""One line for channels with little room, such as a text message. Pure.

What happened, the title, the themes, why one gets it, and the link; how to stop, if there is room.
The link is whole, or it would lead nowhere: the title is cut for it, between words, and a text
message becomes two.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

from alerts.messages.said import NO_URL, DigestSaid, Line, NoteSaid, ReleaseSaid, Said, Url
from alerts.messages.sms import MOST_SEGMENTS, plain, segments
from alerts.words import one_line
from despatch.shorten import shorten

ENOUGH = 50
"""Characters of a title by which a reader knows what it is about: below that, one more message."""
LEAST = 15
"""Fewer say nothing: then themes, why, and at last the link are left out."""
MOST_NAMES = 40
"""Characters of what somebody asked for."""
MOST_THEMES = 40

Fits: TypeAlias = Callable[[str], bool]
"""Tells whether a line has room."""
Write: TypeAlias = Callable[[str, str, str], str]
"""Puts words, address and reason together: an installation's template."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a line says, in the parts that it can do without."""

    head: str
    """`New: `; never cut."""
    title: str
    tail: str
    """The themes: ` (migration)`."""
    link: Url
    why: str
    """`Why: Ruritania`, by the name of the subscription."""

    def cut(self, most: int) -> str:
        """Return the words with a title of at most so many characters."""
        return self.head + plainly_cut(self.title, most) + self.tail


def within(most: int) -> Sequence[Fits]:
    """Return the room of a channel that takes so many characters and no more."""
    return (lambda line: len(line) <= most,)


def text_messages() -> Sequence[Fits]:
    """Return the room of text messages: of one, of two and so on."""
    return [partial(_in_segments, most=count) for count in range(1, MOST_SEGMENTS + 1)]


def short(said: Said, names: Sequence[str], rooms: Sequence[Fits], write: Write, stop: Url) -> str:
    """Return the line that says enough in the smallest room; the most that there is, if none does.

    `names` are of the subscriptions that asked; `stop` is where to end them.
    """
    words = words_of(said, names)
    for room in rooms[:-1]:
        if found := _line(words, stop, room, write, ENOUGH):
            return found
    bare = Words("", words.cut(len(words.title)), "", words.link, "")
    for fewer in (words, replace(words, tail=""), replace(words, why="", tail=""), bare):
        if found := _line(fewer, stop, rooms[-1], write, LEAST):
            return found
    return _anything(replace(bare, link=NO_URL), rooms[-1], write)


def words_of(said: Said, names: Sequence[str]) -> Words:
    """Return the parts of what a line says."""
    asked = plainly_cut(plain(", ".join(one_line(name) for name in names)), MOST_NAMES)
    why = f"Why: {asked}" if asked else ""
    link = link_of(said)
    if isinstance(said, ReleaseSaid):
        themes = plain(", ".join(theme.name for theme in said.themes))
        tail = f" ({plainly_cut(themes, MOST_THEMES)})" if themes and themes != asked else ""
        return Words(f"{said.heading}: ", plain(said.about.title), tail, link, why)
    return Words("", plain(_whole(said)), "", link, why)


def link_of(said: Said) -> Url:
    """Return the address that the line has; a digest has that of its first release.

    A note has the first that it names.
    """
    if isinstance(said, NoteSaid):
        named = (part.address for line in _lines(said) for part in line if part.address)
        return next(named, NO_URL)
    if isinstance(said, ReleaseSaid):
        return said.about.link
    return next((item.about.link for group in said.groups for item in group.items), NO_URL)


def plainly_cut(text: str, most: int) -> str:
    """Return a text of at most so many characters, ended by three plain points if it was cut."""
    if len(text) <= most:
        return text
    return shorten(text, most - 2).replace("…", "...") if most > 5 else text[: max(0, most)]


def _line(words: Words, stop: Url, room: Fits, write: Write, enough: int) -> str:
    """Return the line with as much of the title as there is room for; empty if that is too little.

    How to stop comes with it where a title stays that says enough.
    """
    if stop:
        hint = f" Stop: {stop}"
        wanted = min(len(words.title), ENOUGH)
        if found := _longest(words, lambda line: room(line + hint), write, wanted):
            return found + hint
    return _longest(words, room, write, min(len(words.title), enough))


def _longest(words: Words, fits: Fits, write: Write, wanted: int) -> str:
    """Return the line with the longest title that fits; empty if less than wanted does."""

    def line(most: int) -> str:
        return write(words.cut(most), words.link, words.why)

    lengths = range(wanted, len(words.title) + 1)
    count = bisect_right(lengths, False, key=lambda most: not fits(line(most)))
    return line(lengths[count - 1]) if count else ""


def _anything(bare: Words, room: Fits, write: Write) -> str:
    """Return what is left where there is no room for a link, or hardly any at all."""
    return _longest(bare, room, write, 0) or _longest(bare, room, lambda head, *_: head, 0)


def _in_segments(line: str, *, most: int) -> bool:
    return segments(line) <= most


def _whole(said: NoteSaid | DigestSaid) -> str:
    if isinstance(said, DigestSaid):
        first = next((item.about.title for group in said.groups for item in group.items), "")
        return f"{said.subject}. First: {first}" if first else said.subject
    parts = (part for line in _lines(said) for part in line)
    body = " ".join(part.title.strip() for part in parts if not part.address)
    return f"{said.subject}. {body}" if body else said.subject


def _lines(said: NoteSaid) -> Iterator[Line]:
    return (line for paragraph in said.paragraphs for line in paragraph)
