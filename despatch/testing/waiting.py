"""Makers of what waits for a digest that is due now."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from despatch.frequency import HOURLY
from despatch.model import Classified, Subscription
from despatch.ports import Item, Store
from despatch.testing.subscribers import a_channel, a_subscriber, a_subscription


def an_item_due(asked: Subscription, about: Classified, now: datetime) -> Item:
    """Return what whoever asks hourly was not told of for an hour, and is to be told now."""
    return Item(
        subscriber=asked.subscriber,
        classified=about,
        event="new",
        reason=f"your subscription “{asked.name}” asks for migration",
        changed="",
        subscriptions=(asked.id,),
        through=(asked.id,),
        waits_for="digest",
        why="hourly",
        since=now - timedelta(hours=1),
        due_at=now,
        held_at=now,
    )


def let_wait(
    store: Store,
    subscribers: int,
    releases: Sequence[Classified],
    now: datetime,
    url_of: Callable[[int], str],
) -> None:
    """Have all these releases wait for each of so many subscribers, `s0` and on."""
    with store.transaction() as tx:
        for number in range(subscribers):
            who = a_subscriber(f"s{number}")
            channel = a_channel(who, url_of(number))
            asked = a_subscription(channel, name=f"of s{number}", frequency=HOURLY)
            tx.add_subscriber(who)
            tx.add_channel(channel)
            tx.add_subscription(asked)
            tx.wait([an_item_due(asked, one, now) for one in releases], now)
