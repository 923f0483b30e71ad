"""Sends now what is told now, and lets the rest wait, within the alert stage's transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from alerts.rhythm import PERIODS, AtOnce, Later, again, due, join, pace, said
from alerts.telling import Telling
from despatch.model import Match, Subscriber, SubscriberId
from despatch.ports import Item, Transaction


def tell(
    tx: Transaction, tellings: Sequence[Telling], known: bool, now: datetime
) -> Mapping[SubscriberId, Item]:
    """Write an alert for each who is told at once, and an item for each other; return the items.

    `known`: the release was seen before, so that something about it may wait already: what is told
    of it now is told with that.
    """
    manners = tx.manners([one.alert.subscriber for one in tellings])
    waiting = _waiting(tx, tellings) if known and tellings else {}
    items = []
    for one in tellings:
        subscriber = one.alert.subscriber
        paced = _pace(tx, one, manners.get(subscriber), waiting.get(subscriber), now)
        if isinstance(paced, AtOnce):
            tx.add_alert(one.alert, paced.channels, now)
        else:
            items.append(_item(one, paced, now))
    return {item.subscriber: item for item in tx.wait(items, now)} if items else {}


def wait_anew(tx: Transaction, subscriber: SubscriberId, now: datetime) -> None:
    """Let what waits for a subscriber come as they are told from now on."""
    waiting = tx.items_for(subscriber)
    if waiting:
        theirs = [one for one in tx.subscriptions_of([subscriber]) if one.state == "active"]
        who = tx.manners([subscriber]).get(subscriber)
        tx.wait_anew([again(item, theirs, who, now) for item in waiting], now)


def explained(match: Match, item: Item | None) -> Match:
    """Return a match that says when it is told, if that is later."""
    if item is None or match.outcome != "told":
        return match
    return match.model_copy(update={"reason": f"{match.reason}; {said(item)}"})


def _waiting(tx: Transaction, tellings: Sequence[Telling]) -> Mapping[SubscriberId, Item]:
    """Return what waits about the release of all tellings, the last for each subscriber."""
    about = tellings[0].alert.classified
    return (
        {} if about is None else {i.subscriber: i for i in tx.items_of(about.revision.release.id)}
    )


def _pace(
    tx: Transaction, one: Telling, who: Subscriber | None, waiting: Item | None, now: datetime
) -> AtOnce | Later:
    if waiting is not None:
        return join(one.asking, waiting)
    if who is None or who.limit is None:
        return pace(one.asking, who, now)
    if not any(due(each.frequency, who.quiet, now) == now for each in one.asking):
        return pace(one.asking, who, now)
    since = now - PERIODS[who.limit.per]
    paced = pace(one.asking, who, now, told_at_once=tx.told_at_once(who.id, since))
    if isinstance(paced, AtOnce):
        tx.add_told_at_once(who.id, now, forget=since)
    return paced


def _item(one: Telling, later: Later, now: datetime) -> Item:
    alert = one.alert
    assert alert.classified is not None  # noqa: S101 - what is told of a revision has one
    return Item(
        subscriber=alert.subscriber,
        classified=alert.classified,
        event=one.event,
        reason=alert.reason,
        changed=alert.changed,
        subscriptions=alert.subscriptions,
        through=tuple(each.id for each in later.through),
        waits_for=later.waits_for,
        why=later.why,
        since=later.since,
        due_at=later.due_at,
        held_at=now,
        also=alert.also,
    )
