"""What the headers of an answer mean to a poller, and what the guard made of a host."""

from datetime import UTC, datetime
from ipaddress import ip_network

import pytest

from ingest.explain import judged, meanings, sent
from ingest.witness import Exchange

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def explained(*headers: tuple[str, str], status: int = 200) -> dict[str, str]:
    exchange = Exchange("https://ports.example.gov/feed", (), status, "OK", headers, NOW)
    return {one.name: one.means for one in meanings(exchange)}


@pytest.mark.parametrize(
    "name, value, status, means",
    [
        ("ETag", 'W/"1"', 200, "sent back next time, byte for byte"),
        ("last-modified", "yesterday", 200, "sent back next time, byte for byte"),
        ("Cache-Control", "max-age=300", 200, "fresh for 5 min"),
        ("Cache-Control", "no-store, max-age=300", 200, "asks for no wait"),
        ("Expires", "Mon, 02 Mar 2026 13:00:00 GMT", 200, "fresh for 1 h"),
        ("Expires", "0", 200, "asks for no wait"),
        ("Age", "120", 200, "lay in a cache for 2 min"),
        ("Age", "0", 200, "straight from the publisher"),
        ("Retry-After", "120", 503, "asks to be left alone for 2 min"),
        ("Retry-After", "Mon, 02 Mar 2026 12:30:00 GMT", 429, "left alone for 30 min"),
        ("Retry-After", "120", 200, "counts with 429 and 503 alone"),
        ("Retry-After", "soon", 503, "as good as absent"),
        ("Location", "/b", 301, "for good"),
        ("Location", "/b", 307, "for now"),
        ("Content-Type", "text/xml; charset=utf-8", 200, "and how it is coded"),
        ("Content-Encoding", "br", 200, "undone piece by piece"),
        ("Content-Encoding", "zstd", 200, "nobody asked"),
        ("Date", "Mon, 02 Mar 2026 11:00:00 GMT", 200, "1 h behind ours"),
        ("Date", "Mon, 02 Mar 2026 12:05:00 GMT", 200, "5 min ahead of ours"),
        ("Date", "never", 200, "is no date"),
        ("Set-Cookie", "a=b", 200, "neither kept nor sent back"),
    ],
)
def test_a_header_that_matters_is_explained(name: str, value: str, status: int, means: str) -> None:
    assert means in explained((name, value), status=status)[name]


def test_what_does_not_matter_is_left_out() -> None:
    assert explained(("Server", "x"), ("Date", "Mon, 02 Mar 2026 12:00:05 GMT")) == {}
    assert explained(("Location", "/elsewhere")) == {}


def test_of_two_that_say_how_fresh_it_is_one_counts() -> None:
    said = explained(("Cache-Control", "max-age=60"), ("Expires", "0"))
    assert said["Expires"] == "Cache-Control counts instead"


def test_of_a_request_what_was_sent_back_is_explained() -> None:
    given = (("Accept", "*/*"), ("If-None-Match", '"1"'), ("User-Agent", "Despatch"))
    found = sent(Exchange("https://x.gov", given, 200, "", (), NOW))
    assert [one.name for one in found] == ["If-None-Match", "User-Agent"]


@pytest.mark.parametrize(
    "host, resolved, says",
    [
        ("x.gov", ["8.8.8.8"], "x.gov is at 8.8.8.8 (public)"),
        ("x.gov", ["8.8.8.8", "10.9.0.1"], "10.9.0.1 (refused: private or reserved)"),
        ("x.gov", ["127.0.0.1"], "127.0.0.1 (opened by allow_networks)"),
        ("127.0.0.1", [], "127.0.0.1 (opened by allow_networks)"),
        ("0x7f000001", [], "127.0.0.1 (opened by allow_networks)"),
        ("x.gov", [], "its name was not resolved"),
        ("1.2.3.4.5", [], "is no host"),
    ],
)
def test_the_guard_s_word_is_told_for_each_address(
    host: str, resolved: list[str], says: str
) -> None:
    assert says in judged(host, {"x.gov": resolved}, [ip_network("127.0.0.0/8")])
