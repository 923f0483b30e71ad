"""Names resolved and sockets made, for whoever connects: the guard looks last before a connection.

An address is vetted when its name is resolved, and once more when the socket is made for the very
address that is connected to. There is no gap between the two: nothing is resolved again.
"""

import asyncio
import errno
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from aiohttp import AddrInfoType, SocketFactoryType
from aiohttp.abc import AbstractResolver, ResolveResult

from despatch.errors import PermanentError, SettingsError
from despatch.guard import Network, vet_ip

Resolve = Callable[[str], Awaitable[Sequence[str]]]
"""Returns the IP addresses of a host name; raises OSError."""

_AT_ONCE = 16


class Blocked(OSError):
    """The guard's refusal, in the one shape that a connector passes on."""


class SystemResolver:
    """A `Resolve` that asks as the system does, in threads of its own.

    A name server that hangs holds a thread for many seconds; in the event loop's own pool the
    store's calls would wait behind it.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="resolve")

    async def __call__(self, host: str) -> Sequence[str]:
        """Return a host's addresses, in the system's order."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        )
        return list(dict.fromkeys(str(info[4][0]) for info in found))

    def close(self) -> None:
        """Begin nothing more; what hangs is left to itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class VettingResolver(AbstractResolver):
    """Resolves names, and refuses a host if a single one of its addresses is refused."""

    def __init__(self, resolve: Resolve, allowed: Sequence[Network]) -> None:
        self._resolve = resolve
        self._allowed = allowed

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolve(host)
        if not found:
            raise OSError(f"{host} has no address")
        for ip in found:
            vet_ip(ip, host, self._allowed)
        return [
            ResolveResult(
                hostname=host,
                host=ip,
                port=port,
                family=socket.AF_INET6 if ":" in ip else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for ip in found
        ]

    async def close(self) -> None:
        """Nothing is held open."""


def vetting_sockets(allowed: Sequence[Network]) -> SocketFactoryType:
    """Return what makes a socket for one address, after a last look at it. Raises Blocked."""

    def make(addr_info: AddrInfoType) -> socket.socket:
        family, kind, protocol, _name, address = addr_info
        try:
            vet_ip(str(address[0]), str(address[0]), allowed)
        except PermanentError as exc:
            raise Blocked(errno.EACCES, str(exc)) from exc
        return socket.socket(family, kind, protocol)

    return make


def trusting(ca_file: Path) -> ssl.SSLContext:
    """Return whom to trust: the system's authorities, and those of a PEM file.

    Raises SettingsError that names the file.
    """
    context = ssl.create_default_context()
    try:
        context.load_verify_locations(cafile=str(ca_file))
    except OSError as exc:  # ssl.SSLError is one
        raise SettingsError(f"setting ca_file: {ca_file} can't be used: {exc.strerror}") from exc
    return context
