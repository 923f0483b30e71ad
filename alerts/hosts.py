"""Whose turn it is: what is in a worker's hand, by host and channel. Pure.

A host that is slow, rests, or has more waiting than it can take soon must not fill the hand: what
has no turn within ten seconds is given back until shortly before its turn, so that the others are
not kept waiting. `now` is a parameter everywhere.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import get_args

from alerts.host import LATEST, Gate, Host, Limits
from despatch.model import ChannelId, Lane
from despatch.ports import Claim, Sent

SOON = timedelta(seconds=2)
"""What is held back by a pause or a rest for longer than this does not stay in hand."""
HELD = timedelta(seconds=10)
"""Nor does what would wait for longer than this behind others."""


@dataclass(frozen=True, slots=True)
class Later:
    """A claim that is given back without a try."""

    claim: Claim
    at: datetime
    reason: str
    held_up: bool = False
    """By what all go by, such as the operator's own mail server."""


class Hosts:
    """All hosts and channels of one worker. One thread's own."""

    def __init__(
        self,
        limits: Limits,
        host_of: Callable[[Claim], str],
        pause_of: Callable[[Claim], timedelta],
    ) -> None:
        self.held: Counter[Lane] = Counter()
        """Claims in hand that are not under way."""
        self.flying: Counter[Lane] = Counter()
        """Claims under way."""
        self._limits = limits
        self._host_of = host_of
        self._pause_of = pause_of
        self._hosts: dict[str, Host] = {}
        self._in_turn: dict[Lane, dict[str, Host]] = {lane: {} for lane in get_args(Lane)}
        """Those with something in hand, whose turn is next first."""
        self._channels: dict[ChannelId, Gate] = {}

    def take(self, claim: Claim, now: datetime) -> Later | None:
        """Take a claim in hand, or say until when it is to be given back."""
        name = self._host_of(claim)
        host = self._host(name, claim)
        if held := self._held(claim.channel, now):
            return held(claim)
        if _has_no_turn_soon(host, claim.lane, now):
            return _after_others(host, claim, now)
        host.add(claim, now)
        self._in_turn[claim.lane][name] = host
        self.held[claim.lane] += 1
        return None

    def start(self, now: datetime) -> Iterator[Claim]:
        """Yield every claim that may start now, noted as started: urgent first, hosts in turn."""
        for lane, hosts in self._in_turn.items():
            while hosts and self._has_room(lane):
                claim = self._next(hosts, lane, now)
                if claim is None:
                    break
                yield claim

    def ended(self, claim: Claim, sent: Sent, now: datetime) -> bool:
        """Take note of a send that ended; return whether its host begins to rest by it."""
        self.flying[claim.lane] -= 1
        channel = self._channels[claim.channel]
        channel.flying -= 1
        if sent.retry_after:
            channel.hold(now + sent.retry_after)
        if sent.outcome == "permanent":  # it is about to be paused: no others after this one
            channel.hold(now + LATEST)
        return self._host(self._host_of(claim), claim).ended(claim, sent, now)

    def overdue(self, now: datetime) -> Iterator[Later]:
        """Yield what is in hand and has no turn soon, as taken out; and forget who is idle."""
        for name, host in list(self._hosts.items()):
            yield from self._overdue(name, host, now)
            if host.idle(now):
                del self._hosts[name]
        for channel, gate in list(self._channels.items()):
            if not gate.flying and gate.held(now) is None:
                del self._channels[channel]

    def woke(self, now: datetime) -> None:
        """Take note that the worker itself stood still until now."""
        for host in self._hosts.values():
            host.woke(now)

    def all_held(self) -> Iterator[Claim]:
        """Yield everything in hand that is not under way, as taken out."""
        for host in self._hosts.values():
            for lane in host.waiting.values():
                for queue in lane.values():
                    yield from (claim for claim, _since in queue)
                lane.clear()
            host.count.clear()
        for hosts in self._in_turn.values():
            hosts.clear()
        self.held.clear()

    def _next(self, hosts: dict[str, Host], lane: Lane, now: datetime) -> Claim | None:
        """Return a claim that may start, noted as started; its host is behind the others then."""
        for name, host in hosts.items():
            claim = self._next_of(host, lane, now) if host.may_start(lane, now) else None
            if claim is not None:
                del hosts[name]
                if host.waiting[lane]:
                    hosts[name] = host
                return claim
        return None

    def _next_of(self, host: Host, lane: Lane, now: datetime) -> Claim | None:
        """Return likewise a claim of one host; channels take turns."""
        queues = host.waiting[lane]
        for channel, queue in queues.items():
            gate = self._gate(channel)
            if gate.open(now):
                claim, _since = queue.popleft()
                del queues[channel]
                if queue:
                    queues[channel] = queue  # behind the others
                gate.start(now)
                host.began(claim, now)
                self.held[lane] -= 1
                self.flying[lane] += 1
                return claim
        return None

    def _has_room(self, lane: Lane) -> bool:
        most = self._limits.at_once
        if lane == "bulk" and self.flying["bulk"] >= self._limits.bulk(most):
            return False
        return self.flying.total() < most

    def _overdue(self, name: str, host: Host, now: datetime) -> Iterator[Later]:
        rest = host.breaker.rests_until
        rests = rest is not None and rest - now > SOON
        for lane, queues in host.waiting.items():
            for channel, queue in list(queues.items()):
                held = self._held(channel, now)
                while queue and (rests or held or _waits_in_vain(host, lane, queue[0][1], now)):
                    claim, _since = queue.popleft()
                    host.count[lane] -= 1
                    self.held[lane] -= 1
                    yield held(claim) if held else _after_others(host, claim, now)
                if not queue:
                    del queues[channel]
            if not queues:
                self._in_turn[lane].pop(name, None)

    def _held(self, channel: ChannelId, now: datetime) -> "Callable[[Claim], Later] | None":
        """Return what becomes of a channel's claims if it is left alone for a while, or None."""
        gate = self._channels.get(channel)
        until = gate.held(now) if gate is not None else None
        if until is None or until - now <= SOON:
            return None
        return lambda claim: Later(claim, until, "its channel is left alone until then")

    def _gate(self, channel: ChannelId) -> Gate:
        if channel not in self._channels:
            limits = self._limits
            self._channels[channel] = Gate(limits.channel_at_once, limits.channel_pause)
        return self._channels[channel]

    def _host(self, name: str, claim: Claim) -> Host:
        if name not in self._hosts:
            self._hosts[name] = Host(self._limits, self._pause_of(claim))
        return self._hosts[name]


def _has_no_turn_soon(host: Host, lane: Lane, now: datetime) -> bool:
    opens = host.opens(now)
    return opens - now > SOON or host.turn(lane, now) - now > HELD


def _waits_in_vain(host: Host, lane: Lane, since: datetime, now: datetime) -> bool:
    return now - since > SOON and _has_no_turn_soon(host, lane, now)


def _after_others(host: Host, claim: Claim, now: datetime) -> Later:
    reason = "its host is busy: given back until its turn"
    by = host.breaker.held_up if host.breaker.trying else ""
    if by:
        reason = f"{by} fails, and rests: all that go by it wait"
    elif host.breaker.trying:
        reason = "its host fails again and again, and rests"
    return Later(claim, host.postpone(claim.lane, now), reason, held_up=bool(by))
