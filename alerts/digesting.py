"""Tells what waited once it is due: a page of runs a transaction, each run once.

What was borrowed, the alerts, their deliveries and the runs' outcome are one transaction of the
store, so a run is sent once whatever crashes; a run that nobody was there for is sent later.
"""

import threading
from collections.abc import Mapping, Sequence
from datetime import timedelta

from alerts.digest import compose
from despatch import log
from despatch.errors import TransientError
from despatch.model import Linked, ReleaseId, SubscriberId, Subscription
from despatch.ports import Alarms, Clock, DueDigest, EndedDigest, LoggedAlarms, Store, Transaction
from despatch.watchdog import Watchdog

PAGE = 100
"""So many runs are composed in one transaction: on SQLite all other writers wait meanwhile."""

LOOK_EVERY = timedelta(seconds=1)
_STORE_AWAY = timedelta(seconds=2)
_TRIES_BEFORE_ALARM = 3
_WAITS = "digests wait"
"""The alarm's key while the store is away."""


class Digesting:
    """Runs digests. Several may run, in one process or in many; each is one thread's own."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        alarms: Alarms | None = None,
        page: int = PAGE,
        stuck_after: timedelta = timedelta(minutes=5),
    ) -> None:
        self._store = store
        self._clock = clock
        self._alarms = alarms or LoggedAlarms()
        self._page = page
        self._held_since = clock.now()
        """When the last page's transaction began."""
        self._failed = 0
        """How often in a row the store was away."""
        self._alarmed = True
        """Whether the alarm is open; an earlier life may have left it so."""
        self._watchdog = Watchdog("digests", stuck_after)
        self._log = log.get(stage="digests")

    def run(self, stop: threading.Event) -> None:
        """Run what is due, and what comes due, until told to stop."""
        with self._watchdog:
            while not stop.is_set():
                self._watchdog.touch()
                stop.wait(self._turn().total_seconds())

    def run_due(self) -> int:
        """Run all that is due now; return how many runs that were.

        Raises TransientError when the store is away: what was run by then is done.
        """
        done = 0
        while count := self._run_page():
            done += count
        return done

    def _turn(self) -> timedelta:
        """Run a page; return for how long there is nothing to do."""
        try:
            count = self._run_page()
        except TransientError as exc:
            return self._wait(exc)
        self._failed = 0
        if self._alarmed:
            self._alarmed = False
            self._alarms.close(_WAITS)
        # As long a pause as the page had the store, not as it waited for it: whoever else waits has
        # a turn between pages.
        return min(self._clock.now() - self._held_since, LOOK_EVERY) if count else LOOK_EVERY

    def _wait(self, exc: TransientError) -> timedelta:
        self._failed += 1
        self._log.warning("waiting", why=str(exc), tries=self._failed)
        if self._failed == _TRIES_BEFORE_ALARM:
            self._alarmed = True
            self._alarms.open(_WAITS, f"{_WAITS}: {exc}")
        return exc.retry_after or _STORE_AWAY

    def _run_page(self) -> int:
        with self._store.transaction() as tx:
            self._held_since = self._clock.now()
            due = tx.due_digests(self._held_since, self._page)
            theirs: dict[SubscriberId, list[Subscription]] = {one.subscriber: [] for one in due}
            for subscription in tx.subscriptions_of(theirs) if due else ():
                theirs[subscription.subscriber].append(subscription)
            releases = {item.release for one in due for item in one.items}
            also = tx.published_twice(releases)
            self._run_all(tx, due, theirs, also)
        if due:
            self._log.info("digests run", count=len(due))
        return sum(len(one.moments) for one in due)

    def _run_all(
        self,
        tx: Transaction,
        due: Sequence[DueDigest],
        theirs: Mapping[SubscriberId, Sequence[Subscription]],
        also: Mapping[ReleaseId, Sequence[Linked]],
    ) -> None:
        """Compose what is due for each, and write all of it at once."""
        now = self._clock.now()
        composed = [compose(one, theirs[one.subscriber], now, also) for one in due]
        alerts = [(one.alert, one.channels) for one in composed if one.alert is not None]
        tx.add_alerts(alerts, now, lane="bulk")
        tx.finish_digests(
            [EndedDigest(of, one.run, one.dropped) for of, one in zip(due, composed, strict=True)]
        )
