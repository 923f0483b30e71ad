"""What a subscriber is told of all that waited for a moment: one message, each release once. Pure.

Several events of one release that waited together are one item: `new` stays `new`, with the newest
text; what was withdrawn meanwhile is shown as withdrawn, since somebody may know it from elsewhere.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.telling import alert_id
from despatch.fingerprint import digest as digest_of
from despatch.model import (
    Alert,
    AlertId,
    ChannelId,
    Digest,
    DigestItem,
    Event,
    Linked,
    ReleaseId,
    Subscription,
    SubscriptionId,
    ThemeId,
)
from despatch.ports import DigestRun, DueDigest, Item

MAX_ITEMS = 200
"""So many releases a digest shows; it counts all."""

NO_THEME = ThemeId("")

_NOT_WANTED = "no active subscription of theirs asks for it any more"


@dataclass(frozen=True, slots=True)
class Composed:
    """What comes of what was due for one subscriber."""

    alert: Alert | None
    """None if nothing is left to tell: then nothing is sent."""
    channels: tuple[ChannelId, ...]
    run: DigestRun
    dropped: Mapping[int, str]
    """What is not told, by its place in what was due, and why."""


def compose(
    due: DueDigest,
    theirs: Iterable[Subscription],
    now: datetime,
    also: Mapping[ReleaseId, Sequence[Linked]] = {},
) -> Composed:
    """Return the message of all that is due; `theirs` are the subscriber's subscriptions now.

    `also` is who else has published each release by now.
    What waited for the end of quiet hours and is alone comes as the alert that it would have been.
    """
    active = {one.id: one for one in theirs if one.state == "active"}
    asked = [any(one in active for one in item.subscriptions) for item in due.items]
    wanted = [item for item, asks in zip(due.items, asked, strict=True) if asks]
    dropped = {place: _NOT_WANTED for place, asks in enumerate(asked) if not asks}
    if not wanted:
        return Composed(None, (), _run(due, None, 0, len(dropped), now), dropped)
    shown = _in_order([_shown(same, active, also) for same in _by_release(wanted)])
    if len(shown) == 1 and all(item.waits_for == "quiet" for item in wanted):
        alert = _plain(due, shown[0], now)
    else:
        alert = _digest(due, shown, wanted, active, now)
    channels = dict.fromkeys(
        channel for item in wanted for one in _deciding(item, active) for channel in one.channels
    )
    run = _run(due, alert, len(shown), len(dropped), now, min(item.since for item in wanted))
    return Composed(alert, tuple(channels), run, dropped)


def surest(item: DigestItem) -> tuple[ThemeId, float]:
    """Return the theme that an item belongs to most certainly, with its score; or none, and 0."""
    themes = item.classified.themes
    best = max(themes, key=lambda one: (one.score, one.theme), default=None)
    return (NO_THEME, 0.0) if best is None else (best.theme, best.score)


def _asking(item: Item, active: Mapping[SubscriptionId, Subscription]) -> tuple[Subscription, ...]:
    return tuple(active[one] for one in item.subscriptions if one in active)


def _deciding(
    item: Item, active: Mapping[SubscriptionId, Subscription]
) -> tuple[Subscription, ...]:
    """Return those over whose channels it comes: who decided when, if one of them is active."""
    return tuple(active[one] for one in item.through if one in active) or _asking(item, active)


def _by_release(items: Sequence[Item]) -> list[list[Item]]:
    found: dict[str, list[Item]] = {}
    for item in items:
        found.setdefault(item.release, []).append(item)
    return list(found.values())


def _shown(
    same: Sequence[Item],
    active: Mapping[SubscriptionId, Subscription],
    also: Mapping[ReleaseId, Sequence[Linked]],
) -> DigestItem:
    """Return the one item that the events of one release come to, oldest first."""
    event = _event(same)
    telling = [item for item in same if item.event in {"new", "revised"}] or same
    explaining = [item for item in same if item.event == event] or telling
    others = also.get(same[-1].release) or same[-1].also
    changes = dict.fromkeys(item.changed for item in same if item.changed)
    return DigestItem(
        classified=telling[-1].classified,
        event=event,
        reason=explaining[-1].reason,
        changed="\n".join(changes) if event == "revised" else "",
        subscriptions=tuple(dict.fromkeys(s.id for item in same for s in _asking(item, active))),
        also=tuple(others),
    )


def _event(same: Sequence[Item]) -> Event:
    last = same[-1]
    if last.withdrawn or last.event == "withdrawn":
        return "withdrawn"
    events = {item.event for item in same}
    return "new" if "new" in events else "revised" if "revised" in events else last.event


def _in_order(items: Sequence[DigestItem]) -> tuple[DigestItem, ...]:
    """Return items grouped by their surest theme: the surest group and item first."""
    surely = [(surest(item), item) for item in items]
    best: dict[ThemeId, float] = {}
    for (theme, score), _item in surely:
        best[theme] = max(score, best.get(theme, 0.0))
    surely.sort(key=_place(best))
    return tuple(item for _surest, item in surely)


def _place(
    best: Mapping[ThemeId, float],
) -> Callable[[tuple[tuple[ThemeId, float], DigestItem]], tuple[object, ...]]:
    def place(one: tuple[tuple[ThemeId, float], DigestItem]) -> tuple[object, ...]:
        (theme, score), item = one
        revision = item.classified.revision
        newest = -revision.observed_at.timestamp()
        return theme == NO_THEME, -best[theme], theme, -score, newest, revision.release.id

    return place


def _plain(due: DueDigest, item: DigestItem, now: datetime) -> Alert:
    return Alert(
        id=alert_id(due.subscriber, item.classified.revision, item.event),
        subscriber=due.subscriber,
        event=item.event,
        classified=item.classified,
        reason=item.reason,
        changed=item.changed,
        also=item.also,
        subscriptions=item.subscriptions,
        created_at=now,
    )


def _digest(
    due: DueDigest,
    shown: tuple[DigestItem, ...],
    wanted: Sequence[Item],
    active: Mapping[SubscriptionId, Subscription],
    now: datetime,
) -> Alert:
    why = "; ".join(dict.fromkeys(item.why for item in wanted))
    ids = tuple(dict.fromkeys(one for item in shown for one in item.subscriptions))
    names = ", ".join(f"“{active[one].name}”" for one in ids)
    by_theme = Counter(surest(item)[0] for item in shown)
    return Alert(
        id=AlertId("a-" + digest_of("digest", due.subscriber, due.moments[-1].isoformat())),
        subscriber=due.subscriber,
        event="digest",
        classified=None,
        reason=f"your {'subscription' if len(ids) == 1 else 'subscriptions'} {names}; {why}",
        subject="1 release" if len(shown) == 1 else f"{len(shown)} releases",
        digest=Digest(
            since=min(item.since for item in wanted),
            until=due.moments[-1],
            why=why,
            items=shown[:MAX_ITEMS],
            total=len(shown),
            by_theme=tuple(by_theme.items()),
        ),
        subscriptions=ids,
        names=tuple(active[one].name for one in ids),
        created_at=now,
    )


def _run(
    due: DueDigest,
    alert: Alert | None,
    told: int,
    dropped: int,
    now: datetime,
    since: datetime | None = None,
) -> DigestRun:
    until = due.moments[-1]
    return DigestRun(
        subscriber=due.subscriber,
        due_at=until,
        state="empty" if alert is None else "sent",
        items=told,
        dropped=dropped,
        since=since,
        until=None if alert is None else until,
        alert=None if alert is None else alert.id,
        done_at=now,
        reason=_NOT_WANTED if dropped and not told else "" if told else "nothing waited any more",
    )
