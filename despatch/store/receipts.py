"""Receipts: who gets one when, and what they are made of."""

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, case, distinct, func, select, update

from despatch.model import SubscriberId
from despatch.ports import DueReceipt, EndedReceipt, Overdue
from despatch.store.rows import Rows, in_parts
from despatch.store.subscribers import read_subscriber
from despatch.store.tables import matches, receipts, subscribers, taken


class Receipts(Rows):
    """The part of a transaction that receipts are made with."""

    def due_receipts(self, now: datetime, limit: int) -> Sequence[DueReceipt]:
        wanted = (
            select(receipts.c.due_at, receipts.c.since, subscribers)
            .join(subscribers, subscribers.c.id == receipts.c.subscriber)
            .where(receipts.c.due_at <= now)
            # By nothing else: of 100,000 due at eight, each page would sort all that are left.
            .order_by(receipts.c.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True, of=receipts)
        )
        return [
            DueReceipt(read_subscriber(row), row.due_at, row.since) for row in self._all(wanted)
        ]

    def finish_receipts(self, ended: Sequence[EndedReceipt]) -> None:
        rows = [
            {
                "the_subscriber": one.due.subscriber,
                "was_due_at": one.due.due_at,
                "the_due_at": one.next_at,
                "the_since": one.since,
            }
            for one in ended
        ]
        if rows:
            self._many(_FINISH, rows)

    def overdue_receipts(self, before: datetime) -> Overdue:
        number, first = func.count().label("number"), func.min(receipts.c.due_at).label("first")
        row = self._first(select(number, first).where(receipts.c.due_at < before))
        return Overdue(0, None) if row is None else Overdue(row.number, row.first)

    def receipt_due(self, subscriber: SubscriberId) -> datetime | None:
        row = self._first(select(receipts.c.due_at).where(receipts.c.subscriber == subscriber))
        return None if row is None else row.due_at

    def judged_since(self, since: Collection[datetime], until: datetime) -> Mapping[datetime, int]:
        if not since:
            return {}
        last = func.max(taken.c.taken_at).label("last")
        asked = select(last).where(taken.c.taken_at > min(since), taken.c.taken_at <= until)
        times = sorted(row.last for row in self._all(asked.group_by(taken.c.release)))
        return {moment: len(times) - bisect_right(times, moment) for moment in set(since)}

    def matched_until(
        self, subscribers: Collection[SubscriberId], until: datetime
    ) -> Mapping[SubscriberId, tuple[int, int]]:
        column = matches.c
        told = func.count(distinct(case((column.outcome == "told", column.release))))
        every = func.count(distinct(column.release))
        asked = (
            select(column.subscriber, told.label("told"), every.label("every"))
            .join(receipts, receipts.c.subscriber == column.subscriber)
            .where(column.matched_at > receipts.c.since, column.matched_at <= until)
            .group_by(column.subscriber)
        )
        return {
            SubscriberId(row.subscriber): (row.told, row.every - row.told)
            for part in in_parts(subscribers)
            for row in self._all(asked.where(column.subscriber.in_(part)))
        }


_FINISH = (
    update(receipts)
    .where(
        receipts.c.subscriber == bindparam("the_subscriber"),
        receipts.c.due_at == bindparam("was_due_at"),
    )
    .values(due_at=bindparam("the_due_at"), since=bindparam("the_since"))
)
