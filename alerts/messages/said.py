"""What an alert says, as values that a template shows: no markup, nothing personal."""

from dataclasses import dataclass
from typing import TypeAlias


class Url(str):
    """An https or http address without space, quotes and brackets; or nothing."""

    __slots__ = ()


NO_URL = Url("")


@dataclass(frozen=True, slots=True)
class Piece:
    """Words of a sentence, and whether they are what it is shown for."""

    words: str
    hit: bool = False


Pieces: TypeAlias = tuple[Piece, ...]
"""A sentence: `(Piece("A deal on "), Piece("small boats", True))`."""


@dataclass(frozen=True, slots=True)
class Theme:
    """One theme of a release, with the words that say so."""

    name: str
    score: float
    sure: str
    """Its score for people: `97%`."""
    words: tuple[str, ...]
    excerpts: tuple[Pieces, ...]
    experimental: bool


@dataclass(frozen=True, slots=True)
class Reworded:
    """A sentence that changed; `before` is empty if it is new, `now` if it is gone.

    The hits are the words that went and came.
    """

    before: Pieces
    now: Pieces


@dataclass(frozen=True, slots=True)
class Linked:
    """Something with a page of its own, or without one."""

    title: str
    address: Url


Line: TypeAlias = tuple[Linked, ...]
"""Words and links."""
Paragraph: TypeAlias = tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class FactLines:
    """Facts of one kind: `FactLines("Agreements", ("Partnership of …, signed",))`."""

    label: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AboutRelease:
    """What is said of a release wherever it stands."""

    title: str
    link: Url
    publisher: str
    """Who published it, `Home Office`; empty where no record of the publisher's was read."""
    source: str
    """Where it was read: the title of the feed, else the source's id."""
    date: str
    """`9 August 2023`, or `seen 9 August 2023, undated`."""
    language: str
    """BCP 47 tag of its words."""
    also: tuple[Linked, ...]
    """Who published the same."""


@dataclass(frozen=True, slots=True)
class ReleaseSaid:
    """A message about one release; its templates are `release.*`."""

    event: str
    heading: str
    """What happened: `New`, `Revised, late`."""
    subject: str
    about: AboutRelease
    notes: tuple[str, ...]
    """What must be known before reading."""
    changes: tuple[Reworded, ...]
    changed: tuple[str, ...]
    """What changed in lines of text, where it is not known sentence by sentence."""
    more_changes: int
    themes: tuple[Theme, ...]
    facts: tuple[FactLines, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One release of a digest; its templates are `item.*`."""

    happened: str
    """`Revised`, `Withdrawn`, `Back again`; empty for a new one."""
    about: AboutRelease
    evidence: Pieces
    """The sentence that says most; empty where there is none."""
    changed: str
    """The first thing that changed."""
    shown: str = ""
    """How its own template, `item.*`, shows it; until then nothing."""


@dataclass(frozen=True, slots=True)
class Group:
    """The items of a digest whose surest theme is the same."""

    name: str
    count: int
    """How many there are, shown or not."""
    items: tuple[Item, ...]

    @property
    def more(self) -> int:
        """How many are not shown."""
        return max(0, self.count - len(self.items))


@dataclass(frozen=True, slots=True)
class DigestSaid:
    """A message about many releases; its templates are `digest.*`."""

    event: str
    heading: str
    subject: str
    period: str
    why: str
    """What made it wait, as the subscriber wrote it: `daily 08:30 Europe/London`."""
    total: int
    groups: tuple[Group, ...]

    @property
    def more(self) -> int:
        """How many are not shown."""
        return max(0, self.total - sum(len(group.items) for group in self.groups))


@dataclass(frozen=True, slots=True)
class NoteSaid:
    """A receipt, a test, a gap, an alarm or its end; its templates are `note.*`."""

    event: str
    heading: str
    subject: str
    title: str
    paragraphs: tuple[Paragraph, ...]


Said: TypeAlias = ReleaseSaid | DigestSaid | NoteSaid


def kind_of(said: Said) -> str:
    """Return which templates show it: `release`, `digest` or `note`."""
    if isinstance(said, ReleaseSaid):
        return "release"
    return "digest" if isinstance(said, DigestSaid) else "note"
