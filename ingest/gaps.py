"""Whether a window joins up with what is known, or something may lie between. Pure.

A feed shows its newest entries alone. As long as a poll shows one that is known, nothing between
that one and the newest was missed; where it shows none, nobody can say what the window has passed
over since. It is compared with all that the source ever showed: one that goes back to an old
window, as caches do, and comes back, has missed nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from despatch.ports import KnownEntry
from ingest.entry import Entry
from ingest.newness import OLDER, OLDER_AGAIN, Decision, Ignore, Publish

AT_ONCE = timedelta(minutes=1)
"""Dates that all lie so close together are the time of the answer, and say nothing."""

MOST_PINNED = 4
"""Where more than so many entries are known for each new one, they aren't all pinned."""

_OLDER_STATES = frozenset({OLDER, OLDER_AGAIN})


@dataclass(frozen=True, slots=True)
class Sight:
    """One entry of a window, and what it says about what lies before it."""

    place: int
    """Where it stands in the document, counted from the top."""
    at: datetime | None
    """Its own date."""
    new: bool
    """Its release was never seen before."""
    known: bool
    """It was seen before, and neither its text nor its date was changed since."""


def sights(
    entries: Sequence[Entry],
    places: Sequence[int],
    decisions: Sequence[Decision],
    known: Mapping[str, KnownEntry],
    *,
    before: datetime | None = None,
) -> list[Sight]:
    """Return what each entry of a window says; `decisions` are those against `known`.

    With `before`, what was seen for the first time then or later counts as neither new nor known.
    """
    given = [entry.updated_at or entry.published_at for entry in entries]
    dates = [None] * len(given) if _say_nothing(given) else given
    found = []
    for entry, place, at, decision in zip(entries, places, dates, decisions, strict=True):
        kept = _kept(entry, decision, known)
        recent = before is not None and kept is not None and not _seen_before(kept, before)
        found.append(
            Sight(
                place=place,
                at=at,
                new=isinstance(decision, Publish) and decision.cause == "new",
                known=not recent and kept is not None and _is_unchanged(decision, kept, at),
            )
        )
    return found


def is_gap(window: Collection[Sight]) -> bool:
    """Return whether something is new, and nothing joins it to what is known.

    An empty window is none, nor one in which all was seen before. (Nor is the first contact,
    which is not asked about.)
    """
    return any(sight.new for sight in window) and not joins(window)


def joins(window: Collection[Sight]) -> bool:
    """Return whether an entry that is known stands where it belongs by its age.

    One that is pinned to the top says nothing about what lies below it.
    """
    newest_first = _is_newest_first(window)
    new = [sight for sight in window if sight.new]
    return any(sight.known and not _is_pinned(sight, new, newest_first) for sight in window)


def may_be_gap(decisions: Sequence[Decision], unchanged: int = 0) -> bool:
    """Return whether a window must be looked at as a whole: something is new, and not much known.

    `unchanged` counts entries that were known for the same by their bytes, and not decided on.
    A window of which most is known is not pinned as a whole.
    """
    new = sum(isinstance(d, Publish) and d.cause == "new" for d in decisions)
    known = unchanged + sum(isinstance(d, Ignore) for d in decisions)
    return new > 0 and known <= MOST_PINNED * new


def missed_until(window: Collection[Sight], since: datetime, now: datetime) -> datetime:
    """Return the date of the oldest new entry that a window shows, if it can be believed."""
    dates = [sight.at for sight in window if sight.new and sight.at is not None]
    oldest = min(dates, default=now)
    return oldest if since < oldest < now else now


def _kept(entry: Entry, decision: Decision, known: Mapping[str, KnownEntry]) -> KnownEntry | None:
    """Return what is known of an entry, or of the very document under another id."""
    if isinstance(decision, Publish):
        return None
    if (same := known.get(decision.key)) is not None:
        return same
    there = (one for one in known.values() if entry.address and one.address == entry.address)
    return max(there, key=lambda one: (one.number, one.key), default=None)


def _seen_before(kept: KnownEntry, moment: datetime) -> bool:
    return kept.first_at is None or kept.first_at < moment


def _is_unchanged(decision: Decision, kept: KnownEntry, at: datetime | None) -> bool:
    """Whoever gives an old entry a later date moves it to the top: it shows no continuity."""
    if decision.reason in _OLDER_STATES or (isinstance(decision, Ignore) and decision.reread):
        return False
    moved = at is not None and kept.dated_at is not None and at - kept.dated_at > AT_ONCE
    return not moved


def _is_pinned(sight: Sight, new: Sequence[Sight], newest_first: bool) -> bool:
    """Return whether an entry stands above new ones that are younger than it.

    Where dates say nothing: whether it stands above all of them.
    """
    older = [n for n in new if (n.place > sight.place) == newest_first]
    dated = [n.at for n in older if n.at is not None]
    if sight.at is not None and dated:
        return any(at > sight.at for at in dated)
    return len(older) == len(new) > 0


def _is_newest_first(window: Collection[Sight]) -> bool:
    """Return a document's direction, by most of the steps from one date to the next."""
    in_place = sorted(window, key=lambda sight: sight.place)
    dates = [sight.at for sight in in_place if sight.at is not None]
    steps = list(pairwise(dates))
    return sum(a < b for a, b in steps) <= sum(a > b for a, b in steps)


def _say_nothing(dates: Sequence[datetime | None]) -> bool:
    """Some feeds give every entry the time of the answer as its date."""
    given = [at for at in dates if at is not None]
    return len(given) > 2 and max(given) - min(given) < AT_ONCE
