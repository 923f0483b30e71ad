"""What is told later, and the runs that tell it: borrowed, composed and recorded in one go."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, select, update

from despatch.model import (
    ReleaseId,
    Subscriber,
    SubscriberId,
)
from despatch.ports import DigestRun, DueDigest, EndedDigest, Item, Overdue
from despatch.ports.digests import DigestState
from despatch.store.digest_items import ITEMS_AT_ONCE, first_within
from despatch.store.item_rows import MOVE, SETTLE, TOLD, add_items, read_item, settled, written
from despatch.store.kept import Kept
from despatch.store.rows import in_parts
from despatch.store.run_rows import FINISH, add_runs, new_run, read_run, run_rows
from despatch.store.subscribers import read_subscriber
from despatch.store.tables import digests, items, subscribers, told_at_once

_WAITS = items.c.state == "waiting"
_OF_RUN = (digests.c.subscriber == items.c.subscriber) & (digests.c.due_at == items.c.due_at)


class Digests(Kept):
    """The part of a transaction that is about what is told later."""

    def manners(self, subscribers_: Collection[SubscriberId]) -> Mapping[SubscriberId, Subscriber]:
        if self._any_manner is None:
            some = select(subscribers.c.id).where(subscribers.c.manner.is_not(None)).limit(1)
            self._any_manner = self._first(some) is not None
        found: dict[SubscriberId, Subscriber] = {}
        for part in in_parts(subscribers_) if self._any_manner else ():
            asked = select(subscribers).where(
                subscribers.c.id.in_(part), subscribers.c.manner.is_not(None)
            )
            found |= {SubscriberId(row.id): read_subscriber(row) for row in self._all(asked)}
        return found

    def told_at_once(self, subscriber: SubscriberId, since: datetime) -> int:
        # Not FOR UPDATE: whoever writes something about the subscriber must not wait for us.
        lock = select(subscribers.c.id).where(subscribers.c.id == subscriber)
        self._first(lock.with_for_update(key_share=True))
        theirs = (told_at_once.c.subscriber == subscriber, told_at_once.c.at > since)
        number: int = self._connection.scalar(select(func.count()).where(*theirs)) or 0
        return number

    def add_told_at_once(self, subscriber: SubscriberId, at: datetime, *, forget: datetime) -> None:
        theirs = told_at_once.c.subscriber == subscriber
        self._run(delete(told_at_once).where(theirs, told_at_once.c.at <= forget))
        self._run(told_at_once.insert().inline().values(subscriber=subscriber, at=at))

    def wait(self, items_: Sequence[Item], now: datetime) -> Sequence[Item]:
        if not items_:
            return ()
        kept = self._in_open_runs(items_, now)
        self._many(
            add_items(self._dialect), [written(one, self._keep(one.classified)) for one in kept]
        )
        return kept

    def wait_anew(self, items_: Sequence[Item], now: datetime) -> None:
        if not items_:
            return
        columns = ("due_at", "payload", *TOLD)
        moved = self._in_open_runs(items_, now)
        rows = [written(one, self._keep(one.classified)) for one in moved]
        self._many(MOVE, [{f"the_{name}": row[name] for name in columns} for row in rows])

    def items_of(self, release: ReleaseId) -> Sequence[Item]:
        return self._items(items.c.release == release, _WAITS)

    def items_for(self, subscriber: SubscriberId) -> Sequence[Item]:
        found = self._items(items.c.subscriber == subscriber, _WAITS)
        return sorted(found, key=lambda one: one.due_at)

    def mark_withdrawn(self, release: ReleaseId, *, withdrawn: bool) -> None:
        about = update(items).where(items.c.release == release, _WAITS)
        self._run(about.values(withdrawn=withdrawn))

    def due_digests(self, now: datetime, limit: int) -> Sequence[DueDigest]:
        runs = self._few(self._borrow(now, limit), now)
        theirs: dict[str, list[Item]] = {who: [] for who in runs}
        for part in in_parts(runs):
            for item in self._items(
                digests.c.subscriber.in_(part), digests.c.waits_until <= now, _WAITS, of_runs=True
            ):
                theirs[item.subscriber].append(item)
        return [
            DueDigest(SubscriberId(who), tuple(moments), tuple(theirs[who]))
            for who, moments in runs.items()
        ]

    def finish_digests(self, ended: Sequence[EndedDigest]) -> None:
        runs = [row for one in ended for row in run_rows(one)]
        items_ = [row for one in ended for row in settled(one)]
        for statement, rows in ((FINISH, runs), (SETTLE, items_)):
            if rows:
                self._many(statement, rows)

    def next_digest_at(self) -> datetime | None:
        first = select(func.min(digests.c.waits_until)).where(digests.c.waits_until.is_not(None))
        at: datetime | None = self._connection.scalar(first)
        return at

    def overdue_digests(self, before: datetime) -> Overdue:
        number, first = func.count().label("number"), func.min(digests.c.waits_until).label("first")
        row = self._first(select(number, first).where(digests.c.waits_until < before))
        return Overdue(0, None) if row is None else Overdue(row.number, row.first)

    def digest_runs(
        self,
        limit: int,
        *,
        subscriber: SubscriberId | None = None,
        state: DigestState | None = None,
    ) -> Sequence[DigestRun]:
        asked = select(digests).order_by(digests.c.due_at.desc(), digests.c.subscriber).limit(limit)
        if subscriber is not None:
            asked = asked.where(digests.c.subscriber == subscriber)
        if state is not None:
            asked = asked.where(digests.c.state == state)
        rows = self._all(asked)
        waiting = self._number_waiting([row for row in rows if row.state == "waiting"])
        return [read_run(row, waiting.get((row.subscriber, row.due_at), row.items)) for row in rows]

    def _in_open_runs(self, items_: Sequence[Item], now: datetime) -> list[Item]:
        """Return items, each due in a run that waits for it from now on."""
        over = self._open_runs({(one.subscriber, one.due_at) for one in items_})
        if over:
            self._open_runs({(subscriber, now) for subscriber, _due in over})
        return [
            replace(one, due_at=now) if (one.subscriber, one.due_at) in over else one
            for one in items_
        ]

    def _open_runs(self, wanted: Collection[tuple[str, datetime]]) -> set[tuple[str, datetime]]:
        """Have these runs wait; return those that are over, so that nothing can wait for them.

        Until the end of the transaction nobody can run those that wait.
        """
        self._many(add_runs(self._dialect), [new_run(*one) for one in sorted(wanted)])
        moments = {due for _who, due in wanted}
        over = set()
        for part in in_parts({who for who, _due in wanted}):
            asked = select(digests.c.subscriber, digests.c.due_at, digests.c.waits_until).where(
                digests.c.subscriber.in_(part), digests.c.due_at.in_(moments)
            )
            rows = self._all(asked.with_for_update(read=True))
            over |= {(row.subscriber, row.due_at) for row in rows if row.waits_until is None}
        return over & set(wanted)

    def _borrow(self, now: datetime, limit: int) -> Mapping[str, list[datetime]]:
        """Return due subscribers, the longest due first, each with all that is due for them.

        A subscriber is locked first, so that two workers never share what is due for one; whoever
        is being written to just now comes a moment later.
        """
        asked = (
            select(digests.c.subscriber)
            .join(subscribers, subscribers.c.id == digests.c.subscriber)
            .where(digests.c.waits_until <= now)
            # By nothing else: of 100,000 due at eight, each page would sort all that are left.
            .order_by(digests.c.waits_until)
            .limit(limit)
            .with_for_update(of=subscribers, key_share=True, skip_locked=True)
        )
        found = dict.fromkeys(row.subscriber for row in self._all(asked))
        runs: dict[str, list[datetime]] = {who: [] for who in found}
        busy = set()
        for part in in_parts(found):
            due = (digests.c.subscriber.in_(part), digests.c.waits_until <= now)
            theirs = select(digests.c.subscriber, digests.c.due_at).where(*due)
            ours = self._all(
                theirs.order_by(digests.c.due_at).with_for_update(of=digests, skip_locked=True)
            )
            for row in ours:
                runs[row.subscriber].append(row.due_at)
            busy |= {(one.subscriber) for one in set(self._all(theirs)) - set(ours)}
        return {who: moments for who, moments in runs.items() if moments and who not in busy}

    def _few(
        self, runs: Mapping[str, list[datetime]], now: datetime
    ) -> Mapping[str, list[datetime]]:
        """Return the first of these: one at least, and no more than hold so many items."""
        held: dict[str, int] = {}
        for part in in_parts(runs):
            due = (digests.c.subscriber.in_(part), digests.c.waits_until <= now, _WAITS)
            asked = select(items.c.subscriber, func.count().label("number")).join(digests, _OF_RUN)
            for row in self._all(asked.where(*due).group_by(items.c.subscriber)):
                held[row.subscriber] = row.number
        few = first_within(held, runs, ITEMS_AT_ONCE)
        return {who: moments for who, moments in runs.items() if who in few}

    def _items(self, *wanted: Any, of_runs: bool = False) -> list[Item]:
        asked = (
            select(items)
            .where(*wanted)
            .order_by(items.c.held_at, *(items.c[name] for name in TOLD))
        )
        if of_runs:
            asked = asked.join(digests, _OF_RUN)
        rows = self._all(asked)
        about = self._classified({row.classified for row in rows})
        return [read_item(row, about[row.classified]) for row in rows]

    def _number_waiting(self, rows: Sequence[Row[Any]]) -> Mapping[tuple[str, datetime], int]:
        found = {}
        for part in in_parts({row.subscriber for row in rows}):
            asked = (
                select(items.c.subscriber, items.c.due_at, func.count().label("number"))
                .where(items.c.subscriber.in_(part), _WAITS)
                .group_by(items.c.subscriber, items.c.due_at)
            )
            found.update({(r.subscriber, r.due_at): r.number for r in self._all(asked)})
        return found
