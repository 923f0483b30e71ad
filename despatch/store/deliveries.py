"""Deliveries lent to workers, one at a time, and what came of each try."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Row, exists, func, insert, select, update

from despatch.errors import FencedError
from despatch.model import (
    Alert,
    AlertId,
    Attempt,
    ChannelId,
    Classified,
    Delivery,
    DeliveryId,
    DeliveryState,
)
from despatch.ports import Claim
from despatch.store.rows import Rows, in_parts, read_payload
from despatch.store.secrets import DamagedError
from despatch.store.tables import (
    alerts,
    attempts,
    channels,
    classified,
    deliveries,
    subscription_channels,
    subscriptions,
)

_ASKED_BY_NO_SUBSCRIPTION = {"test", "alarm", "recovered"}


class Deliveries(Rows):
    """The part of a transaction that deliveries are."""

    def claim_deliveries(
        self, owner: str, now: datetime, lease: timedelta, limit: int
    ) -> Sequence[Claim]:
        due = self._all(
            select(deliveries)
            .where(deliveries.c.due_at <= now)
            .order_by(deliveries.c.due_at, deliveries.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        for row in due:
            if row.state == "sending":
                self._add_attempt(row.id, _in_doubt(row))
        ids = [row.id for row in due]
        until = now + lease
        lent = {"state": "sending", "lease_owner": owner, "lease_until": until, "due_at": until}
        for part in in_parts(ids):
            self._run(update(deliveries).where(deliveries.c.id.in_(part)).values(lent))
        claims = {claim.delivery.id: claim for claim in self._claims(ids)}
        return [claims[id_] for id_ in ids]

    def finish_delivery(
        self,
        delivery: DeliveryId,
        owner: str,
        attempt: Attempt | None,
        state: DeliveryState,
        not_before: datetime,
    ) -> None:
        if state == "sending":
            raise ValueError("a delivery that is given back is not being sent")
        ours = (
            deliveries.c.id == delivery,
            deliveries.c.state == "sending",
            deliveries.c.lease_owner == owner,
        )
        given_back = {
            "state": state,
            "not_before": not_before,
            "due_at": not_before if state == "waiting" else None,
            "lease_owner": None,
            "lease_until": None,
        }
        if self._run(update(deliveries).where(*ours).values(given_back)) == 0:
            raise FencedError(f"delivery {delivery} is no longer lent to {owner}")
        if attempt is not None:
            self._add_attempt(delivery, attempt)

    def next_delivery_at(self) -> datetime | None:
        at: datetime | None = self._connection.scalar(select(func.min(deliveries.c.due_at)))
        return at

    def delivery(self, delivery: DeliveryId) -> Delivery | None:
        rows = self._all(select(deliveries).where(deliveries.c.id == delivery))
        return next(iter(self._read_deliveries(rows)), None)

    def alert(self, alert: AlertId) -> Alert | None:
        row = self._first(ALERTS.where(alerts.c.id == alert))
        return None if row is None else read_alert(row)

    def _claims(self, ids: Sequence[str]) -> list[Claim]:
        wanted = exists().where(
            subscription_channels.c.channel == deliveries.c.channel,
            subscription_channels.c.subscription == subscriptions.c.id,
            subscriptions.c.subscriber == alerts.c.subscriber,
            subscriptions.c.state == "active",
        )
        asked = (
            select(
                deliveries,
                alerts.c.payload,
                alerts.c.event,
                classified.c.payload.label("classified_payload"),
                channels.c.url,
                channels.c.url_key,
                channels.c.state.label("channel_state"),
                wanted.label("wanted"),
            )
            .join(alerts, alerts.c.id == deliveries.c.alert)
            .join(channels, channels.c.id == deliveries.c.channel)
            .outerjoin(classified, classified.c.sha256 == alerts.c.classified)
        )
        rows = [
            row
            for part in in_parts(ids)
            for row in self._all(asked.where(deliveries.c.id.in_(part)))
        ]
        lent = self._read_deliveries(rows)
        return [self._claim(row, delivery) for row, delivery in zip(rows, lent, strict=True)]

    def _claim(self, row: Row[Any], delivery: Delivery) -> Claim:
        asked_for = row.wanted or row.event in _ASKED_BY_NO_SUBSCRIPTION
        kept = row.channel_state == "active" and asked_for
        # A delivery that is to be cancelled needs no URL; a removed channel has none.
        url, fault = SecretStr(""), ""
        if kept:
            try:
                url = self._secrets.reveal(row.url, row.url_key)
            except DamagedError as exc:  # one channel's fault must not keep the others waiting
                fault = str(exc)
        return Claim(delivery, read_alert(row), url, kept, fault)

    def _read_deliveries(self, rows: Sequence[Row[Any]]) -> list[Delivery]:
        """Return deliveries with their attempts, in the rows' order."""
        tried: dict[str, list[Attempt]] = {row.id: [] for row in rows}
        for part in in_parts(tried):
            asked = select(attempts).where(attempts.c.delivery.in_(part))
            for row in self._all(asked.order_by(attempts.c.delivery, attempts.c.number)):
                tried[row.delivery].append(
                    Attempt(at=row.at, took_ms=row.took_ms, outcome=row.outcome, reason=row.reason)
                )
        return [_delivery(row, tried[row.id]) for row in rows]

    def _add_attempt(self, delivery: str, attempt: Attempt) -> None:
        made = select(func.count()).where(attempts.c.delivery == delivery)
        number = made.scalar_subquery() + 1
        values = attempt.model_dump()
        self._run(insert(attempts).values(delivery=delivery, number=number, **values))


ALERTS = select(alerts, classified.c.payload.label("classified_payload")).outerjoin(
    classified, classified.c.sha256 == alerts.c.classified
)
"""Alerts as `read_alert` reads them."""


def read_alert(row: Row[Any]) -> Alert:
    """Return the alert of a row that has `payload` and `classified_payload`."""
    alert = read_payload(Alert, row.payload)
    if row.classified_payload is None:
        return alert
    found = read_payload(Classified, row.classified_payload)
    return alert.model_copy(update={"classified": found})


def _in_doubt(row: Row[Any]) -> Attempt:
    return Attempt(
        at=row.lease_until,
        took_ms=0,
        outcome="in doubt",
        reason=f"{row.lease_owner} did not report back before its lease ran out",
    )


def _delivery(row: Row[Any], tried: Sequence[Attempt]) -> Delivery:
    return Delivery(
        id=DeliveryId(row.id),
        alert=AlertId(row.alert),
        channel=ChannelId(row.channel),
        state=row.state,
        attempts=tuple(tried),
        not_before=row.not_before,
        lease_owner=row.lease_owner,
        lease_until=row.lease_until,
    )
