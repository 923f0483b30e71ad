"""What came of a POST without an answer, named. Pure.

Nothing of an error's text is passed on: it can hold the address, which is a secret.
"""

import errno
import ssl

from alerts.channels.http_answer import NotHttp
from alerts.channels.lines import HungUp, NoConnection, NoName, Silent
from alerts.channels.setup import ChannelSetup
from despatch.connect import Blocked
from despatch.errors import PermanentError
from despatch.ports import Sent

FAULTS = (NoName, NoConnection, Silent, HungUp, NotHttp, PermanentError)
"""What can be named: what `Lines.ask` raises."""

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
    if isinstance(exc, PermanentError):  # the guard's, about what the host's name resolved to
        return _blocked(str(exc))
    if isinstance(exc, NoName):
        return Sent("temporary", "dns: the host's name can't be resolved")
    if isinstance(exc, NoConnection):
        return _unconnected(exc.__cause__, setup)
    if isinstance(exc, Silent):
        wait = setup.read_timeout.total_seconds()
        return Sent("in doubt", f"timeout: no answer within {wait:g} s; it may have arrived")
    if isinstance(exc, NotHttp):
        return Sent("in doubt", "bad answer: what came is not HTTP; it may have arrived")
    return Sent("in doubt", "disconnected: the other side hung up without an answer")


def _unconnected(cause: BaseException | None, setup: ChannelSetup) -> Sent:
    if isinstance(cause, ssl.SSLError):
        return Sent("temporary", f"tls: {_tls_words(cause)}")
    if isinstance(cause, Blocked) or "blocked address" in str(cause):
        return _blocked(str(cause))
    number = cause.errno if isinstance(cause, OSError) else None
    if number is None and isinstance(cause, TimeoutError):
        wait = setup.connect_timeout.total_seconds()
        return Sent("temporary", f"timeout: no connection within {wait:g} s")
    if number == errno.ECONNREFUSED:
        return Sent("temporary", "refused: nothing listens there")
    return Sent("temporary", f"unreachable: {errno.errorcode.get(number or 0, 'no way there')}")


def _blocked(said: str) -> Sent:
    """Return the guard's word without the host, which is part of the secret."""
    word = "bad address" if said.startswith("bad address") else "blocked address"
    return Sent(
        "permanent",
        f"{word}: the host is inside a private or reserved network; the setting allow_networks "
        "opens one",
    )


def _tls_words(exc: ssl.SSLError) -> str:
    """Return what is wrong with a certificate; OpenSSL's own words can name the host."""
    if isinstance(exc, ssl.SSLCertVerificationError):
        return _CERTIFICATE.get(exc.verify_code, "its certificate is not trusted")
    return "no secure connection could be made"
