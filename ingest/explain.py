"""What the headers of an answer mean to a poller, and what the guard made of a host. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import ip_address

from despatch.errors import PermanentError
from despatch.guard import Network, is_refused, literal_of
from despatch.ports import Response
from despatch.retry import parse_retry_after
from ingest.decompress import ENCODINGS
from ingest.hints import NO_HINTS, hints_of_answer
from ingest.schedule import LONGEST_ASKED, words
from ingest.text import clean_line
from ingest.witness import Exchange

_NOTABLE_SKEW = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Meaning:
    """A header that matters, and what it means."""

    name: str
    value: str
    means: str


def meanings(exchange: Exchange) -> list[Meaning]:
    """Return the headers of an answer that matter to a poller, each with what it means."""
    found = []
    for name, value in exchange.headers:
        means = _MEANS.get(name.lower())
        said = means(value, exchange) if means is not None else ""
        if said:
            found.append(Meaning(name, clean_line(value[:500]), said))
    return found


def sent(exchange: Exchange) -> list[Meaning]:
    """Return the headers of a request that matter, each with what it means."""
    means = {
        "user-agent": "who asks; the setting contact adds how to reach you",
        "if-none-match": "the ETag of last time: nothing new is a 304 without a body",
        "if-modified-since": "the Last-Modified of last time: nothing new is a 304 without a body",
        "accept-encoding": "how the answer may be packed",
    }
    return [
        Meaning(name, value, means[name.lower()])
        for name, value in exchange.sent
        if name.lower() in means
    ]


def judged(host: str, resolved: Mapping[str, Sequence[str]], allowed: Sequence[Network]) -> str:
    """Return what the guard makes of a host: its addresses, and whether each may be asked.

    `ports.example.gov is at 192.0.2.1 (refused: private or reserved)`.
    """
    try:
        literal = literal_of(host)
    except PermanentError as exc:
        return f"{host}: {exc}"
    ips = [str(literal)] if literal is not None else list(resolved.get(host, ()))
    if not ips:
        return f"{host}: its name was not resolved"
    verdicts = ", ".join(f"{ip} ({_verdict(ip, allowed)})" for ip in ips)
    return f"{host} is at {verdicts}" if literal is None else verdicts


def _verdict(ip: str, allowed: Sequence[Network]) -> str:
    address = ip_address(ip.partition("%")[0])
    if is_refused(address, allowed):
        return "refused: private or reserved"
    return "opened by allow_networks" if is_refused(address) else "public"


def _etag(value: str, exchange: Exchange) -> str:
    return "sent back next time, byte for byte: an unchanged feed then costs next to nothing"


def _cache_control(value: str, exchange: Exchange) -> str:
    hints = hints_of_answer(_response(exchange), NO_HINTS)
    if hints.lifetime_from != "Cache-Control" or hints.lifetime is None:
        return "asks for no wait"
    return f"fresh for {words(hints.lifetime)}: not asked again before"


def _expires(value: str, exchange: Exchange) -> str:
    hints = hints_of_answer(_response(exchange), NO_HINTS)
    if hints.lifetime_from == "Cache-Control":
        return "Cache-Control counts instead"
    if hints.lifetime is None:
        return "is past, or no date: asks for no wait"
    return f"fresh for {words(hints.lifetime)}: not asked again before"


def _age(value: str, exchange: Exchange) -> str:
    hints = hints_of_answer(_response(exchange), NO_HINTS)
    if not hints.age:
        return "it came straight from the publisher"
    return f"lay in a cache for {words(hints.age)}: so much of the wait is over"


def _retry_after(value: str, exchange: Exchange) -> str:
    wait = parse_retry_after(value, exchange.at, most=LONGEST_ASKED)
    if wait is None:
        return "is neither seconds nor a date: as good as absent"
    if exchange.status not in {429, 503}:
        return "counts with 429 and 503 alone"
    return f"asks to be left alone for {words(wait)}: so long nobody asks, an operator neither"


def _location(value: str, exchange: Exchange) -> str:
    if exchange.status in {301, 308}:
        return "sends on for good: believed once it did so for a day"
    return "sends on for now: followed each time" if 300 <= exchange.status < 400 else ""


def _content_type(value: str, exchange: Exchange) -> str:
    charset = "charset" in value.lower()
    return f"a hint at what it is{' and how it is coded' if charset else ''}; the bytes decide"


def _content_encoding(value: str, exchange: Exchange) -> str:
    known = value.strip().lower() in {*ENCODINGS.split(", "), "x-gzip", "identity"}
    return "undone piece by piece, up to the limit" if known else "nobody asked for this coding"


def _date(value: str, exchange: Exchange) -> str:
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, IndexError, OverflowError):
        return "is no date"
    ahead = (at if at.tzinfo else at.replace(tzinfo=UTC)) - exchange.at
    if abs(ahead) < _NOTABLE_SKEW:
        return ""
    way = "ahead of" if ahead > timedelta(0) else "behind"
    return f"the server's clock is {words(abs(ahead))} {way} ours"


def _cookie(value: str, exchange: Exchange) -> str:
    return "neither kept nor sent back"


def _response(exchange: Exchange) -> Response:
    return Response(exchange.address, exchange.status, b"", exchange.at, exchange.headers)


_MEANS = {
    "etag": _etag,
    "last-modified": _etag,
    "cache-control": _cache_control,
    "expires": _expires,
    "age": _age,
    "retry-after": _retry_after,
    "location": _location,
    "content-type": _content_type,
    "content-encoding": _content_encoding,
    "date": _date,
    "set-cookie": _cookie,
}
