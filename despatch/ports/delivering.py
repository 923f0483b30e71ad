"""The store's part for delivery workers: the outbox, lent under leases."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from pydantic import SecretStr

from despatch.model import (
    Alert,
    Attempt,
    ChannelId,
    Delivery,
    DeliveryId,
    DeliveryState,
    Lane,
    SubscriberId,
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery lent to one worker, with all that it needs to send."""

    delivery: DeliveryId
    channel: ChannelId
    alert: Alert
    """Alerts about one classified message share that object."""
    url: SecretStr
    lease_until: datetime
    added_at: datetime | None = None
    """Since when it waits; None if that was before this was kept."""
    lane: Lane = "urgent"
    tries: int = 0
    """How often it was tried before; what was held up counts as none."""
    attempts: int = 0
    """How many attempts are recorded, those that were held up too."""
    stopped: str = ""
    """Why it is not wanted any more (the channel, the subscriber or the subscription was paused or
    removed since): the worker records it as cancelled, with this reason, and sends nothing."""
    fault: str = ""
    """Why this channel alone can't be sent to; the worker records it as failed."""


@dataclass(frozen=True, slots=True)
class Finished:
    """What came of a claim: given back with its next state, and the try, if there was one."""

    claim: Claim
    attempt: Attempt | None
    state: DeliveryState
    not_before: datetime
    reason: str = ""
    """Why it has this state; without any secret."""
    by: str = ""
    """What many recipients go by, if it went or was to go by such: `Sent.by`."""
    blameless: bool = False
    """Whatever it came to, the channel is not to blame and stays as it is."""


class Delivering(Protocol):
    """The part of a store's transaction that lends deliveries and records what came of them."""

    def claim_deliveries(
        self, owner: str, now: datetime, lease: timedelta, limits: Mapping[Lane, int]
    ) -> Sequence[Claim]:
        """Lend deliveries that are due, or whose worker's lease ran out, oldest due first.

        At most so many of each lane, the urgent ones first.
        `owner` is one worker's own name. A lease that ran out adds an attempt "in doubt": whether
        that worker had sent it, nobody knows. A test or an alarm needs no subscription.
        """
        ...

    def finish_deliveries(self, owner: str, finished: Sequence[Finished]) -> frozenset[DeliveryId]:
        """Record tries and give the deliveries back, each with its next state.

        Returns those whose lease is not ours any more: nothing of theirs is changed, whoever has
        them now records what comes of them.
        """
        ...

    def deliveries_in(
        self, state: DeliveryState, limit: int
    ) -> Sequence[tuple[Delivery, str, SubscriberId]]:
        """Return deliveries in a state, those that came into it last first.

        Each with what may be shown of its channel, and with whose that is.
        """
        ...

    def try_again(self, named: Collection[str], now: datetime) -> frozenset[DeliveryId]:
        """Let deliveries that failed or were cancelled be due now; return which.

        `named` are ids of deliveries, or of channels: all of theirs. Each gets one more try at
        least, and is cancelled again if its channel or subscription is not active.
        """
        ...

    def next_delivery_at(self) -> datetime | None:
        """Return when the next delivery is due, or None if none waits.

        One that is being sent is due when its lease runs out.
        """
        ...
