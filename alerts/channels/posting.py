"""What came of a POST without an answer: aiohttp's errors, named. Pure.

Nothing of an error's text is passed on: it can hold the address, which is a secret.
"""

import errno
import ssl

import aiohttp

from alerts.channels.setup import ChannelSetup
from despatch.connect import Blocked
from despatch.ports import Sent

_CERTIFICATE = {
    10: "its certificate has expired",
    18: "its certificate is signed by itself",
    19: "its certificate is signed by an unknown authority",
    20: "its certificate is signed by an unknown authority",
    62: "its certificate is for another host",
    64: "its certificate is for another address",
}
"""By OpenSSL's codes, `man verify`."""


def failed(exc: Exception, setup: ChannelSetup) -> Sent:
    """Return what came of a POST without an answer; nothing of an error's text is passed on."""
    if isinstance(exc, aiohttp.ClientConnectorDNSError):
        return Sent("temporary", "dns: the host's name can't be resolved")
    if isinstance(exc, aiohttp.ClientSSLError | ssl.SSLError):
        return Sent("temporary", f"tls: {_tls_words(exc)}")
    if isinstance(exc, aiohttp.ClientConnectorError):
        return _unconnected(exc.os_error)
    if isinstance(exc, aiohttp.ConnectionTimeoutError):
        wait = setup.connect_timeout.total_seconds()
        return Sent("temporary", f"timeout: no connection within {wait:g} s")
    if isinstance(exc, TimeoutError):
        wait = setup.read_timeout.total_seconds()
        return Sent("in doubt", f"timeout: no answer within {wait:g} s; it may have arrived")
    if isinstance(exc, aiohttp.ClientResponseError):
        return Sent("in doubt", "bad answer: what came is not HTTP; it may have arrived")
    if isinstance(exc, aiohttp.InvalidURL | ValueError):
        return Sent("permanent", "bad channel: its address can't be asked for")
    return Sent("in doubt", "disconnected: the other side hung up without an answer")


def _unconnected(cause: OSError) -> Sent:
    if isinstance(cause, Blocked) or "blocked address" in str(cause):
        return blocked(str(cause))
    if cause.errno == errno.ECONNREFUSED:
        return Sent("temporary", "refused: nothing listens there")
    return Sent(
        "temporary", f"unreachable: {errno.errorcode.get(cause.errno or 0, 'no way there')}"
    )


def blocked(said: str) -> Sent:
    """Return the guard's word without the host, which is part of the secret."""
    word = "bad address" if said.startswith("bad address") else "blocked address"
    return Sent(
        "permanent",
        f"{word}: the host is inside a private or reserved network; the setting allow_networks "
        "opens one",
    )


def _tls_words(exc: Exception) -> str:
    """Return what is wrong with a certificate; OpenSSL's own words can name the host."""
    if isinstance(exc, aiohttp.ClientConnectorCertificateError):
        code = getattr(exc.certificate_error, "verify_code", 0)
        return _CERTIFICATE.get(code, "its certificate is not trusted")
    return "no secure connection could be made"
