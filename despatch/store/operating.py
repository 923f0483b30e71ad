"""What an operator sees: alarms, signs of life, figures, the way of one release."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, get_args

from sqlalchemy import Row, delete, desc, func, or_, select, update

from despatch.canary import CHANNEL
from despatch.fingerprint import canonical_address
from despatch.model import Classified, DeliveryState, Match, ReleaseId, SubscriberId
from despatch.ports import Alarm, Beat, Counts, Place, Taken, Trace
from despatch.store import tables
from despatch.store.deliveries import Deliveries
from despatch.store.delivery_rows import ALERTS, read_alert
from despatch.store.digests import Digests
from despatch.store.rows import read_payload
from despatch.store.tables import alarms, beats, channels, deliveries, release_sources, releases

_BEATS_KEPT = timedelta(days=7)
"""An instance that was silent for longer is forgotten."""


class Operating(Deliveries, Digests):
    """The part of a transaction that operators and screens read."""

    def open_alarm(self, key: str, text: str, now: datetime) -> bool:
        again = (
            update(alarms)
            .where(_is_open(key))
            .values(times=alarms.c.times + 1, last_at=now, text=text)
        )
        if self._run(again):
            return False
        if self._add(alarms, key=key, text=text, opened_at=now, last_at=now, times=1):
            return True
        return self._run(again) == 0  # another process opened it since we looked

    def close_alarm(self, key: str, now: datetime) -> Alarm | None:
        row = self._first(select(alarms).where(_is_open(key)).with_for_update())
        if row is None:
            return None
        self._run(update(alarms).where(alarms.c.number == row.number).values(closed_at=now))
        return read_alarm(row, closed_at=now)

    def alarms(self, *, open_only: bool = True) -> Sequence[Alarm]:
        wanted = select(alarms).order_by(desc(alarms.c.opened_at), desc(alarms.c.number))
        if open_only:
            wanted = wanted.where(alarms.c.closed_at.is_(None))
        return [read_alarm(row, closed_at=row.closed_at) for row in self._all(wanted)]

    def beat(self, beat: Beat) -> None:
        row = {
            "stage": beat.stage,
            "instance": beat.instance,
            "started_at": beat.started_at,
            "at": beat.at,
            "state": beat.state,
            "detail": beat.detail,
        }
        self._put(beats, ("stage", "instance"), [row])
        self._run(delete(beats).where(beats.c.at < beat.at - _BEATS_KEPT))

    def beats(self) -> Sequence[Beat]:
        rows = self._all(select(beats).order_by(beats.c.stage, beats.c.instance))
        return [Beat(**row._mapping) for row in rows]

    def counts(self) -> Counts:
        theirs = deliveries.c.channel != CHANNEL
        by_state = select(deliveries.c.state, func.count().label("number")).where(theirs)
        by_state = by_state.group_by(deliveries.c.state)
        found = {row.state: row.number for row in self._all(by_state)}
        waiting = select(func.min(deliveries.c.not_before)).where(
            theirs, deliveries.c.state == "waiting"
        )
        active = tables.subscriptions.c.state == "active"
        stopped = (tables.channels.c.state == "paused", tables.channels.c.why.is_not(None))
        runs, later = tables.digests, tables.items
        waits = runs.c.waits_until.is_not(None)
        of_run = (later.c.subscriber == runs.c.subscriber) & (later.c.due_at == runs.c.due_at)
        items = select(func.count()).select_from(runs).join(later, of_run)
        return Counts(
            releases=self._count(select(func.count()).select_from(releases)),
            matches=self._count(select(func.count()).select_from(tables.matches)),
            told=self._count(select(func.count()).select_from(tables.told)),
            deliveries={state: found.get(state, 0) for state in get_args(DeliveryState)},
            oldest_waiting=self._value(waiting),
            subscriptions=self._count(
                select(func.count()).select_from(tables.subscriptions).where(active)
            ),
            open_alarms=self._count(select(func.count()).where(alarms.c.closed_at.is_(None))),
            newest_release_at=self._value(select(func.max(releases.c.observed_at))),
            digests_waiting=self._count(select(func.count()).select_from(runs).where(waits)),
            items_waiting=self._count(items.where(waits, later.c.state == "waiting")),
            oldest_digest_due=self.next_digest_at(),
            stopped_channels=self._count(select(func.count()).where(*stopped)),
            bounced=self._count(
                select(func.count()).where(*stopped, tables.channels.c.why.like("bounce:%"))
            ),
        )

    def find_releases(self, name: str) -> Sequence[ReleaseId]:
        if not name:
            return []
        addresses = [name]
        with suppress(ValueError):  # an id, or an entry's own id
            addresses.append(canonical_address(name))
        entered = select(release_sources.c.release).where(release_sources.c.entry == name)
        found = select(releases.c.id).where(
            or_(
                func.substr(releases.c.id, 1, len(name)) == name,
                releases.c.address.in_(addresses),
                releases.c.id.in_(entered),
            )
        )
        newest_first = found.order_by(desc(releases.c.observed_at), releases.c.id)
        return [ReleaseId(row.id) for row in self._all(newest_first)]

    def trace(self, release: ReleaseId, *, subscriber: SubscriberId | None = None) -> Trace:
        matches, alerts = tables.matches.c, tables.alerts.c
        whose = () if subscriber is None else (alerts.subscriber == subscriber,)
        theirs = () if subscriber is None else (matches.subscriber == subscriber,)
        met = select(tables.matches).where(matches.release == release, *theirs)
        sent = ALERTS.where(alerts.release == release, *whose)
        later = [tables.items.c.release == release]
        if subscriber is not None:
            later.append(tables.items.c.subscriber == subscriber)
        in_digests = select(tables.items.c.alert).where(*later, tables.items.c.alert.is_not(None))
        rows = self._all(
            select(deliveries, channels.c.shown)
            .join(tables.alerts, alerts.id == deliveries.c.alert)
            .join(channels, channels.c.id == deliveries.c.channel)
            .where(or_(alerts.release == release, alerts.id.in_(in_digests)), *whose)
            .order_by(alerts.created_at, deliveries.c.id)
        )
        tried = self._read_deliveries(rows)
        return Trace(
            taken=self._taken(release),
            matches=[
                Match(**row._mapping)
                for row in self._all(met.order_by(matches.matched_at, matches.subscription))
            ],
            alerts=[
                read_alert(row) for row in self._all(sent.order_by(alerts.created_at, alerts.id))
            ],
            deliveries=[(each, row.shown) for each, row in zip(tried, rows, strict=True)],
            items=self._items(*later),
        )

    def _taken(self, release: ReleaseId) -> list[Taken]:
        taken, kept = tables.taken, tables.classified
        asked = (
            select(taken, kept.c.payload)
            .join(kept, kept.c.sha256 == taken.c.classified)
            .where(taken.c.release == release)
            .order_by(taken.c.taken_at, taken.c.number)
        )
        return [
            Taken(
                classified=read_payload(Classified, row.payload),
                place=Place(row.cluster, row.topic, row.topic_id, row.partition),
                offset=row.log_offset,
                taken_at=row.taken_at,
                verdict=row.verdict,
                subscription_version=row.subscription_version,
            )
            for row in self._all(asked)
        ]

    def _value(self, statement: Any) -> Any:
        return self._connection.execute(statement).scalar()

    def _count(self, statement: Any) -> int:
        return int(self._value(statement))


def _is_open(key: str) -> Any:
    return (alarms.c.key == key) & alarms.c.closed_at.is_(None)


def read_alarm(row: Row[Any], *, closed_at: datetime | None) -> Alarm:
    """Return the alarm of a row."""
    return Alarm(row.key, row.text, row.opened_at, row.last_at, row.times, closed_at)
