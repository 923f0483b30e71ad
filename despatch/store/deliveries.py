"""Deliveries lent to workers, one at a time, and what came of each try."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, get_args

from pydantic import SecretStr
from sqlalchemy import Row, func, select, update

from despatch.canary import CHANNEL
from despatch.model import (
    Alert,
    AlertId,
    Attempt,
    ChannelId,
    Delivery,
    DeliveryId,
    DeliveryState,
    Lane,
    SubscriberId,
)
from despatch.ports import Claim, Finished
from despatch.store.delivery_rows import (
    ALERTS,
    DUE,
    FINISH,
    claimed,
    delivery_of,
    given_back,
    lend,
    lent_to,
    read_alert,
    stopped_why,
    tried_row,
)
from despatch.store.digest_items import DigestItems, with_releases
from despatch.store.rows import in_parts
from despatch.store.secrets import DamagedError
from despatch.store.tables import (
    alerts,
    attempts,
    channels,
    deliveries,
)


class Deliveries(DigestItems):
    """The part of a transaction that deliveries are."""

    def claim_deliveries(
        self, owner: str, now: datetime, lease: timedelta, limits: Mapping[Lane, int]
    ) -> Sequence[Claim]:
        due = [
            row
            for lane in get_args(Lane)
            if limits.get(lane, 0) > 0
            for row in self._due(lane, now, limits[lane])
        ]
        for row in due:
            if row.state == "sending":
                self._add_doubt(row)
        ids = [row.id for row in due]
        until = now + lease
        if ids:
            self._run(lend(self._dialect), {"owner": owner, "until": until} | self._these(ids))
        claims = {claim.delivery: claim for claim in self._claims(ids, until)}
        return [claims[id_] for id_ in ids]

    def finish_deliveries(self, owner: str, finished: Sequence[Finished]) -> frozenset[DeliveryId]:
        if any(one.state == "sending" for one in finished):
            raise ValueError("a delivery that is given back is not being sent")
        named = {"owner": owner} | self._these([one.claim.delivery for one in finished])
        rows = self._all(lent_to(self._dialect), named)
        lent = {row.id: row.lease_until for row in rows}
        ours = [one for one in finished if lent.get(one.claim.delivery) == one.claim.lease_until]
        if ours:
            self._many(FINISH, [given_back(one) for one in ours])
        self._put(attempts, ("delivery", "number"), [tried_row(one) for one in ours if one.attempt])
        return frozenset(one.claim.delivery for one in finished) - {
            one.claim.delivery for one in ours
        }

    def deliveries_in(
        self, state: DeliveryState, limit: int
    ) -> Sequence[tuple[Delivery, str, SubscriberId]]:
        asked = (
            select(deliveries, channels.c.shown, channels.c.subscriber)
            .join(channels, channels.c.id == deliveries.c.channel)
            .where(deliveries.c.state == state, deliveries.c.channel != CHANNEL)
            .order_by(deliveries.c.not_before.desc(), deliveries.c.id)
            .limit(limit)
        )
        rows = self._all(asked)
        found = self._read_deliveries(rows)
        return [
            (each, row.shown, SubscriberId(row.subscriber))
            for each, row in zip(found, rows, strict=True)
        ]

    def try_again(self, named: Collection[str], now: datetime) -> frozenset[DeliveryId]:
        over = deliveries.c.state.in_(("failed", "cancelled"))
        again: set[DeliveryId] = set()
        for part in in_parts(named):
            column = deliveries.c
            meant = over & (column.id.in_(part) | column.channel.in_(part))
            rows = self._all(select(column.id).where(meant).with_for_update())
            again |= {DeliveryId(row.id) for row in rows}
        # It is as old as this wish: not too late again for having waited before.
        due = {"state": "waiting", "not_before": now, "due_at": now, "added_at": now}
        for part in in_parts(again):
            self._run(update(deliveries).where(deliveries.c.id.in_(part)).values(due))
        return frozenset(again)

    def next_delivery_at(self) -> datetime | None:
        first = [
            self._connection.scalar(
                select(func.min(deliveries.c.due_at)).where(
                    deliveries.c.lane == lane, deliveries.c.due_at.is_not(None)
                )
            )
            for lane in get_args(Lane)
        ]
        return min((at for at in first if at is not None), default=None)

    def delivery(self, delivery: DeliveryId) -> Delivery | None:
        rows = self._all(select(deliveries).where(deliveries.c.id == delivery))
        return next(iter(self._read_deliveries(rows)), None)

    def alert(self, alert: AlertId) -> Alert | None:
        row = self._first(ALERTS.where(alerts.c.id == alert))
        if row is None:
            return None
        return read_alert(row, self._items_of([alert]).get(alert, ()))

    def _due(self, lane: Lane, now: datetime, limit: int) -> Sequence[Row[Any]]:
        """Return what is due in a lane, the longest first; each lane is read by its own index.

        Of large digests fewer: what is urgent is not to wait until all of their items are read.
        """
        rows = self._all(DUE, {"of_lane": lane, "now": now, "most": limit})
        if lane != "bulk":  # no digest is urgent
            return rows
        first = self._first_alerts([row.alert for row in rows])
        return [row for row in rows if row.alert in first]

    def _claims(self, ids: Sequence[str], until: datetime) -> list[Claim]:
        if not ids:
            return []
        rows = self._all(claimed(self._dialect), self._these(ids))
        about = self._classified({row.classified for row in rows if row.classified is not None})
        told = self._items_of({row.alert for row in rows if row.event == "digest"})
        return [
            self._claim(
                row,
                with_releases(row.payload, about.get(row.classified), told.get(row.alert, ())),
                until,
            )
            for row in rows
        ]

    def _claim(self, row: Row[Any], alert: Alert, until: datetime) -> Claim:
        stopped = stopped_why(row)
        # A delivery that is to be cancelled needs no URL; a removed channel has none.
        url, fault = SecretStr(""), ""
        if not stopped:
            try:
                url = self._secrets.reveal(row.url, row.url_key)
            except DamagedError as exc:  # one channel's fault must not keep the others waiting
                fault = str(exc)
        return Claim(
            delivery=DeliveryId(row.id),
            channel=ChannelId(row.channel),
            alert=alert,
            url=url,
            lane=row.lane,
            tries=row.tries,
            attempts=row.attempts,
            lease_until=until,
            added_at=row.added_at,
            stopped=stopped,
            fault=fault,
        )

    def _read_deliveries(self, rows: Sequence[Row[Any]]) -> list[Delivery]:
        """Return deliveries with their attempts, in the rows' order."""
        tried: dict[str, list[Attempt]] = {row.id: [] for row in rows}
        for part in in_parts(tried):
            asked = select(attempts).where(attempts.c.delivery.in_(part))
            for row in self._all(asked.order_by(attempts.c.delivery, attempts.c.number)):
                tried[row.delivery].append(
                    Attempt(at=row.at, took_ms=row.took_ms, outcome=row.outcome, reason=row.reason)
                )
        return [delivery_of(row, tried[row.id]) for row in rows]

    def _add_doubt(self, row: Row[Any]) -> None:
        """Record that a worker did not report back: whether it had sent it, nobody knows."""
        number = select(func.count()).where(attempts.c.delivery == row.id).scalar_subquery() + 1
        self._run(
            attempts.insert().values(
                delivery=row.id,
                number=number,
                at=row.lease_until,
                took_ms=0,
                outcome="in doubt",
                reason=f"{row.lease_owner} did not report back before its lease ran out",
            )
        )
