"""Where a webhook is, read from its URL in apprise's form."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

from pydantic import SecretStr
from yarl import URL

from alerts.channels import grammar, scheme_of
from alerts.channels.lines import Origin
from alerts.channels.signature import read_secret
from alerts.channels.usual import read_usual
from despatch import __version__
from despatch.errors import PermanentError, UsageError
from despatch.guard import Network, vet_host

_PATH_SAFE = "/~!$&'()*+,;=:@"
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_OURS = frozenset(
    {
        "connection",
        "content-length",
        "host",
        "idempotency-key",
        "transfer-encoding",
        "webhook-id",
        "webhook-signature",
        "webhook-timestamp",
    }
)


@dataclass(frozen=True)
class Target:
    """Where one webhook is; a secret, so its representation says nothing."""

    origin: Origin
    method: str
    head: bytes
    """The request line, and the headers that are the same for each alert."""
    fields: tuple[tuple[str, str], ...]
    """What is added to the body, or what a field of it is called instead."""
    signing_key: bytes | None

    def __repr__(self) -> str:
        return "Target(…)"


def read_target(url: SecretStr, allowed: tuple[Network, ...]) -> Target:
    """Return where a webhook's URL leads.

    Raises UsageError, without the secret: for what can't be sent, and for an address inside.
    """
    plugin = read_usual(url) or grammar.read(url)
    headers = {"User-Agent": f"Despatch/{__version__}", "Content-Type": "application/json"}
    if plugin.user:
        login = f"{plugin.user}:{plugin.password or ''}".encode()
        headers["Authorization"] = "Basic " + base64.b64encode(login).decode()
    headers |= plugin.headers
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise UsageError(f"a +header of this {scheme_of(url)}:// URL can't be sent")
        if name.lower() in _OURS:
            raise UsageError(f"the header {name} is ours to set: leave it out of the URL")
    host = plugin.host.strip("[]")
    _vet(host, allowed)
    address = _address(plugin, host)
    return Target(
        origin=_origin(address, plugin.verify_certificate),
        method=plugin.method,
        head=_head(plugin.method, address, headers),
        fields=tuple(plugin.payload_extras.items()),
        signing_key=_signing_key(url),
    )


def _origin(address: URL, verify: bool) -> Origin:
    return Origin(
        host=address.raw_host or "",
        port=address.port or 0,
        secure=address.scheme == "https",
        verify=verify,
    )


def _head(method: str, address: URL, headers: Mapping[str, str]) -> bytes:
    """Return the lines that each request begins with (RFC 9112 §3)."""
    lines = [
        f"{method} {address.raw_path_qs} HTTP/1.1",
        f"Host: {address.host_port_subcomponent}",
        "Accept: */*",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "".join(f"{line}\r\n" for line in lines).encode()


def _address(plugin: Any, host: str) -> URL:
    try:
        return URL.build(
            scheme="https" if plugin.secure else "http",
            host=host,
            port=plugin.port,
            path=quote(unquote(plugin.fullpath or "/"), safe=_PATH_SAFE),
            query_string=urlencode(plugin.params),
            encoded=True,
        )
    except ValueError:
        raise UsageError("the host of this webhook is none that can be asked for") from None


def _vet(host: str, allowed: tuple[Network, ...]) -> None:
    try:
        vet_host(host, allowed)
    except PermanentError:
        raise UsageError(
            "blocked address: this webhook is at an address inside a private or reserved network; "
            "the setting allow_networks opens one"
        ) from None


def _signing_key(url: SecretStr) -> bytes | None:
    query = url.get_secret_value().partition("?")[2]
    given = dict(parse_qsl(query, keep_blank_values=True))
    return read_secret(given["secret"]) if "secret" in given else None
