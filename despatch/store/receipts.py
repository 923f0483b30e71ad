"""Receipts: who gets one when, and what they are made of."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import case, distinct, func, select, update

from despatch.model import SubscriberId
from despatch.ports import DueReceipt
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
            .order_by(receipts.c.due_at, receipts.c.subscriber)
            .limit(limit)
            .with_for_update(skip_locked=True, of=receipts)
        )
        return [
            DueReceipt(read_subscriber(row), row.due_at, row.since) for row in self._all(wanted)
        ]

    def finish_receipt(self, due: DueReceipt, next_at: datetime, since: datetime) -> None:
        theirs = (receipts.c.subscriber == due.subscriber, receipts.c.due_at == due.due_at)
        self._run(update(receipts).where(*theirs).values(due_at=next_at, since=since))

    def receipt_due(self, subscriber: SubscriberId) -> datetime | None:
        row = self._first(select(receipts.c.due_at).where(receipts.c.subscriber == subscriber))
        return None if row is None else row.due_at

    def judged_between(self, since: datetime, until: datetime) -> int:
        asked = select(func.count(distinct(taken.c.release)).label("number")).where(
            taken.c.taken_at > since, taken.c.taken_at <= until
        )
        row = self._first(asked)
        return 0 if row is None else int(row.number)

    def matched_between(
        self, subscribers: Collection[SubscriberId], since: datetime, until: datetime
    ) -> Mapping[SubscriberId, tuple[int, int]]:
        column = matches.c
        told = func.count(distinct(case((column.outcome == "told", column.release))))
        every = func.count(distinct(column.release))
        found: dict[SubscriberId, tuple[int, int]] = {}
        for part in in_parts(subscribers):
            asked = (
                select(column.subscriber, told.label("told"), every.label("every"))
                .where(column.subscriber.in_(part))
                .where(column.matched_at > since, column.matched_at <= until)
                .group_by(column.subscriber)
            )
            for row in self._all(asked):
                found[SubscriberId(row.subscriber)] = (row.told, row.every - row.told)
        return found
