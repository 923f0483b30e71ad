"""Canaries in the store. Their deliveries stand among the others, and are counted by nobody."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Row, delete, func, select, update

from despatch import canary
from despatch.canary import Flight
from despatch.fingerprint import digest
from despatch.model import Alert, AlertId, Channel, Subscriber
from despatch.store.alerting import Alerting
from despatch.store.subscribers import Subscribers
from despatch.store.tables import alerts, attempts, canaries, deliveries


class Canaries(Alerting, Subscribers):
    """The part of a transaction that canaries leave their traces in."""

    def send_canary(self, flight: Flight) -> bool:
        return self._add(canaries, id=flight.id, sent_at=flight.sent_at)

    def canary_published(self, id_: str, now: datetime) -> None:
        known = (canaries.c.id == id_, canaries.c.published_at.is_(None))
        self._run(update(canaries).where(*known).values(published_at=now))

    def canary_taken(self, id_: str, now: datetime) -> bool:
        known = (canaries.c.id == id_, canaries.c.taken_at.is_(None))
        if not self._run(update(canaries).where(*known).values(taken_at=now)):
            return False
        self.add_subscriber(
            Subscriber(id=canary.SUBSCRIBER, name=canary.SUBSCRIBER, created_at=now)
        )
        channel = self.add_channel(
            Channel(
                id=canary.CHANNEL,
                subscriber=canary.SUBSCRIBER,
                url=SecretStr(canary.URL),
                shown=canary.URL,
                created_at=now,
            )
        )
        self.add_alert(_alert(id_, now), [channel.id], now)
        return True

    def canaries(self) -> Sequence[Flight]:
        rows = self._all(select(canaries).order_by(canaries.c.sent_at, canaries.c.id))
        # A canary's delivery is known by its alert, which is named after it.
        arrived = (
            select(deliveries.c.alert, func.max(attempts.c.at).label("at"))
            .join(attempts, attempts.c.delivery == deliveries.c.id)
            .where(deliveries.c.alert.in_([_alert_id(row.id) for row in rows]))
            .where(deliveries.c.state == "delivered")
            .group_by(deliveries.c.alert)
        )
        delivered = {row.alert: row.at for row in self._all(arrived)}
        return [_flight(row, delivered.get(_alert_id(row.id))) for row in rows]

    def forget_canaries(self, before: datetime) -> int:
        old = [
            row.id for row in self._all(select(canaries.c.id).where(canaries.c.sent_at < before))
        ]
        named = [_alert_id(id_) for id_ in old]
        theirs = select(deliveries.c.id).where(deliveries.c.alert.in_(named))
        self._run(delete(attempts).where(attempts.c.delivery.in_(theirs)))
        self._run(delete(deliveries).where(deliveries.c.alert.in_(named)))
        self._run(delete(alerts).where(alerts.c.id.in_(named)))
        return self._run(delete(canaries).where(canaries.c.id.in_(old)))


def _alert(id_: str, now: datetime) -> Alert:
    return Alert(
        id=_alert_id(id_),
        subscriber=canary.SUBSCRIBER,
        event="test",
        classified=None,
        reason="a canary",
        subject=id_,
        created_at=now,
    )


def _alert_id(id_: str) -> AlertId:
    return AlertId("a-" + digest("canary", id_))


def _flight(row: Row[Any], delivered_at: datetime | None) -> Flight:
    return Flight(row.id, row.sent_at, row.published_at, row.taken_at, delivered_at)
