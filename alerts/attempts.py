"""What comes after a try: delivered, again later, or given up. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from despatch.model import Attempt, DeliveryState
from despatch.ports import Claim, Sent

WAITS = tuple(timedelta(minutes=m) for m in (1, 2, 4, 8, 16, 32, 64, 128, 256, 480, 480))
"""The longest wait after the first try, the second, …: about a day in all."""
MAX_TRIES = len(WAITS) + 1
MAX_RETRY_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a claim; `sent` is None if it was given back without a try."""

    claim: Claim
    sent: Sent | None
    began: datetime
    took: timedelta

    @property
    def attempt(self) -> Attempt | None:
        """The record of the try."""
        if self.sent is None:
            return None
        return Attempt(
            at=self.began,
            took_ms=max(0, round(self.took.total_seconds() * 1_000)),
            outcome=self.sent.outcome,
            reason=self.sent.reason[:500],
        )

    @property
    def reason(self) -> str:
        """What came of it, in a sentence."""
        return self.sent.reason if self.sent else "not tried: given back"


@dataclass(frozen=True, slots=True)
class After:
    """A delivery's next state, and when it is due if it waits."""

    state: DeliveryState
    not_before: datetime


def next_state(result: Result, now: datetime, max_tries: int, chance: float) -> After:
    """Return what a delivery becomes. `chance` is a number in [0, 1) that spreads the tries.

    A try in doubt is tried again, with the same key.
    """
    if result.sent is None:
        return After("waiting", now)
    if result.sent.outcome == "delivered":
        return After("delivered", now)
    tries = len(result.claim.delivery.attempts) + 1
    if result.sent.outcome == "permanent" or tries >= max_tries:
        return After("failed", now)
    return After("waiting", now + next_try(tries, result.sent.retry_after, chance))


def next_try(tries: int, retry_after: timedelta | None, chance: float) -> timedelta:
    """Return how long to wait after the n-th try: full jitter, and never before Retry-After.

    `next_try(3, None, 0.5) == timedelta(minutes=2)`. Full jitter spreads best: Marc Brooker,
    "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """
    longest = WAITS[min(max(tries, 1), len(WAITS)) - 1]
    asked = min(max(retry_after or timedelta(0), timedelta(0)), MAX_RETRY_AFTER)
    return max(asked * (1 + chance / 10), longest * chance)
