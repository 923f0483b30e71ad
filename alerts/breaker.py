"""A circuit breaker: a host that fails again and again rests, then is tried with one send. Pure.

Michael Nygard, "Release It!", chapter "Circuit Breaker".
"""

import re
from datetime import datetime, timedelta

from despatch.ports import Sent

FAILURES = 10
"""So many in a row, and the host rests: of receivers that fail at random even every other one."""
AT_ONCE = frozenset({"login"})
"""What no second try is made of: a few wrong logins in a row, and many servers lock the account."""
FIRST_REST = timedelta(seconds=15)
LONGEST_REST = timedelta(minutes=15)

_OF_THE_HOST = re.compile(
    r"dns|tls|timeout|refused|unreachable|disconnected|bad answer|http 50[0234]|smtp 4(21|32|54)"
)
"""Failures that speak of the host and not of one address there."""


class Breaker:
    """Counts one host's failures in a row. The rest doubles each time that it was in vain."""

    def __init__(self) -> None:
        self.rests_until: datetime | None = None
        """Closed, if None. Later than now: it rests. Past: one send may try it."""
        self.held_up = ""
        """What all go by and failed last, `Sent.by`; empty if it was not that."""
        self._failures = 0
        self._rests = 0

    def resting(self, now: datetime) -> bool:
        """Return whether nothing may be sent."""
        return self.rests_until is not None and now < self.rests_until

    @property
    def trying(self) -> bool:
        """Whether it has rested, so that only one send at a time may be under way."""
        return self.rests_until is not None

    def ended(self, sent: Sent, now: datetime) -> bool:
        """Take note of a send; return whether the host begins to rest by it."""
        if not _speaks_of_host(sent):
            self._failures = self._rests = 0
            self.rests_until, self.held_up = None, ""
            return False
        self._failures += FAILURES if sent.failure in AT_ONCE else 1
        self.held_up = sent.by if sent.outcome == "held up" else ""
        if self.resting(now) or (self._failures < FAILURES and not self.trying):
            return False
        self.rests_until = now + min(FIRST_REST * 2**self._rests, LONGEST_REST)
        self._rests = min(self._rests + 1, 10)
        return True


def _speaks_of_host(sent: Sent) -> bool:
    if sent.outcome == "held up":
        return True
    return sent.outcome != "delivered" and _OF_THE_HOST.fullmatch(sent.failure) is not None
