"""Which addresses may be fetched from, and sent to. Pure.

Feeds are strangers: one that names, resolves to or redirects to an address inside must not make
us read our own network, or a cloud's metadata service; nor must a webhook make us write there. The
list follows what changedetection.io learned from five advisories (validate_url.py).
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
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

_ODD = re.compile(r"[\x00-\x20\\\x7f]")
# Most addresses are plain, and that is seen in a tenth of the time that it takes to read them.
_PLAIN = re.compile(r"https?://([a-z0-9.-]+)(?::[0-5]?[0-9]{1,4})?(?:[/?#][!-\[\]-~]*)?")
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]*|[0-9]+")


def vet_url(url: str, allowed: tuple[Network, ...] = ()) -> str:
    """Return the host of a URL that may be asked for; a name is vetted once it is resolved.

    Raises PermanentError (`bad address`, `blocked address`): not http or https, a password in it,
    characters that two parsers read differently, an IP literal that is refused, in whichever form.
    """
    host = host_of(url)
    vet_host(host, tuple(allowed))
    return host


@lru_cache(10_000)  # looked at when its source is opened, and again when it is asked for
def host_of(url: str) -> str:
    """Return the host of a URL, which is not vetted yet. Raises PermanentError (`bad address`)."""
    plain = _PLAIN.fullmatch(url)
    return plain[1] if plain else read_host(url)


def read_host(url: str) -> str:
    """Return the host of any URL; errors as `host_of`."""
    if _ODD.search(url):
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
    return host


@lru_cache(maxsize=4_096)  # asked for every request, and the answer is always the same
def vet_host(host: str, allowed: tuple[Network, ...] = ()) -> None:
    """Pass a name, or an IP literal that is not refused: see `vet_url`."""
    literal = literal_of(host)
    if literal is not None:
        vet_ip(str(literal), host, allowed)


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


def literal_of(host: str) -> Address | None:
    """Return the address that a host is, in any form that some resolver understands; else None.

    `127.1`, `0x7f000001`, `017700000001` and `2130706433` are all 127.0.0.1 (inet_aton), and so are
    full-width digits. Raises PermanentError (`bad address`) for a host that ends in a number and
    is no address, as browsers do (WHATWG URL, "ends in a number"), and for one with a `%` in it.
    """
    if "%" in host:
        raise PermanentError(f"bad address: {host[:200]!r} is no host")
    plain = host if host.isascii() else unicodedata.normalize("NFKC", host).replace("\u3002", ".")
    plain = plain.removesuffix(".")
    if ":" in plain:
        try:
            return IPv6Address(plain)
        except ValueError as exc:
            raise PermanentError(f"bad address: {host[:200]!r} is no host") from exc
    parts = plain.split(".")
    if not _NUMBER.fullmatch(parts[-1]):
        return None
    found = _four_bytes(parts)
    if found is None:
        raise PermanentError(f"bad address: {host[:200]!r} is no host")
    return IPv4Address(found)


def _four_bytes(parts: Sequence[str]) -> int | None:
    """Return what inet_aton makes of one to four numbers: the last one fills what is left."""
    if len(parts) > 4 or not all(_NUMBER.fullmatch(part) for part in parts):
        return None
    try:
        *first, last = [_number(part) for part in parts]
    except ValueError:
        return None
    if any(one > 255 for one in first) or last >= 256 ** (4 - len(first)):
        return None
    return sum(one << (24 - 8 * at) for at, one in enumerate(first)) + last


def _number(text: str) -> int:
    if text[:2] in {"0x", "0X"}:
        return int(text[2:] or "0", 16)
    return int(text, 8 if len(text) > 1 and text.startswith("0") else 10)


def _embedded(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one carries, else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    carried = address.ipv4_mapped or address.sixtofour
    if carried is None and address in _NAT64:
        carried = IPv4Address(int(address) & 0xFFFFFFFF)
    return carried or address
