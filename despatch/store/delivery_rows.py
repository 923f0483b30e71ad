"""Rows of deliveries and alerts: what the statements are, and how rows are read and written."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Row, bindparam, exists, func, null, select, update

from despatch.model import (
    Alert,
    AlertId,
    Attempt,
    ChannelId,
    Classified,
    Delivery,
    DeliveryId,
    DigestItem,
)
from despatch.ports import Finished
from despatch.store.digest_items import with_releases
from despatch.store.rows import among, read_payload
from despatch.store.tables import (
    alerts,
    attempts,
    channels,
    classified,
    deliveries,
    subscription_channels,
    subscriptions,
)

ASKED_BY_NO_SUBSCRIPTION = {"confirm", "test", "alarm", "recovered"}

_WANTED = exists().where(
    subscription_channels.c.channel == deliveries.c.channel,
    subscription_channels.c.subscription == subscriptions.c.id,
    subscriptions.c.subscriber == alerts.c.subscriber,
    subscriptions.c.state == "active",
)
_ATTEMPTS = select(func.count()).where(attempts.c.delivery == deliveries.c.id)
_TRIES = _ATTEMPTS.where(attempts.c.outcome != "held up")
DUE = (
    select(
        deliveries.c.id,
        deliveries.c.alert,
        deliveries.c.state,
        deliveries.c.lease_owner,
        deliveries.c.lease_until,
    )
    .where(deliveries.c.lane == bindparam("of_lane"), deliveries.c.due_at <= bindparam("now"))
    .order_by(deliveries.c.due_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
# The classified message is not joined: of a thousand deliveries most are about the same one.
_CLAIMED = (
    select(
        deliveries.c.id,
        deliveries.c.alert,
        deliveries.c.channel,
        deliveries.c.lane,
        deliveries.c.added_at,
        alerts.c.payload,
        alerts.c.event,
        alerts.c.classified,
        channels.c.url,
        channels.c.url_key,
        channels.c.state.label("channel_state"),
        _WANTED.label("wanted"),
        _ATTEMPTS.scalar_subquery().label("attempts"),
        _TRIES.scalar_subquery().label("tries"),
    )
    .join(alerts, alerts.c.id == deliveries.c.alert)
    .join(channels, channels.c.id == deliveries.c.channel)
)
FINISH = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("delivery"))
    .values(lease_owner=null(), lease_until=null())
    .values({name: bindparam(name) for name in ("state", "not_before", "due_at", "reason")})
)


@cache
def lend(dialect: str) -> Any:
    """Return what lends the named deliveries to an owner until a moment."""
    until: BindParameter[datetime] = bindparam("until")
    lent = {"state": "sending", "lease_owner": bindparam("owner")}
    lent |= {"lease_until": until, "due_at": until}
    return update(deliveries).where(among(dialect, deliveries.c.id)).values(lent)


@cache
def claimed(dialect: str) -> Any:
    """Return what reads the named deliveries with all that a claim says."""
    return _CLAIMED.where(among(dialect, deliveries.c.id))


@cache
def lent_to(dialect: str) -> Any:
    """Return what reads until when deliveries are lent to an owner, and locks them."""
    return (
        select(deliveries.c.id, deliveries.c.lease_until)
        .where(deliveries.c.state == "sending", deliveries.c.lease_owner == bindparam("owner"))
        .where(among(dialect, deliveries.c.id))
        .with_for_update()
    )


ALERTS = select(alerts, classified.c.payload.label("classified_payload")).outerjoin(
    classified, classified.c.sha256 == alerts.c.classified
)
"""Alerts as `read_alert` reads them."""


def read_alert(row: Row[Any], items: tuple[DigestItem, ...] = ()) -> Alert:
    """Return the alert of a row that has `payload` and `classified_payload`."""
    if row.classified_payload is None:
        return with_releases(row.payload, None, items)
    return with_releases(row.payload, read_payload(Classified, row.classified_payload))


def stopped_why(row: Row[Any]) -> str:
    """Return why nothing is sent any more; empty if it still is asked for."""
    # Whoever confirms shows that a channel which failed before works again.
    usable = {"active", "paused"} if row.event == "confirm" else {"active"}
    if row.channel_state not in usable:
        return f"the channel is {row.channel_state}"
    if row.wanted or row.event in ASKED_BY_NO_SUBSCRIPTION:
        return ""
    return "no active subscription of theirs asks for this channel any more"


def given_back(one: Finished) -> dict[str, Any]:
    """Return what FINISH keeps."""
    return {
        "delivery": one.claim.delivery,
        "state": one.state,
        "not_before": one.not_before,
        "due_at": one.not_before if one.state == "waiting" else None,
        "reason": one.reason,
    }


def tried_row(one: Finished) -> dict[str, Any]:
    """Return the row of the try that has just ended. Raises ValueError if nothing was tried."""
    attempt = one.attempt
    if attempt is None:
        raise ValueError("nothing was tried")
    return {
        "delivery": one.claim.delivery,
        "number": one.claim.attempts + 1,
        "at": attempt.at,
        "took_ms": attempt.took_ms,
        "outcome": attempt.outcome,
        "reason": attempt.reason,
    }


def delivery_of(row: Row[Any], tried: Sequence[Attempt]) -> Delivery:
    """Return a delivery with its tries."""
    return Delivery(
        id=DeliveryId(row.id),
        alert=AlertId(row.alert),
        channel=ChannelId(row.channel),
        lane=row.lane,
        state=row.state,
        reason=row.reason,
        attempts=tuple(tried),
        not_before=row.not_before,
        lease_owner=row.lease_owner,
        lease_until=row.lease_until,
    )
