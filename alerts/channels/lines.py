"""Connections that are kept for POSTs, one POST at a time over each.

A client for everything, as aiohttp's is, took two fifths of what a delivery cost: it makes a
request, an answer, a body, a timer and a context of each. Here the request is bytes, one timer
looks after all connections, and an answer is read no further than it must be: docs/adr/0032.
New connections are made as everywhere else: each address is vetted when its name is resolved, and
when its socket is made (`despatch/connect.py`).
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from typing import NamedTuple

import aiohappyeyeballs
from aiohttp import AddrInfoType

from alerts.channels.http_answer import Answer, NotHttp
from alerts.channels.setup import ChannelSetup
from alerts.channels.tls import trusting
from despatch.connect import SystemResolver, VettingResolver, vetting_sockets

_KEPT_S = 4.0
"""How long a connection is kept without use: less than the 5 s after which Node's servers close."""
_ANSWER_S = 1.0
"""How long the rest of an answer is read for, so that its connection can be kept."""
_SECOND_TRY_S = 0.25
"""After so long without a connection the next address is tried as well (RFC 8305)."""


class Origin(NamedTuple):
    """What connections are kept for."""

    host: str
    port: int
    secure: bool
    verify: bool
    """Whether its certificate must be right."""


class NoName(Exception):
    """The host's name can't be resolved."""


class NoConnection(Exception):
    """None could be made: its cause says why. Nothing was sent."""


class Silent(Exception):
    """No answer in time; what was sent may have arrived."""


@dataclass
class HungUp(Exception):
    """The other side ended the connection before it had answered."""

    began: bool
    """Whether an answer had begun."""


