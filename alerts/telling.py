"""What one classified revision comes to: who is sent which alert, and why the others are not. Pure.

One alert a subscriber, release, revision and event, however many of their subscriptions match.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.changes import UNCHANGED
from alerts.evaluate import reason
from alerts.facets import Facets
from alerts.match import Met
from alerts.revisions import Hold, Tell, Verdict, decide
from despatch.fingerprint import digest
from despatch.model import (
    Alert,
    AlertId,
    Classified,
    Event,
    Linked,
    Match,
    Revision,
    SubscriberId,
    Subscription,
)
from despatch.ports import Archived, Told

_FOLLOW_UPS = frozenset({"withdrawn", "restored"})


@dataclass(frozen=True, slots=True)
class Candidate:
    """A subscription that a revision may concern: it matches, or its subscriber heard before."""

    subscription: Subscription
    reason: str
    """Why it matches, or why it is asked though it doesn't."""
    matches_now: bool


@dataclass(frozen=True, slots=True)
class Telling:
    """What a subscriber is told, and which of their subscriptions ask for it."""

    alert: Alert
    event: Event
    """The alert's."""
    asking: tuple[Subscription, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that follows from one revision."""

    matches: tuple[Match, ...]
    tellings: tuple[Telling, ...]
    told: tuple[Told, ...]


def follows_up(found: Verdict, archived: Archived | None) -> bool:
    """Tell whether whoever heard of a release hears of this too, whatever they ask for now."""
    return found.cause in _FOLLOW_UPS and archived is not None


def candidates(
    found: Verdict,
    archived: Archived | None,
    met: Iterable[Met],
    heard: Mapping[SubscriberId, Sequence[Subscription]],
) -> tuple[Candidate, ...]:
    """Return the subscriptions to decide about.

    What matches; and for a withdrawal, those of whoever was told of the release (`heard`: each with
    their active subscriptions): the ones that matched what is kept of it, else all they have.
    """
    asked = {m.subscription.id: Candidate(m.subscription, m.reason, True) for m in met}
    if follows_up(found, archived) and archived is not None:
        before = Facets(archived.classified)
        for _subscriber, theirs in sorted(heard.items()):
            if any(one.id in asked for one in theirs):
                continue
            matched = [one for one in theirs if reason(one.filter, before) is not None]
            for one in matched or theirs:
                asked[one.id] = Candidate(one, "you were told of this release", False)
    return tuple(asked.values())


def settle(
    found: Verdict,
    classified: Classified,
    asked: Sequence[Candidate],
    told: Mapping[SubscriberId, Sequence[Told]],
    *,
    now: datetime,
    max_alert_age: timedelta,
    heard: Mapping[SubscriberId, Hold] = {},
    also: tuple[Linked, ...] = (),
    story: str | None = None,
) -> Outcome:
    """Return one match for each candidate, and one alert for each subscriber who is told.

    `heard` are the subscribers who were told of a copy, each with the reason; `also` is where else
    the same is published; `story` is what whoever is told of it as new has heard then.
    """
    revision = classified.revision
    answers: list[tuple[Candidate, Tell | Hold]] = []
    for one in asked:
        who = one.subscription.subscriber
        answer = decide(
            found,
            revision,
            one.subscription,
            matches_now=one.matches_now,
            told=told.get(who, ()),
            now=now,
            max_alert_age=max_alert_age,
        )
        if isinstance(answer, Tell) and answer.event == "new" and who in heard:
            answer = heard[who]
        answers.append((one, answer))
    tellers = _one_event_each(answers)
    events = {who: theirs[0][1].event for who, theirs in tellers.items()}
    return Outcome(
        tuple(_match(classified, one, answer, events, now) for one, answer in answers),
        tuple(
            Telling(
                _alert(classified, found, theirs, now, also),
                events[who],
                tuple(one.subscription for one, _tell in theirs),
            )
            for who, theirs in tellers.items()
        ),
        tuple(
            Told(
                who, revision.release.id, revision.id, event, now, story if event == "new" else None
            )
            for who, event in events.items()
        ),
    )


def _one_event_each(
    answers: Sequence[tuple[Candidate, Tell | Hold]],
) -> Mapping[SubscriberId, Sequence[tuple[Candidate, Tell]]]:
    """Return who is told, and by which subscriptions: `new` if any of theirs says so."""
    tells: dict[SubscriberId, list[tuple[Candidate, Tell]]] = defaultdict(list)
    for one, answer in answers:
        if isinstance(answer, Tell):
            tells[one.subscription.subscriber].append((one, answer))
    chosen = {}
    for who, theirs in tells.items():
        events = {answer.event for _one, answer in theirs}
        event = "new" if "new" in events else min(events)
        chosen[who] = [(one, answer) for one, answer in theirs if answer.event == event]
    return chosen


def _match(
    classified: Classified,
    one: Candidate,
    answer: Tell | Hold,
    chosen: Mapping[SubscriberId, Event],
    now: datetime,
) -> Match:
    who = one.subscription.subscriber
    said = isinstance(answer, Tell) and answer.event == chosen[who]
    reason = answer.reason
    if isinstance(answer, Tell) and not said:
        reason = f"told as {chosen[who]} by another subscription of theirs"
    return Match(
        subscription=one.subscription.id,
        subscriber=who,
        release=classified.revision.release.id,
        revision=classified.revision.id,
        event=answer.event if isinstance(answer, Tell) and said else None,
        outcome="told" if said else "held",
        reason=f"{one.reason}; {reason}",
        matched_at=now,
    )


def _alert(
    classified: Classified,
    found: Verdict,
    tellers: Sequence[tuple[Candidate, Tell]],
    now: datetime,
    also: tuple[Linked, ...],
) -> Alert:
    revision = classified.revision
    first, event = tellers[0][0].subscription, tellers[0][1].event
    reasons = "; ".join(_asked(one) for one, _tell in tellers)
    changed = found.changed if event == "revised" else UNCHANGED
    return Alert(
        id=alert_id(first.subscriber, revision, event),
        subscriber=first.subscriber,
        event=event,
        classified=classified,
        reason=f"{reasons} ({tellers[0][1].reason})",
        changed=changed.words,
        changes=changed.changes,
        more_changes=changed.more,
        subscriptions=tuple(one.subscription.id for one, _tell in tellers),
        names=tuple(one.subscription.name for one, _tell in tellers),
        also=also,
        created_at=now,
    )


def alert_id(subscriber: SubscriberId, revision: Revision, event: Event) -> AlertId:
    """Return the id of the alert that tells a subscriber of a revision as this event."""
    return AlertId("a-" + digest(subscriber, revision.release.id, revision.id, event))


def _asked(one: Candidate) -> str:
    name = f"your subscription “{one.subscription.name}”"
    return f"{name} asks for {one.reason}" if one.matches_now else f"{name}: {one.reason}"
