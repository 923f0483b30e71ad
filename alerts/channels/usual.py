"""The usual webhook's URL, read without apprise: nothing in it but host, port, path and secret.

Apprise takes longer to read a URL than it takes to send a webhook, and of a hundred thousand
subscribers each has their own. What this reads, it reads as apprise does (a test holds the two to
the same answer); all else it leaves to apprise, whose grammar decides.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import SecretStr

_LABEL = r"(?:[a-z]|[a-z0-9][a-z0-9-]{0,30}[a-z0-9])"
_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_USUAL = re.compile(
    r"(?P<scheme>jsons?)://"
    rf"(?P<host>(?:{_LABEL}\.){{1,5}}[a-z]{{2,20}}|localhost|{_BYTE}(?:\.{_BYTE}){{3}})"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<path>(?:/[A-Za-z0-9_.-]+)*)"
    r"(?:\?secret=[A-Za-z0-9_%/+=-]+)?"
)

_LAST_PORT = 65_535


@dataclass(frozen=True)
class Usual:
    """What apprise's plugin says of such a URL."""

    host: str = field(repr=False)
    port: int | None
    fullpath: str = field(repr=False)
    secure: bool
    method: str = "POST"
    user: None = None
    password: None = None
    verify_certificate: bool = True
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    payload_extras: Mapping[str, str] = field(default_factory=dict)


def read_usual(url: SecretStr) -> Usual | None:
    """Return what a URL says, or None if apprise has to be asked."""
    found = _USUAL.fullmatch(url.get_secret_value())
    if found is None or int(found["port"] or 0) > _LAST_PORT:
        return None
    port = found["port"]
    return Usual(
        host=found["host"],
        port=int(port) if port else None,
        fullpath=found["path"],
        secure=found["scheme"] == "jsons",
    )
