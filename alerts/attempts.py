"""What comes after a try: delivered, again later, or given up. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from despatch.model import Attempt, DeliveryState
from despatch.ports import Claim, Finished, Sent

WAITS = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 30, 120, 300, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 28_800)
)
"""The longest wait after the first try, the second, …: about a day in all."""
MAX_TRIES = len(WAITS) + 1
MAX_RETRY_AFTER = timedelta(days=1)
GIVE_UP_AFTER = timedelta(days=2)
"""A delivery whose host rests is not tried, and does not wait for longer than this."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a try."""

    claim: Claim
    sent: Sent
    began: datetime
    took: timedelta

    @property
    def attempt(self) -> Attempt:
        """The record of the try."""
        return Attempt(
            at=self.began,
            took_ms=max(0, round(self.took.total_seconds() * 1_000)),
            outcome=self.sent.outcome,
            reason=self.sent.reason[:500],
        )


@dataclass(frozen=True, slots=True)
class After:
    """A delivery's next state, and when it is due if it waits."""

    state: DeliveryState
    not_before: datetime


def tried(result: Result, now: datetime, max_tries: int, chance: float) -> Finished:
    """Return a try as it is recorded, with what the delivery becomes."""
    after = next_state(result, now, max_tries, chance)
    attempt = result.attempt
    return Finished(result.claim, attempt, after.state, after.not_before, attempt.reason)


def postponed(claim: Claim, at: datetime, reason: str, now: datetime) -> Finished:
    """Return a delivery that is given back without a try; given up if it has waited for too long.

    Without this end, what waits for a host that never comes back would wait for ever: of all that
    wait only one is tried now and then, to see whether the host is back.
    """
    if at > now and now - (claim.added_at or now) > GIVE_UP_AFTER:
        days = GIVE_UP_AFTER.days
        return Finished(claim, None, "failed", now, f"too late: {reason}, for over {days} days")
    return Finished(claim, None, "waiting", at, reason)


def next_state(result: Result, now: datetime, max_tries: int, chance: float) -> After:
    """Return what a delivery becomes. `chance` is a number in [0, 1) that spreads the tries.

    A try in doubt is tried again, with the same key.
    """
    if result.sent.outcome == "delivered":
        return After("delivered", now)
    tries = result.claim.tries + 1
    if result.sent.outcome == "permanent" or tries >= max_tries:
        return After("failed", now)
    return After("waiting", now + next_try(tries, result.sent.retry_after, chance))


def next_try(tries: int, retry_after: timedelta | None, chance: float) -> timedelta:
    """Return how long to wait after the n-th try: full jitter, and never before Retry-After.

    `next_try(3, None, 0.5) == timedelta(minutes=1)`. Full jitter spreads best: Marc Brooker,
    "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """
    longest = WAITS[min(max(tries, 1), len(WAITS)) - 1]
    asked = min(max(retry_after or timedelta(0), timedelta(0)), MAX_RETRY_AFTER)
    return max(asked * (1 + chance / 10), longest * chance)
