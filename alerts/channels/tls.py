"""Whom a channel's TLS connection trusts."""

import ssl


def trusting(*, verify: bool) -> ssl.SSLContext:
    """Return a context that trusts whom the system trusts; anybody, if not told to `verify`."""
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
