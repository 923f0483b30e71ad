"""Alerts, and a delivery for each channel that they go over: one by one, or a page at once."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Table, bindparam, select

from despatch.fingerprint import digest
from despatch.model import Alert, ChannelId, DeliveryId, Lane
from despatch.store import tables
from despatch.store.digest_items import without_releases
from despatch.store.kept import Kept
from despatch.store.rows import in_parts, insert_into


class Outgoing(Kept):
    """The part of a transaction that writes them."""

    def add_alert(
        self,
        alert: Alert,
        channels: Collection[ChannelId],
        now: datetime,
        *,
        lane: Lane = "urgent",
    ) -> int:
        new = self._add(tables.alerts, **self._alert_row(alert))
        if new:
            self._keep_items([alert])
        return sum(
            self._add(tables.deliveries, **_delivery_row(alert, channel, now, lane))
            for channel in dict.fromkeys(channels)
        )

    def add_alerts(
        self,
        alerts: Sequence[tuple[Alert, Collection[ChannelId]]],
        now: datetime,
        *,
        lane: Lane = "urgent",
    ) -> None:
        known = self._known_alerts([alert.id for alert, _channels in alerts])
        new = [alert for alert, _channels in alerts if alert.id not in known]
        self._add_all(tables.alerts, [self._alert_row(alert) for alert in new])
        self._keep_items(new)
        self._add_all(
            tables.deliveries,
            [
                _delivery_row(alert, channel, now, lane)
                for alert, channels in alerts
                for channel in dict.fromkeys(channels)
            ],
        )

    def _known_alerts(self, ids: Collection[str]) -> set[str]:
        column = tables.alerts.c.id
        parts = in_parts(ids)
        return {
            row.id for part in parts for row in self._all(select(column).where(column.in_(part)))
        }

    def _alert_row(self, alert: Alert) -> dict[str, Any]:
        about = alert.classified
        return {
            "id": alert.id,
            "subscriber": alert.subscriber,
            "event": alert.event,
            "release": None if about is None else about.revision.release.id,
            "classified": None if about is None else self._keep(about),
            "created_at": alert.created_at,
            "payload": without_releases(alert).model_dump_json(),
        }

    def _keep_items(self, alerts: Sequence[Alert]) -> None:
        """Keep digests' items by reference: a hundred thousand digests are about few releases."""
        self._put(
            tables.digest_items,
            ("alert", "number"),
            [row for alert in alerts for row in self._item_rows(alert)],
        )

    def _item_rows(self, alert: Alert) -> Iterator[dict[str, Any]]:
        for number, item in enumerate(alert.digest.items if alert.digest else ()):
            yield {
                "alert": alert.id,
                "number": number,
                "classified": self._keep(item.classified),
                "payload": item.model_dump_json(exclude=_ABOUT),
            }

    def _add_all(self, table: Table, rows: Sequence[dict[str, Any]]) -> None:
        if rows:
            self._many(_add_new(self._dialect, table), rows)


_ABOUT = {"classified"}


def _delivery_row(alert: Alert, channel: ChannelId, now: datetime, lane: Lane) -> dict[str, Any]:
    return {
        "id": DeliveryId("y-" + digest("delivery", alert.id, channel)),
        "alert": alert.id,
        "channel": channel,
        "state": "waiting",
        "not_before": now,
        "due_at": now,
        "lease_owner": None,
        "lease_until": None,
        "lane": lane,
        "reason": "",
        "added_at": now,
    }


@cache
def _add_new(dialect: str, table: Table) -> Any:
    values: dict[str, Any] = {column.name: bindparam(column.name) for column in table.c}
    return insert_into(dialect, table).values(values).on_conflict_do_nothing()
