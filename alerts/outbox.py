"""The store's side of delivering: what came of sends is recorded, and more is claimed.

All of it in one transaction for hundreds of deliveries: a commit for each would cost more than the
sends.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from despatch import log
from despatch.canary import CHANNEL as CANARY
from despatch.errors import TransientError
from despatch.model import ChannelId, Lane, SubscriberId
from despatch.ports import Alarms, Claim, Finished, Store, Transaction

OPERATOR = SubscriberId("operator")
"""The subscriber that alarms go to."""

_FORGET_FAILING = timedelta(seconds=30)


class Outbox:
    """Claims for one worker, by its own name. One thread's own."""

    def __init__(self, store: Store, alarms: Alarms, owner: str) -> None:
        self._store = store
        self._alarms = alarms
        self._owner = owner
        self._failing: set[str] = set()
        self._failing_read_at: datetime | None = None
        self._log = log.get(stage="deliveries")

    def exchange(
        self,
        finished: Sequence[Finished],
        limits: Mapping[Lane, int],
        lease: timedelta,
        now: datetime,
    ) -> Sequence[Claim]:
        """Record what came of claims and borrow more, in one transaction.

        What was paused or removed since is recorded as cancelled, and not returned. Raises
        TransientError if the store is away: then nothing is recorded.
        """
        broken = {one.claim.channel: one for one in finished if _ends_channel(one)}
        for one in broken.values():
            self._raise_alarm(one)
        with self._store.transaction() as tx:
            lost = tx.finish_deliveries(self._owner, finished) if finished else frozenset()
            for channel, one in broken.items():
                if one.claim.delivery not in lost:
                    tx.set_channel_state(channel, "paused")
            claims = tx.claim_deliveries(self._owner, now, lease, limits)
            kept = self._cancel_stopped(tx, claims, now)
        self._say(finished, lost)
        self._well_again({one.claim.channel for one in finished if one.state == "delivered"}, now)
        return kept

    def next_at(self) -> datetime | None:
        """Return when the next delivery is due."""
        with self._store.transaction() as tx:
            return tx.next_delivery_at()

    def _cancel_stopped(
        self, tx: Transaction, claims: Sequence[Claim], now: datetime
    ) -> Sequence[Claim]:
        stopped = [
            Finished(claim, None, "cancelled", now, claim.stopped)
            for claim in claims
            if claim.stopped
        ]
        if stopped:
            tx.finish_deliveries(self._owner, stopped)
            self._log.info("deliveries cancelled", count=len(stopped), why=stopped[0].reason)
        return [claim for claim in claims if not claim.stopped]

    def _say(self, finished: Sequence[Finished], lost: frozenset[str]) -> None:
        """Log each failure, and the rest as one line: of a hundred thousand, a line each costs."""
        theirs = [one for one in finished if one.claim.channel != CANARY]
        tried = Counter(one.state for one in theirs if one.attempt is not None)
        if tried["delivered"]:
            self._log.info("delivered", count=tried["delivered"])
        for one in finished:
            if one.claim.delivery in lost:
                why = "its lease had run out; whoever has it now records what comes of it"
                self._log.warning("delivery dropped", delivery=one.claim.delivery, why=why)
            elif one.attempt is not None and one.state != "delivered":
                self._log.warning(
                    "delivery tried",
                    delivery=one.claim.delivery,
                    state=one.state,
                    reason=one.reason,
                )

    def _raise_alarm(self, one: Finished) -> None:
        """Say that a channel fails for good, before it is paused: a crash says it twice."""
        key = _alarm_key(one.claim.channel)
        self._failing.add(key)
        tries = one.claim.tries + (one.attempt is not None)
        self._alarms.open(
            key,
            f"{key}: delivery {one.claim.delivery} failed for good after {tries} "
            f"{'try' if tries == 1 else 'tries'}: {one.reason}. The channel is paused. Once "
            f"it works: despatch subscriptions resume {_subscription(one.claim)}, then "
            f"despatch deliveries retry {one.claim.channel}",
        )

    def _well_again(self, channels: set[ChannelId], now: datetime) -> None:
        """Close the alarms of channels that deliver again."""
        if not channels:
            return
        self._read_failing(now)
        if not self._failing:
            return
        for key in sorted({_alarm_key(channel) for channel in channels} & self._failing):
            self._failing.discard(key)
            self._alarms.close(key)

    def _read_failing(self, now: datetime) -> None:
        """Learn, now and then, which channels other workers found failing."""
        if self._failing_read_at and now - self._failing_read_at < _FORGET_FAILING:
            return
        self._failing_read_at = now
        try:
            with self._store.transaction() as tx:
                self._failing |= {one.key for one in tx.alarms() if one.key.startswith("channel ")}
        except TransientError:
            return


def _ends_channel(one: Finished) -> bool:
    """The operator's channel is never paused: nobody would be told. A test is only a test.

    A sign-up names whatever address a stranger typed: that it does not exist is no alarm.
    """
    alert = one.claim.alert
    tried_out = alert.event in {"test", "confirm"}
    return one.state == "failed" and alert.subscriber != OPERATOR and not tried_out


def _alarm_key(channel: ChannelId) -> str:
    return f"channel {channel} fails"


def _subscription(claim: Claim) -> str:
    return claim.alert.subscriptions[0] if claim.alert.subscriptions else "ID"
