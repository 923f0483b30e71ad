"""When a subscriber is told: at once, in a digest, after quiet hours, or over their limit. Pure.

The soonest of the subscriptions that match decides, and it is told over the channels of those that
are as soon.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts.zones import moment, zone_named
from despatch.frequency import IMMEDIATE, Frequency, Limit, Quiet
from despatch.model import ChannelId, Subscriber, Subscription
from despatch.ports import Item
from despatch.ports.digests import WaitsFor
from despatch.schedule import last_at, next_at, quiet_span

PERIODS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}
"""What a limit counts: the hour, day or week before each moment."""


@dataclass(frozen=True, slots=True)
class AtOnce:
    """It is sent now, over the channels of these."""

    through: tuple[Subscription, ...]

    @property
    def channels(self) -> tuple[ChannelId, ...]:
        """Return where to, each once."""
        return tuple(dict.fromkeys(one for each in self.through for one in each.channels))


@dataclass(frozen=True, slots=True)
class Later:
    """It waits, and why."""

    through: tuple[Subscription, ...]
    waits_for: WaitsFor
    why: str
    """Such as `daily 08:30 Europe/London`."""
    since: datetime
    """When the period began that it is told with."""
    due_at: datetime


def pace(
    asking: Sequence[Subscription], who: Subscriber | None, now: datetime, *, told_at_once: int = 0
) -> AtOnce | Later:
    """Return when a subscriber is told what these subscriptions of theirs ask for.

    `who` is None where they have neither quiet hours nor a limit. `told_at_once` is how often they
    were told at once in the period of their limit.
    """
    quiet = who.quiet if who is not None else None
    soonest = min(due(one.frequency, quiet, now) for one in asking)
    through = tuple(one for one in asking if due(one.frequency, quiet, now) == soonest)
    if soonest == now:
        if who is None or who.limit is None or told_at_once < who.limit.count:
            return AtOnce(through)
        return _over(through, who.limit, who, now)
    return _waits(through, quiet, now, soonest)


def due(frequency: Frequency, quiet: Quiet | None, now: datetime) -> datetime:
    """Return the first moment from `now` on at which something may be told; `now` for at once.

    A digest whose moment is in quiet hours comes when they end.
    """
    at = next_at(frequency, now)
    within = quiet_span(quiet, at) if quiet is not None else None
    return at if within is None else within[1]


def join(asking: Sequence[Subscription], waiting: Item) -> Later:
    """Return when something is told about a release of which something waits: together with it."""
    same = tuple(one for one in asking if one.id in waiting.through)
    return Later(
        same or tuple(asking), waiting.waits_for, waiting.why, waiting.since, waiting.due_at
    )


def said(later: Later | Item) -> str:
    """Return what a match says of it: `waits for the digest of daily 08:30 UTC, due 2026-…`.

    The moment is told by the subscriber's clock, where what they asked for names a zone.
    """
    at = moment(later.due_at, zone_named(later.why))
    if later.waits_for == "quiet":
        return f"waits until {at}: {later.why}"
    if later.waits_for == "limit":
        return f"{later.why}: waits for the next digest, due {at}"
    return f"waits for the digest of {later.why}, due {at}"


def again(
    item: Item, asking: Sequence[Subscription], who: Subscriber | None, now: datetime
) -> Item:
    """Return what waits, as it waits after its subscriber or subscriptions were changed.

    What is wanted at once from now on is due now. What was over a limit stays so.
    """
    through = tuple(one for one in asking if one.id in item.subscriptions)
    if not through:
        return item
    full = who.limit.count if who is not None and who.limit and item.waits_for == "limit" else 0
    found = pace(through, who, now, told_at_once=full)
    if isinstance(found, AtOnce):
        ids = tuple(one.id for one in found.through)
        why = "wanted at once since it was changed"
        return replace(item, through=ids, waits_for="quiet", why=why, due_at=now)
    return replace(
        item,
        through=tuple(one.id for one in found.through),
        waits_for=found.waits_for,
        why=found.why,
        due_at=found.due_at,
    )


def _over(through: tuple[Subscription, ...], limit: Limit, who: Subscriber, now: datetime) -> Later:
    since = last_at(who.overflow, now)
    told = f", {who.overflow}" if who.overflow.at is not None else ""
    why = f"over the limit of {limit}{told}"
    return Later(through, "limit", why, since, due(who.overflow, who.quiet, now))


def _waits(
    through: tuple[Subscription, ...], quiet: Quiet | None, now: datetime, at: datetime
) -> Later:
    within = quiet_span(quiet, now) if quiet is not None else None
    if within is not None and any(one.frequency == IMMEDIATE for one in through):
        return Later(through, "quiet", f"after quiet hours {quiet}", within[0], at)
    first = through[0].frequency
    ends_quiet = next_at(first, now) != at
    why = f"{first}, after quiet hours {quiet}" if ends_quiet else str(first)
    return Later(through, "digest", why, last_at(first, now), at)