class Line(asyncio.Protocol):
    """One connection. It is free for the next POST once an answer was read to its end."""

    def __init__(self, loop: asyncio.AbstractEventLoop, ended: "Callable[[Line], None]") -> None:
        self.free_since = loop.time()
        self._loop = loop
        self._ended = ended
        self._transport: asyncio.Transport | None = None
        self._answer: Answer | None = None
        self._waiter: asyncio.Future[Answer] | None = None
        self._read_s = 0.0
        self._until = 0.0
        self._at_last = 0.0

    @property
    def open(self) -> bool:
        """Whether something can be sent over it, as far as is known."""
        return self._transport is not None and not self._transport.is_closing()

    def ask(self, request: bytes, answer: Answer, read_s: float, at_last: float) -> "_Waiter":
        """Send a whole request; return what the answer is waited for with.

        It raises Silent if nothing came for `read_s`, or `at_last` is over; HungUp; NotHttp.
        """
        waiter: _Waiter = self._loop.create_future()
        self._answer, self._waiter = answer, waiter
        self._read_s, self._at_last = read_s, at_last
        self._until = self._loop.time() + read_s
        if self._transport is None:
            self._end(HungUp(began=False))
        else:
            self._transport.write(request)
        return waiter

    def look(self, now: float) -> None:
        """End what takes too long."""
        if self._answer is not None and now >= min(self._until, self._at_last):
            self.close()
            self._end(Silent())
        elif self._answer is None and now - self.free_since >= _KEPT_S:
            self.close()

    def close(self) -> None:
        """Let go of it at once."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        answer = self._answer
        if answer is None:  # it speaks without being asked: who knows what it would answer next
            self.close()
            return
        known = answer.status
        try:
            answer.feed(data)
        except NotHttp as exc:
            self.close()
            self._end(exc)
            return
        if answer.over:
            if not answer.reusable:
                self.close()
            self._end(None)
            return
        now = self._loop.time()
        self._until = now + self._read_s
        if answer.status and not known:
            self._at_last = min(self._at_last, now + _ANSWER_S)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._ended(self)
        if self._answer is not None:
            self._end(HungUp(self._answer.begun))

    def _end(self, fault: Exception | None) -> None:
        """Hand the answer over, or say why there is none: a status is an answer, whole or not."""
        answer, waiter = self._answer, self._waiter
        self._answer = self._waiter = None
        self.free_since = self._loop.time()
        if answer is None or waiter is None or waiter.done():
            return
        if fault is None or answer.status:
            waiter.set_result(answer)
        else:
            waiter.set_exception(fault)


_Waiter = asyncio.Future[Answer]


class Lines:
    """Connections by origin, those used last first. One event loop's own."""

    def __init__(self, setup: ChannelSetup) -> None:
        self._loop = asyncio.get_running_loop()
        self._connect_s = setup.connect_timeout.total_seconds()
        self._read_s = setup.read_timeout.total_seconds()
        self._limit_s = setup.time_limit.total_seconds()
        self._look_s = min(0.5, self._read_s / 8)
        self._system = SystemResolver()
        self._resolver = VettingResolver(setup.resolve or self._system, setup.allow_networks)
        self._make_socket = vetting_sockets(setup.allow_networks)
        self._free: dict[Origin, list[Line]] = {}
        self._all: set[Line] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def ask(self, origin: Origin, request: bytes, *, with_body: bool = True) -> Answer:
        """Send a whole request, and return the answer to it.

        Sent again at once if a kept connection turns out to be closed before any answer: nearly
        always it was idle for too long, and nothing has arrived. So only what may be repeated is
        sent here. Each such connection is gone then, so the last try is over a new one.

        Raises NoName, NoConnection, Silent, HungUp, NotHttp, and PermanentError: the guard's.
        """
        at_last = self._loop.time() + self._limit_s
        while True:
            line = self._take(origin)
            kept = line is not None
            if line is None:
                line = await self._open(origin, at_last)
            try:
                answer = await line.ask(request, Answer(with_body=with_body), self._read_s, at_last)
            except HungUp as exc:
                if kept and not exc.began:
                    continue
                raise
            except BaseException:
                line.close()
                raise
            if line.open:
                self._free.setdefault(origin, []).append(line)
            return answer

    async def close(self) -> None:
        """Let go of every connection."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for line in list(self._all):
            line.close()
        self._system.close()
        await asyncio.sleep(0)  # they end in the loop's next turn

    def _take(self, origin: Origin) -> Line | None:
        free = self._free.get(origin)
        while free:
            line = free.pop()
            if line.open and self._loop.time() - line.free_since < _KEPT_S:
                return line
            line.close()
        return None

    async def _open(self, origin: Origin, at_last: float) -> Line:
        """Return a new connection; the name's addresses are tried in turn, soon side by side."""
        try:
            async with asyncio.timeout_at(at_last):
                addresses = await self._addresses(origin)
        except OSError as exc:  # TimeoutError is one
            raise NoName from exc
        try:
            async with asyncio.timeout(self._connect_s):
                line = await self._connect(origin, addresses)
        except OSError as exc:
            raise NoConnection from exc
        if line.open:
            self._all.add(line)
        if self._timer is None:
            self._timer = self._loop.call_later(self._look_s, self._look)
        return line

    async def _addresses(self, origin: Origin) -> list[AddrInfoType]:
        try:
            found = [str(ip_address(origin.host))]
        except ValueError:
            resolved = await self._resolver.resolve(origin.host, origin.port)
            found = [one["host"] for one in resolved]
        return [_address(ip, origin.port) for ip in found]

    async def _connect(self, origin: Origin, addresses: list[AddrInfoType]) -> Line:
        made = await aiohappyeyeballs.start_connection(
            addresses,
            happy_eyeballs_delay=_SECOND_TRY_S,
            interleave=1,
            socket_factory=self._make_socket,
        )
        try:
            _transport, line = await self._loop.create_connection(
                lambda: Line(self._loop, self._all.discard),
                sock=made,
                ssl=_trusting(origin.verify) if origin.secure else None,
                server_hostname=origin.host.rstrip(".") if origin.secure else None,
            )
        except BaseException:
            made.close()
            raise
        return line

    def _look(self) -> None:
        now = self._loop.time()
        for line in list(self._all):
            line.look(now)
        for origin in [origin for origin, free in self._free.items() if not free]:
            del self._free[origin]
        for free in self._free.values():
            free[:] = [line for line in free if line.open]
        self._timer = self._loop.call_later(self._look_s, self._look) if self._all else None


def _address(ip: str, port: int) -> AddrInfoType:
    if ":" in ip:
        return socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (ip, port, 0, 0)
    return socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (ip, port)


@cache
def _trusting(verify: bool) -> ssl.SSLContext:
    return trusting(verify=verify)
