"""Who is told what: the table of revisions, as values in and an answer with its reason out. Pure.

`verdict` says what an observation is for the whole house: a source judges by what it knows alone,
the archive knows what other sources showed. `decide` says what one subscription makes of it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.changes import UNCHANGED, Described, describe
from despatch.material import weigh
from despatch.model import Cause, Classified, Event, Revision, Subscription, Wanted
from despatch.ports import Archived, Told

MAX_ALERT_AGE = timedelta(days=7)
"""A late release that is older is told to nobody."""

_RANK = {"api": 3, "page": 2, "file": 2, "feed": 1}
"""Whose text is kept: API over page over feed; a saved file is a page."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an observation is, once the archive was asked."""

    cause: Cause | None
    """None: nobody is told, whatever matches."""
    reason: str
    """In a sentence; it stands in `despatch trace`."""
    best: bool = False
    """Its text becomes the one that the archive keeps."""
    again: bool = False
    """The archive held it for live already: only who was told the contrary hears of it."""
    repeat: bool = False
    """The very message was taken before: nothing at all is to be done."""
    material: bool = True
    """For a revised text: whether a reader of the old one should hear of it."""
    changed: Described = UNCHANGED
    """For a revised text: what changed; nothing if the old wording is not kept."""


@dataclass(frozen=True, slots=True)
class Tell:
    """This subscriber is told of it, as this event."""

    event: Event
    reason: str


@dataclass(frozen=True, slots=True)
class Hold:
    """This subscriber is not told of it."""

    reason: str


def verdict(classified: Classified, archived: Archived | None) -> Verdict:
    """Return what an observation is for the whole house.

    An entry that is new to its source but known to the archive with other wording is `completed`;
    a repeat, an equal text, a text that flips back and an older observation are nothing. A quiet
    message is archived as any other, and nobody is told of it.
    """
    found = _loud(classified, archived)
    if classified.quiet and found.cause is not None:
        return replace(found, cause=None, reason=f"{found.reason}; judged anew: nobody is told")
    return found


def _loud(classified: Classified, archived: Archived | None) -> Verdict:
    revision = classified.revision
    if archived is None:
        return _first(revision)
    if classified.id in archived.seen:
        return Verdict(None, "a repeat: this very message was taken before", repeat=True)
    best = _is_best(revision, archived)
    known = archived.sources.get(revision.release.source)
    if known == revision.fingerprint:
        return _judged_anew(classified, archived)
    if known is not None and _is_older(revision, archived, known):
        return Verdict(None, "older than what is kept: an older observation never overwrites")
    if revision.release.status == "withdrawn" != archived.status:
        return Verdict("withdrawn", f"withdrawn, says {revision.release.source}", best)
    if revision.cause == "restored":  # another source's live copy may have come before
        back = f"back, says {revision.release.source}"
        return Verdict("restored", back, best, again=archived.status == "live")
    if revision.cause == "withdrawn":
        return Verdict(None, "withdrawn already: another source said so", best)
    if known is None or revision.cause == "completed":
        return _completed(revision, archived, best)
    return _revised(revision, archived, best)


def decide(
    found: Verdict,
    revision: Revision,
    subscription: Subscription,
    *,
    matches_now: bool,
    told: Sequence[Told],
    now: datetime,
    max_alert_age: timedelta = MAX_ALERT_AGE,
) -> Tell | Hold:
    """Return what a subscription that matches, or whose subscriber has heard of it, is told.

    `told` is what its subscriber has heard of this release, from any of their subscriptions.
    """
    if found.cause is None:
        return Hold(found.reason)
    if revision.backlog:
        return Hold("backlog: it was there before the source was added")
    if found.cause in {"withdrawn", "restored"}:
        return _follow_up(found, subscription, told)
    if not matches_now:
        return Hold("it does not match")
    if revision.late and _age(revision, now) > max_alert_age:
        return Hold(f"late by {_age(revision, now).days} days: over {max_alert_age.days} days")
    if found.cause == "revised":
        return _of_revised(found, subscription, told)
    return _of_new(found, subscription.events, told)


def _first(revision: Revision) -> Verdict:
    if revision.release.status == "withdrawn":
        return Verdict("withdrawn", "first seen when it was withdrawn already", best=True)
    return Verdict("new", "the first sight of this release", best=True)


