"""One host that is sent to: its claims in hand, by lane and channel, and how it is. Pure."""

from collections import Counter, deque
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.breaker import Breaker
from despatch.model import ChannelId, DeliveryId, Lane
from despatch.ports import Claim, Sent

LATEST = timedelta(seconds=20)
"""A delivery is given back for no longer than this, for a busy host may become quicker."""

_NONE = timedelta(0)
_REMEMBERED = 16
_STILL = timedelta(seconds=1)
"""A host at which nothing could start for so long hangs."""
_BEFORE = timedelta(seconds=5)
"""So long before its turn one is claimed again, for it may come sooner than was thought."""
_APART = timedelta(milliseconds=20)
"""Between those that wait for the end of a rest: not all are claimed again at once."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is sent at once, and how fast."""

    at_once: int = 64
    """In all."""
    host_at_once: int = 8
    channel_at_once: int = 4
    host_pause: timedelta = _NONE
    """Between the starts of two sends to one host; a service may want more."""
    channel_pause: timedelta = _NONE

    @staticmethod
    def bulk(at_once: int) -> int:
        """Return how many of so many may be of the bulk lane: a quarter is kept for the urgent."""
        return max(1, at_once - max(1, at_once // 4))


class Gate:
    """How many may be under way, and how far apart they start."""

    def __init__(self, at_once: int, pause: timedelta) -> None:
        self.flying = 0
        self._at_once = at_once
        self._pause = pause
        self._opens: datetime | None = None

    def open(self, now: datetime) -> bool:
        """Return whether one more may start now."""
        return self.flying < self._at_once and (self._opens is None or now >= self._opens)

    def start(self, now: datetime) -> None:
        self.flying += 1
        if self._pause:
            self._opens = now + self._pause

    def hold(self, until: datetime) -> None:
        """Let nothing start before then."""
        self._opens = max(until, self._opens or until)

    def held(self, now: datetime) -> datetime | None:
        """Return until when nothing may start, or None."""
        return self._opens if self._opens is not None and self._opens > now else None


class Host:
    """Its claims wait by channel, so that channels take turns."""

    def __init__(self, limits: Limits, pause: timedelta) -> None:
        self.breaker = Breaker()
        self.waiting: dict[Lane, dict[ChannelId, deque[tuple[Claim, datetime]]]] = {
            "urgent": {},
            "bulk": {},
        }
        self.count: Counter[Lane] = Counter()
        """How many are in hand and not under way."""
        self._limits = limits
        self._pause = max(pause, limits.host_pause)
        self._gate = Gate(limits.host_at_once, self._pause)
        self._began: dict[DeliveryId, datetime] = {}
        self._flying_bulk = 0
        self._took: deque[timedelta] = deque(maxlen=_REMEMBERED)
        self._started_at: datetime | None = None
        self._behind: dict[Lane, datetime] = {}
        """Until when those have a turn that were given back."""

    def add(self, claim: Claim, now: datetime) -> None:
        self.waiting[claim.lane].setdefault(claim.channel, deque()).append((claim, now))
        self.count[claim.lane] += 1

    def opens(self, now: datetime) -> datetime:
        """Return when anything may start at all: after its pause, and its rest."""
        return max(now, self._gate.held(now) or now, self.breaker.rests_until or now)

    def turn(self, lane: Lane, now: datetime) -> datetime:
        """Return when one more claim would start, as far as can be told."""
        first = max(self.opens(now), self._behind.get(lane, now))
        before = self.count["urgent"] + (self.count["bulk"] if lane == "bulk" else 0)
        return first + self._spacing(now) * before

    def postpone(self, lane: Lane, now: datetime) -> datetime:
        """Return when one is to be claimed again that is behind what is in hand, before its turn.

        The next one's turn comes after it.
        """
        opens = self.opens(now)
        turn = min(self.turn(lane, now), opens + LATEST)
        self._behind[lane] = min(turn + max(self._spacing(now), _APART), opens + LATEST)
        return turn if opens > now else max(now, turn - _BEFORE)

    def began(self, claim: Claim, now: datetime) -> None:
        self.count[claim.lane] -= 1
        self._gate.start(now)
        self._began[claim.delivery] = self._started_at = now
        self._flying_bulk += claim.lane == "bulk"

    def ended(self, claim: Claim, sent: Sent, now: datetime) -> bool:
        """Take note of a send that ended; return whether the host begins to rest by it."""
        self._gate.flying -= 1
        self._flying_bulk -= claim.lane == "bulk"
        self._took.append(now - self._began.pop(claim.delivery))
        tried = self.breaker.trying
        rests = self.breaker.ended(sent, now)
        if tried and not self.breaker.trying:  # it is back
            self._took.clear()
            self._behind.clear()
        if not self.count.total():  # none is left: nobody need wait any longer
            self._behind.clear()
        return rests

    def woke(self, now: datetime) -> None:
        """Take note that it was us who stood still: that says nothing of the host."""
        self._started_at = now

    def may_start(self, lane: Lane, now: datetime) -> bool:
        if self.breaker.resting(now) or (self.breaker.trying and self._gate.flying):
            return False
        most = self._limits.bulk(self._limits.host_at_once)
        return self._gate.open(now) and not (lane == "bulk" and self._flying_bulk >= most)

    def idle(self, now: datetime) -> bool:
        """Return whether nothing of it is in hand, under way, or worth remembering."""
        if self.count.total() or self._gate.flying or self.breaker.trying:
            return False
        return self.turn("bulk", now) <= now

    def _spacing(self, now: datetime) -> timedelta:
        """Return how far apart its sends start, judged by the last ones, and by whether any does.

        By the quickest of them: the first sends over new connections are slow everywhere, and
        whoever is given back for nothing waits longer than who is kept for nothing.
        """
        at_once = 1 if self.breaker.trying else self._limits.host_at_once
        spacing = max(self._pause, min(self._took, default=_NONE) / at_once)
        still = now - self._started_at if self._started_at and self._full else _NONE
        return max(spacing, still) if still > _STILL else spacing

    @property
    def _full(self) -> bool:
        return self._gate.flying >= self._limits.host_at_once
