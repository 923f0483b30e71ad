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
HELD_UP_FOR = timedelta(days=5)
"""Nor does one longer than this that is held up by what all go by: as long as mail servers wait for
each other (RFC 5321 §4.5.4.1), and over any weekend."""
HELD_UP_WAIT = timedelta(minutes=15)
"""The longest wait between two looks whether what all go by works again."""


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
    attempt, by = result.attempt, result.sent.by
    reason = attempt.reason
    held_up = result.sent.outcome == "held up"
    if held_up and after.state == "failed":
        reason = _too_late(f"{by} fails: {reason}"[:400], HELD_UP_FOR)
    return Finished(result.claim, attempt, after.state, after.not_before, reason, by, held_up)


def postponed(
    claim: Claim, at: datetime, reason: str, now: datetime, *, held_up: bool = False
) -> Finished:
    """Return a delivery that is given back without a try; given up if it has waited for too long.

    Without this end, what waits for a host that never comes back would wait for ever: of all that
    wait only one is tried now and then, to see whether the host is back. `held_up`: by what all go
    by.
    """
    longest = HELD_UP_FOR if held_up else GIVE_UP_AFTER
    if at > now and _waited(claim, now) > longest:
        late = _too_late(reason, longest)
        return Finished(claim, None, "failed", now, late, blameless=held_up)
    return Finished(claim, None, "waiting", at, reason)


def next_state(result: Result, now: datetime, max_tries: int, chance: float) -> After:
    """Return what a delivery becomes. `chance` is a number in [0, 1) that spreads the tries.

    A try in doubt is tried again, with the same key.
    """
    if result.sent.outcome == "delivered":
        return After("delivered", now)
    if result.sent.outcome == "held up":
        return _when_held_up(result, now, chance)
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


def _when_held_up(result: Result, now: datetime, chance: float) -> After:
    """The tries are its own: what all go by takes none of them away."""
    if _waited(result.claim, now) > HELD_UP_FOR:
        return After("failed", now)
    wait = next_try(result.claim.attempts + 1, result.sent.retry_after, chance)
    return After("waiting", now + min(wait, HELD_UP_WAIT))


def _waited(claim: Claim, now: datetime) -> timedelta:
    return now - (claim.added_at or now)


def _too_late(reason: str, longest: timedelta) -> str:
    return f"too late: {reason}, for over {longest.days} days"
