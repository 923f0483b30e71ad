"""What aiohttp raises, as errors of our own tree whose text begins with the failure's word."""

import errno
import ssl

import aiohttp

from despatch.connect import Blocked
from despatch.errors import PermanentError, ServerAway, TransientError

_PROXY_AWAY = (aiohttp.ClientProxyConnectionError, aiohttp.ClientConnectorDNSError)


def translate(
    address: str, exc: Exception, *, proxied: bool = False
) -> TransientError | PermanentError:
    """Return the error that a failed request is; docs/reference/polling.md lists the words."""
    if isinstance(exc, aiohttp.ClientHttpProxyError):
        return TransientError(f"proxy: {address}: the proxy answers {exc.status} {exc.message}")
    if proxied and isinstance(exc, _PROXY_AWAY):
        # Never with the proxy's own address: a password may stand in it.
        return ServerAway(f"proxy: {address}: the proxy can't be reached")
    if isinstance(exc, aiohttp.ClientConnectorDNSError):
        return ServerAway(f"dns: {address}: the host's name can't be resolved")
    if isinstance(exc, aiohttp.ClientSSLError | ssl.SSLError):
        return TransientError(f"tls: {address}: {exc}")
    if isinstance(exc, aiohttp.ClientConnectorError):
        return _unconnected(address, exc.os_error)
    if isinstance(exc, aiohttp.ClientPayloadError):
        return TransientError(f"truncated: {address}: the answer was cut off")
    if isinstance(exc, ValueError):  # aiohttp.InvalidURL is one
        return PermanentError(f"bad address: {address!r}: {exc}")
    if isinstance(exc, aiohttp.ClientResponseError):
        return TransientError(f"bad answer: {address}: {exc.message[:200]}")
    return ServerAway(f"disconnected: {address}: {exc or type(exc).__name__}")


def _unconnected(address: str, cause: OSError) -> TransientError | PermanentError:
    if isinstance(cause, Blocked) or "blocked address" in str(cause):
        return PermanentError(cause.strerror or str(cause))
    if cause.errno == errno.ECONNREFUSED:
        return ServerAway(f"refused: {address}: nothing listens there")
    return ServerAway(f"unreachable: {address}: {cause}")
