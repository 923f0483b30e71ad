"""Connections that rest between two requests to one origin, and are handed to whoever asks next.

aiohttp's pool takes a connection back and lends it out again by a dozen calls; of many feeds at
one host each would pay for that. What rests here is lent as far as the pool knows, so nobody may
be kept waiting by it: whoever asks elsewhere, or waits for the pool already, has it given back.
"""

import asyncio

from aiohttp.connector import Connection

MOMENT_S = 1.0
"""So long one may rest; then the pool has it, which closes what is idle for long."""


class Resting:
    """The connections of one event loop that rest, all of one origin."""

    def __init__(self, moment_s: float = MOMENT_S) -> None:
        self._moment_s = moment_s
        self._loop = asyncio.get_running_loop()
        self._origin: object = None
        self._connections: list[Connection] = []
        self._timer: asyncio.TimerHandle | None = None
        self.needed = 0
        """How many wait for the pool: nothing may rest meanwhile."""

    def take(self, origin: object) -> Connection | None:
        """Return a connection to an origin that rests, if it is sound; else nothing rests after."""
        if origin is self._origin:
            while self._connections:
                connection = self._connections.pop()
                protocol = connection.protocol
                if protocol is not None and not protocol.should_close:
                    return connection
                connection.close()  # it was closed, or has said something that nobody asked for
        self.end()
        return None

    def rest(self, origin: object, connection: Connection) -> None:
        """Let a connection rest that has served; one that can't be kept is closed."""
        protocol = connection.protocol
        if self.needed or protocol is None or protocol.should_close:
            connection.release()
            return
        if origin is not self._origin:
            self.end()
            self._origin = origin
        self._connections.append(connection)
        if self._timer is None:
            self._timer = self._loop.call_later(self._moment_s, self._ring)

    def end(self) -> None:
        """Give back all that rests."""
        for connection in self._connections:
            connection.release()
        self._connections.clear()

    def close(self) -> None:
        """Give back all that rests, and ask for no more time."""
        self.end()
        if self._timer is not None:
            self._timer.cancel()

    def _ring(self) -> None:
        self._timer = None
        self.end()
