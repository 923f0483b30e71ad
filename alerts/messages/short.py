"""One line for channels with little room, such as a text message. Pure.

A text message holds 160 characters of a small alphabet, and 70 of all others: typographic quotes
and dashes become plain ones, so that a title with “quotes” does not cost three messages.
"""

from collections.abc import Callable, Iterator

from alerts.messages.said import NO_URL, DigestSaid, Line, NoteSaid, ReleaseSaid, Said, Url
from despatch.shorten import shorten

LEAST = 20
"""Characters that must be left for words; else an address is left out, for it is never cut."""

LEAST_BESIDE_STOP = 40
"""Characters that must be left for words beside both addresses; else how to stop is left out."""

_PLAIN = str.maketrans(
    {
        "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "‚": "'",
        "–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-", "…": "...", "\u00a0": " ",
        "\u2009": " ", "\u202f": " ", "•": "-", "·": "-", "×": "x",
    }
)  # fmt: skip


def head_of(said: Said) -> str:
    """Return what the line says before the address."""
    if isinstance(said, NoteSaid):
        parts = (part for line in _lines(said) for part in line)
        body = " ".join(part.title.strip() for part in parts if not part.address)
        return f"{said.subject}. {body}" if body else said.subject
    if isinstance(said, DigestSaid):
        first = next((item.about.title for group in said.groups for item in group.items), "")
        return f"{said.subject}. First: {first}" if first else said.subject
    return said.subject


def link_of(said: Said) -> Url:
    """Return the address that the line ends with; a digest has that of its first release.

    A note has the first that it names.
    """
    if isinstance(said, NoteSaid):
        named = (part.address for line in _lines(said) for part in line if part.address)
        return next(named, NO_URL)
    if isinstance(said, ReleaseSaid):
        return said.about.link
    if isinstance(said, DigestSaid):
        for group in said.groups:
            for item in group.items:
                return item.about.link
    return NO_URL


def short(said: Said, most: int, line: Callable[[str, str], str]) -> str:
    """Return at most so many characters; `line` puts words and address together.

    The address is whole, or not there. Words are cut between words.
    """
    head, where = head_of(said).translate(_PLAIN), link_of(said)
    if where and len(where) + LEAST > most:
        where = NO_URL
    text = line(head, where)
    if len(text) > most:
        room = most - (len(text) - len(head))
        text = line(plainly_cut(head, room), where) if room >= 1 else ""
    return text if 0 < len(text) <= most else plainly_cut(head, most)


def with_stop(said: Said, most: int, line: Callable[[str, str], str], stop: Url) -> str:
    """Return a line that ends with how to stop, if words and their own address keep their room."""
    hint = f" Stop: {stop}"
    where = link_of(said)
    if most - len(hint) < len(where) + LEAST_BESIDE_STOP:
        return short(said, most, line)
    return short(said, most - len(hint), line) + hint


def plainly_cut(text: str, most: int) -> str:
    """Return a text of at most so many characters, ended by three plain points if it was cut."""
    if len(text) <= most:
        return text
    return shorten(text, most - 2).replace("…", "...") if most > 5 else text[: max(0, most)]


def _lines(said: NoteSaid) -> Iterator[Line]:
    return (line for paragraph in said.paragraphs for line in paragraph)
