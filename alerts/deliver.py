"""Delivers what waits in the store: claim, commit, send, record.

A delivery is lent for at least twice as long as a send can take, so that nobody else sends it
meanwhile. A worker that dies leaves it to the end of its lease; then it is sent again, with the
same key. The store is used by the worker's own thread alone: what came of many sends is recorded
in one transaction.
"""

import random
import threading
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from typing import Protocol
from uuid import uuid4

from pydantic import SecretStr

from alerts.attempts import MAX_TRIES, After, Result, next_state
from alerts.channels import host_of
from despatch import log
from despatch.errors import FencedError, TransientError, UsageError
from despatch.model import DeliveryId, SubscriberId
from despatch.ports import Alarms, Claim, Clock, LoggedAlarms, Sender, Sent, Store, Transaction
from despatch.watchdog import Watchdog

OPERATOR = SubscriberId("operator")
"""The subscriber that alarms go to."""

_WAITS = "deliveries wait"
"""The alarm's key while the store is away."""

_IDLE = timedelta(milliseconds=250)
_STORE_AWAY = timedelta(seconds=2)
_FORGET_FAILING = timedelta(seconds=30)


class Channels(Protocol):
    """What the worker asks for a sender: `alerts.channels.Senders`."""

    @property
    def time_limit(self) -> timedelta:
        """How long a send can take at most, over any channel."""
        ...

    def sender_for(self, url: SecretStr) -> Sender:
        """Return the sender for a URL; raises UsageError if there is none."""
        ...


