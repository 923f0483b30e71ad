"""Facts: what a release says, as fields to subscribe to and columns to export.

Each fact carries the words it was read from, so that whoever doubts it can look. A fact is what
the text says, not what is true. Every list and every text has a cap: all facts of a release fit
into a message beside it (docs/reference/facts.md).
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from despatch.frozen import Frozen

MAX_OF_A_KIND = 30
"""Facts of one kind a release; of more, those named first stay."""

MAX_SPANS = 3
"""Spans a fact; of more, the first stay."""

MAX_SPAN_CHARS = 200
MAX_NAME_CHARS = 120
MAX_PHRASE_CHARS = 200

_Name = Annotated[str, StringConstraints(min_length=1, max_length=MAX_NAME_CHARS)]
_Phrase = Annotated[str, StringConstraints(max_length=MAX_PHRASE_CHARS)]


class Span(Frozen):
    """Words of a release: `release.<field>[start:end] == text`."""

    field: Literal["title", "text"]
    start: int = Field(ge=0)
    end: int = Field(gt=0)
    text: str = Field(min_length=1, max_length=MAX_SPAN_CHARS)


_Spans = Annotated[tuple[Span, ...], Field(min_length=1, max_length=MAX_SPANS)]


class Fact(Frozen):
    """Something that a release says, with the words that say it."""

    evidence: _Spans


class Country(Fact):
    """A country or territory: `Country(code="TR", name="Türkiye", role="party", …)`."""

    code: str = Field(pattern="^[A-Z]{2}$")
    """ISO 3166-1 alpha-2; Kosovo, which has none, is XK as the EU and the IMF write it."""
    name: _Name
    """Its short name in English, one for each code."""
    role: Literal["party", "mentioned"]
    """A party of the agreement or the act that the release is about, or named in passing."""


class Organisation(Fact):
    """A department, an agency or an international organisation: `name="Home Office"`."""

    name: _Name
    """In full where it is known: `National Crime Agency` for NCA, else as written."""


class Person(Fact):
    """Somebody in office: `name="Robert Jenrick"`, `office="Immigration Minister"`."""

    name: _Name
    office: _Phrase


class Agreement(Fact):
    """What governments or bodies agreed, or are about to."""

    parties: Annotated[tuple[_Name, ...], Field(max_length=MAX_OF_A_KIND)]
    """Names as `Country.name` and `Organisation.name` write them; empty where none is said."""
    instrument: _Name
    """Such as `memorandum of understanding`, `partnership`, `treaty`, `joint statement`."""
    status: Literal["agreed", "signed", "planned", "in talks"]
    about: _Phrase = ""
    """What it is on, in the text's own words; empty where it is not said."""


class Figure(Fact):
    """A number that the text gives: `Figure(value=90, unit="percent", change="down", of=…)`."""

    value: float = Field(allow_inf_nan=False)
    """In units, not in millions: `1_200_000_000` for £1.2 billion."""
    unit: _Name
    """`percent`, `percentage points`, an ISO 4217 currency or what is counted (`people`)."""
    change: Literal["up", "down"] | None = None
    """For a rise or a drop; None for a level."""
    of: _Phrase = ""
    """What it measures, in the text's own words: `Albanian small boat arrivals`."""
    against: _Phrase = ""
    """What it is compared to, in the text's own words: `the same period last year`."""


class DateFact(Fact):
    """A day, or the days from `on` to `until`, that the text names."""

    on: date
    until: date | None = None
    """The last day where a month, a season or a year was named; None for a single day."""
    kind: Literal["deadline", "starts", "ends", "event", "mentioned"]
    """`deadline`: something is to be done by then; `starts` and `ends`: something takes effect,
    opens, expires; `event`: something takes place or took place; `mentioned`: anything else."""


class Facts(Frozen):
    """All facts of a release, each kind by where it is first said."""

    countries: Annotated[tuple[Country, ...], Field(max_length=MAX_OF_A_KIND)] = ()
    organisations: Annotated[tuple[Organisation, ...], Field(max_length=MAX_OF_A_KIND)] = ()
    people: Annotated[tuple[Person, ...], Field(max_length=MAX_OF_A_KIND)] = ()
    agreements: Annotated[tuple[Agreement, ...], Field(max_length=MAX_OF_A_KIND)] = ()
    figures: Annotated[tuple[Figure, ...], Field(max_length=MAX_OF_A_KIND)] = ()
    dates: Annotated[tuple[DateFact, ...], Field(max_length=MAX_OF_A_KIND)] = ()
