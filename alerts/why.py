"""Why a subscription was told of a release, or was not: by the records, else the filter. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from alerts.evaluate import checks, matches
from alerts.facets import Facets
from alerts.query import show
from alerts.rhythm import said
from despatch.model import Delivery, Match, Subscription
from despatch.ports import Item, Taken, Trace

Answer = Literal["yes", "no", "waits"]
_WORDS: dict[Answer, str] = {"yes": "Yes", "no": "No"}
_DONE = frozenset({"matched", "told", "delivered"})
"""What a step says is done; the others name a part of the query."""


@dataclass(frozen=True, slots=True)
class Step:
    """One question on the way, and what the records say."""

    asked: str
    """Such as `matched?`, `told?`, `delivered?`."""
    answer: Answer
    said: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """One revision that the alert stage took, with every step that this subscription took of it."""

    revision: str
    number: int
    at: datetime
    verdict: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Why:
    """The answer in a sentence, and how it came about, oldest first."""

    answer: Answer
    said: str
    seen: tuple[Seen, ...]


def why(subscription: Subscription, way: Trace) -> Why:
    """Return why, from the records of one release; `way` holds this subscriber's alone.

    Where there is no record of a match, the filter as it is now is asked facet by facet.
    """
    seen = tuple(_seen(subscription, taken, way) for taken in way.taken)
    last = _decisive(seen)
    if last is None:
        return Why("no", "the archive does not hold this release", seen)
    done = last.asked[:-1]
    return Why(last.answer, f"{_in_short(last.answer, done)}: {last.said}", seen)


def _in_short(answer: Answer, done: str) -> str:
    """Return `Yes, delivered`, `Not told yet`, `No, not told`; `No, phrases` of a part of it."""
    if answer == "waits":
        return f"Not {done} yet"
    lacking = answer == "no" and done in _DONE
    return f"{_WORDS[answer]}, {'not ' if lacking else ''}{done}"


def _decisive(seen: Sequence[Seen]) -> Step | None:
    """Return the step that answers: one that was delivered, else the last that stopped it."""
    every = [step for each in seen for step in each.steps]
    done = [step for step in every if step.asked == "delivered?" and step.answer == "yes"]
    if done:
        return done[0]
    stopped = [next((s for s in each.steps if s.answer != "yes"), None) for each in seen]
    known = [step for step in stopped if step is not None]
    waiting = [step for step in known if step.answer == "waits"]
    found = waiting or known or every
    return found[-1] if found else None


def _seen(subscription: Subscription, taken: Taken, way: Trace) -> Seen:
    revision = taken.classified.revision
    match = next(
        (
            one
            for one in way.matches
            if one.subscription == subscription.id and one.revision == revision.id
        ),
        None,
    )
    if match is None:
        steps = tuple(_unrecorded(subscription, taken))
    else:
        sent = (*_sent(subscription, revision.id, way), *_later(subscription, revision.id, way))
        steps = (_recorded(match), *sent)
    return Seen(revision.id, revision.number, taken.taken_at, taken.verdict, steps)


def _recorded(match: Match) -> Step:
    if match.outcome == "told":
        return Step("told?", "yes", f"as {match.event}: {match.reason}", match.matched_at)
    return Step("told?", "no", match.reason, match.matched_at)


def _unrecorded(subscription: Subscription, taken: Taken) -> Iterator[Step]:
    """Yield what the filter makes of it, and why there is no record if it matches."""
    classified = taken.classified
    reason = matches(subscription.filter, classified)
    if reason is None:
        for check in checks(subscription.filter, Facets(classified)):
            name = check.facet.replace("_", " ")
            yield Step(f"{name}?", "yes" if check.met else "no", check.said or "nothing excluded")
        return
    yield Step("matches now?", "yes", reason)
    if subscription.created_at > taken.taken_at:
        said = f"the subscription was made later, on {_day(subscription.created_at)}"
    elif taken.verdict.startswith("nothing"):
        said = f"this observation was news to nobody: {taken.verdict}"
    elif classified.revision.backlog:
        said = "it was there before the source was added: nobody was told"
    elif subscription.state == "paused":
        said = "the subscription is paused"
    else:
        said = (
            "there is no record of it: when the release came, the subscription was paused or asked "
            f"for something else than {show(subscription.filter)}"
        )
    yield Step("matched?", "no", said, taken.taken_at)


def _sent(subscription: Subscription, revision: str, way: Trace) -> Iterator[Step]:
    ours = [
        alert
        for alert in way.alerts
        if subscription.id in alert.subscriptions
        and alert.classified is not None
        and alert.classified.revision.id == revision
    ]
    for alert in ours:
        found = [each for each in way.deliveries if each[0].alert == alert.id]
        if not found:
            yield Step("sent?", "no", "no channel was left to send it over", alert.created_at)
        for delivery, shown in found:
            yield _delivered(f"as {alert.event}", delivery, shown, alert.created_at)


def _later(subscription: Subscription, revision: str, way: Trace) -> Iterator[Step]:
    """Yield what became of what was not told at once."""
    for item in way.items:
        if subscription.id not in item.subscriptions or item.classified.revision.id != revision:
            continue
        if item.state == "waiting":
            yield Step("sent?", "waits", said(item), item.held_at)
        elif item.state == "dropped":
            yield Step("sent?", "no", item.outcome, item.due_at)
        else:
            yield from _told_with(item, way)


def _told_with(item: Item, way: Trace) -> Iterator[Step]:
    """Yield how the digest was delivered that told of it."""
    if item.alert is None or any(alert.id == item.alert for alert in way.alerts):
        return  # it was alone, and came as an alert: that is said already
    found = [each for each in way.deliveries if each[0].alert == item.alert]
    if not found:
        yield Step("sent?", "no", "no channel was left to send its digest over", item.due_at)
    for delivery, shown in found:
        told = f"in the digest of {item.why}, due {_moment(item.due_at)},"
        yield _delivered(told, delivery, shown, item.due_at)


def _delivered(told: str, delivery: Delivery, shown: str, since: datetime) -> Step:
    tries = len(delivery.attempts)
    last = delivery.attempts[-1] if delivery.attempts else None
    tried = f"{told} over {shown}, {delivery.id}: " + (
        f"tried {tries} time{'s' if tries != 1 else ''}, last {last.outcome}: {last.reason}"
        if last
        else "not tried yet"
    )
    at = last.at if last else since
    if delivery.state == "delivered":
        return Step("delivered?", "yes", tried, at)
    if delivery.state in {"waiting", "sending"}:
        due = f"{tried}; {delivery.state}, next at {_moment(delivery.not_before)}"
        return Step("delivered?", "waits", due, at)
    because = f": {delivery.reason}" if delivery.reason else ""
    return Step("delivered?", "no", f"{tried}; {delivery.state}{because}", at)


def _day(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}Z"
