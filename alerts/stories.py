"""Whether two releases say the same thing, and whether somebody was told so already. Pure.

In doubt they do not: whoever is told twice is annoyed, whoever is not told at all is failed. The
rules and what was measured: docs/adr/0027.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.revisions import Hold
from despatch.boilerplate import without_boilerplate
from despatch.changes import compare
from despatch.facts import Facts
from despatch.fingerprint import digest
from despatch.material import MAX_TRIFLES, numbers, told_apart
from despatch.model import Classified, Linked, ReleaseId, Revision, RevisionId, SourceId
from despatch.ports import Archived, Member, Told
from despatch.shorten import shorten
from despatch.signature import similarity

WINDOW = timedelta(hours=72)
"""Between the first sights of two copies, and between their dates."""
ALIKE = 0.7
"""Share of runs of words that two copies have in common at least."""
LEAST = 32
"""Hashes of a signature; a text with fewer is too short to tell a copy from a formula."""
KEYS = 16
"""Hashes that a release is looked up by: the least ones of its signature."""
SHARED = 4
"""Of those, how many a copy shares at least; with .7 in common, all but one in 10,000 do."""
MOST = 8
"""Releases that are compared with a new one: those that share most."""
_MAX_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Likeness:
    """Whether two releases say the same thing, and why: `a figure differs: “£35” and “£38”`."""

    same: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Copy:
    """A release that says the same as the one that is looked at."""

    member: Member
    archived: Archived
    said: Mapping[RevisionId, Classified]
    """Its revisions that somebody may have been told of."""

    @property
    def published(self) -> Linked:
        """Who published it, and where."""
        return self.archived.classified.revision.release.publisher


def can_be_tied(classified: Classified) -> bool:
    """Tell whether a release can be of a story: a full text, live, and long enough to tell."""
    release = classified.revision.release
    told = not classified.revision.backlog and not classified.quiet
    whole = release.text_kind == "full" and release.status == "live"
    return told and whole and len(classified.signature) >= LEAST


def keys(classified: Classified) -> tuple[int, ...]:
    """Return what a release is looked up by."""
    return classified.signature[:KEYS]


def compared(one: Classified, other: Classified, sources: Collection[SourceId] = ()) -> Likeness:
    """Return whether two releases say the same thing; the same whichever is given first.

    `sources` are others that showed the other one.
    """
    ours, theirs = one.revision, other.revision
    if ours.release.source in {theirs.release.source, *sources}:
        return Likeness(False, f"both were shown by {ours.release.source}")
    apart = _time_apart(ours, theirs)
    if apart > WINDOW:
        return Likeness(False, f"{apart // timedelta(hours=1)} hours lie between them")
    share = similarity(one.signature, other.signature)
    if share < ALIKE:
        return Likeness(False, f"they have {share:.2f} of their words in common")
    why = _facts_differ(one.facts, other.facts) or _texts_differ(_own(ours), _own(theirs))
    return Likeness(not why, why or f"{share:.2f} of their words in common, and every figure")


def story_of(copies: Sequence[Copy], classified: Classified, kept: Sequence[Member]) -> str:
    """Return the story of a release: that of its earliest copy, else its own.

    `kept` are the members of the story that it was of so far. What no longer says what the others
    of its story say has one of its own from then on.
    """
    if copies:
        return min((one.member for one in copies), key=lambda it: (it.since, it.release)).story
    release = classified.revision.release.id
    if kept and {one.release for one in kept} == {release}:
        return kept[0].story
    return "t-" + digest("story", release, classified.revision.id if kept else "")


def apart_from(story: str, revision: Revision) -> str:
    """Return the name of what a revision says beyond a story that somebody heard already."""
    return "t-" + digest("apart", story, revision.release.id, revision.id)


def heard_of(
    classified: Classified, copies: Iterable[Copy], told: Mapping[ReleaseId, Sequence[Told]]
) -> Hold | None:
    """Return why a subscriber who was not told of a release needs not be: they heard of a copy.

    `told` is what they heard of each copy. One that was withdrawn for them since does not count,
    nor one that they know with other figures than it has now.
    """
    for copy in copies:
        theirs = told.get(copy.member.release, ())
        if theirs and _stands(theirs) and _was_said(classified, copy, theirs):
            first = min(theirs, key=lambda one: one.at)
            return Hold(
                f"also published by {copy.published.title}: told on {_day(first.at)} "
                f"of {copy.member.release}"
            )
    return None


def _stands(told: Sequence[Told]) -> bool:
    """Tell whether it is not withdrawn for them; what was told in one batch has one time."""
    return max(told, key=lambda one: (one.at, one.event == "restored")).event != "withdrawn"


def _was_said(classified: Classified, copy: Copy, told: Sequence[Told]) -> bool:
    """Tell whether anything that they were told of a copy is what this release says."""
    revisions = {RevisionId(one.revision) for one in told}
    if copy.archived.classified.revision.id in revisions:
        return True
    said = [copy.said[one] for one in revisions if one in copy.said]
    return any(
        # Of a summary's full text they were told nothing either.
        one.revision.release.text_kind == "summary"
        or compared(classified, one, copy.archived.sources).same
        for one in said
    )


def _time_apart(one: Revision, other: Revision) -> timedelta:
    apart = abs(one.observed_at - other.observed_at)
    dates = one.release.published_at, other.release.published_at
    if dates[0] is not None and dates[1] is not None:
        apart = max(apart, abs(dates[0] - dates[1]))
    return apart


def _facts_differ(one: Facts | None, other: Facts | None) -> str:
    """Return which figures or dates differ, relative ones (“next Friday”) as days; or nothing."""
    if one is None or other is None:
        return ""
    figures = [{(it.value, it.unit, it.change) for it in each.figures} for each in (one, other)]
    if figures[0] != figures[1]:
        return "their figures differ"
    dates = [{(it.on, it.until) for it in each.dates} for each in (one, other)]
    return "their dates differ" if dates[0] != dates[1] else ""


def _texts_differ(one: str, other: str) -> str:
    """Return what one text says that the other does not, or says otherwise; or nothing."""
    if one > other:  # the same answer, in the same words, from both sides
        one, other = other, one
    changes = compare(one, other)
    if len(changes.became) > MAX_TRIFLES:
        return "too many sentences differ"
    for sentence in (*changes.added, *changes.removed):
        if says := _says_something(sentence):
            return f"a sentence with {says} stands in one alone: “{_short(sentence)}”"
    for old, new in changes.became:
        if numbers(old) != numbers(new):
            return f"a figure or a date differs: “{_short(old)}” and “{_short(new)}”"
        if why := told_apart(old, new):
            return why
    return ""


def _says_something(sentence: str) -> str:
    """Return what makes a sentence that a copy lacks more than a flourish: or nothing."""
    if numbers(sentence):
        return "a figure or a date"
    return "a name or a word of weight" if told_apart("", sentence) else ""


def _own(revision: Revision) -> str:
    release = revision.release
    return without_boilerplate(f"{release.title}\n\n{release.text}")


def _day(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"


def _short(sentence: str) -> str:
    return shorten(sentence, _MAX_SHOWN)
