"""The forms that settings are written in: durations, lists, addresses."""

import re
from datetime import timedelta
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr

from despatch.errors import UsageError
from despatch.frequency import frequency

POSTGRESQL = frozenset({"postgresql", "postgres", "postgresql+psycopg"})
"""Schemes that mean PostgreSQL: as its own tools write it, and as SQLAlchemy does."""

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def host_and_port(value: str) -> tuple[str, int]:
    """Return host and port of `HOST:PORT`, `[::1]:8080` or `:8080` (this machine only).

    Raises UsageError.
    """
    host, colon, port = value.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65_535:
        raise UsageError(f"{value!r} is not HOST:PORT; write 127.0.0.1:8080")
    return host.strip("[]") or "127.0.0.1", int(port)


def duration(value: object) -> timedelta:
    """Read `90s`, `15m`, `24h`, `30d`, `2w`; a bare number is refused: of what?"""
    if isinstance(value, str):
        number, unit = value.strip()[:-1], value.strip()[-1:]
        if unit in _UNITS and number.replace(".", "", 1).isdigit():
            return timedelta(seconds=float(number) * _UNITS[unit])
    if isinstance(value, timedelta):
        return value
    raise ValueError("write a number with its unit: 90s, 15m, 24h, 30d or 2w")


def _listed(value: object) -> object:
    """Read `a, b` as a list: the environment has no other form."""
    return (
        [part.strip() for part in value.split(",") if part.strip()]
        if isinstance(value, str)
        else value
    )


def _network(value: object) -> object:
    """Read `10.1.0.0/16`; one that names a machine and not its network is refused with that."""
    if not isinstance(value, str):
        return value
    try:
        return ip_network(value)
    except ValueError:
        pass
    try:
        meant = str(ip_network(value, strict=False))
    except ValueError:
        raise ValueError(f"{value!r} is no network; write such as 10.1.0.0/16") from None
    raise ValueError(f"{value!r} is no network: did you mean {meant}?")


def _listening(value: str) -> str:
    try:
        host_and_port(value)
    except UsageError as exc:
        raise ValueError(str(exc)) from None
    return value


def _address(value: str) -> str:
    """Refuse what no mail server takes as a sender; a name may stand before it."""
    _name, address = parseaddr(value)
    local, at, domain = address.rpartition("@")
    if not (local and at and domain) or re.search(r"[\s<>]", address):
        raise ValueError("write an address: alerts@example.org, or Alerts <alerts@example.org>")
    return value


def _bus(value: str) -> str:
    if value != "local" and not (value.startswith("kafka://") and len(value) > 8):
        raise ValueError("write `local` or `kafka://host:9092`")
    return value


def _store(value: SecretStr) -> SecretStr:
    url = value.get_secret_value()
    if url != "local" and urlsplit(url).scheme not in POSTGRESQL:
        raise ValueError("write `local` or `postgresql://user:password@host/database`")
    return value


def _proxy(value: SecretStr) -> SecretStr:
    parts = urlsplit(value.get_secret_value())
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("write `http://host:port`")
    return value


def _mail(value: SecretStr) -> SecretStr:
    parts = urlsplit(value.get_secret_value())
    if parts.scheme not in {"mailto", "mailtos"} or not parts.hostname:
        raise ValueError("write `mailtos://user:password@mail.example.org`")
    if "to" in {name.lower() for name, _value in parse_qsl(parts.query)}:
        raise ValueError("leave `to` out: each channel says whom it leads to")
    return value


def _zone(value: str) -> str:
    try:
        return frequency(f"daily 08:30 {value}").zone
    except UsageError as exc:
        raise ValueError(str(exc)) from None


def _public(value: str) -> str:
    """Return the pages' address without a slash at its end. Raises ValueError."""
    parts = urlsplit(value)
    wrong = parts.query or parts.fragment or "@" in parts.netloc or re.search(r"[^!-;=?-~]", value)
    if parts.scheme not in {"https", "http"} or not parts.hostname or wrong or len(value) > 300:
        raise ValueError("write `https://alerts.example.org`, with a path if need be and no more")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise ValueError("write it with https://: links that end subscriptions travel over it")
    return value.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


Duration = Annotated[timedelta, BeforeValidator(duration)]
Bus = Annotated[str, AfterValidator(_bus)]
StoreUrl = Annotated[SecretStr, AfterValidator(_store)]
ProxyUrl = Annotated[SecretStr, AfterValidator(_proxy)]
MailUrl = Annotated[SecretStr, AfterValidator(_mail)]
PublicUrl = Annotated[str, AfterValidator(_public)]
Zone = Annotated[str, AfterValidator(_zone)]
Networks = Annotated[
    tuple[Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)], ...],
    BeforeValidator(_listed),
]
Listening = Annotated[str, AfterValidator(_listening)]
Sender = Annotated[str, AfterValidator(_address)]