class DeliveryWorker:
    """Sends with a bounded number of threads, and no more than `lanes` at once to one host.

    Several workers may run, in one process or in many. Its methods are for one thread.
    """

    def __init__(
        self,
        store: Store,
        senders: Channels,
        clock: Clock,
        *,
        owner: str,
        alarms: Alarms | None = None,
        max_tries: int = MAX_TRIES,
        lanes: int = 4,
        workers: int = 8,
        chance: Callable[[], float] = random.random,
        stuck_after: timedelta = timedelta(minutes=5),
    ) -> None:
        self.owner = f"{owner}#{uuid4().hex[:6]}"
        """Two workers of one process are two owners."""
        self.waiting_for = ""
        """What it waits for, in words; empty while all is well."""
        self._store = store
        self._senders = senders
        self._clock = clock
        self._alarms = alarms or LoggedAlarms()
        self._max_tries = max_tries
        self._lanes = lanes
        self._workers = workers
        self._chance = chance
        self._held: deque[tuple[Claim, str]] = deque()
        self._flying: dict[Future[Sent], tuple[Claim, str, datetime]] = {}
        self._busy: Counter[str] = Counter()
        self._results: list[tuple[Result, After]] = []
        self._failing: set[str] = set()
        self._failing_read_at: datetime | None = None
        self._watchdog = Watchdog("deliveries", stuck_after)
        self._stuck_after = stuck_after
        self._alarmed = True
        """Whether the alarm that it waits is open; an earlier life may have left it so."""
        self._log = log.get(stage="deliveries")

    def run(self, stop: threading.Event) -> None:
        """Deliver until told to stop; then wait for the sends in hand and give the rest back."""
        with self._watchdog, ThreadPoolExecutor(self._workers, "deliver") as pool:
            while not stop.is_set():
                self._show_life()
                pause = self._turn_or_wait(pool)
                if self._flying and not self.waiting_for:
                    wait(self._flying, pause.total_seconds(), FIRST_COMPLETED)
                else:
                    stop.wait(pause.total_seconds())
            self._land()

    def run_once(self) -> int:
        """Deliver what is due now, once each; return how many deliveries were given back.

        Raises TransientError when the store is away; what was sent by then is sent again, with
        the same key, when its lease has run out.
        """
        with ThreadPoolExecutor(self._workers, "deliver") as pool:
            self._claim(4 * self._workers)
            done = 0
            while self._held or self._flying or self._results:
                self._start(pool)
                if self._flying:
                    wait(self._flying, return_when=FIRST_COMPLETED)
                self._collect()
                done += self._record()
            return done

    def drain(self, until: datetime) -> int:
        """Deliver until nothing waits, or what waits is not due before `until`; return how many."""
        total = 0
        while True:
            total += (done := self.run_once())
            if done:
                continue
            with self._store.transaction() as tx:
                due = tx.next_delivery_at()
            now = self._clock.now()
            if due is None or due > until or now > until:
                return total
            self._clock.sleep(min(max(due - now, timedelta(milliseconds=20)), timedelta(seconds=1)))

    def _turn_or_wait(self, pool: ThreadPoolExecutor) -> timedelta:
        """Do one turn; return for how long nothing needs to be done."""
        try:
            busy = self._turn(pool)
        except TransientError as exc:
            if not self.waiting_for:
                self._alarms.open(_WAITS, f"{_WAITS}: {exc}")
            self._alarmed = True
            self.waiting_for = str(exc)
            self._log.warning("waiting", why=str(exc))
            return exc.retry_after or _STORE_AWAY
        self.waiting_for = ""
        if self._alarmed:
            self._alarmed = False
            self._alarms.close(_WAITS)
        return timedelta(0) if busy and not self._flying else _IDLE

    def _show_life(self) -> None:
        """Tell the watchdog that all is well, unless a send hangs far beyond its time limit."""
        now = self._clock.now()
        if all(now - began < self._stuck_after for _claim, _host, began in self._flying.values()):
            self._watchdog.touch()

    def _turn(self, pool: ThreadPoolExecutor) -> bool:
        """Record what ended, start what can be, claim more; return whether anything moved."""
        self._collect()
        moved = self._record()
        room = 2 * self._workers - len(self._held) - len(self._flying)
        claimed = self._claim(room) if room > 0 else 0
        self._start(pool)
        return bool(moved or claimed)

    def _claim(self, limit: int) -> int:
        """Borrow deliveries that are due. What was paused or removed since is cancelled."""
        now = self._clock.now()
        with self._store.transaction() as tx:
            claims = tx.claim_deliveries(self.owner, now, 2 * self._senders.time_limit, limit)
            for claim in claims:
                if not claim.kept:
                    tx.finish_delivery(claim.delivery.id, self.owner, None, "cancelled", now)
        for claim in claims:
            if claim.kept:
                self._held.append((claim, host_of(claim.url)))
        return len(claims)

    def _start(self, pool: ThreadPoolExecutor) -> None:
        """Start what has a thread and a lane; what waited too long for one is given back."""
        for _ in range(len(self._held)):
            if len(self._flying) >= self._workers:
                return
            claim, host = self._held.popleft()
            if self._lease_left(claim) < self._senders.time_limit:
                self._give_back(claim)
            elif self._busy[host] >= self._lanes:
                self._held.append((claim, host))
            else:
                self._busy[host] += 1
                flight = pool.submit(_send, self._senders, claim)
                self._flying[flight] = (claim, host, self._clock.now())

    def _lease_left(self, claim: Claim) -> timedelta:
        until = claim.delivery.lease_until
        return until - self._clock.now() if until else timedelta(0)

    def _collect(self) -> None:
        for flight in [flight for flight in self._flying if flight.done()]:
            claim, host, began = self._flying.pop(flight)
            self._busy[host] -= 1
            now = self._clock.now()
            result = Result(claim, _outcome(flight), began, now - began)
            after = next_state(result, now, self._max_tries, self._chance())
            self._results.append((result, after))

    def _give_back(self, claim: Claim) -> None:
        now = self._clock.now()
        self._results.append((Result(claim, None, now, timedelta(0)), After("waiting", now)))

    def _record(self) -> int:
        """Record results in one transaction; they stay in hand if the store is away."""
        if not self._results:
            return 0
        for result, after in self._results:
            if after.state == "failed" and _is_ours_to_pause(result.claim):
                self._raise_alarm(result)
        with self._store.transaction() as tx:
            for result, after in self._results:
                self._finish(tx, result, after)
        done, self._results = self._results, []
        self._well_again({_alarm_key(r.claim) for r, after in done if after.state == "delivered"})
        return len(done)

    def _finish(self, tx: Transaction, result: Result, after: After) -> None:
        delivery = result.claim.delivery
        try:
            tx.finish_delivery(
                delivery.id, self.owner, result.attempt, after.state, after.not_before
            )
        except FencedError as exc:  # our lease ran out: another worker records what comes of it
            self._log.warning("delivery dropped", delivery=delivery.id, why=str(exc))
            return
        self._log.info(
            "delivery tried", delivery=delivery.id, state=after.state, reason=result.reason
        )
        if after.state == "failed" and _is_ours_to_pause(result.claim):
            tx.set_channel_state(delivery.channel, "paused")

    def _raise_alarm(self, result: Result) -> None:
        """Say that a channel fails for good, before it is paused: a crash says it twice."""
        key = _alarm_key(result.claim)
        self._failing.add(key)
        tries = len(result.claim.delivery.attempts) + 1
        self._alarms.open(
            key,
            f"{key}: delivery {result.claim.delivery.id} failed for good after {tries} "
            f"{'try' if tries == 1 else 'tries'}: {result.reason}. The channel is paused. Once "
            f"it works: despatch subscriptions resume {_subscription(result.claim)}",
        )

    def _well_again(self, keys: set[str]) -> None:
        """Close the alarms of channels that deliver again."""
        if not keys:
            return
        self._read_failing()
        for key in sorted(keys & self._failing):
            self._failing.discard(key)
            self._alarms.close(key)

    def _read_failing(self) -> None:
        """Learn, now and then, which channels other workers found failing."""
        now = self._clock.now()
        if self._failing_read_at and now - self._failing_read_at < _FORGET_FAILING:
            return
        self._failing_read_at = now
        try:
            with self._store.transaction() as tx:
                self._failing |= {one.key for one in tx.alarms() if one.key.startswith("channel ")}
        except TransientError:
            return

    def _land(self) -> None:
        """Wait for the sends in hand, record them, and give back what was not started."""
        wait(self._flying, self._senders.time_limit.total_seconds())
        self._collect()
        while self._held:
            self._give_back(self._held.popleft()[0])
        try:
            self._record()
        except TransientError as exc:
            self._log.warning("left to their leases", count=len(self._results), why=str(exc))


def _send(senders: Channels, claim: Claim) -> Sent:
    if claim.fault:
        return Sent("permanent", claim.fault)
    try:
        sender = senders.sender_for(claim.url)
    except UsageError as exc:
        return Sent("permanent", str(exc))
    return sender.send(claim.url, claim.alert, DeliveryId(claim.delivery.id))


def _outcome(flight: Future[Sent]) -> Sent:
    """Return what came of a send; a sender that raised has a fault, named by its class alone."""
    fault = flight.exception()
    if fault is not None:
        return Sent("temporary", f"the channel's own code failed: {type(fault).__name__}")
    return flight.result()


def _is_ours_to_pause(claim: Claim) -> bool:
    """The operator's channel is never paused: nobody would be told. A test is only a test."""
    return claim.alert.subscriber != OPERATOR and claim.alert.event != "test"


def _alarm_key(claim: Claim) -> str:
    return f"channel {claim.delivery.channel} fails"


def _subscription(claim: Claim) -> str:
    return claim.alert.subscriptions[0] if claim.alert.subscriptions else "ID"
