"""Which network a request comes from, for limits: a person has more than one address. Pure."""

from collections.abc import Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

UNKNOWN = "unknown"

_IPV4_PREFIX = 24
_IPV6_PREFIX = 48
"""What a provider gives to one customer, at most (RFC 6177 §2)."""


def network_of(
    peer: str | None, forwarded: Sequence[str], proxies: Sequence[IPv4Network | IPv6Network]
) -> str:
    """Return the network of whoever asks, such as `192.0.2.0/24`.

    `forwarded` are the `X-Forwarded-For` headers: of them counts the last address that is no proxy
    of ours, since whoever asks can write anything before it. What can't be read is `unknown`, and
    shares one limit.
    """
    address = _read(peer or "")
    hops = [part for header in forwarded for part in header.split(",")]
    while address is not None and hops and any(address in one for one in proxies):
        address = _read(hops.pop())
    if address is None:
        return UNKNOWN
    prefix = _IPV4_PREFIX if address.version == 4 else _IPV6_PREFIX
    return str(ip_network((address, prefix), strict=False))


def _read(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.strip().strip("[]").partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
