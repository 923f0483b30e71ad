"""Which addresses may be fetched from. Pure.

Feeds are strangers: one that names, resolves to or redirects to an address inside must not make
us read our own network, or a cloud's metadata service. The list follows what changedetection.io
learned from five advisories (validate_url.py).
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from despatch.errors import PermanentError

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

EVERYWHERE: tuple[Network, ...] = (ip_network("0.0.0.0/0"), ip_network("::/0"))
"""Allows every address: for looking at a URL without going there."""

# Besides what is not global by IANA's registries, whose reading differs between Pythons.
_REFUSED: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT; Alibaba's metadata is in it
        "168.63.129.16/32",  # Azure's metadata: a public address
        "192.0.0.0/24",  # IETF protocols; Oracle's metadata is in it
        "192.88.99.0/24",  # 6to4 relays
        "198.18.0.0/15",
        "240.0.0.0/4",
        "::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",  # IETF protocols, Teredo among them
        "2001:db8::/32",
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fec0::/10",
    )
)
_NAT64 = ip_network("64:ff9b::/96")


def vet_url(url: str, allowed: Sequence[Network] = ()) -> None:
    """Pass a URL that may be asked for; its host, if it is a name, is vetted once resolved.

    Raises PermanentError (`bad address`, `blocked address`): not http or https, a password in it,
    characters that two parsers read differently, an IP literal that is refused.
    """
    if any(c in "\\\x7f" or c <= " " for c in url):
        raise PermanentError(f"bad address: {url[:200]!r} holds blanks or backslashes")
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError as exc:
        raise PermanentError(f"bad address: {url[:200]!r}: {exc}") from exc
    if parts.scheme.lower() not in {"http", "https"} or not host:
        raise PermanentError(f"bad address: {url[:200]!r} is not an http or https address")
    if parts.username is not None or parts.password is not None:
        raise PermanentError(f"bad address: a user name stands in the address of {host}; remove it")
    try:
        ip_address(host)
    except ValueError:
        return
    vet_ip(host, host, allowed)


def vet_ip(ip: str, host: str, allowed: Sequence[Network] = ()) -> None:
    """Pass an address that a name resolved to. Raises PermanentError (`blocked address`)."""
    try:
        address = ip_address(ip.partition("%")[0])
    except ValueError as exc:
        raise PermanentError(f"blocked address: {host} is at {ip!r}, which is none") from exc
    if is_refused(address, allowed):
        raise PermanentError(
            f"blocked address: {host} is at {address}, inside a private or reserved network; "
            "the setting allow_networks opens one"
        )


def is_refused(address: Address, allowed: Sequence[Network] = ()) -> bool:
    """Return True for an address that is not on the public Internet, nor allowed.

    An IPv4 address inside an IPv6 one (mapped, 6to4, NAT64) is judged as itself.
    """
    inner = _embedded(address)
    if any(a in network for network in allowed for a in (address, inner)):
        return False
    return (
        not inner.is_global
        or inner.is_multicast
        or inner.is_unspecified
        or any(inner in network for network in _REFUSED)
    )


def _embedded(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one carries, else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    carried = address.ipv4_mapped or address.sixtofour
    if carried is None and address in _NAT64:
        carried = IPv4Address(int(address) & 0xFFFFFFFF)
    return carried or address
