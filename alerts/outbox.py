"""The store's side of delivering: what came of sends is recorded, and more is claimed.

All of it in one transaction for hundreds of deliveries: a commit for each would cost more than the
sends.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from alerts.failing import Failing, bounced
from alerts.servers import Servers
from despatch import log
from despatch.canary import CHANNEL as CANARY
from despatch.model import Lane, SubscriberId
from despatch.ports import Alarms, Claim, Finished, Store, Transaction

OPERATOR = SubscriberId("operator")
"""The subscriber that alarms go to."""


class Outbox:
    """Claims for one worker, by its own name. One thread's own."""

    def __init__(self, store: Store, alarms: Alarms, owner: str) -> None:
        self._store = store
        self._owner = owner
        self._failing = Failing(store, alarms)
        self._servers = Servers(store, alarms)
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
        self._servers.raise_alarms(finished)
        broken = {one.claim.channel: one for one in finished if _ends_channel(one)}
        if broken:
            self._failing.raise_alarms(list(broken.values()), now)
        with self._store.transaction() as tx:
            lost = tx.finish_deliveries(self._owner, finished) if finished else frozenset()
            for channel, one in broken.items():
                if one.claim.delivery not in lost:
                    tx.stop_channel(channel, one.reason, now, bounced=bounced(one))
            claims = tx.claim_deliveries(self._owner, now, lease, limits)
            kept = self._cancel_stopped(tx, claims, now)
        self._say(finished, lost)
        well = {one.claim.channel for one in finished if one.state == "delivered"}
        self._failing.delivered(well, now)
        self._servers.look(finished, now)
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


def _ends_channel(one: Finished) -> bool:
    """The operator's channel is never paused: nobody would be told. A test is only a test.

    A sign-up names whatever address a stranger typed: that it does not exist is no alarm. What
    failed with all that go by it is no channel's fault.
    """
    alert = one.claim.alert
    tried_out = alert.event in {"test", "confirm"}
    spared = alert.subscriber == OPERATOR or tried_out or one.blameless
    return one.state == "failed" and not spared