def _is_older(revision: Revision, archived: Archived, known: str) -> bool:
    """Return whether it was observed before what its source showed last.

    The archive's time is that of any source. A revision that replaces just what its source showed
    last is that source's next, whatever other sources were seen to show meanwhile.
    """
    return revision.observed_at < archived.observed_at and revision.replaces != known


def _is_best(revision: Revision, archived: Archived) -> bool:
    kept = archived.classified.revision
    if not revision.release.text.strip():  # a bare "gone" must not erase what it was about
        return not kept.release.text.strip()
    ours, theirs = _quality(revision), _quality(kept)
    return ours > theirs or (ours == theirs and revision.observed_at >= kept.observed_at)


def _quality(revision: Revision) -> tuple[bool, int]:
    release = revision.release
    return release.text_kind == "full", _RANK[release.text_from]


def _judged_anew(classified: Classified, archived: Archived) -> Verdict:
    """The text that its source showed last, again: only its themes can be new."""
    kept = archived.classified
    if kept.revision.id != classified.revision.id:
        return Verdict(None, "the same text again")
    before = {score.theme for score in kept.themes}
    gained = [score.theme for score in classified.themes if score.theme not in before]
    if gained:
        return Verdict("completed", f"judged anew: now {', '.join(gained)} too", best=True)
    return Verdict(None, "judged anew: no theme more than before", best=True)


def _completed(revision: Revision, archived: Archived, best: bool) -> Verdict:
    source = revision.release.source
    if source not in archived.sources:
        return Verdict("completed", f"the wording of {source}, another source", best)
    kept = archived.classified.revision
    if kept.backlog and kept.release.source == source:
        return Verdict(None, "a fuller text of what was there before the source was added", best)
    return Verdict("completed", "a fuller text of the same release", best)


def _revised(revision: Revision, archived: Archived, best: bool) -> Verdict:
    kept = archived.classified.revision
    source = revision.release.source
    if revision.fingerprint == kept.fingerprint:
        return Verdict("completed", f"{source} caught up with the text that is kept", best)
    if not best and _quality(revision) < _quality(kept):
        return Verdict("completed", f"{source} changed a lesser text than the one that is kept")
    if revision.replaces != kept.fingerprint and kept.release.source != source:
        return Verdict("revised", f"{source} changed it; its earlier wording is not kept", best)
    before, after = _whole(kept), _whole(revision)
    if before.split() == after.split():
        return Verdict(None, "the same words as before", best)
    weighed = weigh(before, after)
    changed = describe(before, after) if weighed.material else UNCHANGED
    reason = f"the publisher changed it: {weighed.reason}"
    return Verdict("revised", reason, best, material=weighed.material, changed=changed)


def _whole(revision: Revision) -> str:
    return f"{revision.release.title}\n\n{revision.release.text}"


def _age(revision: Revision, now: datetime) -> timedelta:
    release = revision.release
    return now - (release.updated_at or release.published_at or revision.observed_at)


def _of_new(found: Verdict, wanted: Collection[Wanted], told: Sequence[Told]) -> Tell | Hold:
    if told:
        return Hold(f"told already: {_heard(told)}")
    if "new" not in wanted:
        return Hold("new releases are not wanted")
    return Tell("new", found.reason)


def _of_revised(found: Verdict, subscription: Subscription, told: Sequence[Told]) -> Tell | Hold:
    """Tell `new` to whoever never heard, `revised` to whoever wants it if it matters."""
    wanted = subscription.events
    if not told and "new" in wanted:
        return Tell("new", "it changed, and now matches; you had not heard of it")
    if "revised" not in wanted:
        return Hold("revisions are not wanted")
    if not found.material:
        return Hold(f"not material: {found.reason}")
    return Tell("revised", found.reason)


def _follow_up(found: Verdict, subscription: Subscription, told: Sequence[Told]) -> Tell | Hold:
    event: Event = "withdrawn" if found.cause == "withdrawn" else "restored"
    stands = [one for one in told if one.event in {"withdrawn", "restored"}]
    last = max(stands, key=lambda one: one.at).event if stands else None
    if not told:
        return Hold("never told of it")
    if last == event or (found.again and last is None):
        return Hold(f"nothing was told that {event} would change")
    if event not in subscription.events:
        return Hold(f"{event} releases are not wanted")
    return Tell(event, f"{found.reason}; {_heard(told)}")


def _heard(told: Sequence[Told]) -> str:
    first = min(told, key=lambda one: one.at)
    return f"told of it on {first.at.day} {first.at:%B %Y} as {first.event}"
