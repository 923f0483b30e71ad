"""What a person wants to know of a feed before adding it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from despatch.ports import Response, Validators
from ingest.entry import Entry
from ingest.feedparse import ParsedFeed
from ingest.newness import FUTURE

NEWEST = 5
"""So many entries are shown."""

_NEVER = datetime.min.replace(tzinfo=UTC)
_FORMATS = {"rss": "RSS", "atom": "Atom", "cdf": "CDF"}


@dataclass(frozen=True, slots=True)
class Preview:
    """A feed as one look showed it."""

    address: str
    """Where it answered from, after redirects."""
    title: str
    format: str
    """`Atom 1.0`, `RSS 2.0`."""
    entries: int
    empty: int
    """Items that have neither title nor text."""
    newest: tuple[Entry, ...]
    newest_at: datetime | None
    pause: timedelta | None
    """About how long it is between two releases; None with fewer than three dates."""
    validators: Validators
    ended: bool


def preview_of(feed: ParsedFeed, answer: Response, now: datetime) -> Preview:
    """Return what a feed and its answer show."""
    newest = sorted(feed.entries, key=lambda one: _at(one, now) or _NEVER)[::-1]
    dates = [at for one in feed.entries if (at := _at(one, now)) is not None]
    return Preview(
        address=answer.address,
        title=feed.title,
        format=format_name(feed.format),
        entries=len(feed.entries),
        empty=feed.empty,
        newest=tuple(newest[:NEWEST]),
        newest_at=max(dates, default=None),
        pause=pause_of(dates),
        validators=answer.validators,
        ended=feed.ended,
    )


def pause_of(dates: Sequence[datetime]) -> timedelta | None:
    """Return the usual time between two releases: their window's length by their number.

    None for fewer than three, or when all have one date (a feed that dates everything anew).
    """
    if len(dates) < 3 or min(dates) == max(dates):
        return None
    return (max(dates) - min(dates)) / (len(dates) - 1)


def often(pause: timedelta | None) -> str:
    """Return how often, for people: `about 30 a day`, `about 2 a week`, `about one in 40 days`."""
    if pause is None:
        return "how often can't be told"
    for unit, length in (("an hour", 1 / 24), ("a day", 1.0), ("a week", 7.0)):
        number = length / (pause / timedelta(days=1))
        if number >= (10 if unit == "an hour" else 1.5):
            return f"about {number:.0f} {unit}"
    return f"about one in {max(2, round(pause / timedelta(days=1)))} days"


def format_name(version: str) -> str:
    """Return a dialect's name: `atom10` is `Atom 1.0`, `rss090` is `RSS 0.90`."""
    for start, name in _FORMATS.items():
        if version.startswith(start):
            digits = version.removeprefix(start)
            return f"{name} {digits[0]}.{digits[1:]}" if digits.isdigit() else name
    return version


def date_of(entry: Entry) -> datetime | None:
    """Return the date that an entry is known by."""
    return entry.published_at or entry.updated_at


def _at(entry: Entry, now: datetime) -> datetime | None:
    """Return an entry's date; none for one that lies in the future, as pinned ones do."""
    at = date_of(entry)
    return at if at is not None and at <= now + FUTURE else None
