"""What the operator was told of alarms."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, or_, select, text, update

from despatch.ports import Alarm, Notice
from despatch.store.operating import read_alarm
from despatch.store.rows import Rows, in_parts
from despatch.store.tables import alarm_notices, alarms

_LOCK_KEY = 0x616C61726D  # "alarm"


class Notices(Rows):
    """The part of a transaction that remembers what the operator was told."""

    def hold_notices(self) -> None:
        # On SQLite the transaction began with the one lock that there is.
        if self._dialect == "postgresql":
            self._connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})

    def alarms_to_tell(self, since: datetime) -> Sequence[Alarm]:
        told = select(alarm_notices.c.key).where(alarm_notices.c.over_at.is_(None))
        wanted = select(alarms).where(
            or_(alarms.c.closed_at.is_(None), alarms.c.closed_at >= since, alarms.c.key.in_(told))
        )
        rows = self._all(wanted.order_by(alarms.c.opened_at, alarms.c.number))
        return [read_alarm(row, closed_at=row.closed_at) for row in rows]

    def notices(self) -> Sequence[Notice]:
        rows = self._all(select(alarm_notices).order_by(alarm_notices.c.key))
        return [Notice(row.key, row.told_at, row.over_at) for row in rows]

    def note_told(self, keys: Collection[str], now: datetime) -> None:
        rows = [{"key": key, "told_at": now, "over_at": None} for key in sorted(set(keys))]
        self._put(alarm_notices, ("key",), rows)

    def note_over(self, keys: Collection[str], now: datetime) -> None:
        for part in in_parts(keys):
            over = update(alarm_notices).where(alarm_notices.c.key.in_(part))
            self._run(over.values(over_at=now))

    def forget_notices(self, before: datetime) -> int:
        return self._run(delete(alarm_notices).where(alarm_notices.c.over_at < before))
