"""Gaps told to whoever asked for them: what a source may have published that nobody saw."""

from collections import defaultdict
from datetime import datetime

from alerts.rhythm import due
from despatch.filter import Filter
from despatch.fingerprint import digest
from despatch.frequency import IMMEDIATE
from despatch.model import Alert, AlertId, SourceId, SubscriberId, Subscription
from despatch.ports import Gap, Transaction


def tell_of_gap(tx: Transaction, gap: Gap, now: datetime) -> int:
    """Write one alert for each subscriber who asks for gaps of this source; return how many.

    Only who had asked when it was found; called again it changes nothing. It waits for the end of
    quiet hours and for nothing else: it says what silence can't be trusted about.
    """
    asked: dict[SubscriberId, list[Subscription]] = defaultdict(list)
    for one in tx.subscriptions():
        wants = one.state == "active" and "gap" in one.events and one.created_at <= gap.found_at
        if wants and reads(one.filter, gap.source):
            asked[one.subscriber].append(one)
    names = {record.id: record.name for record, _health, _due in tx.sources()} if asked else {}
    called = names.get(gap.source, gap.source)  # one that was removed has its id alone
    manners = tx.manners(asked)
    for subscriber, theirs in asked.items():
        channels = dict.fromkeys(channel for one in theirs for channel in one.channels)
        who = manners.get(subscriber)
        at = due(IMMEDIATE, None if who is None else who.quiet, now)
        tx.add_alert(_alert(gap, called, theirs, now), list(channels), at)
    return len(asked)


def reads(filter_: Filter, source: SourceId) -> bool:
    """Tell whether releases of a source can match a filter, whatever they are about."""
    sources = filter_.sources
    named = (not sources.any or source in sources.any) and set(sources.all) <= {source}
    return named and source not in sources.none


def _alert(gap: Gap, called: str, theirs: list[Subscription], now: datetime) -> Alert:
    names = ", ".join(f"“{one.name}”" for one in theirs)
    return Alert(
        id=AlertId("a-" + digest("gap", theirs[0].subscriber, gap.id)),
        subscriber=theirs[0].subscriber,
        event="gap",
        classified=None,
        reason=f"{names} asks to be told of gaps",
        subject=f"{called}, {gap.since:%d %B %Y, %H:%M} to {gap.until:%d %B %Y, %H:%M} UTC",
        body=(
            f"What {called} published between {gap.since:%d %B %Y, %H:%M} and "
            f"{gap.until:%d %B %Y, %H:%M} UTC may be missing: its feed had moved on when it was "
            f"read. Last try to find it: {gap.reason or 'none'}. What is found later is told as "
            "late."
        ),
        subscriptions=tuple(one.id for one in theirs),
        names=tuple(one.name for one in theirs),
        created_at=now,
    )
