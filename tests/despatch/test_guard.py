"""The guard: which addresses are never fetched from."""

from collections.abc import Callable
from ipaddress import IPv4Address, ip_address, ip_network
from socket import inet_aton

import pytest
from hypothesis import given
from hypothesis import strategies as st

from despatch.errors import PermanentError
from despatch.guard import (
    EVERYWHERE,
    host_of,
    is_refused,
    literal_of,
    read_host,
    vet_ip,
    vet_url,
)


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "192.88.99.1",
        "198.18.0.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2001::1",
        "2001:db8::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ],
)
def test_what_is_not_public_is_refused(ip: str) -> None:
    assert is_refused(ip_address(ip))


@pytest.mark.parametrize(
    "ip", ["8.8.8.8", "151.101.0.144", "2606:4700::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_what_is_public_passes(ip: str) -> None:
    assert not is_refused(ip_address(ip))


def test_an_allowed_network_is_open_and_no_other() -> None:
    allowed = [ip_network("127.0.0.0/8")]

    assert not is_refused(ip_address("127.0.0.1"), allowed)
    assert not is_refused(ip_address("::ffff:127.0.0.1"), allowed)
    assert is_refused(ip_address("10.0.0.1"), allowed)
    assert is_refused(ip_address("::1"), allowed)


@given(st.ip_addresses(v=4))
def test_an_address_in_an_envelope_is_judged_as_itself(ip: object) -> None:
    mapped = ip_address(f"::ffff:{ip}")

    assert is_refused(mapped) == is_refused(ip_address(str(ip)))


@pytest.mark.parametrize(
    "url,word",
    [
        ("ftp://example.gov/x", "bad address"),
        ("file:///etc/passwd", "bad address"),
        ("example.gov/feed", "bad address"),
        ("http://", "bad address"),
        ("http://user:secret@example.gov/", "bad address"),
        ("http://example.gov\\@127.0.0.1/", "bad address"),
        ("http://example.gov/a b", "bad address"),
        ("http://example.gov/\r\nX: y", "bad address"),
        ("http://[::1", "bad address"),
        ("http://example.gov:99999/", "bad address"),
        ("http://127.0.0.1/", "blocked address"),
        ("https://[::ffff:10.0.0.1]/", "blocked address"),
        ("http://169.254.169.254/latest/meta-data", "blocked address"),
        ("http://2852039166/latest/meta-data", "blocked address"),
        ("http://0xa9fea9fe/", "blocked address"),
        ("http://0xA9.0376.0251.254/", "blocked address"),
        ("http://127.1/", "blocked address"),
        ("http://0/", "blocked address"),
        ("http://127.0.0.1./", "blocked address"),
        ("http://１２７.０.０.１/", "blocked address"),
        ("http://127。0。0。1/", "blocked address"),
        ("http://[::ffff:7f00:1]/", "blocked address"),
        ("http://127.0.0.256/", "bad address"),
        ("http://1.2.3.4.5/", "bad address"),
        ("http://09.0.0.1/", "bad address"),
        ("http://example.0x7f/", "bad address"),
        ("http://127%2e0.0.1/", "bad address"),
        ("http://[fe80::1%25eth0]/", "bad address"),
    ],
)
def test_a_url_that_may_not_be_asked_for_is_named(url: str, word: str) -> None:
    with pytest.raises(PermanentError) as caught:
        vet_url(url)

    assert str(caught.value).startswith(word)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url,host",
    [
        ("https://Example.gov/feed?a=b#c", "example.gov"),
        ("http://8.8.8.8:8080/", "8.8.8.8"),
        ("http://1.2.3.4.example.gov/", "1.2.3.4.example.gov"),
        ("http://0x08080808/", "0x08080808"),
        ("http://bücher.example/", "bücher.example"),
    ],
)
def test_a_web_address_may_be_asked_for(url: str, host: str) -> None:
    assert vet_url(url) == host


@given(st.ip_addresses(v=4), st.sampled_from([str, hex, lambda n: f"0{n:o}"]), st.integers(1, 4))
def test_an_address_is_known_in_whichever_form(
    ip: IPv4Address, form: Callable[[int], str], parts: int
) -> None:
    """As inet_aton reads it, which is what connects."""
    number = int(ip)
    first = [number >> (24 - 8 * at) & 0xFF for at in range(parts - 1)]
    last = number & (256 ** (5 - parts) - 1)
    host = ".".join(form(one) for one in [*first, last])

    assert literal_of(host) == ip
    assert inet_aton(host) == ip.packed


def test_looking_at_a_url_without_going_there_allows_every_address() -> None:
    vet_url("http://127.0.0.1/", EVERYWHERE)


def test_what_is_no_address_is_blocked() -> None:
    with pytest.raises(PermanentError, match="blocked address"):
        vet_ip("not-an-ip", "example.gov")


def test_a_scope_does_not_hide_an_address() -> None:
    with pytest.raises(PermanentError, match="blocked address"):
        vet_ip("fe80::1%eth0", "example.gov")


_PIECES = st.sampled_from(
    (
        *("http", "https", "HTTP", "ftp", "://", ":", "/", "?", "#", "@", "\\", "[", "]", "::1"),
        *(".", "-", "example.gov", "EXAMPLE.gov", "10.0.0.1", "0x7f.1", "user", "%41", " ", "\t"),
        *("é", "\uff18", "0", "80", "59999", "60000", "65536", "08"),
    )
)


@given(st.lists(_PIECES, max_size=7).map(lambda pieces: "http://" + "".join(pieces)))
def test_a_plain_address_is_read_as_any_other(url: str) -> None:
    """The short way for most addresses sees the same host, and passes nothing that is refused."""

    def said(read: Callable[[str], str]) -> str:
        try:
            return read(url)
        except PermanentError as exc:
            return str(exc)

    assert said(host_of) == said(read_host)
